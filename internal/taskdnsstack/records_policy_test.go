package taskdnsstack

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

const (
	longID = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	uuid   = "1dcd2a1c-8e6b-4c5b-9a3c-5c1a4b2e7f10"
)

// one is a change of a name relative to tasks.example.com.
func one(action types.ChangeAction, kind types.RRType, name string) types.Change {
	name = strings.TrimPrefix(name+".tasks.example.com", ".")
	return types.Change{Action: action, ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String(name), Type: kind}}
}

// mayChange tells whether a policy lets the function send a batch.
func mayChange(t *testing.T, s Spec, zone string, changes ...types.Change) bool {
	t.Helper()
	allowed, err := iamtest.Allows(s.RolePolicy(), iamtest.ChangeRecords(&route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zone, ChangeBatch: &types.ChangeBatch{Changes: changes},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}

// What the function writes is allowed, and nothing else.
func TestRecordsPolicy(t *testing.T) {
	t.Parallel()
	const (
		create, remove, upsert = types.ChangeActionCreate, types.ChangeActionDelete, types.ChangeActionUpsert
		a, aaaa, txt           = types.RRTypeA, types.RRTypeAaaa, types.RRTypeTxt
	)
	for template, labels := range map[string][2]string{
		"":                     {longID, uuid},
		"{task_id}":            {longID, uuid},
		"{service}-{short_id}": label(t, "{service}-{short_id}"),
		"t{short_id}-{tag:x}":  label(t, "t{short_id}-{tag:x}"),
	} {
		s := testSpec("web")
		s.Place.HostnameTemplate = template
		good, other := labels[0], labels[1]
		for name, c := range map[string]struct {
			zone    string
			changes []types.Change
			want    bool
		}{
			"a record made":                {"", []types.Change{one(create, a, good)}, true},
			"a record deleted":             {"", []types.Change{one(remove, a, good)}, true},
			"both families, two tasks":     {"", []types.Change{one(create, a, good), one(create, aaaa, good), one(remove, a, other), one(create, a, other)}, true},
			"in upper case, with a dot":    {"", []types.Change{one(create, a, strings.ToUpper(good)), {Action: create, ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String(good + ".Tasks.Example.COM."), Type: a}}}, true},
			"the claim":                    {"", []types.Change{one(remove, txt, "_fargatedirect"), one(create, txt, "_fargatedirect")}, true},
			"an address at the claim":      {"", []types.Change{one(create, a, "_fargatedirect")}, false},
			"text at a task's name":        {"", []types.Change{one(create, txt, good)}, false},
			"the claim beside a record":    {"", []types.Change{one(create, txt, "_fargatedirect"), one(create, a, good)}, false},
			"www":                          {"", []types.Change{one(create, a, "www")}, false},
			"the apex":                     {"", []types.Change{one(create, a, "")}, false},
			"a certificate's challenge":    {"", []types.Change{one(create, txt, "_acme-challenge")}, false},
			"an address at the challenge":  {"", []types.Change{one(create, a, "_acme-challenge")}, false},
			"a wildcard":                   {"", []types.Change{one(create, a, "*")}, false},
			"a deeper name":                {"", []types.Change{one(create, a, "x."+good)}, false},
			"a deeper name of that length": {"", []types.Change{one(create, a, "www."+good[4:])}, false},
			"a deeper name, dot further":   {"", []types.Change{one(create, a, good[:9]+"."+good[10:])}, false},
			"another domain":               {"", []types.Change{one(create, a, good+".x")}, false},
			"a longer domain":              {"", []types.Change{{Action: create, ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String(good + "xtasks.example.com"), Type: a}}}, false},
			"name servers":                 {"", []types.Change{one(create, types.RRTypeNs, good)}, false},
			"name servers of the domain":   {"", []types.Change{one(create, types.RRTypeNs, "")}, false},
			"an alias":                     {"", []types.Change{one(create, types.RRTypeCname, good)}, false},
			"upsert":                       {"", []types.Change{one(upsert, a, good)}, false},
			"upsert of the claim":          {"", []types.Change{one(upsert, txt, "_fargatedirect")}, false},
			"one of two is wrong":          {"", []types.Change{one(create, a, good), one(create, a, "www")}, false},
			"one of two types":             {"", []types.Change{one(create, a, good), one(create, types.RRTypeNs, good)}, false},
			"one of two actions":           {"", []types.Change{one(create, a, good), one(upsert, a, other)}, false},
			"nothing":                      {"", nil, false},
			"another zone":                 {"Z999", []types.Change{one(create, a, good)}, false},
		} {
			t.Run(template+" "+name, func(t *testing.T) {
				t.Parallel()
				zone := c.zone
				if zone == "" {
					zone = s.Place.HostedZoneID
				}
				if got := mayChange(t, s, zone, c.changes...); got != c.want {
					t.Errorf("allowed: %v, want %v", got, c.want)
				}
			})
		}
	}
}

