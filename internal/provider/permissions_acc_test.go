package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
)

// TestAccPermissions_certbot proves that the documented policy is enough for
// the whole life of a certbot, repairs included, and that what a create lacks
// is told before anything is created.
func TestAccPermissions_certbot(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	parts := a.certbotParts("prod")
	spec := certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"browser": {}, "other": {}},
		HostedZoneID: a.zoneID, IAMPath: "/",
	}
	whole := spec.CallerPolicy()
	v := &vandal{a: a, parts: parts}
	first := `
  force_destroy       = true
  notification_emails = ["ops@example.com"]
  schedule_expression = "rate(12 hours)"
  tags                = { team = "a" }
`
	second := strings.Replace(a.certbot("force_destroy = true\nlog_retention_days = 0\nnotification_emails = [\"ops@example.com\"]\ntags = { team = \"b\" }"),
		"certificates = {", fmt.Sprintf("certificates = {\n other = { domains = [%q], profile = \"default\" }", "other."+a.domain), 1)

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			u.refused(t, a.certbot(first), whole, []lack{
				{"s3:CreateBucket", "arn:aws:s3:::" + parts},
				{"lambda:CreateFunction", "arn:aws:lambda:" + cloud.Region + ":" + a.id + ":function:" + parts},
			}),
			{
				PreConfig: func() {
					u.unchanged(t)
					u.allow(t, whole, u.simulation())
				},
				Config: u.config(a.certbot(first) + browserCertificate),
			},
			{
				PreConfig: func() {
					v.changeSettings(t)
					u.allow(t, whole)
				},
				Config: u.config(a.certbot(first)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
				}},
			},
			{
				Config: u.config(second),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
				}},
			},
			{
				Config: u.config(second), ResourceName: certbotAddress, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateVerifyIgnore: []string{"timeouts", "force_destroy"},
			},
		},
	})
}

// TestAccPermissions_taskDNS proves the same of a task_dns, whose caller may
// not even ask what it may do, and may make only roles with a boundary.
func TestAccPermissions_taskDNS(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	boundary := a.addPolicy(t)
	u := a.user(t)
	spec := taskdnsstack.Spec{
		Scope: a.scope(names.KindTaskDNS), Place: taskdns.Place{Domain: a.domain, HostedZoneID: a.zoneID}, ClusterARNs: []string{a.clusterARN},
		IAMPath: "/apps/", PermissionsBoundary: boundary,
	}
	bounded := fmt.Sprintf("iam_path = \"/apps/\"\npermissions_boundary = %q\n", boundary)
	whole := spec.CallerPolicy()
	parts := spec.Scope.Physical()
	intruder := &intruder{t: t, a: a, name: parts}
	first := a.taskDNS(bounded + `tags = { team = "browsers" }`)
	second := a.taskDNS(bounded + "ttl = 30\nlog_retention_days = 0")
	repair := func(harm func() []string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() { harm() },
			Config:    u.config(first),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
			}},
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			u.refused(t, first, whole, []lack{
				{"sqs:CreateQueue", "arn:aws:sqs:" + cloud.Region + ":" + a.id + ":" + parts},
				{"sqs:CreateQueue", "arn:aws:sqs:" + cloud.Region + ":" + a.id + ":" + parts + "-dead-letters"},
				{"lambda:CreateEventSourceMapping", "*"},
			}),
			{
				PreConfig: func() {
					u.unchanged(t)
					u.allow(t, whole)
				},
				Config: u.config(first),
			},
			repair(intruder.change),
			repair(intruder.remove),
			{
				Config: u.config(second),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
			},
			{
				Config: u.config(second), ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
		},
	})
}

// scope is the scope of a resource called "prod".
func (a *account) scope(kind string) names.Scope {
	return names.Scope{Kind: kind, Partition: "aws", DNSSuffix: "amazonaws.com", Account: a.id, Region: cloud.Region, Name: "prod"}
}

