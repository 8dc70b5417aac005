package taskdns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestPoisonIsBuried(t *testing.T) {
	onRig(t, func(r *rig) {
		poison := []string{
			"x", "{", "null", `{"detail":{"taskArn":5}}`, `{"source":"aws.ecs","detail-type":"ECS Service Action"}`,
			`{"fargatedirect":"dance"}`, `{"fargatedirect":"watch"}`, `{"fargatedirect":"recheck"}`, `{"fargatedirect":5}`,
			event(t, "running", map[string]any{"source": "evil"}),
		}
		var all []string
		for _, body := range poison {
			r.sqs.Send(queueURL, body)
			all = append(all, body)
		}
		ids := r.run(15) // some of them with the poison, some gathered
		r.sqs.Send(queueURL, event(t, "stopped", map[string]any{"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/Stranger/" + taskID}))
		r.deliver(r.newHandler())
		var buried []string
		for _, m := range r.sqs.Messages(lettersURL) {
			buried = append(buried, m.Body)
			if m.Attributes[attributeReason] == "" {
				r.Errorf("nothing says why %q is there", m.Body)
			}
		}
		slices.Sort(buried)
		slices.Sort(all)
		if !slices.Equal(buried, all) {
			r.Errorf("buried %q, want %q", buried, all)
		}
		if sum, _ := r.recorded(MetricBuried); int(sum) != len(all) {
			r.Errorf("%s is %v, want %d", MetricBuried, sum, len(all))
		}
		r.live(time.Minute)
		if n := r.left(queueURL); n > 0 || !slices.Equal(r.names(), ids) {
			r.Errorf("%d messages are left, %d names", n, len(r.names()))
		}
	})
}

func TestPoisonThatCannotBeBuriedComesAgain(t *testing.T) {
	onRig(t, func(r *rig) {
		r.sqs.Send(queueURL, "poison")
		r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
			if c.Operation == "SendMessageBatch" {
				return errors.New("connection reset")
			}
			return nil
		})
		r.deliver(r.newHandler())
		if r.left(queueURL) != 1 || r.left(lettersURL) != 0 {
			r.Fatal("the message was lost")
		}
		r.wire.Before(nil)
		r.live(time.Minute)
		if r.left(queueURL) != 0 || r.left(lettersURL) != 1 {
			r.Errorf("%d messages are left, %d buried", r.left(queueURL), r.left(lettersURL))
		}
	})
}

func TestWhatOnlySomebodyCanMendIsBuriedAfterTenReceives(t *testing.T) {
	onRig(t, func(r *rig) {
		r.zone.Fault = func(string, any) (error, error) { return route53fake.Denied("ChangeResourceRecordSets"), nil }
		id := r.run(1)[0]
		r.live(5 * time.Minute)
		if r.left(lettersURL) != 0 || r.left(queueURL) != 1 {
			r.Fatalf("%d messages are buried already", r.left(lettersURL))
		}
		r.live(10 * time.Minute)
		letters := r.sqs.Messages(lettersURL)
		if len(letters) != 1 || r.left(queueURL) != 0 {
			r.Fatalf("%d messages are buried, %d left", len(letters), r.left(queueURL))
		}
		if why := letters[0].Attributes[attributeReason]; !strings.Contains(why, "received 10 times") || !strings.Contains(why, "AccessDenied") {
			r.Errorf("it is there because of %q", why)
		}
		if got := r.detail(EventTypeFailed); got.Hostname != id+"."+domain || !strings.Contains(got.Reason, "AccessDenied") {
			r.Errorf("told %+v", got)
		}
	})
}

func TestAThrottledTaskIsTriedAgainWithinSeconds(t *testing.T) {
	onRig(t, func(r *rig) {
		r.zone.Fault = func(string, any) (error, error) { return route53fake.Throttled(), nil }
		ids := r.run(3)
		start := time.Now()
		r.deliver(r.newHandler())
		if took := time.Since(start); took > time.Minute-reserve {
			r.Errorf("it went on for %s, and kept nothing for handing back", took)
		}
		for _, m := range r.sqs.Messages(queueURL) {
			if wait := time.Until(m.Visible); wait <= 0 || wait > 5*time.Second {
				r.Errorf("a message comes again after %s", wait)
			}
		}
		r.zone.Fault = nil
		r.live(5 * time.Second)
		if got := r.names(); !slices.Equal(got, ids) {
			r.Errorf("names %q, want %q", got, ids)
		}
		if sum, _ := r.recorded(MetricThrottles); sum < 3 {
			r.Errorf("%s is %v", MetricThrottles, sum)
		}
	})
}

func TestReason(t *testing.T) {
	t.Parallel()
	if got := reason("a\x00b\nc\xffd"); got != "a b c d" {
		t.Errorf("reason %q", got)
	}
	if got := reason(strings.Repeat("ü", maxReason)); len(got) != maxReason || strings.Trim(got, "ü") != "" {
		t.Errorf("a reason of %d bytes", len(got))
	}
	if got := reason("x" + strings.Repeat("ü", maxReason)); len(got) != maxReason-1 {
		t.Errorf("a reason of %d bytes", len(got))
	}
}
