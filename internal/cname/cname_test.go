package cname

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// server is a name server with CNAME records. It says nothing to questions
// that it is not asked for, and counts the others.
type server struct {
	addr    string
	records map[string]string // "*.x" for a wildcard
	rcode   int
	// referral makes it a server that knows its own zones alone.
	referral bool
	// truncated makes its answers by UDP too long.
	truncated bool
	asked     atomic.Int32
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	tcp, udp := listenBoth(t)
	s.addr = tcp.Addr().String()
	for _, listener := range []*dns.Server{{Listener: tcp, Handler: s}, {PacketConn: udp, Handler: s}} {
		started := make(chan struct{})
		listener.NotifyStartedFunc = func() { close(started) }
		go func() { _ = listener.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = listener.Shutdown() })
	}
	return s
}

// listenBoth listens on one port for TCP and UDP. One that is free for TCP may
// be taken for UDP.
func listenBoth(t *testing.T) (net.Listener, net.PacketConn) {
	t.Helper()
	var failure error
	for range 20 {
		tcp, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.ListenPacket("udp4", tcp.Addr().String())
		if err == nil {
			return tcp, udp
		}
		_ = tcp.Close()
		failure = err
	}
	t.Fatal(failure)
	return nil, nil
}

func (s *server) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	s.asked.Add(1)
	m := new(dns.Msg).SetReply(r)
	m.Rcode, m.RecursionAvailable = s.rcode, !s.referral
	name := strings.TrimSuffix(r.Question[0].Name, ".")
	_, parent, _ := strings.Cut(name, ".")
	target, ok := s.records[strings.ToLower(name)]
	if !ok {
		target, ok = s.records["*."+parent]
	}
	switch {
	case s.truncated && w.LocalAddr().Network() == "udp":
		m.Truncated = true
	case ok:
		m.Answer = append(m.Answer, &dns.CNAME{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: target})
	case s.rcode == dns.RcodeSuccess && !s.referral:
		m.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(m)
}

func TestNext(t *testing.T) {
	t.Parallel()
	good := (&server{records: map[string]string{
		"_acme-challenge.app.example.org":  "App.Challenges.test.",
		"*.wild.example.org":               "lb.example.net.",
		"_acme-challenge.wild.example.org": "app.challenges.test.",
		"*.only.example.org":               "lb.example.net.",
	}}).start(t)
	failing := (&server{rcode: dns.RcodeServerFailure}).start(t)
	referring := (&server{referral: true}).start(t)
	long := (&server{truncated: true, records: good.records}).start(t)
	for name, test := range map[string]struct {
		servers  []*server
		question string
		want     string
		err      string
	}{
		"a record":                 {servers: []*server{good}, question: "_acme-challenge.app.example.org", want: "app.challenges.test"},
		"no record":                {servers: []*server{good}, question: "_acme-challenge.www.example.org"},
		"a wildcard's":             {servers: []*server{good}, question: "_acme-challenge.only.example.org"},
		"a record beside a wild":   {servers: []*server{good}, question: "_acme-challenge.wild.example.org", want: "app.challenges.test"},
		"a failing server":         {servers: []*server{failing}, question: "_acme-challenge.app.example.org", err: "it answers SERVFAIL"},
		"a second server":          {servers: []*server{failing, good}, question: "_acme-challenge.app.example.org", want: "app.challenges.test"},
		"a server without records": {servers: []*server{referring, good}, question: "_acme-challenge.app.example.org", want: "app.challenges.test"},
		"only such a server":       {servers: []*server{referring}, question: "_acme-challenge.app.example.org", err: "only for zones of its own"},
		"a long answer":            {servers: []*server{long}, question: "_acme-challenge.app.example.org", want: "app.challenges.test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var addresses []string
			for _, s := range test.servers {
				addresses = append(addresses, s.addr)
			}
			got, err := New(addresses).Next(t.Context(), test.question)
			if got != test.want || (err == nil) != (test.err == "") {
				t.Fatalf("got %q, %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), test.question)) {
				t.Errorf("the error is %q, want %q in it", err, test.err)
			}
		})
	}
}

// Without a record there is one question, not two.
func TestNextAsksNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	s := (&server{}).start(t)
	if got, err := New([]string{s.addr}).Next(t.Context(), "_acme-challenge.example.org"); got != "" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("%d questions", n)
	}
}

func TestCheckServer(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"10.0.0.2":          "10.0.0.2:53",
		"10.0.0.2:5353":     "10.0.0.2:5353",
		"2001:db8::53":      "[2001:db8::53]:53",
		"[2001:db8::53]":    "[2001:db8::53]:53",
		"[2001:db8::53]:54": "[2001:db8::53]:54",
		"dns.example.com":   "dns.example.com:53",
		"":                  "",
		":53":               "",
		"10.0.0.2:dns":      "",
		"10.0.0.2:0":        "",
		"10.0.0.2:70000":    "",
		"udp://10.0.0.2":    "",
		"10.0.0.2, 8.8.8.8": "",
	} {
		err := CheckServer(server)
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", server, err)
		}
		if got := address(server); want != "" && got != want {
			t.Errorf("%q is asked at %s, want %s", server, got, want)
		}
	}
}
