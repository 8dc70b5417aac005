package localcloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// DNSFault is a way in which the DNS server fails to answer.
type DNSFault int

// The faults of BreakDNS.
const (
	// DNSServerFailure answers SERVFAIL.
	DNSServerFailure DNSFault = iota + 1
	// DNSSilence answers nothing.
	DNSSilence
)

// ErrNoSuchName is what Lookup says of a name that does not exist (NXDOMAIN).
var ErrNoSuchName = errors.New("no such name")

// queryTimeout bounds what answering one question may take.
const queryTimeout = 10 * time.Second

type dnsServer struct {
	addr    string
	source  zoneSource
	servers []*dns.Server

	mu     sync.Mutex
	faults map[string]DNSFault
}

// listenDNS serves DNS on one loopback port, over UDP and TCP.
func listenDNS(source zoneSource) (*dnsServer, error) {
	s := &dnsServer{source: source, faults: map[string]DNSFault{}}
	for attempt := 1; ; attempt++ {
		err := s.listen()
		if err == nil {
			return s, nil
		}
		if attempt == portAttempts {
			return nil, fmt.Errorf("starting the DNS server: %w", err)
		}
	}
}

func (s *dnsServer) listen() error {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp4", tcp.Addr().String())
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	s.addr = tcp.Addr().String()
	s.servers = []*dns.Server{{Listener: tcp, Handler: s}, {PacketConn: udp, Handler: s}}
	for _, server := range s.servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		// It ends with an error only if the socket breaks, which its clients
		// notice.
		go func() { _ = server.ActivateAndServe() }()
		<-started
	}
	return nil
}

func (s *dnsServer) close() {
	if s == nil {
		return
	}
	for _, server := range s.servers {
		_ = server.Shutdown()
	}
}

// ServeDNS answers one question.
func (s *dnsServer) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	if len(r.Question) != 1 || r.Opcode != dns.OpcodeQuery {
		m.Rcode = dns.RcodeNotImplemented
		_ = w.WriteMsg(m)
		return
	}
	q := r.Question[0]
	switch s.fault(q.Name) {
	case DNSSilence:
		return
	case DNSServerFailure:
		m.Rcode = dns.RcodeServerFailure
	default:
		s.answer(m, q)
	}
	size := dns.MinMsgSize
	if o := r.IsEdns0(); o != nil {
		size = int(o.UDPSize())
		m.SetEdns0(o.UDPSize(), false)
	}
	if w.LocalAddr().Network() == "udp" {
		m.Truncate(size)
	}
	_ = w.WriteMsg(m)
}

func (s *dnsServer) answer(m *dns.Msg, q dns.Question) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	found, err := resolve(ctx, s.source, q.Name, q.Qtype)
	if err != nil {
		m.Rcode = dns.RcodeServerFailure
		return
	}
	m.Rcode, m.Answer, m.Ns = found.rcode, found.answer, found.authority
}

func (s *dnsServer) fault(name string) DNSFault {
	name = dns.CanonicalName(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for suffix, fault := range s.faults {
		if dns.IsSubDomain(suffix, name) {
			return fault
		}
	}
	return 0
}

// BreakDNS makes the DNS server fail for a domain and all below it, or for
// all names if the domain is empty, until MendDNS.
func (c *Cloud) BreakDNS(domain string, fault DNSFault) {
	c.dns.mu.Lock()
	defer c.dns.mu.Unlock()
	c.dns.faults[dns.CanonicalName(domain)] = fault
}

// MendDNS ends what BreakDNS did for this domain.
func (c *Cloud) MendDNS(domain string) {
	c.dns.mu.Lock()
	defer c.dns.mu.Unlock()
	delete(c.dns.faults, dns.CanonicalName(domain))
}

// Lookup asks the DNS server for the records of a name and a type such as "A"
// and returns their values, sorted; a TXT record's strings are joined. There
// are none, and no error, if the name has only records of other types. The
// error is ErrNoSuchName if the name does not exist.
func (c *Cloud) Lookup(ctx context.Context, name, kind string) ([]string, error) {
	qtype, ok := dns.StringToType[kind]
	if !ok {
		return nil, fmt.Errorf("looking up %s: unknown record type %q", name, kind)
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	client := &dns.Client{Net: "tcp", Timeout: queryTimeout}
	m, _, err := client.ExchangeContext(ctx, question, c.DNSAddr)
	if err != nil {
		return nil, fmt.Errorf("looking up %s %s: %w", name, kind, err)
	}
	if m.Rcode == dns.RcodeNameError {
		return nil, fmt.Errorf("looking up %s %s: %w", name, kind, ErrNoSuchName)
	}
	if m.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("looking up %s %s: the server says %s", name, kind, dns.RcodeToString[m.Rcode])
	}
	var values []string
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == qtype {
			values = append(values, rdata(rr))
		}
	}
	slices.Sort(values)
	return values, nil
}

func rdata(rr dns.RR) string {
	if txt, ok := rr.(*dns.TXT); ok {
		return strings.Join(txt.Txt, "")
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

// Resolver resolves names through the DNS server.
func (c *Cloud) Resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, c.DNSAddr)
		},
	}
}

// DialContext connects to a name that the DNS server resolves, or to an
// address. It suits http.Transport and websocket dialers.
func (c *Cloud) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Resolver: c.Resolver()}).DialContext(ctx, network, address)
}
