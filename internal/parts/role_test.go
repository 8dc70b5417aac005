package parts

import (
	"maps"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	testBoundary = "arn:aws:iam::123456789012:policy/limit"
	adminPolicy  = "arn:aws:iam::aws:policy/AdministratorAccess"
)

func testRole(f *fakeRoles) *Role {
	return &Role{
		API: f, Name: "certs", Path: "/team/", Description: "Role of the function",
		TrustPolicy: iampolicy.New(iampolicy.Statement{
			Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"lambda.amazonaws.com"}}, Action: []string{"sts:AssumeRole"},
		}),
		// Signs that URL encoding treats in more than one way.
		Policy:              testPolicy("s3:Get+Object %2B *"),
		PermissionsBoundary: testBoundary, Tags: creatingTags(), sleep: instantly,
	}
}

func TestRoleEnsure(t *testing.T) {
	t.Parallel()
	for _, boundary := range []string{"", testBoundary} {
		t.Run("boundary "+boundary, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			r.PermissionsBoundary = boundary
			mustBeAbsent(t, r)
			mustEnsure(t, r)
			expectChanges(t, &f.service, "CreateRole", "PutRolePolicy")
			mustDrift(t, r)
			if tags, err := r.ReadTags(t.Context()); err != nil || !maps.Equal(tags, r.Tags.Want) {
				t.Errorf("tags = %v, %v", tags, err)
			}
			if got := f.roles["certs"]; got.boundary != boundary || got.path != "/team/" {
				t.Errorf("boundary %q, path %q", got.boundary, got.path)
			}
			mustEnsure(t, r)
			expectChanges(t, &f.service)
			if err := r.Untag(t.Context(), stack.CreatingTag); err != nil {
				t.Fatal(err)
			}
			mustDrift(t, r, `tag `+stack.CreatingTag+` is missing, want "true"`)
		})
	}
}

func TestRoleIsEventuallyConsistent(t *testing.T) {
	t.Parallel()
	f := newFakeRoles()
	r := testRole(f)
	f.once = map[string][]error{"PutRolePolicy": {answer("NoSuchEntity"), answer("ConcurrentModification")}, "DeleteRole": {answer("DeleteConflict")}}
	mustEnsure(t, r)
	mustDrift(t, r)
	mustDelete(t, r)
	mustBeAbsent(t, r)
}

func TestRoleDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*fakeRole)
		wanted func(*Role)
		want   string
		repair string
	}{
		{name: "trust policy", change: func(f *fakeRole) { f.trust = strings.Replace(f.trust, "lambda", "ec2", 1) }, want: "the trust policy differs", repair: "UpdateAssumeRolePolicy"},
		{name: "policy", change: func(f *fakeRole) { f.inline["function"] = strings.Replace(f.inline["function"], "Get", "Put", 1) }, want: "the policy differs", repair: "PutRolePolicy"},
		{name: "policy gone", change: func(f *fakeRole) { delete(f.inline, "function") }, want: "the policy is missing", repair: "PutRolePolicy"},
		{name: "inline policy more", change: func(f *fakeRole) { f.inline["a-backdoor"] = "{}" }, want: "has the additional policy a-backdoor", repair: "DeleteRolePolicy"},
		{name: "inline policy more, listed last", change: func(f *fakeRole) { f.inline["zzz"] = "{}" }, want: "has the additional policy zzz", repair: "DeleteRolePolicy"},
		{name: "attached policy", change: func(f *fakeRole) { f.attached = []string{adminPolicy} }, want: "has the additional policy " + adminPolicy, repair: "DetachRolePolicy"},
		{name: "boundary gone", change: func(f *fakeRole) { f.boundary = "" }, want: `permissions boundary is "", want "` + testBoundary + `"`, repair: "PutRolePermissionsBoundary"},
		{name: "boundary not wanted any more", wanted: func(r *Role) { r.PermissionsBoundary = "" }, want: `permissions boundary is "` + testBoundary + `", want ""`, repair: "DeleteRolePermissionsBoundary"},
		{name: "description", change: func(f *fakeRole) { f.description = "" }, want: `description is "", want "Role of the function"`, repair: "UpdateRole"},
		{name: "tag", change: func(f *fakeRole) { f.tags["team"] = "sales" }, want: `tag team is "sales", want "web"`, repair: "TagRole"},
		{name: "foreign tag", change: func(f *fakeRole) { f.tags["x"], f.tags["cost-center"] = "y", "7" }, want: `tag x is "y", want none`, repair: "UntagRole"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			mustEnsure(t, r)
			f.takeChanges()
			if tc.change != nil {
				tc.change(f.roles["certs"])
			}
			if tc.wanted != nil {
				tc.wanted(r)
			}
			mustDrift(t, r, tc.want)
			mustEnsure(t, r)
			expectChanges(t, &f.service, tc.repair)
			mustDrift(t, r)

			if tc.change != nil {
				tc.change(f.roles["certs"])
			} else {
				f.roles["certs"].boundary = testBoundary
			}
			f.always = map[string]error{tc.repair: answer("AccessDenied")}
			expectError(t, r.Ensure(t.Context()), "setting the", "of role (certs)", "AccessDenied")
		})
	}
}

