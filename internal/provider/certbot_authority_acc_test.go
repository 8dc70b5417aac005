package provider_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/go-acme/lego/v4/acme/api"
	"github.com/go-acme/lego/v4/certcrypto"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// authorityArguments are arguments that say whom the function asks, for what,
// and where it answers the challenge. Empty ones are left to their defaults.
type authorityArguments struct {
	provider, directory, contact, profile, zoneID, tags string
}

// authorityConfig is a configuration of a certbot called "prod" with one
// certificate "web" for that name.
func (a *account) authorityConfig(name string, args authorityArguments) string {
	optional := func(argument, value string) string {
		if value == "" {
			return ""
		}
		return fmt.Sprintf("%s = %q", argument, value)
	}
	return a.configWith(args.provider, fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  tags           = { %s }
  acme = {
    directory_url      = %q
    ca_certificate_pem = %q
    %s
  }
  certificates = {
    web = {
      domains = [%q]
      profile = %q
      %s
    }
  }
}`, a.zoneID, cloud.Architecture(), args.tags,
		cmp.Or(args.directory, cloud.DirectoryURL), cloud.DirectoryCAPEM, optional("contact_email", args.contact),
		name, cmp.Or(args.profile, "default"), optional("hosted_zone_id", args.zoneID)))
}

// TestAccCertbot_authority proves that the authority, what it is told and
// asked for, and the zone of a certificate change in place; that only those
// which a certificate depends on have it issued anew; and that tags of others
// may stay.
func TestAccCertbot_authority(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	child := &account{aws: a.aws, domain: "child." + a.domain}
	child.zoneID = a.addZone(t, child.domain)
	w := &authorityWatch{t: t, a: a, parts: a.certbotParts("prod"), name: "www." + child.domain}
	v := &vandal{a: a, parts: w.parts}

	const ignoring = `ignore_tags = { keys = ["cost"], key_prefixes = ["audit:"] }`
	first := authorityArguments{}
	contact := authorityArguments{contact: "first@example.org"}
	other := authorityArguments{contact: "second@example.org"}
	short := authorityArguments{contact: other.contact, profile: "shortlived"}
	moved := authorityArguments{contact: other.contact, profile: "shortlived", directory: cloud.DirectoryURL + "?authority=2"}
	zoned := authorityArguments{contact: other.contact, profile: "shortlived", zoneID: child.zoneID}
	ignored := authorityArguments{contact: other.contact, profile: "shortlived", zoneID: child.zoneID, provider: ignoring}
	tagged := authorityArguments{contact: other.contact, profile: "shortlived", zoneID: child.zoneID, provider: ignoring, tags: `team = "a"`}
	plain := authorityArguments{contact: other.contact, profile: "shortlived", zoneID: child.zoneID, tags: `team = "a"`}

	accountURI := tfjsonpath.New("account_uri")
	sameAccount := statecheck.CompareValue(compare.ValuesSame())
	otherAccount := statecheck.CompareValue(compare.ValuesDiffer())
	stays := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{sameAccount.AddStateValue(certbotAddress, accountURI)}
	}
	unknownAccount := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
		plancheck.ExpectUnknownValue(certbotAddress, accountURI),
	}}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.authorityConfig(w.name, first),
				Check: during(func() {
					w.issued("90 days")
					w.contact(cloud.DirectoryURL, 1, "")
				}),
				ConfigStateChecks: append(stays(), otherAccount.AddStateValue(certbotAddress, accountURI)),
			},
			{ // A contact is no reason for another certificate.
				Config:           a.authorityConfig(w.name, contact),
				ConfigPlanChecks: inPlace,
				Check: during(func() {
					w.kept()
					w.contact(cloud.DirectoryURL, 1, contact.contact)
				}),
				ConfigStateChecks: stays(),
			},
			{
				Config:           a.authorityConfig(w.name, other),
				ConfigPlanChecks: inPlace,
				Check: during(func() {
					w.kept()
					w.contact(cloud.DirectoryURL, 1, other.contact)
				}),
				ConfigStateChecks: stays(),
			},
			{
				Config:           a.authorityConfig(w.name, short),
				ConfigPlanChecks: inPlace,
				Check: during(func() {
					w.issued("160 hours")
					w.contact(cloud.DirectoryURL, 1, other.contact)
				}),
				ConfigStateChecks: stays(),
			},
			{ // Another authority has another account, with a key of its own.
				Config:           a.authorityConfig(w.name, moved),
				ConfigPlanChecks: unknownAccount,
				Check: during(func() {
					w.issued("160 hours")
					w.contact(moved.directory, 2, other.contact)
				}),
				ConfigStateChecks: []statecheck.StateCheck{
					otherAccount.AddStateValue(certbotAddress, accountURI),
					statecheck.ExpectKnownValue(certbotAddress, accountURI, knownvalue.NotNull()),
				},
			},
			{ // Back at the first one the first account is found.
				Config:           a.authorityConfig(w.name, short),
				ConfigPlanChecks: unknownAccount,
				Check: during(func() {
					w.issued("160 hours")
					w.contact(cloud.DirectoryURL, 2, other.contact)
				}),
				ConfigStateChecks: stays(),
			},
			{ // The name moves into a zone of its own.
				PreConfig:        func() { a.delegate(t, child) },
				Config:           a.authorityConfig(w.name, zoned),
				ConfigPlanChecks: inPlace,
				Check: during(func() {
					w.kept()
					if policy := a.rolePolicy(t, w.parts); !strings.Contains(policy, child.zoneID) || strings.Contains(policy, a.zoneID) {
						t.Errorf("the role's policy is %s, want it to name the zone %s and not %s", policy, child.zoneID, a.zoneID)
					}
					w.renew()
					w.issued("160 hours") // the authority looks nowhere else any more
					a.noChallenges(t)
					child.noChallenges(t)
				}),
				ConfigStateChecks: stays(),
			},
			{ // Tags of others are no drift,
				PreConfig:        w.tag,
				Config:           a.authorityConfig(w.name, ignored),
				ConfigPlanChecks: unchanged,
			},
			{ // an update leaves them alone,
				Config:           a.authorityConfig(w.name, tagged),
				ConfigPlanChecks: inPlace,
				Check: during(func() {
					w.kept()
					w.tags("map[audit:by:x cost:1 fargatedirect:resource:certbot/prod team:a]")
				}),
			},
			{ // and they go when they are to be left alone no more.
				PreConfig: func() {
					v.expect("bucket ("+w.parts+")", `tag audit:by is "x", want none`, `tag cost is "1", want none`)
					v.expect("Lambda function ("+w.parts+")", `tag audit:by is "x", want none`, `tag cost is "1", want none`)
				},
				Config:           a.authorityConfig(w.name, plain),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{driftCheck{"others' tags", v}}},
				Check: during(func() {
					w.kept()
					w.tags("map[fargatedirect:resource:certbot/prod team:a]")
				}),
			},
		},
	})
}

// authorityWatch compares the certificate "web" with what it was before.
type authorityWatch struct {
	t           *testing.T
	a           *account
	parts, name string
	last        pair
}

// issued fails the test unless the certificate is another than before, of that
// lifetime.
func (w *authorityWatch) issued(lifetime string) {
	w.t.Helper()
	now := w.a.pair(w.t, w.parts, "web/", w.name)
	if now.serial == w.last.serial {
		w.t.Errorf("the certificate is still %s, want a new one", now.serial)
	}
	w.last = now
	want := map[string]time.Duration{"90 days": 90 * 24 * time.Hour, "160 hours": 160 * time.Hour}[lifetime]
	if got := now.leaf.NotAfter.Sub(now.leaf.NotBefore); (got - want).Abs() > time.Minute {
		w.t.Errorf("the certificate is valid for %s, want %s", got, lifetime)
	}
}

// renew has the certificate issued anew.
func (w *authorityWatch) renew() {
	w.t.Helper()
	if failed := w.a.invoke(w.t, w.parts, `{"force":true,"trigger":"manual"}`); failed != "" {
		w.t.Error(failed)
	}
}

// kept fails the test unless the certificate is the one of before.
func (w *authorityWatch) kept() {
	w.t.Helper()
	if now := w.a.pair(w.t, w.parts, "web/", w.name); now.serial != w.last.serial || now.versions != w.last.versions {
		w.t.Errorf("the certificate is %s in %v, want still %s in %v", now.serial, now.versions, w.last.serial, w.last.versions)
	}
}

// contact asks the authority for our account there and fails the test unless
// it has this contact and one of that many keys, none of which was replaced.
func (w *authorityWatch) contact(directory string, keys int, want string) {
	w.t.Helper()
	held := w.a.accountKeys(w.t, "prod")
	if len(held) != keys {
		w.t.Errorf("there are the account keys %v, want %d", held, keys)
	}
	for name, version := range held {
		if version != 1 {
			w.t.Errorf("the account key %s was written %d times", name, version)
		}
	}
	st := w.a.status(w.t, w.parts, "prod", "web")
	found := 0
	for name := range held {
		if contacts, err := w.registered(directory, name, st.AccountURI); err == nil {
			found++
			is(w.t, "the contact at the authority", strings.TrimPrefix(strings.Join(contacts, " "), "mailto:"), want)
		}
	}
	if found != 1 {
		w.t.Errorf("%d of the keys %v belong to the account %s, want one", found, held, st.AccountURI)
	}
}

// registered reads the contacts of an account with the key in a parameter. The
// authority refuses a key that is not the account's.
func (w *authorityWatch) registered(directory, parameter, accountURI string) ([]string, error) {
	out := try[*ssm.GetParameterOutput](w.t)(ssm.NewFromConfig(w.a.aws).GetParameter(w.t.Context(), &ssm.GetParameterInput{Name: &parameter, WithDecryption: aws.Bool(true)}))
	key, err := certcrypto.ParsePEMPrivateKey([]byte(aws.ToString(out.Parameter.Value)))
	if err != nil {
		w.t.Fatal(err)
	}
	core, err := api.New(cloud.DirectoryClient(), "test", directory, accountURI, key)
	if err != nil {
		w.t.Fatal(err)
	}
	registered, err := core.Accounts.Get(accountURI)
	return registered.Contact, err
}

// tag puts tags of somebody else on the bucket and the function.
func (w *authorityWatch) tag() {
	w.t.Helper()
	set := []s3types.Tag{{Key: aws.String("cost"), Value: aws.String("1")}, {Key: aws.String("audit:by"), Value: aws.String("x")}}
	out := try[*s3.GetBucketTaggingOutput](w.t)(w.a.s3().GetBucketTagging(w.t.Context(), &s3.GetBucketTaggingInput{Bucket: &w.parts}))
	try[*s3.PutBucketTaggingOutput](w.t)(w.a.s3().PutBucketTagging(w.t.Context(), &s3.PutBucketTaggingInput{
		Bucket: &w.parts, Tagging: &s3types.Tagging{TagSet: append(set, out.TagSet...)},
	}))
	arn := (&vandal{a: w.a, parts: w.parts}).functionARN()
	try[*lambda.TagResourceOutput](w.t)(lambda.NewFromConfig(w.a.aws).TagResource(w.t.Context(), &lambda.TagResourceInput{
		Resource: &arn, Tags: map[string]string{"cost": "1", "audit:by": "x"},
	}))
}

// tags fails the test unless the bucket and the function bear exactly these.
func (w *authorityWatch) tags(want string) {
	w.t.Helper()
	is(w.t, "the function's tags", w.a.functionTags(w.t, w.parts), want)
	out := try[*s3.GetBucketTaggingOutput](w.t)(w.a.s3().GetBucketTagging(w.t.Context(), &s3.GetBucketTaggingInput{Bucket: &w.parts}))
	got := map[string]string{}
	for _, tag := range out.TagSet {
		got[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	is(w.t, "the bucket's tags", fmt.Sprint(got), want)
}

// delegate makes the zone of a child's domain the one that answers for it,
// until the test ends.
func (a *account) delegate(t *testing.T, child *account) {
	t.Helper()
	client := route53.NewFromConfig(a.aws)
	zone := try[*route53.GetHostedZoneOutput](t)(client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: &child.zoneID}))
	set := &types.ResourceRecordSet{Name: &child.domain, Type: types.RRTypeNs, TTL: aws.Int64(60)}
	for _, server := range zone.DelegationSet.NameServers {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &server})
	}
	change := func(action types.ChangeAction) *route53.ChangeResourceRecordSetsInput {
		return &route53.ChangeResourceRecordSetsInput{HostedZoneId: &a.zoneID, ChangeBatch: &types.ChangeBatch{
			Changes: []types.Change{{Action: action, ResourceRecordSet: set}},
		}}
	}
	try[*route53.ChangeResourceRecordSetsOutput](t)(client.ChangeResourceRecordSets(t.Context(), change(types.ChangeActionCreate)))
	t.Cleanup(func() {
		if _, err := client.ChangeResourceRecordSets(background(t), change(types.ChangeActionDelete)); err != nil {
			t.Error(err)
		}
	})
}

// rolePolicy is what the function's role allows.
func (a *account) rolePolicy(t *testing.T, role string) string {
	t.Helper()
	client := iam.NewFromConfig(a.aws)
	list := try[*iam.ListRolePoliciesOutput](t)(client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &role}))
	if len(list.PolicyNames) != 1 {
		t.Fatalf("the role has the policies %q", list.PolicyNames)
	}
	out := try[*iam.GetRolePolicyOutput](t)(client.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &list.PolicyNames[0]}))
	return aws.ToString(out.PolicyDocument)
}
