package taskdns

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// oddSQS says of a batch what the test wants.
type oddSQS struct {
	SQS
	out *sqs.SendMessageBatchOutput
}

func (s oddSQS) SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return s.out, nil
}

func TestSendBelievesOnlyWhatSQSSays(t *testing.T) {
	t.Parallel()
	q := queue{sqs: oddSQS{out: &sqs.SendMessageBatchOutput{
		Successful: []types.SendMessageBatchResultEntry{{Id: aws.String("0")}, {Id: aws.String("7")}, {Id: aws.String("x")}, {}},
		Failed:     []types.BatchResultErrorEntry{{Id: aws.String("1"), Code: aws.String("InternalError")}, {Id: aws.String("-1")}},
	}}, log: slog.New(slog.DiscardHandler)}
	failed := q.send(t.Context(), queueURL, make([]letter, 3))
	if len(failed) != 3 || failed[0] != nil || failed[1] == nil || !strings.Contains(failed[1].Error(), "InternalError") || failed[2] == nil {
		t.Errorf("errors %v; want none for the first, that of SQS for the second, one for the third", failed)
	}
}

func TestSendKeepsToTheLimits(t *testing.T) {
	onRig(t, func(r *rig) {
		q := queue{sqs: r.sqs, url: queueURL, log: slog.New(slog.DiscardHandler)}
		letters := make([]letter, 0, 40)
		for range 25 {
			letters = append(letters, letter{body: "short", reason: "x"})
		}
		for range 5 {
			letters = append(letters, letter{body: strings.Repeat("x", 100_000)})
		}
		letters = append(letters, letter{body: strings.Repeat("x", 300_000)}, letter{body: "last"})
		for i, err := range q.send(r.Context(), lettersURL, letters) {
			if (err != nil) != (i == 30) { // SQS refuses what is too long, and only that
				r.Errorf("letter %d: %v", i, err)
			}
		}
		// 10, 10, 5 with 2 long ones, 2, 1, the one too long, the last.
		if n := r.wire.Count(taskdnstest.ServiceSQS, "SendMessageBatch"); n != 7 || r.left(lettersURL) != 31 {
			r.Errorf("%d calls, %d messages sent", n, r.left(lettersURL))
		}
	})
}

func TestTogetherPassesAPanicOn(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != "two" {
			t.Errorf("the caller's panic is %v", p)
		}
	}()
	together(4, func(i int) {
		if i == 2 {
			panic("two")
		}
	})
}
