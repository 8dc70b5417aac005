package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// TopicAPI is what Topic calls of SNS.
type TopicAPI interface {
	CreateTopic(context.Context, *sns.CreateTopicInput, ...func(*sns.Options)) (*sns.CreateTopicOutput, error)
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	SetTopicAttributes(context.Context, *sns.SetTopicAttributesInput, ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error)
	DeleteTopic(context.Context, *sns.DeleteTopicInput, ...func(*sns.Options)) (*sns.DeleteTopicOutput, error)
	ListTagsForResource(context.Context, *sns.ListTagsForResourceInput, ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error)
	TagResource(context.Context, *sns.TagResourceInput, ...func(*sns.Options)) (*sns.TagResourceOutput, error)
	UntagResource(context.Context, *sns.UntagResourceInput, ...func(*sns.Options)) (*sns.UntagResourceOutput, error)
}

// The attributes of a topic that Topic sets.
const (
	topicPolicy = "Policy"
	topicKey    = "KmsMasterKeyId"
)

// Topic is an SNS topic.
type Topic struct {
	API TopicAPI
	// Name and ARN identify the topic.
	Name, ARN string
	// KMSKeyARN encrypts the messages at rest; empty for no encryption.
	KMSKeyARN string
	// Policy is the whole access policy.
	Policy iampolicy.Document
	Tags   Tags
}

func (t *Topic) String() string { return fmt.Sprintf("topic (%s)", t.Name) }

// Ensure creates the topic or repairs policy, key and tags.
func (t *Topic) Ensure(ctx context.Context) error {
	settings, err := t.settings(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return t.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", t, err)
	}
	_, err = repairAll(ctx, t, settings)
	return err
}

// Drift tells how policy, key and tags differ.
func (t *Topic) Drift(ctx context.Context) ([]string, error) {
	settings, err := t.settings(ctx)
	return driftOf(settings), err
}

// Delete removes the topic with its subscriptions.
func (t *Topic) Delete(ctx context.Context) error {
	_, err := t.API.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &t.ARN})
	if err != nil && !isNoTopic(err) {
		return fmt.Errorf("deleting %s: %w", t, err)
	}
	return nil
}

// ReadTags answers the topic's tags, or stack.ErrNotFound. It asks for the
// topic itself as well, because only that answer tells an untagged topic from
// none.
func (t *Topic) ReadTags(ctx context.Context) (map[string]string, error) {
	if _, err := t.attributes(ctx); err != nil {
		return nil, err
	}
	return t.listTags(ctx)
}

// Untag removes one tag.
func (t *Topic) Untag(ctx context.Context, key string) error {
	return t.untag(ctx, []string{key})
}

// create passes everything in the one call. CreateTopic answers a topic that
// exists already only if nothing about it differs.
func (t *Topic) create(ctx context.Context) error {
	attributes := map[string]string{topicPolicy: t.Policy.JSON()}
	if t.KMSKeyARN != "" {
		attributes[topicKey] = t.KMSKeyARN
	}
	_, err := t.API.CreateTopic(ctx, &sns.CreateTopicInput{Name: &t.Name, Attributes: attributes, Tags: topicTags(t.Tags.Want)})
	if err != nil {
		return fmt.Errorf("creating %s: %w", t, err)
	}
	return nil
}

func (t *Topic) settings(ctx context.Context) ([]setting, error) {
	have, err := t.attributes(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := t.listTags(ctx)
	if err != nil {
		return nil, err
	}
	return []setting{
		{"KMS key", differs(have[topicKey] != t.KMSKeyARN, "KMS key is %q, want %q", have[topicKey], t.KMSKeyARN), func(ctx context.Context) error {
			return t.set(ctx, topicKey, t.KMSKeyARN)
		}},
		{"policy", differs(!iampolicy.Equivalent(have[topicPolicy], t.Policy.JSON()), "the policy differs"), func(ctx context.Context) error {
			return t.set(ctx, topicPolicy, t.Policy.JSON())
		}},
		{"tags", t.Tags.Drift(tags), func(ctx context.Context) error { return t.setTags(ctx, tags) }},
	}, nil
}

func (t *Topic) attributes(ctx context.Context) (map[string]string, error) {
	out, err := t.API.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &t.ARN})
	if isNoTopic(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (t *Topic) listTags(ctx context.Context) (map[string]string, error) {
	out, err := t.API.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &t.ARN})
	if isNoTopic(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(out.Tags))
	for _, tag := range out.Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags, nil
}

func (t *Topic) set(ctx context.Context, name, value string) error {
	_, err := t.API.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &t.ARN, AttributeName: &name, AttributeValue: &value})
	return err
}

func (t *Topic) setTags(ctx context.Context, have map[string]string) error {
	set, remove := t.Tags.Diff(have)
	if len(set) > 0 {
		if _, err := t.API.TagResource(ctx, &sns.TagResourceInput{ResourceArn: &t.ARN, Tags: topicTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return t.untag(ctx, remove)
	}
	return nil
}

func (t *Topic) untag(ctx context.Context, keys []string) error {
	_, err := t.API.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: &t.ARN, TagKeys: keys})
	return err
}

func topicTags(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

// isNoTopic tells whether SNS answered that there is no such topic; its tag
// calls have a code of their own for it.
func isNoTopic(err error) bool { return awserr.Is(err, "NotFound", "ResourceNotFound") }
