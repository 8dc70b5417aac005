package certbotstack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

func testSpec() Spec {
	return Spec{
		Scope: names.Scope{
			Kind: names.KindCertbot, Partition: "aws", Account: "123456789012", Region: "eu-west-2",
			DNSSuffix: "amazonaws.com", Name: "prod",
		},
		Certificates: map[string]Certificate{
			"web":   {Domains: []string{"example.com", "*.example.com"}, KeyType: "P256"},
			"tasks": {Domains: []string{"*.tasks.example.org"}, KeyType: "RSA2048", HostedZoneID: "ZTASKS", Prefix: "certs/tasks/", Profile: "shortlived"},
		},
		HostedZoneID: "ZMAIN",
		DirectoryURL: DefaultDirectoryURL,
		ContactEmail: "ops@example.com",
		IAMPath:      "/",
	}
}

// Policies are kept as files, so that a change of what the function or others
// may do is seen for what it is. UPDATE_GOLDEN=1 writes them.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := testSpec()
	guarded := s
	guarded.KMSKeyARN = "arn:aws:kms:eu-west-2:123456789012:key/k"
	guarded.ReaderRoleARNs = []string{"arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:role/batch"}
	guarded.SuccessTopicARN = "arn:aws:sns:eu-west-2:123456789012:good"
	guarded.FailureTopicARN = "arn:aws:sns:eu-west-2:123456789012:bad"
	guarded.ExistingBucket = "shared"
	guarded.PermissionsBoundary = "arn:aws:iam::123456789012:policy/boundary"
	elsewhere := testSpec()
	elsewhere.HostedZoneRole = certbot.Role{ARN: "arn:aws:iam::210987654321:role/zone", ExternalID: "x1"}
	bound, secretly := testSpec(), testSpec()
	bound.EAB = EAB{KeyID: "kid-1", HMACKey: "hunter2", KeyVersion: 1}
	secretly.EAB = EAB{KeyID: "kid-1", SecretARN: "arn:aws:secretsmanager:eu-west-2:123456789012:secret:zerossl-AbCdEf"}
	_, config, _ := s.Config()
	_, configBound, _ := bound.Config()
	_, configElsewhere, _ := elsewhere.Config()
	for name, text := range map[string]string{
		"role":             s.RolePolicy().JSON(),
		"role_guarded":     guarded.RolePolicy().JSON(),
		"role_elsewhere":   elsewhere.RolePolicy().JSON(),
		"trust":            s.TrustPolicy().JSON(),
		"bucket":           s.BucketPolicy().JSON(),
		"bucket_guarded":   guarded.BucketPolicy().JSON(),
		"topic":            s.TopicPolicy().JSON(),
		"reader":           s.ReaderPolicy("tasks").JSON(),
		"reader_guarded":   guarded.ReaderPolicy("web").JSON(),
		"caller":           s.CallerPolicy().JSON(),
		"caller_guarded":   guarded.CallerPolicy().JSON(),
		"caller_elsewhere": elsewhere.CallerPolicy().JSON(),
		"config":           string(config),
		"config_elsewhere": string(configElsewhere),

		"role_bound":          bound.RolePolicy().JSON(),
		"role_bound_secretly": secretly.RolePolicy().JSON(),
		"caller_bound":        bound.CallerPolicy().JSON(),
		"config_bound":        string(configBound),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			isGolden(t, name, text)
		})
	}
}

// isGolden compares a JSON text with the file that is kept of it.
func isGolden(t *testing.T, name, text string) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// Whoever may read one certificate may read no other.
func TestReaderPolicyIsOfOneCertificate(t *testing.T) {
	t.Parallel()
	s := testSpec()
	for _, key := range s.Keys() {
		text := s.ReaderPolicy(key).JSON()
		for _, other := range s.Keys() {
			if got := strings.Contains(text, "/"+s.Prefix(other)+"*"); got != (key == other) {
				t.Errorf("the policy of %s covers %s: %t", key, other, got)
			}
		}
	}
}

// Each authority has an account key of its own, so that a change of the
// authority and back again finds the old account.
func TestKeyParameterFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	s := testSpec()
	first := s.KeyParameter()
	s.DirectoryURL = "https://ca.example.com/directory"
	if second := s.KeyParameter(); second == first {
		t.Errorf("both authorities have the key %s", first)
	}
	s.DirectoryURL = DefaultDirectoryURL
	if again := s.KeyParameter(); again != first || !strings.HasPrefix(again, s.ParameterPath()+"/") {
		t.Errorf("got %s, want %s under %s", again, first, s.ParameterPath())
	}
}
