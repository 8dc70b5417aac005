package taskdnstest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// maxMessageBytes is the longest message, and the longest batch of them.
const maxMessageBytes = 256 << 10

// Send puts a message into a queue, as EventBridge does: not over the wire.
func (s *SQS) Send(url, body string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(s.queues[url], body, nil, 0)
}

// SendMessageBatch sends up to 10 messages.
func (s *SQS) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return through(ctx, s.wire, ServiceSQS, "SendMessageBatch", in, func() (*sqs.SendMessageBatchOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ids []*string
		total := 0
		for _, e := range in.Entries {
			ids = append(ids, e.Id)
			total += entryBytes(e)
		}
		q, err := s.admit(in.QueueUrl, ids)
		if err != nil {
			return nil, err
		}
		if total > maxMessageBytes {
			return nil, &types.BatchRequestTooLong{Message: aws.String(fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageBytes, total))}
		}
		out := &sqs.SendMessageBatchOutput{}
		for _, e := range in.Entries {
			if code, message := checkEntry(e); code != "" {
				out.Failed = append(out.Failed, failedEntry(e.Id, code, message))
				continue
			}
			id := s.put(q, *e.MessageBody, e.MessageAttributes, time.Duration(e.DelaySeconds)*time.Second)
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: aws.String(id)})
		}
		return out, nil
	})
}

// checkEntry answers why a message cannot be sent, or "".
func checkEntry(e types.SendMessageBatchRequestEntry) (code, message string) {
	if aws.ToString(e.MessageBody) == "" {
		return "MissingParameter", "The request must contain the parameter MessageBody."
	}
	if e.DelaySeconds < 0 || e.DelaySeconds > 900 {
		return "InvalidParameterValue", fmt.Sprintf("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", e.DelaySeconds)
	}
	if e.MessageGroupId != nil || e.MessageDeduplicationId != nil {
		return "InvalidParameterValue", "The request includes a parameter that is not valid for this queue type"
	}
	if invalidText(*e.MessageBody) {
		return "InvalidMessageContents", "Message contains invalid characters."
	}
	if len(e.MessageAttributes) > 10 {
		return "InvalidParameterValue", "Number of message attributes exceeds the allowed maximum [10]."
	}
	for name, v := range e.MessageAttributes {
		if message := checkAttribute(name, v); message != "" {
			return "InvalidParameterValue", message
		}
	}
	return "", ""
}

// checkAttribute answers why a message attribute is invalid, or "".
func checkAttribute(name string, v types.MessageAttributeValue) string {
	lower := strings.ToLower(name)
	switch {
	case name == "" || strings.Trim(name, attributeBytes) != "" || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return "The message attribute name '" + name + "' is invalid."
	case aws.ToString(v.DataType) != "String":
		return "The message attribute '" + name + "' must contain a non-empty message attribute type; the fake knows String."
	case aws.ToString(v.StringValue) == "" || invalidText(*v.StringValue):
		return "The message attribute '" + name + "' must contain a non-empty value of type 'String', of valid characters."
	}
	return ""
}

// attributeBytes are what the name of a message attribute is made of.
const attributeBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

// invalidText tells whether SQS would not take a text: it has characters that
// XML does not.
func invalidText(text string) bool {
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
		case r < 0x20 || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF:
			return true
		}
	}
	return false
}

// entryBytes is how much of a batch's size a message takes.
func entryBytes(e types.SendMessageBatchRequestEntry) int {
	n := len(aws.ToString(e.MessageBody))
	for name, v := range e.MessageAttributes {
		n += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	return n
}
