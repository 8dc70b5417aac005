package certbot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

const challengeName = "_acme-challenge.example.com"

func TestTXTValuesLiveBesideOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, during []string // others' values before we come, and before we leave
		added, left    []string
	}{
		"alone":             {nil, nil, []string{`"ours1"`, `"ours2"`}, nil},
		"beside a value":    {[]string{`"theirs"`}, nil, []string{`"theirs"`, `"ours1"`, `"ours2"`}, []string{`"theirs"`}},
		"half there":        {[]string{`"ours1"`}, nil, []string{`"ours1"`, `"ours2"`}, nil},
		"overwritten":       {nil, []string{`"theirs"`}, []string{`"ours1"`, `"ours2"`}, []string{`"theirs"`}},
		"others beside us":  {nil, []string{`"ours2"`, `"a \"b\" c"`}, []string{`"ours1"`, `"ours2"`}, []string{`"a \"b\" c"`}},
		"several after one": {[]string{`"x"`}, []string{`"x"`, `"y"`, `"ours1"`}, []string{`"x"`, `"ours1"`, `"ours2"`}, []string{`"x"`, `"y"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := newFakeZone("Z1")
			zone.foreign("_acme-challenge.other.example.com", 10, `"far"`)
			zone.foreign(challengeName, 300, test.before...)
			sets, ours := txtSets{zone, "Z1"}, txtValues{challengeName: {"ours1", "ours2"}}

			id, err := sets.add(t.Context(), ours)
			if err != nil || id == "" {
				t.Fatalf("adding: id %q, error %v", id, err)
			}
			if got := zone.values(challengeName); !slices.Equal(got, test.added) {
				t.Errorf("after adding: %q, want %q", got, test.added)
			}
			if test.during != nil {
				zone.foreign(challengeName, 300, test.during...)
			}
			if err := sets.remove(t.Context(), ours); err != nil {
				t.Fatal(err)
			}
			if got := zone.values(challengeName); !slices.Equal(got, test.left) {
				t.Errorf("after removing: %q, want %q", got, test.left)
			}
			if set, ok := zone.sets[challengeName]; ok && *set.TTL != 300 {
				t.Errorf("the others' TTL became %d", *set.TTL)
			}
			batches := zone.calls["ChangeResourceRecordSets"]
			if err := sets.remove(t.Context(), ours); err != nil || zone.calls["ChangeResourceRecordSets"] != batches {
				t.Errorf("removing again: error %v, %d batches more; want neither", err, zone.calls["ChangeResourceRecordSets"]-batches)
			}
			if got := zone.values("_acme-challenge.other.example.com"); !slices.Equal(got, []string{`"far"`}) {
				t.Errorf("another name's values: %q", got)
			}
		})
	}
}

func TestTXTConflictIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zone := newFakeZone("Z1")
		zone.before = func(batch int) {
			switch batch {
			case 0:
				zone.foreign(challengeName, 60, `"first"`)
			case 1, 3:
				zone.foreign(challengeName, 60, append(zone.values(challengeName), `"second"`)...)
			}
		}
		sets, ours := txtSets{zone, "Z1"}, txtValues{challengeName: {"ours"}}
		if _, err := sets.add(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		if got, want := zone.values(challengeName), []string{`"first"`, `"second"`, `"ours"`}; !slices.Equal(got, want) {
			t.Errorf("after adding: %q, want %q", got, want)
		}
		if zone.calls["ChangeResourceRecordSets"] != 3 {
			t.Errorf("%d batches, want two refused and one applied", zone.calls["ChangeResourceRecordSets"])
		}
		zone.foreign(challengeName, 60, `"first"`, `"ours"`)
		if err := sets.remove(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		if got, want := zone.values(challengeName), []string{`"first"`, `"second"`}; !slices.Equal(got, want) {
			t.Errorf("after removing: %q, want %q", got, want)
		}
	})
}

func TestTXTLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zone := newFakeZone("Z1")
		zone.loseAnswer = true
		id, err := txtSets{zone, "Z1"}.add(t.Context(), txtValues{challengeName: {"ours"}})
		if err != nil || id != "/change/Z1C2" {
			t.Errorf("id %q, error %v; want the id of a change that can be waited for", id, err)
		}
		if got := zone.values(challengeName); !slices.Equal(got, []string{`"ours"`}) {
			t.Errorf("values %q", got)
		}
	})
}

func TestTXTRetries(t *testing.T) {
	t.Parallel()
	busy := &smithy.GenericAPIError{Code: "PriorRequestNotComplete", Message: "busy"}
	for name, test := range map[string]struct {
		fail  error
		times int
		calls int
		ok    bool
	}{
		"busy at first":       {busy, 3, 4, true},
		"throttled at first":  {&smithy.GenericAPIError{Code: "Throttling"}, 1, 2, true},
		"busy for ever":       {busy, 1000, txtAttempts, false},
		"denied":              {denied("route53:ChangeResourceRecordSets"), 1000, 1, false},
		"batch never allowed": {&types.InvalidChangeBatch{Messages: []string{"conflicts with a CNAME"}}, 1000, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				zone := newFakeZone("Z1")
				failed := 0
				zone.fail = func(action string) error {
					if failed++; action == "ChangeResourceRecordSets" && zone.calls[action] <= test.times {
						return test.fail
					}
					return nil
				}
				_, err := txtSets{zone, "Z1"}.add(t.Context(), txtValues{challengeName: {"ours"}})
				if (err == nil) != test.ok || !test.ok && !errors.Is(err, test.fail) {
					t.Errorf("error %v", err)
				}
				if got := zone.calls["ChangeResourceRecordSets"]; got != test.calls {
					t.Errorf("%d batches, want %d", got, test.calls)
				}
				if err != nil && name == "batch never allowed" && !strings.Contains(err.Error(), "conflicts with a CNAME") {
					t.Errorf("the error does not say why: %v", err)
				}
			})
		})
	}
}

func TestRoutingPolicyIsRefused(t *testing.T) {
	t.Parallel()
	zone := newFakeZone("Z1")
	set := *txtSet(challengeName, 60, []string{`"x"`})
	set.SetIdentifier = new("blue")
	zone.sets[challengeName] = set
	_, err := txtSets{zone, "Z1"}.add(t.Context(), txtValues{challengeName: {"ours"}})
	if err == nil || !strings.Contains(err.Error(), "routing policy (blue)") || zone.calls["ChangeResourceRecordSets"] != 0 {
		t.Errorf("error %v after %d batches", err, zone.calls["ChangeResourceRecordSets"])
	}
}

func TestAwaitInSyncOutlastsThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zone := newFakeZone("Z1")
		zone.delay = time.Minute
		id, err := txtSets{zone, "Z1"}.add(t.Context(), txtValues{challengeName: {"ours"}})
		if err != nil {
			t.Fatal(err)
		}
		zone.fail = func(action string) error {
			if zone.calls[action]%2 == 0 {
				return &smithy.GenericAPIError{Code: "Throttling"}
			}
			return nil
		}
		started := time.Now()
		if err := awaitInSync(t.Context(), zone, id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took < time.Minute || took > 90*time.Second {
			t.Errorf("waited %s for a change that took a minute", took)
		}
	})
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"Example.com.", "example.com", true},
		{`\052.example.com.`, "*.example.com", true},
		{`_acme-challenge.example.com.`, "_acme-challenge.example.com", true},
		{`\05.example.com`, "*.example.com", false},
		{`a\`, `a\`, true},
		{"a.example.com", "b.example.com", false},
	} {
		if got := sameName(test.a, test.b); got != test.same {
			t.Errorf("sameName(%q, %q) = %t, want %t", test.a, test.b, got, test.same)
		}
	}
}
