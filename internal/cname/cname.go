// Package cname asks DNS where CNAME records lead.
package cname

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// patience bounds one lookup, and tryTimeout each of its questions.
	patience   = 8 * time.Second
	tryTimeout = 2 * time.Second
	// rounds is how often each server is asked.
	rounds = 2
)

// Resolver looks CNAME records up. It may be used by several goroutines.
type Resolver struct {
	// ask answers the target of the record at a name, "" if there is none.
	ask func(ctx context.Context, name string) (string, error)
}

// New makes a Resolver that asks these servers, in turn until one answers, or
// the system's if there are none. A server is an address or a host name, with
// a port if that is not 53; CheckServer tells what is wrong with one.
func New(servers []string) *Resolver {
	if len(servers) == 0 {
		return &Resolver{ask: askSystem}
	}
	addresses := make([]string, len(servers))
	for i, s := range servers {
		addresses[i] = address(s)
	}
	return &Resolver{ask: func(ctx context.Context, name string) (string, error) { return askServers(ctx, addresses, name) }}
}

// CheckServer tells why New would not understand a server, or nil.
func CheckServer(server string) error {
	host, port, err := net.SplitHostPort(address(server))
	if err == nil && host != "" && !strings.ContainsAny(host, "[]/ ") {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
			return nil
		}
	}
	return fmt.Errorf(`%q is no name server; right values are "10.0.0.2", "10.0.0.2:5353" and "[2001:db8::53]:53"`, server)
}

// address is host and port of a server.
func address(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), "53")
}

// Next is where the CNAME record at a name leads, in lower case and without a
// dot at the end. It is "" if there is no such record, or if only a wildcard
// answers: that gives way to any record of the name itself. The error tells
// that DNS could not be asked.
func (r *Resolver) Next(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, err := r.ask(ctx, name)
	if err != nil || target == "" {
		return "", failed(name, err)
	}
	_, parent, _ := strings.Cut(name, ".")
	sibling, err := r.ask(ctx, strings.ToLower(rand.Text())+"."+parent)
	if err != nil || sibling == target {
		return "", failed(name, err)
	}
	return target, nil
}

func failed(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("looking up the CNAME record of %s: %w", name, err)
}

// askServers asks one server after the other until one knows.
func askServers(ctx context.Context, servers []string, name string) (string, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeCNAME)
	var failure error
	for range rounds {
		for _, server := range servers {
			answer, err := exchange(ctx, question, server)
			if err == nil {
				return target(answer), nil
			}
			failure = fmt.Errorf("name server %s: %w", server, err)
			if ctx.Err() != nil {
				return "", failure
			}
		}
	}
	return "", failure
}

// exchange asks one server, which must be able to know.
func exchange(ctx context.Context, question *dns.Msg, server string) (*dns.Msg, error) {
	answer, _, err := (&dns.Client{Timeout: tryTimeout}).ExchangeContext(ctx, question, server)
	if err == nil && answer.Truncated {
		answer, _, err = (&dns.Client{Net: "tcp", Timeout: tryTimeout}).ExchangeContext(ctx, question, server)
	}
	switch {
	case err != nil:
		return nil, err
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("it answers %s", dns.RcodeToString[answer.Rcode])
	case len(answer.Answer) == 0 && !answer.RecursionAvailable && !answer.Authoritative:
		return nil, errors.New("it answers only for zones of its own")
	}
	return answer, nil
}

// target is where the record of the question leads.
func target(answer *dns.Msg) string {
	for _, rr := range answer.Answer {
		if record, ok := rr.(*dns.CNAME); ok && strings.EqualFold(record.Hdr.Name, answer.Question[0].Name) {
			return plain(record.Target)
		}
	}
	return ""
}

func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
