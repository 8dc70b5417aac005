package certbotstack

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

// fakeDNS has CNAME records, none of them a wildcard's.
type fakeDNS struct {
	mu      sync.Mutex
	records map[string]string
	fails   bool
	asked   int
}

func (f *fakeDNS) Next(_ context.Context, name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.fails {
		return "", errors.New("no answer")
	}
	return f.records[name], nil
}

func cname(name, target string) types.ResourceRecordSet {
	return types.ResourceRecordSet{Name: aws.String(name + "."), Type: types.RRTypeCname, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String(target + ".")}}}
}

// The zone Z1 is challenges.test, of account 123456789012.
func TestFindChallenges(t *testing.T) {
	t.Parallel()
	const asked, inside = "_acme-challenge.app.example.org", "_acme-challenge.www.challenges.test"
	far := certbot.Role{ARN: zoneRoleARN}
	chain := map[string]string{}
	for _, c := range "abcdefghi" {
		chain[string(c)+".example.net"] = string(c+1) + ".example.net"
	}
	chain[asked] = "a.example.net"
	for name, test := range map[string]struct {
		domain  string
		role    certbot.Role
		zone    string
		records []types.ResourceRecordSet
		denied  string // a Route 53 action
		dns     map[string]string
		fails   bool
		before  string
		want    string // the name, or
		problem string
		// warns and quiet tell that there is a warning, and no question to DNS.
		warns, quiet bool
	}{
		"inside": {domain: "*.www.challenges.test", want: inside, quiet: true},
		"inside, delegated within the zone": {
			domain: "www.challenges.test", records: []types.ResourceRecordSet{cname(inside, "x.challenges.test"), cname("x.challenges.test", "Y.challenges.test")},
			want: "y.challenges.test", quiet: true,
		},
		"inside, with a wildcard CNAME":     {domain: "www.challenges.test", records: []types.ResourceRecordSet{cname("*.www.challenges.test", "lb.example.net")}, want: inside, quiet: true},
		"inside, delegated out of the zone": {domain: "www.challenges.test", records: []types.ResourceRecordSet{cname(inside, "x.example.net")}, problem: "answered at x.example.net, where the CNAME record of " + inside + " leads, which is outside of hosted zone Z1 (challenges.test)"},
		"inside, out and in again": {
			domain: "www.challenges.test", records: []types.ResourceRecordSet{cname(inside, "x.example.net")}, dns: map[string]string{"x.example.net": "x.challenges.test"},
			want: "x.challenges.test",
		},
		"inside, records not readable":    {domain: "www.challenges.test", denied: "ListResourceRecordSets", records: []types.ResourceRecordSet{cname(inside, "x.challenges.test")}, want: inside, quiet: true},
		"outside, delegated":              {domain: "*.app.example.org", dns: map[string]string{asked: "app.challenges.test"}, want: "app.challenges.test"},
		"outside, delegated twice":        {domain: "app.example.org", dns: map[string]string{asked: "a.example.net", "a.example.net": "app.challenges.test"}, want: "app.challenges.test"},
		"outside, not delegated":          {domain: "app.example.org", problem: asked + ". CNAME app-example-org.challenges.test."},
		"outside, delegated elsewhere":    {domain: "app.example.org", dns: map[string]string{asked: "a.example.net"}, problem: "answered at a.example.net"},
		"outside, a look-alike":           {domain: "app.example.org", dns: map[string]string{asked: "a.xchallenges.test"}, problem: "answered at a.xchallenges.test"},
		"outside, an impossible name":     {domain: "app.example.org", dns: map[string]string{asked: "${aws:username}.challenges.test"}, problem: `label "${aws:username}"`},
		"outside, a loop":                 {domain: "app.example.org", dns: map[string]string{asked: "a.example.net", "a.example.net": asked}, problem: "form a loop"},
		"outside, a chain without an end": {domain: "app.example.org", dns: chain, problem: "a chain of more than 8"},
		"outside, no answer":              {domain: "app.example.org", fails: true, problem: "could not be found out: no answer"},
		"outside, no answer, known before": {
			domain: "app.example.org", fails: true, before: "app.challenges.test", want: "app.challenges.test", warns: true,
		},
		"outside, no answer, another zone before": {domain: "app.example.org", fails: true, before: "app.old.test", problem: "answered at app.old.test", warns: true},
		"a loop, known before":                    {domain: "app.example.org", dns: map[string]string{asked: asked}, before: "app.challenges.test", problem: "form a loop"},
		"behind a role":                           {domain: "app.example.org", role: far, zone: "ZFAR", want: asked},
		"behind a role, delegated":                {domain: "app.example.org", role: far, zone: "ZFAR", dns: map[string]string{asked: "app.far.test"}, want: "app.far.test"},
		"zone not readable":                       {domain: "app.example.org", denied: "GetHostedZone", want: asked},
		"zone not readable, delegated":            {domain: "app.example.org", denied: "GetHostedZone", dns: map[string]string{asked: "app.challenges.test"}, want: "app.challenges.test"},
		"no such zone":                            {domain: "app.example.org", zone: "Z2", problem: "there is no hosted zone Z2", quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := route53fake.New()
			f.AddZone("Z1", "challenges.test")
			f.Put("Z1", test.records...)
			f.Fault = func(action string, _ any) (error, error) {
				if action == test.denied {
					return route53fake.Denied(action), nil
				}
				return nil, nil
			}
			s := testSpec()
			s.HostedZoneID, s.HostedZoneRole = "Z1", test.role
			if test.zone != "" {
				s.HostedZoneID = test.zone
			}
			s.Certificates = map[string]Certificate{"a": {Domains: []string{test.domain}}}
			before := map[string]string{}
			if test.before != "" {
				before[asked] = test.before
			}
			dns := &fakeDNS{records: test.dns, fails: test.fails}
			found, err := s.FindChallenges(t.Context(), f, dns, []string{"a"}, before)
			if err != nil {
				t.Fatal(err)
			}
			if name := found.Names[certbot.ChallengeName(test.domain)]; name != test.want {
				t.Errorf("answered at %q, want %q", name, test.want)
			}
			switch {
			case test.problem == "" && len(found.Problems) > 0:
				t.Errorf("problems are %+v", found.Problems)
			case test.problem != "" && (len(found.Problems) != 1 || !strings.Contains(found.Problems[0].Text, test.problem)):
				t.Errorf("problems are %+v, want %q", found.Problems, test.problem)
			}
			if warned := len(found.Warnings) > 0; warned != test.warns {
				t.Errorf("warnings are %q", found.Warnings)
			}
			if test.quiet && dns.asked > 0 {
				t.Errorf("%d questions to DNS", dns.asked)
			}
		})
	}
}

