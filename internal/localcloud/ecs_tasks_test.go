package localcloud_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"
)

// TestECSSteps holds a task before it runs: its interface is there already.
// Stopping it then waits for nothing but its end.
func TestECSSteps(t *testing.T) {
	t.Parallel()
	const account = "210987654331"
	if err := cloud.SetTaskSteps(t.Context(), account, map[string]time.Duration{"PENDING": time.Hour}); err != nil {
		t.Fatal(err)
	}
	f := newFleetIn(t, account, cloud.Account(account), "steps")
	arn := aws.ToString(f.run(types.AssignPublicIpEnabled).TaskArn)
	pending := f.await(arn, "PENDING")
	if got := aws.ToString(pending.Attachments[0].Status); got != "ATTACHED" {
		t.Errorf("the attachment of a pending task is %s", got)
	}
	if got := f.interfaces("network-interface-id", interfaceID(t, pending)); len(got) != 1 || got[0].Association == nil {
		t.Errorf("the interface of a pending task is %+v", got)
	}
	if err := cloud.SetTaskSteps(t.Context(), account, map[string]time.Duration{"DEPROVISIONING": time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String(f.cluster), Task: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	stopping := f.await(arn, "DEPROVISIONING")
	if aws.ToString(stopping.DesiredStatus) != "STOPPED" || stopping.StoppingAt == nil {
		t.Errorf("the stopping task is %s since %v", aws.ToString(stopping.DesiredStatus), stopping.StoppingAt)
	}
	events := f.events(4)
	slices.SortFunc(events, func(a, b taskEvent) int { return int(a.Detail.Version - b.Detail.Version) })
	var got []string
	for _, e := range events {
		got = append(got, e.Detail.LastStatus+" "+e.Detail.Attachments[0].Status)
	}
	if want := []string{"PROVISIONING PRECREATED", "PENDING ATTACHED", "PENDING ATTACHED", "DEPROVISIONING DELETED"}; !slices.Equal(got, want) {
		t.Errorf("events tell %q, want %q", got, want)
	}
}

// TestECSShowsTasks looks at what of RunTask DescribeTasks shows.
func TestECSShowsTasks(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "shows")
	in := f.runInput(types.AssignPublicIpDisabled)
	in.Group, in.Tags = aws.String("service:web"), []types.Tag{{Key: aws.String("team"), Value: aws.String("browsers")}}
	out, err := f.ecs.RunTask(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(out.Tasks[0].TaskArn)
	plain := f.await(arn, "RUNNING")
	if aws.ToString(plain.Group) != "service:web" || aws.ToString(plain.StartedBy) != "a-test" || len(plain.Tags) > 0 ||
		!strings.HasSuffix(aws.ToString(plain.TaskDefinitionArn), ":task-definition/shows:1") {
		t.Errorf("the task is %+v", plain)
	}
	tagged, err := f.ecs.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String(f.cluster), Tasks: []string{arn}, Include: []types.TaskField{types.TaskFieldTags}})
	if err != nil {
		t.Fatal(err)
	}
	if tags := tagged.Tasks[0].Tags; len(tags) != 1 || aws.ToString(tags[0].Value) != "browsers" {
		t.Errorf("the tags are %+v", tags)
	}
	listed, err := f.ecs.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String(f.cluster), ServiceName: aws.String("web")})
	if err != nil || !slices.Equal(listed.TaskArns, []string{arn}) {
		t.Errorf("the service's tasks are %q, %v", listed.TaskArns, err)
	}
}

// TestECSAddressesOfSix runs a task in a subnet that has both kinds of addresses.
func TestECSAddressesOfSix(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "six")
	f.subnet = f.dualStackSubnet()
	task := f.await(aws.ToString(f.run(types.AssignPublicIpEnabled).TaskArn), "RUNNING")
	shown := aws.ToString(task.Containers[0].NetworkInterfaces[0].Ipv6Address)
	address, err := netip.ParseAddr(shown)
	if err != nil || !address.Is6() || address.IsPrivate() || !address.IsGlobalUnicast() {
		t.Fatalf("the task's IPv6 address is %q, %v", shown, err)
	}
	eni := interfaceID(t, task)
	found := f.interfaces("ipv6-addresses.ipv6-address", shown)
	if len(found) != 1 || aws.ToString(found[0].NetworkInterfaceId) != eni || len(found[0].Ipv6Addresses) != 1 || aws.ToString(found[0].Ipv6Addresses[0].Ipv6Address) != shown {
		t.Errorf("the filter finds %+v, want %s", found, eni)
	}
	if found := f.interfaces("ipv6-addresses.ipv6-address", "2001:db8::1"); len(found) > 0 {
		t.Errorf("an address of nobody's is found at %+v", found)
	}
}