func TestRoleRemovesAllThatIsMore(t *testing.T) {
	t.Parallel()
	f := newFakeRoles()
	r := testRole(f)
	mustEnsure(t, r)
	role := f.roles["certs"]
	role.inline["a"], role.inline["b"] = "{}", "{}"
	role.attached = []string{adminPolicy, testBoundary}
	mustDrift(t, r, "has the additional policy a", "has the additional policy b", "has the additional policy "+adminPolicy, "has the additional policy "+testBoundary)
	mustEnsure(t, r)
	mustDrift(t, r)
}

func TestRoleUnderAnotherPath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		tags    map[string]string
		refused bool
	}{
		{"of an unfinished create", map[string]string{stack.OwnerTag: testOwner, stack.CreatingTag: "true"}, false},
		{"of the finished resource", map[string]string{stack.OwnerTag: testOwner}, true},
		{"of another resource", map[string]string{stack.OwnerTag: "certbot/other", stack.CreatingTag: "true"}, true},
		{"of a stranger", nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			mustEnsure(t, r)
			f.roles["certs"].path = "/"
			f.roles["certs"].tags = tc.tags
			diffs, err := r.Drift(t.Context())
			if err != nil || diffs[0] != "path is /, want /team/" {
				t.Fatalf("Drift = %q, %v", diffs, err)
			}
			f.takeChanges()
			err = r.Ensure(t.Context())
			if tc.refused {
				expectError(t, err, "role (certs) has the path /, want /team/", "delete the role and apply again")
				expectChanges(t, &f.service)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			mustDrift(t, r)
		})
	}
}

func TestRoleDelete(t *testing.T) {
	t.Parallel()
	f := newFakeRoles()
	r := testRole(f)
	mustEnsure(t, r)
	role := f.roles["certs"]
	role.inline["more"] = "{}"
	role.attached = []string{adminPolicy, testBoundary}
	mustDelete(t, r)
	mustBeAbsent(t, r)
	f.takeChanges()
	mustDelete(t, r)
	expectChanges(t, &f.service)
}

func TestRoleErrors(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"GetRole", "GetRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			mustEnsure(t, r)
			f.takeChanges()
			f.always = map[string]error{op: answer("AccessDenied")}
			_, err := r.Drift(t.Context())
			expectError(t, err, "AccessDenied")
			expectError(t, r.Ensure(t.Context()), "reading role (certs)", "AccessDenied")
			expectChanges(t, &f.service)
		})
	}
	for _, tc := range []struct{ op, words string }{
		{"ListRolePolicies", "listing the policies of role (certs)"},
		{"ListAttachedRolePolicies", "listing the attached policies of role (certs)"},
		{"DeleteRolePolicy", "removing the policies of role (certs)"},
		{"DetachRolePolicy", "removing the policies of role (certs)"},
		{"DeleteRole", "deleting role (certs)"},
	} {
		t.Run("delete "+tc.op, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			mustEnsure(t, r)
			f.roles["certs"].attached = []string{adminPolicy}
			f.always = map[string]error{tc.op: answer("AccessDenied")}
			expectError(t, r.Delete(t.Context()), tc.words, "AccessDenied")
			f.always = nil
			mustDelete(t, r)
			mustBeAbsent(t, r)
		})
	}
	for _, tc := range []struct{ op, words string }{{"CreateRole", "creating role (certs)"}, {"PutRolePolicy", "setting the policy of role (certs)"}} {
		t.Run("create "+tc.op, func(t *testing.T) {
			t.Parallel()
			f := newFakeRoles()
			r := testRole(f)
			f.always = map[string]error{tc.op: answer("AccessDenied")}
			expectError(t, r.Ensure(t.Context()), tc.words, "AccessDenied")
			f.always = nil
			mustEnsure(t, r)
			mustDrift(t, r)
		})
	}
}
