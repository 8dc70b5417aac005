package taskdns

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// fakeECS knows tasks by cluster ARN and id.
type fakeECS struct {
	ECS
	clusters map[string]map[string]ecstypes.Task
	fail     map[string]error    // by cluster ARN
	silent   map[string]struct{} // ids about which it says nothing
	calls    int
}

func (f *fakeECS) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	f.calls++
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	arn := aws.ToString(in.Cluster)
	if err := f.fail[arn]; err != nil {
		return nil, err
	}
	tasks, ok := f.clusters[arn]
	if !ok {
		return nil, apiError("ClusterNotFoundException", "Cluster not found.")
	}
	if n := len(in.Tasks); n < 1 || n > 100 {
		return nil, apiError("InvalidParameterException", "Tasks must have between 1 and 100 elements.")
	}
	out := &ecs.DescribeTasksOutput{}
	for _, id := range in.Tasks {
		if _, ok := f.silent[id]; ok {
			continue
		}
		if t, ok := tasks[id]; ok {
			out.Tasks = append(out.Tasks, t)
			continue
		}
		missing := strings.Replace(arn, ":cluster/", ":task/", 1) + "/" + id
		out.Failures = append(out.Failures, ecstypes.Failure{Arn: aws.String(missing), Reason: aws.String("MISSING")})
	}
	return out, nil
}

// fakeEC2 knows the public address of each network interface; "" is an
// interface without one.
type fakeEC2 struct {
	interfaces map[string]string
	page       int // length of its pages; 0 means as asked
	fail       error
	calls      int
}

func (f *fakeEC2) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	f.calls++
	if f.fail != nil {
		return nil, f.fail
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(in.NetworkInterfaceIds) > 0 {
		return nil, apiError("InvalidNetworkInterfaceID.NotFound", "one id may have vanished, which fails all")
	}
	if len(in.Filters) != 1 || aws.ToString(in.Filters[0].Name) != "network-interface-id" {
		return nil, apiError("FilterLimitExceeded", "this would describe all interfaces of the account")
	}
	ids := in.Filters[0].Values
	if len(ids) < 1 || len(ids) > 200 {
		return nil, apiError("FilterLimitExceeded", "a filter takes 1 to 200 values")
	}
	size := int(aws.ToInt32(in.MaxResults))
	if size < 5 || size > 1000 {
		return nil, apiError("InvalidParameterValue", "MaxResults must be from 5 to 1000")
	}
	if f.page > 0 {
		size = f.page
	}
	start, err := strconv.Atoi(cmp.Or(aws.ToString(in.NextToken), "0"))
	if err != nil {
		return nil, apiError("InvalidNextToken", "unknown token")
	}
	var existing []string
	for _, id := range ids {
		if _, ok := f.interfaces[id]; ok {
			existing = append(existing, id)
		}
	}
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, id := range existing[start:min(start+size, len(existing))] {
		i := ec2types.NetworkInterface{NetworkInterfaceId: aws.String(id)}
		if address := f.interfaces[id]; address != "" {
			i.Association = &ec2types.NetworkInterfaceAssociation{PublicIp: aws.String(address)}
		}
		out.NetworkInterfaces = append(out.NetworkInterfaces, i)
	}
	if start+size < len(existing) {
		out.NextToken = aws.String(strconv.Itoa(start + size))
	}
	return out, nil
}

// fakeZone is a hosted zone as strict as Route 53: a batch is checked as a
// whole, and applied as a whole or not at all.
type fakeZone struct {
	Route53
	sets    map[string]types.ResourceRecordSet // by setKey
	origin  string
	joined  bool // complaints come as one message instead of a list
	fail    []error
	before  func() // runs ahead of every change, as others' changes do
	guard   func(*route53.ChangeResourceRecordSetsInput)
	changes [][]types.Change
	comment []string
	refused int
	lists   int
}

func setKey(s types.ResourceRecordSet) string {
	return strings.ToLower(strings.TrimSuffix(aws.ToString(s.Name), ".")) + " " + string(s.Type) + " " + aws.ToString(s.SetIdentifier)
}

func (f *fakeZone) put(s types.ResourceRecordSet) { f.sets[setKey(s)] = s }

func (f *fakeZone) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.guard != nil {
		f.guard(in)
	}
	if f.before != nil {
		f.before()
	}
	if len(f.fail) > 0 {
		err := f.fail[0]
		f.fail = f.fail[1:]
		return nil, err
	}
	if aws.ToString(in.HostedZoneId) != "Z1" {
		return nil, &types.NoSuchHostedZone{Message: aws.String("No hosted zone found with ID: " + aws.ToString(in.HostedZoneId))}
	}
	text := aws.ToString(in.ChangeBatch.Comment)
	if len(in.ChangeBatch.Changes) == 0 || len(text) > 256 {
		return nil, &types.InvalidInput{Message: aws.String("no changes, or the comment is too long")}
	}
	zone := maps.Clone(f.sets)
	var said []string
	records, characters := 0, 0
	for _, c := range in.ChangeBatch.Changes {
		for _, r := range c.ResourceRecordSet.ResourceRecords {
			records, characters = records+1, characters+len(aws.ToString(r.Value))
		}
		if s := f.change(zone, c); s != "" {
			said = append(said, s)
		}
	}
	if records > 1000 || characters > 32000 {
		said = []string{"Number of records limit of 1000 exceeded."}
	}
	if len(said) > 0 {
		f.refused++
		if f.joined {
			return nil, &types.InvalidChangeBatch{Message: aws.String("[" + strings.Join(said, ", ") + "]")}
		}
		return nil, &types.InvalidChangeBatch{Message: aws.String("ChangeBatch errors occurred"), Messages: said}
	}
	f.sets = zone
	f.changes = append(f.changes, in.ChangeBatch.Changes)
	f.comment = append(f.comment, text)
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: &types.ChangeInfo{
		Id: aws.String("/change/C" + strconv.Itoa(len(f.changes))), Status: types.ChangeStatusPending,
	}}, nil
}

