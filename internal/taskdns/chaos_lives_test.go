package taskdns_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// newTask makes a task with or without addresses. Some names are somebody
// else's already.
func (c *chaos) newTask(i int) *chaosTask {
	var digits strings.Builder
	for range 32 {
		fmt.Fprintf(&digits, "%x", c.intN(16))
	}
	task := &chaosTask{Task: taskdnstest.Task{ClusterARN: chaosClusters[c.intN(2)], ID: digits.String()}}
	if c.intN(20) > 0 {
		task.PublicIP = netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 1)}).String()
	}
	if c.intN(4) == 0 {
		task.IPv6 = []string{fmt.Sprintf("2600:1f13::%x", i+1)}
	}
	if c.intN(25) == 0 {
		task.stolen = true
		c.putForeign(task.name(), types.RRTypeA, "198.51.100.1", "198.51.100.2")
	}
	return task
}

func (t *chaosTask) name() string { return t.ID + "." + chaosDomain }

// addForeign puts records into the zone that nobody may touch.
func (c *chaos) addForeign() {
	c.putForeign("www."+chaosDomain, types.RRTypeA, "192.0.2.1")
	c.putForeign(chaosDomain, types.RRTypeA, "192.0.2.2")
	c.putForeign("example.com", types.RRTypeA, "192.0.2.3")
	c.putForeign("_acme-challenge."+chaosDomain, types.RRTypeTxt, `"challenge"`)
	c.putForeign(strings.Repeat("a", 32)+".deeper."+chaosDomain, types.RRTypeA, "192.0.2.4")
	c.putForeign(strings.Repeat("b", 32)+".example.com", types.RRTypeA, "192.0.2.5")
	c.putForeign(strings.Repeat("c", 32)+"."+chaosDomain, types.RRTypeA, "192.0.2.6", "192.0.2.7")
	c.putForeign(strings.Repeat("d", 32)+"."+chaosDomain, types.RRTypeCname, "www.example.com")
	c.putForeign(strings.Repeat("e", 31)+"."+chaosDomain, types.RRTypeA, "192.0.2.8")
}