// dualStackSubnet makes a subnet with IPv4 and IPv6 addresses.
func (f *fleet) dualStackSubnet() string {
	f.t.Helper()
	vpc, err := f.ec2.CreateVpc(f.t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.6.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})
	if err != nil {
		f.t.Fatal(err)
	}
	vpcs, err := f.ec2.DescribeVpcs(f.t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{aws.ToString(vpc.Vpc.VpcId)}})
	if err != nil {
		f.t.Fatal(err)
	}
	block := netip.MustParsePrefix(aws.ToString(vpcs.Vpcs[0].Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock))
	subnet, err := f.ec2.CreateSubnet(f.t.Context(), &ec2.CreateSubnetInput{
		VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String("10.6.1.0/24"), Ipv6CidrBlock: aws.String(netip.PrefixFrom(block.Addr(), 64).String()),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return aws.ToString(subnet.Subnet.SubnetId)
}

// TestECSManyTasks runs and stops more tasks than a page of ListTasks holds, and counts
// what it is told of them.
func TestECSManyTasks(t *testing.T) {
	t.Parallel()
	const count = 120
	f := newFleet(t, "many")
	begun := time.Now()
	var group errgroup.Group
	arns := make([][]string, count/10)
	for i := range arns {
		group.Go(func() error {
			in := f.runInput(types.AssignPublicIpEnabled)
			in.Count = aws.Int32(10)
			out, err := f.ecs.RunTask(t.Context(), in)
			if err != nil {
				return err
			}
			for _, task := range out.Tasks {
				arns[i] = append(arns[i], aws.ToString(task.TaskArn))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(arns...)
	slices.Sort(all)
	for _, arn := range all {
		f.await(arn, "RUNNING")
	}
	t.Logf("%d tasks run after %v", count, time.Since(begun))
	if got := f.listAll(); !slices.Equal(got, all) {
		t.Errorf("%d tasks are listed, want %d", len(got), len(all))
	}
	f.checkFilterLimit()
	begun = time.Now()
	for _, arn := range all {
		if _, err := f.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String(f.cluster), Task: aws.String(arn)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, arn := range all {
		f.await(arn, "STOPPED")
	}
	t.Logf("they stopped after %v", time.Since(begun))
	told := map[string]int{}
	for _, e := range f.events(9 * count) {
		told[e.Detail.LastStatus+" "+e.Detail.DesiredStatus]++
	}
	t.Logf("all was told after %v", time.Since(begun))
	for _, what := range []string{"PENDING RUNNING", "RUNNING RUNNING", "DEPROVISIONING STOPPED", "STOPPED STOPPED"} {
		if told[what] != count {
			t.Errorf("%s was told of %d tasks, want %d", what, told[what], count)
		}
	}
}

// listAll is the ARNs of the running tasks, in pages of 100 at most.
func (f *fleet) listAll() []string {
	f.t.Helper()
	var out []string
	pages := ecs.NewListTasksPaginator(f.ecs, &ecs.ListTasksInput{Cluster: aws.String(f.cluster)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		if len(page.TaskArns) > 100 {
			f.t.Errorf("a page holds %d tasks", len(page.TaskArns))
		}
		out = append(out, page.TaskArns...)
	}
	return out
}

// checkFilterLimit asks for as many interfaces at a time as EC2 allows, and for
// one more.
func (f *fleet) checkFilterLimit() {
	f.t.Helper()
	for _, count := range []int{200, 201} {
		var values []string
		for i := range count {
			values = append(values, fmt.Sprintf("127.64.0.%d", i))
		}
		_, err := f.ec2.DescribeNetworkInterfaces(f.t.Context(), &ec2.DescribeNetworkInterfacesInput{
			Filters: []ec2types.Filter{{Name: aws.String("association.public-ip"), Values: values}},
		})
		if count > 200 {
			wantError(f.t, err, "FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
		} else if err != nil {
			f.t.Error(err)
		}
	}
}