// change makes one change in a zone, or answers Route 53's complaint.
func (f *fakeZone) change(zone map[string]types.ResourceRecordSet, c types.Change) string {
	s := *c.ResourceRecordSet
	name := aws.ToString(s.Name)
	if !strings.HasSuffix(name, "."+f.origin+".") {
		return fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s.", name, f.origin)
	}
	identity := fmt.Sprintf("resource record set [name='%s', type='%s']", name, s.Type)
	old, exists := zone[setKey(s)]
	switch c.Action {
	case types.ChangeActionCreate:
		if exists {
			return "Tried to create " + identity + " but it already exists"
		}
		for _, other := range zone {
			if other.Type == types.RRTypeCname && canonical(aws.ToString(other.Name)) == canonical(name) {
				return fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone %s.", s.Type, name, f.origin)
			}
		}
		zone[setKey(s)] = s
	case types.ChangeActionDelete:
		if !exists {
			return "Tried to delete " + identity + " but it was not found"
		}
		if aws.ToInt64(old.TTL) != aws.ToInt64(s.TTL) || !slices.Equal(values(old), values(s)) {
			return "Tried to delete " + identity + " but the values provided do not match the current values"
		}
		delete(zone, setKey(s))
	default:
		return "the function's role allows CREATE and DELETE only"
	}
	return ""
}

func (f *fakeZone) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	f.lists++
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	sets := slices.SortedFunc(maps.Values(f.sets), func(a, b types.ResourceRecordSet) int {
		return cmp.Or(compareNames(aws.ToString(a.Name), aws.ToString(b.Name)), cmp.Compare(a.Type, b.Type), cmp.Compare(aws.ToString(a.SetIdentifier), aws.ToString(b.SetIdentifier)))
	})
	sets = slices.DeleteFunc(sets, func(s types.ResourceRecordSet) bool {
		return cmp.Or(compareNames(aws.ToString(s.Name), aws.ToString(in.StartRecordName)), cmp.Compare(s.Type, in.StartRecordType)) < 0
	})
	size := int(aws.ToInt32(in.MaxItems))
	if len(sets) <= size {
		return &route53.ListResourceRecordSetsOutput{ResourceRecordSets: sets}, nil
	}
	return &route53.ListResourceRecordSetsOutput{ResourceRecordSets: sets[:size], IsTruncated: true, NextRecordName: sets[size].Name, NextRecordType: sets[size].Type}, nil
}

// compareNames orders names as Route 53 lists them: by their labels from the
// right.
func compareNames(a, b string) int {
	x, y := strings.Split(strings.Trim(a, "."), "."), strings.Split(strings.Trim(b, "."), ".")
	slices.Reverse(x)
	slices.Reverse(y)
	return slices.Compare(x, y)
}

func values(s types.ResourceRecordSet) []string {
	var all []string
	for _, r := range s.ResourceRecords {
		all = append(all, aws.ToString(r.Value))
	}
	slices.Sort(all)
	return all
}

// fakeSQS notes after how many seconds each message comes again.
type fakeSQS struct {
	SQS
	fail  error
	again map[string]int32 // by receipt handle
	calls int
	sent  []string // the URL of the queue and the body of each message
}

func (f *fakeSQS) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	out := &sqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		f.sent = append(f.sent, aws.ToString(in.QueueUrl)+" "+aws.ToString(e.MessageBody))
		out.Successful = append(out.Successful, sqstypes.SendMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func (f *fakeSQS) ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	return &sqs.ReceiveMessageOutput{}, f.fail
}

func (f *fakeSQS) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	f.calls++
	if f.fail != nil {
		return nil, f.fail
	}
	if len(in.Entries) == 0 {
		return nil, &sqstypes.EmptyBatchRequest{}
	}
	if len(in.Entries) > 10 {
		return nil, &sqstypes.TooManyEntriesInBatchRequest{}
	}
	ids := make(map[string]bool)
	for _, e := range in.Entries {
		if ids[aws.ToString(e.Id)] {
			return nil, &sqstypes.BatchEntryIdsNotDistinct{}
		}
		ids[aws.ToString(e.Id)] = true
		f.again[aws.ToString(e.ReceiptHandle)] = e.VisibilityTimeout
	}
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}

// v4 is an IPv4 address alone.
func v4(text string) addresses { return addresses{v4: netip.MustParseAddr(text)} }

// lastV4 is the same for what a task still holds.
func lastV4(text string) *addresses {
	a := v4(text)
	return &a
}
