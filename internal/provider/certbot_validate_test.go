package provider

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Each wrong argument of a certbot is refused without any call to AWS, at its
// own path. The configurations are written as JSON, over one that is right.
func TestCertbotValidates(t *testing.T) {
	t.Parallel()
	const (
		domains = `AttributeName("certificates").ElementKeyString("a").AttributeName("domains")`
		prefix  = `AttributeName("certificates").ElementKeyString("a").AttributeName("prefix")`
		topics  = `"success_topic_arn": "arn:aws:sns:eu-west-2:123456789012:a", "failure_topic_arn": "arn:aws:sns:eu-west-2:123456789012:b"`
		role    = `["arn:aws:iam::123456789012:role/task"]`
		eab     = `AttributeName("acme").AttributeName("eab")`
		secret  = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:zerossl-AbCdEf"
	)
	hmac := strings.Repeat("ab-_", 11)
	bound := func(arguments string) string {
		return `{"acme": {"eab": {"key_id": "kid-1"` + strings.TrimSuffix(", "+arguments, ", ") + `}}}`
	}
	one := func(domains string) string { return `{"certificates": {"a": {"domains": ` + domains + `}}}` }
	two := func(a, b string) string {
		return `{"certificates": {"a": {"domains": ["a.example.com"], "prefix": "` + a + `"}, "b": {"domains": ["b.example.com"], "prefix": "` + b + `"}}}`
	}
	for label, test := range map[string]struct{ config, at, problem string }{
		"nothing":                {`{}`, "", ""},
		"apex and wildcard":      {one(`["example.com", "*.example.com"]`), "", ""},
		"deep wildcard":          {one(`["a.b.example.com", "*.example.com"]`), "", ""},
		"name":                   {`{"name": "Prod"}`, `AttributeName("name")`, "1 to 32 of a-z, 0-9 and hyphen"},
		"no certificates":        {`{"certificates": {}}`, `AttributeName("certificates")`, "at least 1 elements"},
		"certificate's key":      {`{"certificates": {"A b": {"domains": ["a.example.com"]}}}`, `AttributeName("certificates").ElementKeyString("A b")`, "1 to 64 of a-z"},
		"domains left out":       {`{"certificates": {"a": {"prefix": "a/"}}}`, domains, `Certificate "a": there is no name`},
		"no domains":             {one(`[]`), domains, "there is no name"},
		"upper-case domain":      {one(`["A.example.com"]`), domains, `write "a.example.com"`},
		"wildcard not first":     {one(`["a.*.example.com"]`), domains, "may only be the whole first label"},
		"part of a wildcard":     {one(`["a*.example.com"]`), domains, "may only be the whole first label"},
		"two wildcards":          {one(`["*.*.example.com"]`), domains, "may only be the whole first label"},
		"covered by a wildcard":  {one(`["a.example.com", "*.example.com"]`), domains, `covered by "*.example.com" already`},
		"one label":              {one(`["example"]`), domains, "only one label"},
		"dot at the end":         {one(`["example.com."]`), domains, "ends with a dot"},
		"nested prefixes":        {two("certs/inner/", "certs/"), prefix, `lies inside "certs/" of certificate "b"`},
		"same prefix":            {two("b/", "b/"), `AttributeName("certificates").ElementKeyString("b").AttributeName("prefix")`, `lies inside "b/" of certificate "a"`},
		"nested in a default":    {`{"certificates": {"a": {"domains": ["a.example.com"], "prefix": "b/inner/"}, "b": {"domains": ["b.example.com"]}}}`, prefix, `lies inside "b/"`},
		"prefixes alike":         {two("cert/", "certs/"), "", ""},
		"configuration's prefix": {two("config/a/", "b/"), prefix, `"config/" is where the resource keeps its own objects`},
		"status's prefix":        {two("status/", "b/"), prefix, `"status/" is where the resource keeps its own objects`},
		"prefix without slash":   {two("certs", "b/"), prefix, "end with a slash"},
		"key type":               {`{"certificates": {"a": {"domains": ["a.example.com"], "key_type": "P521"}}}`, `AttributeName("certificates").ElementKeyString("a").AttributeName("key_type")`, "value must be one of"},
		"no hosted zone":         {`{"hosted_zone_id": null}`, `AttributeName("certificates").ElementKeyString("a").AttributeName("hosted_zone_id")`, `Neither certificate "a" nor the resource`},
		"own hosted zone":        {`{"hosted_zone_id": null, "certificates": {"a": {"domains": ["a.example.com"], "hosted_zone_id": "Z1"}}}`, "", ""},
		"plain directory":        {`{"acme": {"directory_url": "http://example.com/dir"}}`, `AttributeName("acme").AttributeName("directory_url")`, "is not an https URL"},
		"contact":                {`{"acme": {"contact_email": "ops"}}`, `AttributeName("acme").AttributeName("contact_email")`, "is not an e-mail address"},
		"authority's PEM":        {`{"acme": {"ca_certificate_pem": "ca.pem"}}`, `AttributeName("acme").AttributeName("ca_certificate_pem")`, "there is no certificate in it"},
		"external account":       {bound(`"hmac_key_wo": "` + hmac + `", "hmac_key_wo_version": 1`), "", ""},
		"padded HMAC key":        {bound(`"hmac_key_wo": "` + hmac + `====", "hmac_key_wo_version": 1`), "", ""},
		"external account's ARN": {bound(`"hmac_key_secret_arn": "` + secret + `"`), "", ""},
		"no HMAC key":            {bound(""), eab, "needs its HMAC key"},
		"two HMAC keys":          {bound(`"hmac_key_wo": "` + hmac + `", "hmac_key_wo_version": 1, "hmac_key_secret_arn": "` + secret + `"`), eab + `.AttributeName("hmac_key_secret_arn")`, "Set one of them"},
		"HMAC key's version":     {bound(`"hmac_key_wo": "` + hmac + `"`), eab + `.AttributeName("hmac_key_wo_version")`, "raise it with each change"},
		"HMAC key's version 0":   {bound(`"hmac_key_wo": "` + hmac + `", "hmac_key_wo_version": 0`), eab + `.AttributeName("hmac_key_wo_version")`, "must be at least 1"},
		"version of no HMAC key": {bound(`"hmac_key_wo_version": 1, "hmac_key_secret_arn": "` + secret + `"`), eab + `.AttributeName("hmac_key_wo_version")`, "Leave it out"},
		"no base64url":           {bound(`"hmac_key_wo": "a+b/", "hmac_key_wo_version": 1`), eab + `.AttributeName("hmac_key_wo")`, "not base64url"},
		"short HMAC key":         {bound(`"hmac_key_wo": "abcd", "hmac_key_wo_version": 1`), eab + `.AttributeName("hmac_key_wo")`, "fewer than 32 bytes"},
		"secret's name":          {bound(`"hmac_key_secret_arn": "zerossl"`), eab + `.AttributeName("hmac_key_secret_arn")`, "is not the ARN of secretsmanager"},
		"e-mail":                 {`{"notification_emails": ["Ops <ops@example.com>"]}`, `AttributeName("notification_emails").ElementKeyValue`, "is not an e-mail address"},
		"e-mails without topic":  {`{"notification_emails": ["ops@example.com"], ` + topics + `}`, `AttributeName("notification_emails")`, "Subscribe the addresses to these topics instead"},
		"topic's name":           {`{"success_topic_arn": "ops"}`, `AttributeName("success_topic_arn")`, "is not the ARN of sns"},
		"schedule":               {`{"schedule_expression": "rate(1 hours)"}`, `AttributeName("schedule_expression")`, "is not a schedule of EventBridge"},
		"bucket's ARN":           {`{"bucket": "arn:aws:s3:::mine"}`, `AttributeName("bucket")`, "not its ARN"},
		"readers elsewhere":      {`{"bucket": "mine", "reader_role_arns": ` + role + `}`, `AttributeName("reader_role_arns")`, "Restrict its readers where the bucket is made"},
		"reader's name":          {`{"reader_role_arns": ["task"]}`, `AttributeName("reader_role_arns").ElementKeyValue`, "is not the ARN of iam role"},
		"contradiction":          {`{"force_destroy": true, "retain_on_destroy": true}`, `AttributeName("retain_on_destroy")`, "Set at most one of them"},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got := validate(t, "fargatedirect_certbot", certbotConfig(t, test.config))
			if test.problem == "" {
				if len(got) != 0 {
					t.Errorf("got %q", got)
				}
				return
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], test.at) || !strings.Contains(got[0], test.problem) {
				t.Errorf("got %q, want %q at %s", got, test.problem, test.at)
			}
		})
	}
}

