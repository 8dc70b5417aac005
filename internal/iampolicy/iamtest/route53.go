package iamtest

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

// ChangeRecords is the request for a batch, with the condition keys that
// Route 53 fills: names in lower case, without a dot at the end, and with
// everything unusual in octal digits. Each value stands once.
func ChangeRecords(in *route53.ChangeResourceRecordSetsInput) Request {
	var names, kinds, actions []string
	if in.ChangeBatch != nil {
		for _, c := range in.ChangeBatch.Changes {
			names = append(names, strings.TrimSuffix(route53fake.Normalize(aws.ToString(c.ResourceRecordSet.Name)), "."))
			kinds = append(kinds, string(c.ResourceRecordSet.Type))
			actions = append(actions, string(c.Action))
		}
	}
	return Request{
		Action:   "route53:ChangeResourceRecordSets",
		Resource: "arn:aws:route53:::hostedzone/" + strings.TrimPrefix(aws.ToString(in.HostedZoneId), "/hostedzone/"),
		Context: map[string][]string{
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": once(names),
			"route53:ChangeResourceRecordSetsRecordTypes":           once(kinds),
			"route53:ChangeResourceRecordSetsActions":               once(actions),
		},
	}
}

func once(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

// Guard answers a function that fails the test for each batch that a policy
// does not allow. It is for route53fake.Fake.OnChange, and may be called at the
// same time.
func Guard(t testing.TB, policy iampolicy.Document) func(*route53.ChangeResourceRecordSetsInput) {
	t.Helper()
	return func(in *route53.ChangeResourceRecordSetsInput) {
		r := ChangeRecords(in)
		allowed, err := Allows(policy, r)
		if err != nil {
			t.Errorf("reading the policy: %v", err)
			return
		}
		if !allowed {
			t.Errorf("the policy does not allow a batch: %v", r)
		}
	}
}

// Load reads a policy from a file, as iampolicy writes them.
func Load(t testing.TB, file string) iampolicy.Document {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var policy iampolicy.Document
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		t.Fatalf("reading policy (%s): %v", file, err)
	}
	return policy
}
