package localcloud

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// fixedZones is a source whose zones are texts: one record "name type value"
// per line.
type fixedZones map[string]string

func (f fixedZones) zones(context.Context) ([]zone, error) {
	var out []zone
	for id := range f {
		name, _, _ := strings.Cut(id, "#")
		out = append(out, zone{id: id, name: name})
	}
	return out, nil
}

func (f fixedZones) records(_ context.Context, id string) ([]recordSet, error) {
	var out []recordSet
	for line := range strings.Lines(f[id]) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(fields) != 3 {
			continue
		}
		name, kind, value := fields[0], fields[1], fields[2]
		i := slices.IndexFunc(out, func(s recordSet) bool { return s.name == name && s.kind == kind })
		if i < 0 {
			i = len(out)
			out = append(out, recordSet{name: name, kind: kind, ttl: 60})
		}
		out[i].values = append(out[i].values, value)
	}
	return out, nil
}

const soaValue = "ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 5"

func exampleZones() fixedZones {
	return fixedZones{
		"example.com.": `
example.com. SOA ` + soaValue + `
example.com. NS ns-1.awsdns-01.org.
www.example.com. A 127.0.0.1
www.example.com. A 127.0.0.2
*.wild.example.com. A 127.0.0.3
a.taken.wild.example.com. A 127.0.0.4
alias.example.com. CNAME www.example.com.
far.example.com. CNAME host.other.org.
lost.example.com. CNAME host.unknown.net.
loop.example.com. CNAME loop.example.com.
child.example.com. NS ns-2.awsdns-02.org.
lame.example.com. NS ns-9.awsdns-09.org.
`,
		"child.example.com.#1": `
child.example.com. SOA ` + soaValue + `
child.example.com. NS ns-3.awsdns-03.org.
x.child.example.com. A 127.0.1.1
`,
		"child.example.com.#2": `
child.example.com. SOA ` + soaValue + `
child.example.com. NS ns-2.awsdns-02.org.
x.child.example.com. A 127.0.1.2
`,
		"hidden.example.com.": `
hidden.example.com. NS ns-4.awsdns-04.org.
x.hidden.example.com. A 127.0.1.3
`,
		"lame.example.com.": `
lame.example.com. NS ns-5.awsdns-05.org.
`,
		"other.org.": `
other.org. SOA ` + soaValue + `
host.other.org. A 127.0.2.1
`,
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name, kind string
		rcode      int
		want       []string
		negative   bool
	}{
		"all records of a name":                {name: "www.example.com.", kind: "A", want: []string{"127.0.0.1", "127.0.0.2"}},
		"upper case":                           {name: "WWW.Example.COM.", kind: "A", want: []string{"127.0.0.1", "127.0.0.2"}},
		"no such type":                         {name: "www.example.com.", kind: "AAAA", negative: true},
		"no such name":                         {name: "nope.example.com.", kind: "A", rcode: dns.RcodeNameError, negative: true},
		"no such zone":                         {name: "example.net.", kind: "A", rcode: dns.RcodeRefused},
		"apex without such a type":             {name: "example.com.", kind: "A", negative: true},
		"start of authority":                   {name: "example.com.", kind: "SOA", want: []string{soaValue}},
		"wildcard":                             {name: "b.wild.example.com.", kind: "A", want: []string{"127.0.0.3"}},
		"wildcard over several labels":         {name: "c.b.wild.example.com.", kind: "A", want: []string{"127.0.0.3"}},
		"wildcard without such a type":         {name: "b.wild.example.com.", kind: "TXT", negative: true},
		"wildcard does not cover its parent":   {name: "wild.example.com.", kind: "A", negative: true},
		"a name above others hides a wildcard": {name: "taken.wild.example.com.", kind: "A", negative: true},
		"so it does for its other children":    {name: "b.taken.wild.example.com.", kind: "A", rcode: dns.RcodeNameError, negative: true},
		"alias":                                {name: "alias.example.com.", kind: "A", want: []string{"www.example.com.", "127.0.0.1", "127.0.0.2"}},
		"alias asked for itself":               {name: "alias.example.com.", kind: "CNAME", want: []string{"www.example.com."}},
		"alias to another zone":                {name: "far.example.com.", kind: "A", want: []string{"host.other.org.", "127.0.2.1"}},
		"alias to nowhere we know":             {name: "lost.example.com.", kind: "A", want: []string{"host.unknown.net."}},
		"alias to itself":                      {name: "loop.example.com.", kind: "A", rcode: dns.RcodeServerFailure},
		"delegated to one of two zones":        {name: "x.child.example.com.", kind: "A", want: []string{"127.0.1.2"}},
		"delegated, no such name":              {name: "y.child.example.com.", kind: "A", rcode: dns.RcodeNameError, negative: true},
		"zone that nobody delegates to":        {name: "x.hidden.example.com.", kind: "A", rcode: dns.RcodeNameError, negative: true},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got, err := resolve(t.Context(), exampleZones(), tt.name, dns.StringToType[tt.kind])
			if err != nil {
				t.Fatal(err)
			}
			if got.rcode != tt.rcode {
				t.Errorf("rcode is %s, want %s", dns.RcodeToString[got.rcode], dns.RcodeToString[tt.rcode])
			}
			var values []string
			for _, rr := range got.answer {
				values = append(values, rdata(rr))
			}
			if !slices.Equal(values, tt.want) {
				t.Errorf("answer is %q, want %q", values, tt.want)
			}
			if tt.negative != (len(got.authority) == 1) {
				t.Errorf("authority section is %v, want one SOA record: %t", got.authority, tt.negative)
			}
		})
	}
}

