package parts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// QueueAPI is what Queue calls of SQS.
type QueueAPI interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	CreateQueue(context.Context, *sqs.CreateQueueInput, ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	SetQueueAttributes(context.Context, *sqs.SetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.SetQueueAttributesOutput, error)
	DeleteQueue(context.Context, *sqs.DeleteQueueInput, ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error)
	ListQueueTags(context.Context, *sqs.ListQueueTagsInput, ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error)
	TagQueue(context.Context, *sqs.TagQueueInput, ...func(*sqs.Options)) (*sqs.TagQueueOutput, error)
	UntagQueue(context.Context, *sqs.UntagQueueInput, ...func(*sqs.Options)) (*sqs.UntagQueueOutput, error)
}

// queueSpread is how long SQS may take to show a change or a deletion, and
// refuses to create a queue again: 60 seconds, with a margin.
const queueSpread = 65 * time.Second

// Queue is a standard SQS queue, encrypted at rest.
type Queue struct {
	API QueueAPI
	// Name is the queue's name; URL is looked up by it where empty.
	Name, URL string
	ARN       string
	// VisibilitySeconds is how long a received message stays hidden;
	// RetentionSeconds is how long a message is kept.
	VisibilitySeconds, RetentionSeconds int32
	// DeadLetterARN takes the messages that were received MaxReceiveCount
	// times; empty for none.
	DeadLetterARN   string
	MaxReceiveCount int32
	// Policy is who may do what; without statements only the account itself.
	Policy iampolicy.Document
	// KMSKeyARN encrypts the messages; empty for the service's own key.
	KMSKeyARN string
	Tags      Tags
	// Sleep waits between tries; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

func (q *Queue) String() string { return fmt.Sprintf("SQS queue (%s)", q.Name) }

// QueueURL answers the queue's URL, or stack.ErrNotFound.
func (q *Queue) QueueURL(ctx context.Context) (string, error) {
	if q.URL != "" {
		return q.URL, nil
	}
	out, err := q.API.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.Name})
	if isQueueGone(err) {
		return "", stack.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.QueueUrl), nil
}

// Ensure creates the queue or brings its attributes and tags to what is
// wanted.
func (q *Queue) Ensure(ctx context.Context) error {
	have, err := q.attributes(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return q.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", q, err)
	}
	set, _ := q.compare(have)
	if len(set) > 0 {
		if err := q.setAttributes(ctx, set); err != nil {
			return fmt.Errorf("setting attributes of %s: %w", q, err)
		}
	}
	return q.setTags(ctx)
}

// Drift tells how the attributes and tags differ.
func (q *Queue) Drift(ctx context.Context) ([]string, error) {
	have, err := q.attributes(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := q.ReadTags(ctx)
	if err != nil {
		return nil, err
	}
	_, diffs := q.compare(have)
	return append(diffs, q.Tags.Drift(tags)...), nil
}

// Delete removes the queue with its messages, and waits until SQS no longer
// shows it: a queue created meanwhile would be taken for the old one.
func (q *Queue) Delete(ctx context.Context) error {
	url, err := q.QueueURL(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = q.API.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	}
	if isQueueGone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting %s: %w", q, err)
	}
	err = settleWithin(ctx, q.Sleep, queueSpread, func() (bool, error) {
		_, err := q.attributes(ctx)
		if errors.Is(err, stack.ErrNotFound) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the end of %s: %w", q, err)
	}
	return nil
}

// ReadTags answers the queue's tags, or stack.ErrNotFound.
func (q *Queue) ReadTags(ctx context.Context) (map[string]string, error) {
	url, err := q.QueueURL(ctx)
	if err != nil {
		return nil, err
	}
	out, err := q.API.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if isQueueGone(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// Untag removes one tag.
func (q *Queue) Untag(ctx context.Context, key string) error {
	url, err := q.QueueURL(ctx)
	if err != nil {
		return err
	}
	_, err = q.API.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: []string{key}})
	return err
}

// attributes answers all attributes of the queue, or stack.ErrNotFound.
func (q *Queue) attributes(ctx context.Context) (map[string]string, error) {
	url, err := q.QueueURL(ctx)
	if err != nil {
		return nil, err
	}
	out, err := q.API.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &url,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if isQueueGone(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (q *Queue) create(ctx context.Context) error {
	set, _ := q.compare(nil)
	in := &sqs.CreateQueueInput{QueueName: &q.Name, Attributes: set, Tags: q.Tags.Want}
	var last error
	err := settleWithin(ctx, q.Sleep, queueSpread, func() (bool, error) {
		_, last = q.API.CreateQueue(ctx, in)
		if awserr.Is(last, "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently") {
			return false, nil
		}
		return true, last
	})
	switch {
	case err == nil:
		err = last
	case last != nil && !errors.Is(err, last):
		err = fmt.Errorf("%w (gave up: %w)", last, err)
	}
	if err == nil {
		err = q.awaitAttributes(ctx)
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", q, err)
	}
	return nil
}

func (q *Queue) setAttributes(ctx context.Context, set map[string]string) error {
	url, err := q.QueueURL(ctx)
	if err != nil {
		return err
	}
	if _, err := q.API.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: set}); err != nil {
		return err
	}
	return q.awaitAttributes(ctx)
}

// awaitAttributes waits until SQS shows what was set, so that a plan right
// after the apply finds no difference, and the queue can be used.
func (q *Queue) awaitAttributes(ctx context.Context) error {
	return settleWithin(ctx, q.Sleep, queueSpread, func() (bool, error) {
		have, err := q.attributes(ctx)
		if errors.Is(err, stack.ErrNotFound) {
			return false, nil
		}
		_, diffs := q.compare(have)
		return len(diffs) == 0, err
	})
}

func (q *Queue) setTags(ctx context.Context) error {
	url, err := q.QueueURL(ctx)
	if err != nil {
		return fmt.Errorf("looking up %s: %w", q, err)
	}
	return q.Tags.put(ctx, q, tagCalls{
		read: q.ReadTags,
		set: func(ctx context.Context, tags map[string]string) error {
			_, err := q.API.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: tags})
			return err
		},
		unset: func(ctx context.Context, keys []string) error {
			_, err := q.API.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: keys})
			return err
		},
	})
}

// isQueueGone knows both names of the error: SQS has used one for each of its
// protocols.
func isQueueGone(err error) bool {
	return awserr.Is(err, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
}
