package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// problem is what a validator says to a value, or "".
func problem(t *testing.T, v validator.String, value types.String) string {
	t.Helper()
	resp := &validator.StringResponse{}
	v.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("x"), ConfigValue: value}, resp)
	var texts []string
	for _, d := range resp.Diagnostics {
		texts = append(texts, d.Summary()+": "+d.Detail())
	}
	return strings.Join(texts, "\n")
}

func TestValidators(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		validator validator.String
		good, bad []string
	}{
		"email": {
			validator: email(),
			good:      []string{"ops@example.com", "a.b+c@mail.example.org"},
			bad:       []string{"", "ops", "ops@", "@example.com", "ops@example", "Ops <ops@example.com>", "a@example.com, b@example.com", " ops@example.com"},
		},
		"URL": {
			validator: httpsURL(),
			good:      []string{"https://acme-v02.api.letsencrypt.org/directory", "https://127.0.0.1:14000/dir"},
			bad:       []string{"", "http://example.com/dir", "example.com", "https://", "https://user:pass@example.com/dir", "https://example.com/dir#x", "ftp://example.com"},
		},
		"schedule": {
			validator: schedule(),
			good:      []string{"rate(6 hours)", "rate(1 hour)", "rate(1 day)", "rate(90 minutes)", "cron(32 */6 * * ? *)", "cron(0 12 ? * MON-FRI *)"},
			bad: []string{
				"", "6 hours", "rate(1 hours)", "rate(6 hour)", "rate(0 hours)", "rate(-1 hours)", "rate(6 weeks)", "rate( 6 hours )",
				"cron(32 */6 * * *)", "cron(32 */6 * * * *)", "cron(32 */6 ? * ? *)", "at(2026-01-01T00:00:00)",
			},
		},
		"IAM path": {
			validator: iamPath(),
			good:      []string{"/", "/team/", "/a/b/c/"},
			bad:       []string{"", "team", "/team", "team/", "//", "/a b/"},
		},
		"certificate's key": {
			validator: certificateKeyName(),
			good:      []string{"a", "browser", "browser-2", "a_b", strings.Repeat("k", 64)},
			bad:       []string{"", "Browser", "-a", "a-", "a/b", "a.b", strings.Repeat("k", 65)},
		},
		"prefix": {
			validator: objectPrefix(),
			good:      []string{"a/", "certs/browser/", "A_b-c.d/"},
			bad:       []string{"", "a", "/a/", "a//", "a/b", "/", "a?/", "ü/"},
		},
		"bucket": {
			validator: existingBucket(),
			good:      []string{"my-certificates", "a.b.c", strings.Repeat("b", 63)},
			bad:       []string{"", "ab", "My-bucket", "-ab", "ab-", "arn:aws:s3:::my-certificates", strings.Repeat("b", 64)},
		},
		"hosted zone": {
			validator: hostedZoneID(),
			good:      []string{"Z0123456789ABCDEFGHIJ", "Z1"},
			bad:       []string{"", "/hostedzone/Z1", "z1", "example.com", strings.Repeat("Z", 33)},
		},
		"duration": {
			validator: duration(),
			good:      []string{"15m", "1h", "12h", "1h30m"},
			bad:       []string{"", "1", "14m", "12h1m", "1d", "-1h"},
		},
		"ARN": {
			validator: arnOf("iam", "role/", "arn:aws:iam::123456789012:role/task"),
			good:      []string{"arn:aws:iam::123456789012:role/task", "arn:aws-cn:iam::123456789012:role/a/b"},
			bad:       []string{"", "task", "arn:aws:iam::123456789012:user/x", "arn:aws:sts::123456789012:assumed-role/x/y", "arn:aws:iam"},
		},
		"PEM": {
			validator: certificatePEM(),
			bad:       []string{"", "ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
		},
		"tag's value": {
			validator: tagValue(),
			good:      []string{"", "a b", "Größe", "a:b/c=d+e-f@g_h.i", strings.Repeat("ü", 256)},
			bad:       []string{"a,b", "<x>", "a\nb", strings.Repeat("v", 257)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range test.good {
				if got := problem(t, test.validator, types.StringValue(v)); got != "" {
					t.Errorf("%q is refused: %s", v, got)
				}
			}
			for _, v := range test.bad {
				if got := problem(t, test.validator, types.StringValue(v)); got == "" {
					t.Errorf("%q is allowed", v)
				}
			}
			for _, v := range []types.String{types.StringNull(), types.StringUnknown()} {
				if got := problem(t, test.validator, v); got != "" {
					t.Errorf("%s is refused: %s", v, got)
				}
			}
		})
	}
}