func TestResolveLameDelegation(t *testing.T) {
	t.Parallel()
	_, err := resolve(t.Context(), exampleZones(), "x.lame.example.com.", dns.TypeA)
	if err == nil || !strings.Contains(err.Error(), "lame.example.com. is delegated to") {
		t.Errorf("error is %v, want one about the delegation", err)
	}
}

func TestNegativeTTL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		zone string
		want uint32
	}{
		"minimum below TTL": {zone: "example.com. SOA ns-1.awsdns-01.org. x.example.com. 1 7200 900 1209600 5\n", want: 5},
		"TTL below minimum": {zone: "example.com. SOA ns-1.awsdns-01.org. x.example.com. 1 7200 900 1209600 86400\n", want: 60},
		"none":              {zone: "www.example.com. A 127.0.0.1\n", want: 900},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got, err := resolve(t.Context(), fixedZones{"example.com.": tt.zone}, "nope.example.com.", dns.TypeA)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.authority) != 1 || got.authority[0].Header().Ttl != tt.want {
				t.Errorf("authority is %v, want a TTL of %d", got.authority, tt.want)
			}
		})
	}
}

func TestPlainName(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`\052.example.com.`: "*.example.com.",
		"Example.COM":       "example.com.",
		`a\100b.example.`:   "a@b.example.",
		`a\08.example.`:     `a\08.example.`,
	}
	for name, want := range tests {
		if got := plainName(name); got != want {
			t.Errorf("plainName(%q) is %q, want %q", name, got, want)
		}
	}
}

type brokenZones struct{ fixedZones }

func (brokenZones) records(context.Context, string) ([]recordSet, error) {
	return nil, errors.New("broken")
}

// TestServerFaults goes through real sockets: what is broken fails, and what
// is not still answers.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	server, err := listenDNS(exampleZones())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.close)
	c := &Cloud{dns: server, DNSAddr: server.addr}
	c.BreakDNS("www.example.com", DNSServerFailure)
	if got, err := c.Lookup(t.Context(), "www.example.com", "A"); err == nil || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("Lookup of a broken name gives %q, %v, want SERVFAIL", got, err)
	}
	if got, err := c.Lookup(t.Context(), "a.wild.example.com", "A"); err != nil || !slices.Equal(got, []string{"127.0.0.3"}) {
		t.Errorf("Lookup beside it gives %q, %v", got, err)
	}
	if _, err := c.Lookup(t.Context(), "nope.example.com", "A"); !errors.Is(err, ErrNoSuchName) {
		t.Errorf("Lookup of no name gives %v, want %v", err, ErrNoSuchName)
	}
	c.MendDNS("www.example.com")
	if got, err := c.Lookup(t.Context(), "www.example.com", "A"); err != nil || len(got) != 2 {
		t.Errorf("Lookup after mending gives %q, %v", got, err)
	}
	ips, err := c.Resolver().LookupHost(t.Context(), "www.example.com")
	if err != nil || len(ips) != 2 {
		t.Errorf("the resolver (UDP) gives %q, %v, want two addresses", ips, err)
	}
}

func TestServerTellsAnUnreadableZone(t *testing.T) {
	t.Parallel()
	server, err := listenDNS(brokenZones{exampleZones()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.close)
	c := &Cloud{dns: server, DNSAddr: server.addr}
	if _, err := c.Lookup(t.Context(), "www.example.com", "A"); err == nil || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("error is %v, want SERVFAIL", err)
	}
}
