package parts

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const testGroup = "/aws/lambda/certs"

// fakeLogs is CloudWatch Logs as far as groups go.
type fakeLogs struct {
	service
	groups map[string]*fakeGroup
}

type fakeGroup struct {
	retention int32
	key       string
	tags      map[string]string
}

func (f *fakeLogs) open(op, name string) (*fakeGroup, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	if g, ok := f.groups[name]; ok {
		return g, nil
	}
	return nil, answer("ResourceNotFoundException")
}

// groupName undoes the ARN of a group; one with ":*" at the end names its
// streams and is refused.
func groupName(arn *string) string {
	return strings.TrimPrefix(*arn, "arn:aws:logs:eu-west-2:"+testAccount+":log-group:")
}

func (f *fakeLogs) CreateLogGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("CreateLogGroup"); err != nil {
		return nil, err
	}
	if _, ok := f.groups[*in.LogGroupName]; ok {
		return nil, answer("ResourceAlreadyExistsException")
	}
	f.groups[*in.LogGroupName] = &fakeGroup{key: aws.ToString(in.KmsKeyId), tags: maps.Clone(in.Tags)}
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (f *fakeLogs) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("DescribeLogGroups"); err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{}
	for _, name := range slices.Sorted(maps.Keys(f.groups)) {
		if !strings.HasPrefix(name, *in.LogGroupNamePrefix) {
			continue
		}
		g := types.LogGroup{LogGroupName: aws.String(name)}
		if r := f.groups[name].retention; r != 0 {
			g.RetentionInDays = aws.Int32(r)
		}
		if k := f.groups[name].key; k != "" {
			g.KmsKeyId = aws.String(k)
		}
		out.LogGroups = append(out.LogGroups, g)
	}
	return out, nil
}

