package parts

import (
	"errors"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

func newSecret(f *fakeSecrets) *ManagedSecret {
	return &ManagedSecret{
		API: f, Name: testSecret, Description: "A certificate", KMSKeyARN: testKey,
		Policy: testPolicy("secretsmanager:PutSecretValue"), Tags: testTags(), sleep: never,
	}
}

func TestSecretLife(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", testKey} {
		f := newFakeSecrets()
		p := newSecret(f)
		p.KMSKeyARN = key
		checkLife(t, p, &f.service, "CreateSecret", "PutResourcePolicy")
	}
}

func TestSecretDrift(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change        func(*fakeSecrets, *ManagedSecret)
		want, changes []string
	}{
		"key": {
			func(f *fakeSecrets, _ *ManagedSecret) { f.secret.key = "other" },
			[]string{`KMS key is "other", want "` + testKey + `"`},
			[]string{"DeleteResourcePolicy", "UpdateSecret", "PutResourcePolicy"},
		},
		"default key": {
			func(_ *fakeSecrets, p *ManagedSecret) { p.KMSKeyARN = "" },
			[]string{`KMS key is "` + testKey + `", want ""`},
			[]string{"DeleteResourcePolicy", "UpdateSecret", "PutResourcePolicy"},
		},
		"description": {
			func(f *fakeSecrets, _ *ManagedSecret) { f.secret.description = "" },
			[]string{`description is "", want "A certificate"`},
			[]string{"DeleteResourcePolicy", "UpdateSecret", "PutResourcePolicy"},
		},
		"policy": {
			func(f *fakeSecrets, _ *ManagedSecret) { f.secret.policy = `{"Version":"2012-10-17","Statement":[]}` },
			[]string{"the policy differs"},
			[]string{"PutResourcePolicy"},
		},
		"no policy": {
			func(f *fakeSecrets, _ *ManagedSecret) { f.secret.policy = "" },
			[]string{"the policy differs"},
			[]string{"PutResourcePolicy"},
		},
		"tags": {
			func(f *fakeSecrets, _ *ManagedSecret) { f.secret.tags["team"], f.secret.tags["x"] = "sales", "y" },
			[]string{`tag team is "sales", want "web"`, `tag x is "y", want none`},
			[]string{"TagResource", "UntagResource"},
		},
		"deletion scheduled": {
			func(f *fakeSecrets, _ *ManagedSecret) { now := time.Now(); f.secret.deleted = &now },
			[]string{"its deletion is scheduled, want none"},
			[]string{"RestoreSecret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeSecrets()
			p := newSecret(f)
			mustEnsure(t, p)
			test.change(f, p)
			checkRepair(t, p, &f.service, test.want, test.changes)
		})
	}
}

// A create takes over our own secret whose deletion is scheduled, and nobody
// else's.
func TestSecretWithDeletionScheduled(t *testing.T) {
	t.Parallel()
	f := newFakeSecrets()
	p := newSecret(f)
	mustEnsure(t, p)
	now := time.Now()
	f.secret.deleted = &now
	own := stack.Stack{Owner: testOwner, Stages: [][]stack.Part{{p}}}
	if err := own.Claim(t.Context()); err != nil {
		t.Errorf("our own: %v", err)
	}
	if unfinished, err := own.Unfinished(t.Context()); unfinished || err != nil {
		t.Errorf("a finished resource is unfinished: %v, error %v", unfinished, err)
	}
	f.secret.tags[stack.OwnerTag] = "certbot/theirs"
	if _, ok := errors.AsType[*stack.OwnershipError](own.Claim(t.Context())); !ok {
		t.Error("somebody else's may be taken over")
	}
	f.secret.tags[stack.OwnerTag] = testOwner
	if err := own.Delete(t.Context()); err != nil || f.secret != nil {
		t.Errorf("it stays after Delete: %v, error %v", f.secret, err)
	}
}

// A name that is just being given up, and a secret that not all calls know
// yet, are waited for.
func TestSecretSettles(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*fakeSecrets){
		"deleted just now": func(f *fakeSecrets) { f.releases = 3 },
		"made just now":    func(f *fakeSecrets) { f.late = 2 },
		"restored too late": func(f *fakeSecrets) {
			now := time.Now()
			f.secret = &fakeSecret{deleted: &now, tags: map[string]string{}}
			f.once = map[string][]error{"RestoreSecret": {f.gone()}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeSecrets()
			p := newSecret(f)
			p.sleep = (&sleeper{}).sleep
			prepare(f)
			mustEnsure(t, p)
			mustDrift(t, p)
			if arn, err := p.ReadARN(t.Context()); arn != testSecretARN || err != nil {
				t.Errorf("the ARN is %q, error %v", arn, err)
			}
		})
	}
	f := newFakeSecrets()
	p := newSecret(f)
	p.sleep = (&sleeper{}).sleep
	f.releases = 1000
	expectError(t, p.Ensure(t.Context()), "creating secret ("+testSecret+")", "scheduled for deletion")
}

// The policy keeps even us from what could write a value; it is lifted for the
// one call, and comes back if that fails.
func TestSecretPolicyComesBack(t *testing.T) {
	t.Parallel()
	f := newFakeSecrets()
	p := newSecret(f)
	s := &sleeper{}
	p.sleep = s.sleep
	mustEnsure(t, p)
	f.secret.key, f.lag = "other", 2
	mustEnsure(t, p)
	mustDrift(t, p)
	if len(s.slept) != 2 {
		t.Errorf("the policy that was gone was waited for %d times", len(s.slept))
	}
	f.secret.key = "other"
	f.always = map[string]error{"UpdateSecret": fault("EncryptionFailure", "the key is disabled")}
	expectError(t, p.Ensure(t.Context()), "setting the key and description of secret", "the key is disabled")
	mustDrift(t, p, `KMS key is "other", want "`+testKey+`"`)
}

func TestSecretErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		op, words string
		change    func(*fakeSecret)
	}{
		{op: "DescribeSecret", words: "reading secret (" + testSecret + ")"},
		{op: "GetResourcePolicy", words: "reading secret (" + testSecret + ")"},
		{op: "PutResourcePolicy", words: "setting the policy of secret", change: func(s *fakeSecret) { s.policy = "" }},
		{op: "DeleteResourcePolicy", words: "setting the key and description of secret", change: func(s *fakeSecret) { s.key = "" }},
		{op: "TagResource", words: "setting the tags of secret", change: func(s *fakeSecret) { delete(s.tags, "team") }},
		{op: "UntagResource", words: "setting the tags of secret", change: func(s *fakeSecret) { s.tags["x"] = "y" }},
		{op: "RestoreSecret", words: "restoring secret", change: func(s *fakeSecret) { now := time.Now(); s.deleted = &now }},
	} {
		t.Run(test.op, func(t *testing.T) {
			t.Parallel()
			f := newFakeSecrets()
			p := newSecret(f)
			mustEnsure(t, p)
			if test.change != nil {
				test.change(f.secret)
			}
			f.deny(test.op)
			err := p.Ensure(t.Context())
			expectDenied(t, err)
			expectError(t, err, test.words)
		})
	}
	f := newFakeSecrets()
	p := newSecret(f)
	f.deny("CreateSecret")
	expectError(t, p.Ensure(t.Context()), "creating secret")
	f.deny("DeleteSecret")
	expectError(t, p.Delete(t.Context()), "deleting secret")
	if _, err := p.ReadARN(t.Context()); !errors.Is(err, stack.ErrNotFound) {
		t.Errorf("the ARN of an absent secret: %v", err)
	}
}