// An older Terraform would put an HMAC key into the state, so it may give none,
// but name a secret.
func TestCertbotValidatesByOlderTerraform(t *testing.T) {
	t.Parallel()
	const written = `{"acme": {"eab": {"key_id": "kid-1", "hmac_key_wo": "ab-_ab-_ab-_ab-_ab-_ab-_ab-_ab-_ab-_ab-_ab-_", "hmac_key_wo_version": 1}}}`
	got := validateBy(t, "fargatedirect_certbot", certbotConfig(t, written), false)
	if len(got) != 1 || !strings.Contains(got[0], `AttributeName("hmac_key_wo")`) || !strings.Contains(got[0], "1.11") {
		t.Errorf("got %q, want to be told which Terraform it needs", got)
	}
	const named = `{"acme": {"eab": {"key_id": "kid-1", "hmac_key_secret_arn": "arn:aws:secretsmanager:eu-west-2:123456789012:secret:zerossl-AbCdEf"}}}`
	if got := validateBy(t, "fargatedirect_certbot", certbotConfig(t, named), false); len(got) != 0 {
		t.Errorf("got %q for a secret's ARN", got)
	}
}

// What is not known yet is not refused.
func TestCertbotValidatesUnknown(t *testing.T) {
	t.Parallel()
	given := certbotConfig(t, `{}`)
	_, schemas := newServer(t)
	for _, argument := range schemas.ResourceSchemas["fargatedirect_certbot"].Block.Attributes {
		if !argument.Required && !argument.Optional {
			continue
		}
		unknown := maps.Clone(given)
		unknown[argument.Name] = tftypes.NewValue(given[argument.Name].Type(), tftypes.UnknownValue)
		if got := validate(t, "fargatedirect_certbot", unknown); len(got) != 0 {
			t.Errorf("unknown %s: %q", argument.Name, got)
		}
	}
	var certificates map[string]tftypes.Value
	if err := given["certificates"].As(&certificates); err != nil {
		t.Fatal(err)
	}
	certificate := certificates["a"].Type() // as `certificates = { b = var.b }` has it
	certificates["b"] = tftypes.NewValue(certificate, tftypes.UnknownValue)
	given["certificates"] = tftypes.NewValue(tftypes.Map{ElementType: certificate}, certificates)
	if got := validate(t, "fargatedirect_certbot", given); len(got) != 0 {
		t.Errorf("unknown certificate: %q", got)
	}
}

// certbotConfig is a right configuration with the arguments of a JSON object
// over it.
func certbotConfig(t *testing.T, over string) map[string]tftypes.Value {
	t.Helper()
	_, schemas := newServer(t)
	object, ok := schemas.ResourceSchemas["fargatedirect_certbot"].ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("there is no fargatedirect_certbot")
	}
	var given map[string]any
	right := `{"name": "prod", "hosted_zone_id": "Z1", "certificates": {"a": {"domains": ["a.example.com"]}}}`
	for _, text := range []string{right, over} {
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	value, err := tftypes.ValueFromJSON(text, object) //nolint:staticcheck // what a configuration file becomes
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]tftypes.Value
	if err := value.As(&values); err != nil {
		t.Fatal(err)
	}
	return values
}