func (c *chaos) putForeign(name string, kind types.RRType, values ...string) {
	set := types.ResourceRecordSet{Name: aws.String(name + "."), Type: kind, TTL: aws.Int64(chaosTTL)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	c.zone.Put(chaosZone, set)
	c.foreign[line(set)] = name
}

// line is a record set as one text.
func line(set types.ResourceRecordSet) string {
	text := strings.TrimSuffix(aws.ToString(set.Name), ".") + " " + string(set.Type) + " " + fmt.Sprint(aws.ToInt64(set.TTL))
	for _, r := range set.ResourceRecords {
		text += " " + aws.ToString(r.Value)
	}
	return text
}

// rage lets all tasks live while everything goes wrong, for some minutes.
func (c *chaos) rage() {
	c.start()
	c.setRaging(true)
	var lives sync.WaitGroup
	for _, task := range c.tasks {
		lives.Go(func() { c.live(task) })
	}
	lives.Go(func() {
		for range 20 {
			c.ecs.SetLag(time.Duration(c.intN(15)) * time.Second)
			c.forge()
			time.Sleep(10 * time.Second)
		}
	})
	lives.Wait()
	c.setRaging(false)
	c.ecs.SetLag(0)
}

// live is a task's life, of which about half does not end.
func (c *chaos) live(t *chaosTask) {
	c.pause(60)
	c.tell(c.fleet.Start(t.Task))
	for _, status := range taskdnstest.Lives[1:] {
		c.pause(4)
		if status == "DEACTIVATING" {
			if c.intN(2) == 0 {
				return
			}
			c.pause(60)
		}
		now := time.Now()
		body := c.fleet.Move(t.ARN(), status)
		switch status {
		case "RUNNING":
			t.from = now
		case "DEACTIVATING":
			t.to = now
		}
		c.tell(body)
	}
}

func (c *chaos) pause(most int) { time.Sleep(time.Duration(c.intN(most*1000)) * time.Millisecond) }

// tell sends what EventBridge has to say: perhaps never, perhaps thrice,
// perhaps minutes later.
func (c *chaos) tell(body string) {
	times := 1
	if c.in(150, "messages lost") {
		times = 0
	}
	if c.in(200, "messages repeated") {
		times += 1 + c.intN(2)
	}
	for range times {
		delay := time.Duration(c.intN(800)) * time.Millisecond
		if c.in(200, "messages late") {
			delay = time.Duration(c.intN(120)) * time.Second
		}
		c.running.Go(func() {
			time.Sleep(delay)
			c.sqs.Send(chaosQueue, body)
		})
	}
}

// forge sends messages that nobody should send.
func (c *chaos) forge() {
	t := c.tasks[c.intN(len(c.tasks))]
	event := func(arn, cluster, last, desired string, version int) string {
		body, err := json.Marshal(map[string]any{
			"source": "aws.ecs", "detail-type": "ECS Task State Change", "time": time.Now().Add(time.Duration(c.intN(600)-300) * time.Second).UTC().Format(time.RFC3339),
			"detail": map[string]any{"taskArn": arn, "clusterArn": cluster, "lastStatus": last, "desiredStatus": desired, "version": version},
		})
		if err != nil {
			panic(err)
		}
		return string(body)
	}
	ref := t.ClusterARN[strings.LastIndex(t.ClusterARN, "/")+1:] + "/" + t.ID
	other := chaosClusters[c.intN(2)]
	batches := c.zone.Batches()
	change := "C0"
	if len(batches) > 0 {
		change = batches[c.intN(len(batches))].ID
	}
	for _, body := range []string{
		event(t.ARN(), t.ClusterARN, "STOPPED", "STOPPED", 1+c.intN(1000)),
		event(t.ARN(), t.ClusterARN, "RUNNING", "RUNNING", 1+c.intN(1000)),
		event(strings.Replace(other, ":cluster/", ":task/", 1)+"/"+t.ID, other, "STOPPED", "STOPPED", 9),
		event(strings.Replace(other, ":cluster/", ":task/", 1)+"/"+strings.Repeat("f", 32), other, "RUNNING", "RUNNING", 4),
		event("arn:aws:ecs:eu-west-2:123456789012:task/"+strings.Repeat("c", 32), chaosClusters[0], "STOPPED", "STOPPED", 4),
		`{"fargatedirect":"recheck","names":["` + t.name() + `","www.` + chaosDomain + `"]}`,
		`{"fargatedirect":"watch","change":"` + change + `","created":["` + ref + `"],"deleted":["` + ref + `"]}`,
		`not an event`, `{}`, `[]`, `{"source":"aws.ecs"}`,
	} {
		if c.in(300, "messages forged") {
			c.sqs.Send(chaosQueue, body)
		}
	}
}

// fault is what goes wrong with a call.
func (c *chaos) fault(ctx context.Context, call taskdnstest.Call, where string) error {
	e, _ := ctx.Value(environmentKey{}).(*environment)
	if e != nil && c.died(e) {
		return errDied
	}
	if !c.isRaging() {
		return nil
	}
	if e != nil && c.in(4, "deaths "+where+" a call") {
		c.mu.Lock()
		e.dead = true
		c.mu.Unlock()
		return errDied
	}
	switch {
	case c.in(15, "answers lost or 500"):
		return taskdnstest.Error("InternalFailure", "an internal error")
	case where == "before" && c.in(25, "calls throttled"):
		if call.Service == taskdnstest.ServiceRoute53 {
			return route53fake.Throttled()
		}
		return taskdnstest.Error("ThrottlingException", "Rate exceeded")
	}
	return nil
}

// settle lets the messages that are left be worked off, and then reconciles
// once. What the reconciliation wants to look at again comes two minutes
// later.
func (c *chaos) settle() {
	time.Sleep(10 * time.Minute)
	c.do(c.t.Context(), taskdns.DoReconcile)
	time.Sleep(5 * time.Minute)
	c.stop()
}
