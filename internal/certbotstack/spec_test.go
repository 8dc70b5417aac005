package certbotstack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// In other partitions everything is of that partition.
func TestPartitions(t *testing.T) {
	t.Parallel()
	for _, scope := range []names.Scope{
		{Kind: names.KindCertbot, Partition: "aws-cn", Account: "123456789012", Region: "cn-north-1", DNSSuffix: "amazonaws.com.cn", Name: "prod"},
		{Kind: names.KindCertbot, Partition: "aws-us-gov", Account: "123456789012", Region: "us-gov-west-1", DNSSuffix: "amazonaws.com", Name: "prod"},
	} {
		t.Run(scope.Partition, func(t *testing.T) {
			t.Parallel()
			s := testSpec()
			s.Scope = scope
			_, config, _ := s.Config()
			all := strings.Join([]string{
				s.RolePolicy().JSON(), s.TrustPolicy().JSON(), s.BucketPolicy().JSON(), s.TopicPolicy().JSON(), s.CallerPolicy().JSON(),
				s.ReaderPolicy("web").JSON(), s.FunctionARN(), s.RoleARN(), s.TopicARN(), s.RuleARN(), string(config),
			}, "\n")
			for _, arn := range regexp.MustCompile(`arn:[^"\n]*`).FindAllString(all, -1) {
				if !strings.HasPrefix(arn, "arn:"+scope.Partition+":") {
					t.Errorf("%s is of another partition", arn)
				}
			}
		})
	}
}

// The longest name must fit into whatever is called by it; the bucket's is the
// shortest.
func TestNamesFit(t *testing.T) {
	t.Parallel()
	s := testSpec()
	s.Scope.Name = strings.Repeat("n", 32)
	if !names.Pattern.MatchString(s.Scope.Name) {
		t.Fatal("the name is not allowed")
	}
	if got := s.BucketName(); len(got) > 63 || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(got) {
		t.Errorf("%s is not the name of a bucket", got)
	}
}

