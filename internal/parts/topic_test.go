package parts

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const testTopicARN = "arn:aws:sns:eu-west-2:123456789012:certs"

// fakeTopics is SNS as far as topics go.
type fakeTopics struct {
	service
	topics map[string]*fakeTopic
}

type fakeTopic struct{ attributes, tags map[string]string }

func newFakeTopics() *fakeTopics { return &fakeTopics{topics: map[string]*fakeTopic{}} }

func (f *fakeTopics) open(op, missing string, arn *string) (*fakeTopic, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	if t, ok := f.topics[*arn]; ok {
		return t, nil
	}
	return nil, answer(missing)
}

func (f *fakeTopics) CreateTopic(_ context.Context, in *sns.CreateTopicInput, _ ...func(*sns.Options)) (*sns.CreateTopicOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("CreateTopic"); err != nil {
		return nil, err
	}
	arn := "arn:aws:sns:eu-west-2:" + testAccount + ":" + *in.Name
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[*t.Key] = *t.Value
	}
	if t, ok := f.topics[arn]; ok && (!maps.Equal(t.tags, tags) || !maps.Equal(t.attributes, in.Attributes)) {
		return nil, answer("InvalidParameter")
	}
	for name, value := range in.Attributes {
		if err := checkAttribute(name, value); err != nil {
			return nil, err
		}
	}
	f.topics[arn] = &fakeTopic{attributes: maps.Clone(in.Attributes), tags: tags}
	return &sns.CreateTopicOutput{TopicArn: &arn}, nil
}

func checkAttribute(name, value string) error {
	if name == "Policy" && !json.Valid([]byte(value)) || name != "Policy" && name != "KmsMasterKeyId" {
		return answer("InvalidParameter")
	}
	return nil
}

func (f *fakeTopics) GetTopicAttributes(_ context.Context, in *sns.GetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.open("GetTopicAttributes", "NotFound", in.TopicArn)
	if err != nil {
		return nil, err
	}
	return &sns.GetTopicAttributesOutput{Attributes: maps.Clone(t.attributes)}, nil
}

func (f *fakeTopics) SetTopicAttributes(_ context.Context, in *sns.SetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.open("SetTopicAttributes", "NotFound", in.TopicArn)
	if err != nil {
		return nil, err
	}
	if err := checkAttribute(*in.AttributeName, *in.AttributeValue); err != nil {
		return nil, err
	}
	t.attributes[*in.AttributeName] = *in.AttributeValue
	if *in.AttributeValue == "" {
		delete(t.attributes, *in.AttributeName)
	}
	return &sns.SetTopicAttributesOutput{}, nil
}

func (f *fakeTopics) DeleteTopic(_ context.Context, in *sns.DeleteTopicInput, _ ...func(*sns.Options)) (*sns.DeleteTopicOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.open("DeleteTopic", "NotFound", in.TopicArn); err != nil {
		return nil, err
	}
	delete(f.topics, *in.TopicArn)
	return &sns.DeleteTopicOutput{}, nil
}

func (f *fakeTopics) ListTagsForResource(_ context.Context, in *sns.ListTagsForResourceInput, _ ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.open("ListTagsForResource", "ResourceNotFound", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sns.ListTagsForResourceOutput{Tags: topicTags(t.tags)}, nil
}

func (f *fakeTopics) TagResource(_ context.Context, in *sns.TagResourceInput, _ ...func(*sns.Options)) (*sns.TagResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.open("TagResource", "ResourceNotFound", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		t.tags[*tag.Key] = *tag.Value
	}
	return &sns.TagResourceOutput{}, nil
}

func (f *fakeTopics) UntagResource(_ context.Context, in *sns.UntagResourceInput, _ ...func(*sns.Options)) (*sns.UntagResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.open("UntagResource", "ResourceNotFound", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(t.tags, k)
	}
	return &sns.UntagResourceOutput{}, nil
}

func testTopic(f *fakeTopics) *Topic {
	return &Topic{API: f, Name: "certs", ARN: testTopicARN, KMSKeyARN: testKey, Policy: testPolicy("sns:Publish"), Tags: creatingTags()}
}

func TestTopicEnsure(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", testKey} {
		t.Run("key "+key, func(t *testing.T) {
			t.Parallel()
			f := newFakeTopics()
			p := testTopic(f)
			p.KMSKeyARN = key
			mustBeAbsent(t, p)
			mustEnsure(t, p)
			expectChanges(t, &f.service, "CreateTopic")
			mustDrift(t, p)
			if tags, err := p.ReadTags(t.Context()); err != nil || !maps.Equal(tags, p.Tags.Want) {
				t.Errorf("tags = %v, %v", tags, err)
			}
			mustEnsure(t, p)
			expectChanges(t, &f.service)
			if err := p.Untag(t.Context(), stack.CreatingTag); err != nil {
				t.Fatal(err)
			}
			mustDrift(t, p, `tag `+stack.CreatingTag+` is missing, want "true"`)
			mustDelete(t, p)
			mustBeAbsent(t, p)
			mustDelete(t, p)
		})
	}
}

func TestTopicDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*fakeTopic)
		wanted func(*Topic)
		want   string
	}{
		{name: "key gone", change: func(f *fakeTopic) { delete(f.attributes, "KmsMasterKeyId") }, want: `KMS key is "", want "` + testKey + `"`},
		{name: "key not wanted any more", wanted: func(p *Topic) { p.KMSKeyARN = "" }, want: `KMS key is "` + testKey + `", want ""`},
		{name: "policy", change: func(f *fakeTopic) {
			f.attributes["Policy"] = strings.Replace(f.attributes["Policy"], "Publish", "*", 1)
		}, want: "the policy differs"},
		{name: "tag", change: func(f *fakeTopic) { f.tags["team"] = "sales" }, want: `tag team is "sales", want "web"`},
		{name: "tag gone", change: func(f *fakeTopic) { delete(f.tags, stack.OwnerTag) }, want: `tag ` + stack.OwnerTag + ` is missing, want "` + testOwner + `"`},
		{name: "foreign tag", change: func(f *fakeTopic) { f.tags["x"], f.tags["cost-center"] = "y", "7" }, want: `tag x is "y", want none`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeTopics()
			p := testTopic(f)
			mustEnsure(t, p)
			f.takeChanges()
			if tc.change != nil {
				tc.change(f.topics[testTopicARN])
			}
			if tc.wanted != nil {
				tc.wanted(p)
			}
			mustDrift(t, p, tc.want)
			mustEnsure(t, p)
			if n := len(f.takeChanges()); n != 1 {
				t.Errorf("the repair took %d changing calls, want 1", n)
			}
			mustDrift(t, p)
		})
	}
}

func TestTopicErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		op     string
		absent bool
		change func(*fakeTopic)
		words  string
	}{
		{op: "GetTopicAttributes", words: "reading topic (certs)"},
		{op: "ListTagsForResource", words: "reading topic (certs)"},
		{op: "CreateTopic", absent: true, words: "creating topic (certs)"},
		{op: "SetTopicAttributes", change: func(f *fakeTopic) { f.attributes["Policy"] = "{}" }, words: "setting the policy of topic (certs)"},
		{op: "SetTopicAttributes", change: func(f *fakeTopic) { f.attributes["KmsMasterKeyId"] = "k" }, words: "setting the KMS key of topic (certs)"},
		{op: "TagResource", change: func(f *fakeTopic) { delete(f.tags, "team") }, words: "setting the tags of topic (certs)"},
		{op: "UntagResource", change: func(f *fakeTopic) { f.tags["x"] = "y" }, words: "setting the tags of topic (certs)"},
	} {
		t.Run(tc.words+" "+tc.op, func(t *testing.T) {
			t.Parallel()
			f := newFakeTopics()
			p := testTopic(f)
			if !tc.absent {
				mustEnsure(t, p)
			}
			if tc.change != nil {
				tc.change(f.topics[testTopicARN])
			}
			f.always = map[string]error{tc.op: answer("AuthorizationError")}
			expectError(t, p.Ensure(t.Context()), tc.words, "AuthorizationError")
		})
	}
	f := newFakeTopics()
	f.always = map[string]error{"DeleteTopic": answer("AuthorizationError")}
	expectError(t, testTopic(f).Delete(t.Context()), "deleting topic (certs)", "AuthorizationError")
	f.always = map[string]error{"GetTopicAttributes": answer("AuthorizationError")}
	_, err := testTopic(f).ReadTags(t.Context())
	expectError(t, err, "AuthorizationError")
}

// Somebody may delete the topic between the two calls that read it.
func TestTopicVanishesWhileRead(t *testing.T) {
	t.Parallel()
	f := newFakeTopics()
	p := testTopic(f)
	mustEnsure(t, p)
	f.always = map[string]error{"ListTagsForResource": answer("ResourceNotFound")}
	mustBeAbsent(t, p)
}