func (f *fakeLogs) DeleteLogGroup(_ context.Context, in *cloudwatchlogs.DeleteLogGroupInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.open("DeleteLogGroup", *in.LogGroupName); err != nil {
		return nil, err
	}
	delete(f.groups, *in.LogGroupName)
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

func (f *fakeLogs) PutRetentionPolicy(_ context.Context, in *cloudwatchlogs.PutRetentionPolicyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("PutRetentionPolicy", *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]int32{1, 3, 5, 7, 14, 30, 60, 90}, *in.RetentionInDays) {
		return nil, answer("InvalidParameterException")
	}
	g.retention = *in.RetentionInDays
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

func (f *fakeLogs) DeleteRetentionPolicy(_ context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("DeleteRetentionPolicy", *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.retention = 0
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}

func (f *fakeLogs) AssociateKmsKey(_ context.Context, in *cloudwatchlogs.AssociateKmsKeyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.AssociateKmsKeyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("AssociateKmsKey", *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(*in.KmsKeyId, "arn:") {
		return nil, answer("InvalidParameterException")
	}
	g.key = *in.KmsKeyId
	return &cloudwatchlogs.AssociateKmsKeyOutput{}, nil
}

func (f *fakeLogs) DisassociateKmsKey(_ context.Context, in *cloudwatchlogs.DisassociateKmsKeyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DisassociateKmsKeyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("DisassociateKmsKey", *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.key = ""
	return &cloudwatchlogs.DisassociateKmsKeyOutput{}, nil
}

func (f *fakeLogs) ListTagsForResource(_ context.Context, in *cloudwatchlogs.ListTagsForResourceInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("ListTagsForResource", groupName(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: maps.Clone(g.tags)}, nil
}

func (f *fakeLogs) TagResource(_ context.Context, in *cloudwatchlogs.TagResourceInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.TagResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("TagResource", groupName(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	maps.Copy(g.tags, in.Tags)
	return &cloudwatchlogs.TagResourceOutput{}, nil
}

func (f *fakeLogs) UntagResource(_ context.Context, in *cloudwatchlogs.UntagResourceInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.UntagResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.open("UntagResource", groupName(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(g.tags, k)
	}
	return &cloudwatchlogs.UntagResourceOutput{}, nil
}

// newFakeLogs has a group whose name only begins like ours.
func newFakeLogs() *fakeLogs {
	return &fakeLogs{groups: map[string]*fakeGroup{testGroup + "-other": {retention: 1, tags: map[string]string{}}}}
}

func testLogGroup(f *fakeLogs) *LogGroup {
	return &LogGroup{API: f, Name: testGroup, ARN: "arn:aws:logs:eu-west-2:" + testAccount + ":log-group:" + testGroup, RetentionDays: 30, KMSKeyARN: testKey, Tags: creatingTags()}
}

func TestLogGroupEnsure(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(*LogGroup)
		want []string
	}{
		{"retention and key", func(*LogGroup) {}, []string{"CreateLogGroup", "PutRetentionPolicy"}},
		{"for ever", func(g *LogGroup) { g.RetentionDays = 0 }, []string{"CreateLogGroup"}},
		{"no key", func(g *LogGroup) { g.KMSKeyARN = "" }, []string{"CreateLogGroup", "PutRetentionPolicy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeLogs()
			g := testLogGroup(f)
			tc.set(g)
			mustBeAbsent(t, g)
			mustEnsure(t, g)
			expectChanges(t, &f.service, tc.want...)
			mustDrift(t, g)
			if tags, err := g.ReadTags(t.Context()); err != nil || !maps.Equal(tags, g.Tags.Want) {
				t.Errorf("tags = %v, %v", tags, err)
			}
			mustEnsure(t, g)
			expectChanges(t, &f.service)
			mustDelete(t, g)
			mustBeAbsent(t, g)
			mustDelete(t, g)
			if len(f.groups) != 1 {
				t.Errorf("groups left = %v", slices.Collect(maps.Keys(f.groups)))
			}
		})
	}
}

func TestLogGroupDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*fakeGroup)
		wanted func(*LogGroup)
		want   string
		repair string
		error  string
	}{
		{name: "retention", change: func(f *fakeGroup) { f.retention = 7 }, want: "retention is 7 days, want 30 days", repair: "PutRetentionPolicy", error: "setting the retention of log group"},
		{name: "retention gone", change: func(f *fakeGroup) { f.retention = 0 }, want: "retention is for ever, want 30 days", repair: "PutRetentionPolicy", error: "setting the retention of log group"},
		{name: "for ever wanted", change: func(f *fakeGroup) { f.retention = 30 }, wanted: func(g *LogGroup) { g.RetentionDays = 0 }, want: "retention is 30 days, want for ever", repair: "DeleteRetentionPolicy", error: "setting the retention of log group"},
		{name: "key gone", change: func(f *fakeGroup) { f.key = "" }, want: `KMS key is "", want "` + testKey + `"`, repair: "AssociateKmsKey", error: "setting the KMS key of log group"},
		{name: "no key wanted", change: func(f *fakeGroup) { f.key = testKey }, wanted: func(g *LogGroup) { g.KMSKeyARN = "" }, want: `KMS key is "` + testKey + `", want ""`, repair: "DisassociateKmsKey", error: "setting the KMS key of log group"},
		{name: "tag", change: func(f *fakeGroup) { f.tags["team"] = "sales" }, want: `tag team is "sales", want "web"`, repair: "TagResource", error: "tagging log group"},
		{name: "foreign tag", change: func(f *fakeGroup) { f.tags["x"], f.tags["cost-center"] = "y", "7" }, want: `tag x is "y", want none`, repair: "UntagResource", error: "untagging log group"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeLogs()
			g := testLogGroup(f)
			mustEnsure(t, g)
			f.takeChanges()
			tc.change(f.groups[testGroup])
			if tc.wanted != nil {
				tc.wanted(g)
			}
			mustDrift(t, g, tc.want)
			mustEnsure(t, g)
			expectChanges(t, &f.service, tc.repair)
			mustDrift(t, g)
			tc.change(f.groups[testGroup])
			f.always = map[string]error{tc.repair: answer("AccessDeniedException")}
			expectError(t, g.Ensure(t.Context()), tc.error, testGroup, "AccessDeniedException")
		})
	}
}

func TestLogGroupUntag(t *testing.T) {
	t.Parallel()
	f := newFakeLogs()
	g := testLogGroup(f)
	mustEnsure(t, g)
	for range 2 {
		if err := g.Untag(t.Context(), stack.CreatingTag); err != nil {
			t.Fatal(err)
		}
	}
	mustDrift(t, g, `tag `+stack.CreatingTag+` is missing, want "true"`)
}

func TestLogGroupErrors(t *testing.T) {
	t.Parallel()
	denied := answer("AccessDeniedException")
	f := newFakeLogs()
	g := testLogGroup(f)
	for op, words := range map[string]string{"CreateLogGroup": "creating log group", "PutRetentionPolicy": "setting the retention of log group"} {
		f.always = map[string]error{op: denied}
		expectError(t, g.Ensure(t.Context()), words, testGroup, "AccessDeniedException")
		delete(f.groups, testGroup)
	}
	f.always = nil
	mustEnsure(t, g)
	f.always = map[string]error{"DescribeLogGroups": denied, "DeleteLogGroup": denied}
	expectError(t, g.Ensure(t.Context()), "reading log group", "AccessDeniedException")
	expectError(t, g.Delete(t.Context()), "deleting log group", "AccessDeniedException")
	if _, err := g.ReadTags(t.Context()); err == nil {
		t.Error("ReadTags hides that the group cannot be read")
	}
	f.always = map[string]error{"ListTagsForResource": denied}
	expectError(t, g.Ensure(t.Context()), "reading the tags of log group", "AccessDeniedException")
	if _, err := g.Drift(t.Context()); err == nil {
		t.Error("Drift hides that the tags cannot be read")
	}
	if _, err := g.ReadTags(t.Context()); err == nil {
		t.Error("ReadTags hides that the tags cannot be read")
	}
}