func TestDefaultSchedule(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 50 {
		s := Spec{Scope: testSpec().Scope, Certificates: map[string]Certificate{"web": {Profile: "default"}}}
		s.Scope.Name = fmt.Sprint("n", n)
		expression := s.DefaultSchedule()
		if expression != s.DefaultSchedule() {
			t.Errorf("the schedule of %s changes", s.Scope.Name)
		}
		if !regexp.MustCompile(`^cron\(([0-9]|[1-5][0-9]) [0-5]/6 \* \* \? \*\)$`).MatchString(expression) {
			t.Errorf("%s does not run four times a day", expression)
		}
		s.Certificates["short"] = Certificate{Profile: "shortlived"}
		minute, _, _ := strings.Cut(expression, " ")
		if got, want := s.DefaultSchedule(), minute+" * * * ? *)"; got != want {
			t.Errorf("with a certificate for six days the schedule is %s, want %s", got, want)
		}
		seen[expression] = true
	}
	if len(seen) < 25 {
		t.Errorf("50 resources have only %d schedules", len(seen))
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	s := testSpec()
	if got := s.Keys(); !slices.Equal(got, []string{"tasks", "web"}) {
		t.Errorf("the keys are %q", got)
	}
	if s.Prefix("web") != "web/" || s.Prefix("tasks") != "certs/tasks/" || s.ZoneID("web") != "ZMAIN" || s.ZoneID("tasks") != "ZTASKS" {
		t.Errorf("prefixes are %q and %q, zones %q and %q", s.Prefix("web"), s.Prefix("tasks"), s.ZoneID("web"), s.ZoneID("tasks"))
	}
	// Apex and wildcard are answered at the same name.
	want := map[string][]string{"ZMAIN": {"_acme-challenge.example.com"}, "ZTASKS": {"_acme-challenge.tasks.example.org"}}
	if got := s.challengeNames(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the challenges are at %v, want %v", got, want)
	}
	staging := s
	staging.DirectoryURL = "https://acme-staging-v02.api.letsencrypt.org/directory"
	if s.KeyParameter() == staging.KeyParameter() || !strings.HasPrefix(s.KeyParameter(), s.ParameterPath()+"/") {
		t.Errorf("the account keys are at %s and %s", s.KeyParameter(), staging.KeyParameter())
	}
	bound, other := s, s
	bound.EAB, other.EAB = EAB{KeyID: "kid-1"}, EAB{KeyID: "kid-2"}
	if s.KeyParameter() == bound.KeyParameter() || bound.KeyParameter() == other.KeyParameter() {
		t.Errorf("the account keys of external accounts are at %s, %s and %s", s.KeyParameter(), bound.KeyParameter(), other.KeyParameter())
	}
	if strings.HasPrefix(bound.EABParameter(), bound.ParameterPath()+"/") {
		t.Errorf("%s would be taken for an account's key", bound.EABParameter())
	}
	for want, topics := range map[bool][2]string{true: {"", "b"}, false: {"a", "b"}} {
		s.SuccessTopicARN, s.FailureTopicARN = topics[0], topics[1]
		if s.OwnTopic() != want {
			t.Errorf("with the topics %q it has one of its own: %v", topics, !want)
		}
	}
}

// The configuration has the same text whatever the order of names, and its
// hash is that of the text.
func TestConfig(t *testing.T) {
	t.Parallel()
	s := testSpec()
	_, text, hash := s.Config()
	if sum := sha256.Sum256(text); hash != hex.EncodeToString(sum[:]) {
		t.Errorf("%s is not the hash of the configuration", hash)
	}
	web := s.Certificates["web"]
	web.Domains = []string{"*.example.com", "example.com"}
	s.Certificates = map[string]Certificate{"tasks": s.Certificates["tasks"], "web": web}
	if _, again, _ := s.Config(); string(again) != string(text) {
		t.Errorf("the order of names makes a difference: %s, %s", again, text)
	}
}

func TestStack(t *testing.T) {
	t.Parallel()
	own := testSpec()
	existing := own
	existing.ExistingBucket, existing.SuccessTopicARN, existing.FailureTopicARN = "theirs", "a", "b"
	bound, secretly := own, own
	bound.EAB, secretly.EAB = EAB{KeyID: "kid-1", KeyVersion: 1}, EAB{KeyID: "kid-1", SecretARN: "arn"}
	name := own.Scope.Physical()
	parameter := "SSM parameter (/" + name + "/eab)"
	for label, test := range map[string]struct {
		spec      Spec
		has, lack []string
		leftovers int
	}{
		"own":      {spec: own, has: []string{"bucket (" + name + ")", "topic (" + name + ")"}, lack: []string{parameter}, leftovers: 1},
		"bound":    {spec: bound, has: []string{parameter}, leftovers: 1},
		"secretly": {spec: secretly, lack: []string{parameter}, leftovers: 1},
		"existing": {spec: existing, lack: []string{"bucket (" + name + ")", "topic (" + name + ")"}, leftovers: 2},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			s := test.spec.Stack(&awsclient.Clients{})
			var parts []string
			for _, p := range slices.Concat(s.Stages...) {
				parts = append(parts, p.String())
			}
			always := []string{"Lambda function (" + name + ")", "role (" + name + ")", "log group (/aws/lambda/" + name + ")", "EventBridge rule (" + name + ")"}
			for _, want := range append(always, test.has...) {
				if !slices.Contains(parts, want) {
					t.Errorf("%q lacks %s", parts, want)
				}
			}
			for _, unwanted := range test.lack {
				if slices.Contains(parts, unwanted) {
					t.Errorf("%q holds %s", parts, unwanted)
				}
			}
			if len(s.Leftovers) != test.leftovers || s.Owner != "certbot/prod" {
				t.Errorf("the leftovers of %s are %v", s.Owner, s.Leftovers)
			}
		})
	}
	own.RetainOnDestroy = true
	if left := own.Stack(&awsclient.Clients{}).Leftovers; len(left) != 0 {
		t.Errorf("a retained resource leaves %v to delete", left)
	}
}
