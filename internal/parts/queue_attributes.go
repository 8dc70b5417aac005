package parts

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// queueRedrive is SQS's redrive policy. The count is a json.Number because
// SQS gives it back as it was set, with quotes or without.
type queueRedrive struct {
	DeadLetterARN   string      `json:"deadLetterTargetArn"`
	MaxReceiveCount json.Number `json:"maxReceiveCount"`
}

// compare tells which attributes must be set to make the queue have as wanted,
// and in plain words why. A queue that does not exist has none.
func (q *Queue) compare(have map[string]string) (map[string]string, []string) {
	set := map[string]string{}
	var diffs []string
	seconds := func(what string, name types.QueueAttributeName, want int32) {
		w := strconv.Itoa(int(want))
		if got := have[string(name)]; got != w {
			set[string(name)] = w
			diffs = append(diffs, fmt.Sprintf("%s is %s s, want %s s", what, got, w))
		}
	}
	seconds("visibility timeout", types.QueueAttributeNameVisibilityTimeout, q.VisibilitySeconds)
	seconds("retention", types.QueueAttributeNameMessageRetentionPeriod, q.RetentionSeconds)
	diffs = append(diffs, q.compareRedrive(have, set)...)
	diffs = append(diffs, q.comparePolicy(have, set)...)
	return set, append(diffs, q.compareEncryption(have, set)...)
}

func (q *Queue) compareRedrive(have, set map[string]string) []string {
	const name = string(types.QueueAttributeNameRedrivePolicy)
	want := queueRedrive{DeadLetterARN: q.DeadLetterARN}
	if q.DeadLetterARN != "" {
		want.MaxReceiveCount = json.Number(strconv.Itoa(int(q.MaxReceiveCount)))
	}
	var got queueRedrive
	if text := have[name]; text != "" && json.Unmarshal([]byte(text), &got) != nil {
		got = queueRedrive{DeadLetterARN: text}
	}
	if got == want {
		return nil
	}
	set[name] = want.text()
	var diffs []string
	if got.DeadLetterARN != want.DeadLetterARN {
		diffs = append(diffs, fmt.Sprintf("dead-letter queue is %q, want %q", got.DeadLetterARN, want.DeadLetterARN))
	}
	if got.MaxReceiveCount != want.MaxReceiveCount && got.DeadLetterARN != "" && want.DeadLetterARN != "" {
		diffs = append(diffs, fmt.Sprintf("maximum receive count is %s, want %s", got.MaxReceiveCount, want.MaxReceiveCount))
	}
	return diffs
}

// text is the attribute's value; empty takes the dead-letter queue away.
func (r queueRedrive) text() string {
	if r.DeadLetterARN == "" {
		return ""
	}
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%s}`, r.DeadLetterARN, r.MaxReceiveCount)
}

func (q *Queue) comparePolicy(have, set map[string]string) []string {
	const name = string(types.QueueAttributeNamePolicy)
	want := ""
	if len(q.Policy.Statement) > 0 {
		want = q.Policy.JSON()
	}
	got := have[name]
	if got == want || iampolicy.Equivalent(got, want) {
		return nil
	}
	set[name] = want
	return []string{"the policy differs"}
}

// compareEncryption sets one of the two kinds of encryption. Naming a key
// switches the service's own off, so that needs no attribute of its own.
func (q *Queue) compareEncryption(have, set map[string]string) []string {
	const (
		key = string(types.QueueAttributeNameKmsMasterKeyId)
		own = string(types.QueueAttributeNameSqsManagedSseEnabled)
	)
	if got := have[key]; got != q.KMSKeyARN {
		set[key] = q.KMSKeyARN
		if q.KMSKeyARN == "" {
			set[own] = "true"
		}
		return []string{fmt.Sprintf("KMS key is %q, want %q", got, q.KMSKeyARN)}
	}
	if q.KMSKeyARN == "" && have[own] != "true" {
		set[own] = "true"
		return []string{"encryption at rest is off, want on"}
	}
	return nil
}
