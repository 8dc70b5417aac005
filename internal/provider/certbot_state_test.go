package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A state that knows nothing of the attributes that came since is read, and
// they are null: attributes that are added need no other version of the schema.
func TestCertbotReadsOlderState(t *testing.T) {
	t.Parallel()
	server, schemas := newServer(t)
	const older = `{
		"name": "prod", "region": "eu-west-2", "hosted_zone_id": "Z1", "bucket_name": "b", "drift": [],
		"certificates": {"browser": {"domains": ["*.example.com"], "hosted_zone_id": null, "key_type": "P256", "prefix": null, "profile": null}},
		"acme": {"ca_certificate_pem": null, "contact_email": "ops@example.com", "directory_url": "https://example.com/dir"}
	}`
	got, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: "fargatedirect_certbot", RawState: &tfprotov6.RawState{JSON: []byte(older)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range got.Diagnostics {
		t.Fatalf("%s: %s", d.Summary, d.Detail)
	}
	state, err := got.UpgradedState.Unmarshal(schemas.ResourceSchemas["fargatedirect_certbot"].ValueType())
	if err != nil {
		t.Fatal(err)
	}
	at := func(steps ...string) tftypes.Value {
		path := tftypes.NewAttributePath()
		for _, step := range steps {
			if step == "browser" {
				path = path.WithElementKeyString(step)
				continue
			}
			path = path.WithAttributeName(step)
		}
		value, _, err := tftypes.WalkAttributePath(state, path)
		if err != nil {
			t.Fatalf("%s: %s", path, err)
		}
		found, _ := value.(tftypes.Value)
		return found
	}
	for _, added := range [][]string{
		{"challenge_names"},
		{"secret_arns"},
		{"execution_policy_json"},
		{"hosted_zone_role"},
		{"acme", "eab"},
		{"certificates", "browser", "secrets_manager"},
		{"certificates", "browser", "preferred_chain"},
		{"certificates", "browser", "hosted_zone_role"},
	} {
		if !at(added...).IsNull() {
			t.Errorf("%q is not null", added)
		}
	}
	var contact, kind string
	if err := at("certificates", "browser", "key_type").As(&kind); err != nil || kind != "P256" {
		t.Errorf("the key's kind is %q (%v)", kind, err)
	}
	if err := at("acme", "contact_email").As(&contact); err != nil || contact != "ops@example.com" {
		t.Errorf("the contact is %q (%v)", contact, err)
	}
}