// user is an IAM user who may do what its policies allow, and nothing else.
type user struct {
	a         *account
	arn       string
	accessKey string
	// before is what the account held when the user was there.
	before snapshot.Snapshot
}

const (
	userName = "terraform"
	// maxUserPolicies is how many inline policies a test's user can have.
	maxUserPolicies = 2
)

// user makes a user without permissions, who goes before the account is
// compared with what it was.
func (a *account) user(t *testing.T) *user {
	t.Helper()
	if !cloud.Strict {
		t.Skip("this LocalStack lets users do anything")
	}
	ctx, client := t.Context(), iam.NewFromConfig(a.aws)
	made := try[*iam.CreateUserOutput](t)(client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(userName), Path: aws.String("/ci/")}))
	key := try[*iam.CreateAccessKeyOutput](t)(client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(userName)}))
	if t.Failed() {
		t.FailNow()
	}
	u := &user{a: a, arn: aws.ToString(made.User.Arn), accessKey: aws.ToString(key.AccessKey.AccessKeyId), before: a.snapshot(t)}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		u.allow(t)
		try[*iam.DeleteAccessKeyOutput](t)(client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String(userName), AccessKeyId: &u.accessKey}))
		try[*iam.DeleteUserOutput](t)(client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String(userName)}))
	})
	return u
}

// allow replaces the user's policies.
func (u *user) allow(t *testing.T, policies ...iampolicy.Document) {
	t.Helper()
	ctx, client := context.WithoutCancel(t.Context()), iam.NewFromConfig(u.a.aws)
	have := try[*iam.ListUserPoliciesOutput](t)(client.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: aws.String(userName)}))
	for i := range maxUserPolicies {
		name := fmt.Sprintf("policy-%d", i)
		switch {
		case i < len(policies):
			try[*iam.PutUserPolicyOutput](t)(client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String(userName), PolicyName: &name, PolicyDocument: aws.String(policies[i].JSON())}))
		case have != nil && slices.Contains(have.PolicyNames, name):
			try[*iam.DeleteUserPolicyOutput](t)(client.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: aws.String(userName), PolicyName: &name}))
		}
	}
}

// simulation lets the user ask what it may do.
func (u *user) simulation() iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"iam:SimulatePrincipalPolicy"}, Resource: []string{u.arn}})
}

// config is a configuration with the user's credentials.
func (u *user) config(body string) string {
	return strings.Replace(u.a.config(body), fmt.Sprintf("access_key = %q", u.a.id), fmt.Sprintf("access_key = %q", u.accessKey), 1)
}

// lack is a permission that a user does not have.
type lack struct{ action, resource string }

// refused is a create by a user who may ask, but lacks actions on resources.
// The error must name these and no others.
func (u *user) refused(t *testing.T, body string, whole iampolicy.Document, lacking []lack) resource.TestStep {
	var lines []string
	for _, l := range lacking {
		lines = append(lines, regexp.QuoteMeta(l.action+" on "+l.resource))
	}
	less := iampolicy.New()
	for _, s := range whole.Statement {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(action string) bool {
			return slices.ContainsFunc(lacking, func(l lack) bool { return l.action == action })
		})
		if len(s.Action) > 0 {
			less.Statement = append(less.Statement, s)
		}
	}
	return resource.TestStep{
		PreConfig:   func() { u.allow(t, less, u.simulation()) },
		Config:      u.config(body),
		ExpectError: regexp.MustCompile(`(?s)missing permissions.+do\s+not\s+allow:\W+` + strings.Join(lines, `\W+`) + `\W+Nothing was created\. The\s+guide\s+"Permissions"`),
	}
}

// unchanged fails the test if anything was made since the user was.
func (u *user) unchanged(t *testing.T) {
	t.Helper()
	for _, line := range u.before.Diff(u.a.snapshot(t)) {
		t.Errorf("a refused create changed the account: %s", line)
	}
}