// label is two labels that a template makes.
func label(t *testing.T, template string) [2]string {
	t.Helper()
	parsed, err := hostname.Parse(template)
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{
		parsed.Label(hostname.Task{ID: longID, Service: "checkout-of-the-shop", Tags: map[string]string{"x": strings.Repeat("y", 80)}}),
		parsed.Label(hostname.Task{ID: uuid}),
	}
}

// During a move both places can be written to, each with its own names, and a
// zone of another account only through its role.
func TestRecordsPolicyDuringAMove(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	s.Place.HostnameTemplate = "{service}-{short_id}"
	s.Retired = []taskdns.Place{
		{Domain: "old.example.com", HostedZoneID: "ZOLD"},
		{Domain: "far.example.com", HostedZoneID: "ZFAR", RoleARN: "arn:aws:iam::999988887777:role/zone"},
	}
	at := func(name string) types.Change {
		return types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &types.ResourceRecordSet{Name: &name, Type: types.RRTypeA}}
	}
	for _, c := range []struct {
		zone, name string
		want       bool
	}{
		{"Z0123456789", "web-c13b4cb40f1f.tasks.example.com", true},
		{"Z0123456789", longID + ".tasks.example.com", false},
		{"Z0123456789", longID + ".old.example.com", false},
		{"ZOLD", longID + ".old.example.com", true},
		{"ZOLD", "web-c13b4cb40f1f.old.example.com", false},
		{"ZFAR", longID + ".far.example.com", false},
	} {
		if got := mayChange(t, s, c.zone, at(c.name)); got != c.want {
			t.Errorf("%s in %s is allowed: %v, want %v", c.name, c.zone, got, c.want)
		}
	}
	for resource, want := range map[string]bool{"arn:aws:iam::999988887777:role/zone": true, "arn:aws:iam::999988887777:role/other": false} {
		if got, err := iamtest.Allows(s.RolePolicy(), iamtest.Request{Action: "sts:AssumeRole", Resource: resource}); got != want || err != nil {
			t.Errorf("assuming %s is allowed: %v, %v, want %v", resource, got, err, want)
		}
	}
}

// The other statements, as far as conditions limit them.
func TestTasksPolicy(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	for cluster, want := range map[string]bool{s.ClusterARNs[0]: true, s.ClusterARNs[0] + "2": false, "": false} {
		r := iamtest.Request{Action: "ecs:DescribeTasks", Resource: s.Scope.ARN("ecs", "task/web/"+longID)}
		if cluster != "" {
			r.Context = map[string][]string{"ecs:cluster": {cluster}}
		}
		for _, action := range []string{"ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"} {
			r.Action = action
			if got, err := iamtest.Allows(s.RolePolicy(), r); got != (want && action != "ecs:StopTask") || err != nil {
				t.Errorf("%s in cluster %q is allowed: %v, %v", action, cluster, got, err)
			}
		}
	}
}

// The guide shows the policy of a zone's role in another account. It is what
// the function's own role would be allowed.
func TestGuideShowsThePolicy(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	guide, err := os.ReadFile("../../templates/guides/task-names.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "\n## A zone in another account\n")
	_, rest, _ = strings.Cut(rest, "```json\n") // the trust policy
	_, rest, _ = strings.Cut(rest, "```json\n")
	shown, _, _ := strings.Cut(rest, "```\n")
	shown = strings.NewReplacer("<domain>", s.Place.Domain, "<hosted_zone_id>", s.Place.HostedZoneID).Replace(shown)
	statements := s.zoneStatements()
	for i := range statements {
		statements[i].Sid = ""
	}
	if want := iampolicy.New(statements...).JSON(); !iampolicy.Equivalent(shown, want) {
		t.Errorf("the guide shows\n%s\nwant\n%s", shown, want)
	}
}
