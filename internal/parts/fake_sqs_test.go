package parts

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// fakeQueues is an SQS with one queue's name.
type fakeQueues struct {
	service
	attributes, tags map[string]string
	// goneCode is the error for an absent queue.
	goneCode string
	// recent is how often a create is refused after a deletion; lag is how
	// many reads still see the queue after it is deleted.
	recent, lag int
	deleted     bool
}

func (f *fakeQueues) gone() error { return fault(f.goneCode, "The specified queue does not exist.") }

func (f *fakeQueues) open(op string, url *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.deleted && f.lag > 0 {
		f.lag--
	} else if f.deleted {
		f.attributes, f.deleted = nil, false
	}
	if f.attributes == nil || aws.ToString(url) != testQueueURL {
		return f.gone()
	}
	return nil
}

//nolint:staticcheck // The SDK names it so.
func (f *fakeQueues) GetQueueUrl(_ context.Context, in *sqs.GetQueueUrlInput, _ ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	if err := f.call("GetQueueUrl"); err != nil {
		return nil, err
	}
	if f.attributes == nil || aws.ToString(in.QueueName) != "q" {
		return nil, f.gone()
	}
	return &sqs.GetQueueUrlOutput{QueueUrl: aws.String(testQueueURL)}, nil
}

func (f *fakeQueues) CreateQueue(_ context.Context, in *sqs.CreateQueueInput, _ ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error) {
	if f.recent > 0 {
		f.recent--
		return nil, fault("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	if err := f.call("CreateQueue"); err != nil {
		return nil, err
	}
	if f.attributes != nil {
		return nil, fault("QueueNameExists", "A queue already exists with the same name")
	}
	have := map[string]string{"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "true"}
	if err := cmp.Or(refuseTags(in.Tags), setQueueAttributes(have, in.Attributes)); err != nil {
		return nil, err
	}
	f.attributes, f.tags = have, maps.Clone(in.Tags)
	return &sqs.CreateQueueOutput{QueueUrl: aws.String(testQueueURL)}, nil
}

func (f *fakeQueues) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	if !slices.Equal(in.AttributeNames, []types.QueueAttributeName{"All"}) {
		return nil, fault("InvalidAttributeName", "want All")
	}
	return &sqs.GetQueueAttributesOutput{Attributes: maps.Clone(f.attributes)}, f.open("GetQueueAttributes", in.QueueUrl)
}

func (f *fakeQueues) SetQueueAttributes(_ context.Context, in *sqs.SetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.SetQueueAttributesOutput, error) {
	if err := f.open("SetQueueAttributes", in.QueueUrl); err != nil {
		return nil, err
	}
	return &sqs.SetQueueAttributesOutput{}, setQueueAttributes(f.attributes, in.Attributes)
}

// setQueueAttributes checks values and keeps the two kinds of encryption
// apart as SQS does.
func setQueueAttributes(have, set map[string]string) error {
	if set["KmsMasterKeyId"] != "" && set["SqsManagedSseEnabled"] == "true" {
		return fault("InvalidAttributeValue", "You can use one type of server-side encryption (SSE) at one time.")
	}
	for name, value := range set {
		switch name {
		case "VisibilityTimeout", "MessageRetentionPeriod":
			if n, err := strconv.Atoi(value); err != nil || n < 0 {
				return fault("InvalidAttributeValue", name)
			}
		case "Policy", "RedrivePolicy":
			if value != "" && !json.Valid([]byte(value)) {
				return fault("InvalidAttributeValue", name)
			}
		case "KmsMasterKeyId", "SqsManagedSseEnabled":
		default:
			return fault("InvalidAttributeName", name)
		}
		have[name] = value
		if value == "" {
			delete(have, name)
		}
	}
	if set["KmsMasterKeyId"] != "" {
		have["SqsManagedSseEnabled"] = "false"
	}
	return nil
}

func (f *fakeQueues) DeleteQueue(_ context.Context, in *sqs.DeleteQueueInput, _ ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error) {
	if err := f.open("DeleteQueue", in.QueueUrl); err != nil {
		return nil, err
	}
	f.deleted = true
	return &sqs.DeleteQueueOutput{}, nil
}

func (f *fakeQueues) ListQueueTags(_ context.Context, in *sqs.ListQueueTagsInput, _ ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error) {
	return &sqs.ListQueueTagsOutput{Tags: maps.Clone(f.tags)}, f.open("ListQueueTags", in.QueueUrl)
}

func (f *fakeQueues) TagQueue(_ context.Context, in *sqs.TagQueueInput, _ ...func(*sqs.Options)) (*sqs.TagQueueOutput, error) {
	if err := cmp.Or(f.open("TagQueue", in.QueueUrl), refuseTags(in.Tags)); err != nil {
		return nil, err
	}
	maps.Copy(f.tags, in.Tags)
	return &sqs.TagQueueOutput{}, nil
}

func (f *fakeQueues) UntagQueue(_ context.Context, in *sqs.UntagQueueInput, _ ...func(*sqs.Options)) (*sqs.UntagQueueOutput, error) {
	if err := f.open("UntagQueue", in.QueueUrl); err != nil {
		return nil, err
	}
	maps.DeleteFunc(f.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	return &sqs.UntagQueueOutput{}, nil
}