// Certificates share names and zones, and each is looked at once.
func TestFindChallengesOfSeveral(t *testing.T) {
	t.Parallel()
	f := route53fake.New()
	f.AddZone("ZMAIN", "example.com")
	s := testSpec()
	s.Certificates["more"] = Certificate{Domains: []string{"*.example.com", "www.example.com", "app.example.org"}}
	s.Certificates["lost"] = Certificate{Domains: []string{"app.example.net"}, HostedZoneID: "ZLOST"}
	s.Certificates["lost too"] = Certificate{Domains: []string{"b.example.net"}, HostedZoneID: "ZLOST"}
	dns := &fakeDNS{records: map[string]string{"_acme-challenge.app.example.org": "shared.example.com"}}
	found, err := s.FindChallenges(t.Context(), f, dns, []string{"web", "more", "lost", "lost too"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"_acme-challenge.example.com":     "_acme-challenge.example.com",
		"_acme-challenge.www.example.com": "_acme-challenge.www.example.com",
		"_acme-challenge.app.example.org": "shared.example.com",
	}
	if !maps.Equal(found.Names, want) {
		t.Errorf("names are %v, want %v", found.Names, want)
	}
	if len(found.Problems) != 1 || found.Problems[0].Key != "lost" || found.Problems[0].Attribute != "hosted_zone_id" {
		t.Errorf("problems are %+v, want the lost zone once", found.Problems)
	}
	if n := f.Count("GetHostedZone").Calls; n != 2 {
		t.Errorf("%d zones read, want 2", n)
	}
}

// The function may write where the challenges lead, and not where they are
// looked for.
func TestDelegatedChallengesInPolicyAndConfiguration(t *testing.T) {
	t.Parallel()
	s := testSpec()
	const asked = "_acme-challenge.tasks.example.org"
	s.Challenges = map[string]string{asked: "tasks.example.net", "_acme-challenge.example.com": "_acme-challenge.example.com"}
	if got := s.challengeNames()["ZTASKS"]; len(got) != 1 || got[0] != "tasks.example.net" {
		t.Errorf("the function may write at %q", got)
	}
	config, _, _ := s.Config()
	for _, c := range config.Certificates {
		want := map[string]string(nil)
		if c.Key == "tasks" {
			want = map[string]string{asked: "tasks.example.net"}
		}
		if !maps.Equal(c.Challenges, want) {
			t.Errorf("%s is told %v, want %v", c.Key, c.Challenges, want)
		}
	}
	if got := s.ChallengeNames(); !maps.Equal(got, s.Challenges) {
		t.Errorf("told of %v, want %v", got, s.Challenges)
	}
}

func TestSuggestedName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a.", 40) + "example.org"
	for domain, want := range map[string]string{
		"app.example.org": "app-example-org.example.com",
		long:              "challenge-",
	} {
		got := suggested(domain, "example.com")
		if label, _, _ := strings.Cut(got, "."); !strings.HasPrefix(got, want) || len(label) > 63 {
			t.Errorf("%s: suggested %s", domain, got)
		}
	}
}
