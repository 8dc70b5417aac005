package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// connections is a listener that knows its connections, and has no more of
// them than it may. Clients beyond that wait: the kernel keeps them until there
// is a place.
type connections struct {
	net.Listener
	// crowded and greedy are told of too many connections, of all and of one.
	crowded, greedy *slog.Logger
	perClient       int
	// total counts the connections of all listeners.
	total  *atomic.Int64
	places chan struct{}
	closed chan struct{}
	close  sync.Once

	mu   sync.Mutex
	open map[*connection]struct{}
	// clients is what each client has.
	clients map[netip.Prefix]load
}

func newConnections(listener net.Listener, s settings.Settings, total *atomic.Int64, log *slog.Logger) *connections {
	return &connections{
		Listener: listener, total: total, perClient: s.MaxConnectionsPerClient,
		crowded: slog.New(newSampler(log.Handler())), greedy: slog.New(newSampler(log.Handler())),
		places: make(chan struct{}, s.MaxConnections), closed: make(chan struct{}),
		open: map[*connection]struct{}{}, clients: map[netip.Prefix]load{},
	}
}

// Accept waits for a place, and then for a client who may have it.
func (l *connections) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	default:
		l.crowded.Warn("as many connections as there may be: further clients wait", "address", l.Addr().String(), "max_connections", cap(l.places))
		select {
		case l.places <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		if conn := l.take(c); conn != nil {
			limitUnsent(c)
			return conn, nil
		}
		l.greedy.Warn("as many connections of a client as one may have: its others are closed", "remote", c.RemoteAddr().String(), "max_connections_per_client", l.perClient)
		_ = c.Close()
	}
}

// take makes a connection one of those that are open, and answers nil if its
// client has as many as it may have.
func (l *connections) take(c net.Conn) *connection {
	conn := &connection{Conn: c, owner: l, client: clientOf(c.RemoteAddr().String())}
	conn.note(http.StateNew)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.add(conn.client, load{connections: 1}) {
		return nil
	}
	l.open[conn] = struct{}{}
	l.total.Add(1)
	return conn
}

// give takes a connection away, and gives its place back.
func (l *connections) give(conn *connection) {
	l.mu.Lock()
	delete(l.open, conn)
	l.remove(conn.client, load{connections: 1})
	l.total.Add(-1)
	l.mu.Unlock()
	<-l.places
}

// beginRequest is false if the client has as many requests as it may have, else
// the request has to be ended.
func (l *connections) beginRequest(client netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(client, load{requests: 1})
}

func (l *connections) endRequest(client netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(client, load{requests: 1})
}

// load is how many connections and requests there are.
type load struct{ connections, requests int }

// add has a client have more, if it may. The mutex is held.
func (l *connections) add(client netip.Prefix, more load) bool {
	has := l.clients[client]
	has.connections += more.connections
	has.requests += more.requests
	if has.connections > l.perClient || has.requests > l.perClient {
		return false
	}
	l.clients[client] = has
	return true
}

// remove has a client have less. The mutex is held.
func (l *connections) remove(client netip.Prefix, less load) {
	has := l.clients[client]
	has.connections -= less.connections
	has.requests -= less.requests
	if l.clients[client] = has; has == (load{}) {
		delete(l.clients, client)
	}
}

// clientOf is whose connection it is, as far as its address tells: who has one
// address of IPv6 has the 2^64 that its network begins (RFC 4291, section 2.5.4).
func clientOf(address string) netip.Prefix {
	from, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip := from.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	client, _ := ip.Prefix(bits)
	return client
}

// Close ends accepting, and leaves the connections.
func (l *connections) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *connections) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

func (l *connections) list() []*connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*connection, 0, len(l.open))
	for c := range l.open {
		all = append(all, c)
	}
	return all
}

// closeQuiet closes connections that have no request and from which nothing
// has come for so long.
func (l *connections) closeQuiet(quiet time.Duration) {
	for _, c := range l.list() {
		if c.quiet(quiet) {
			go c.end()
		}
	}
}

// closeAll cuts what is still open.
func (l *connections) closeAll() {
	for _, c := range l.list() {
		_ = c.Close()
	}
}

// connection is a client's, below TLS.
type connection struct {
	net.Conn
	owner  *connections
	client netip.Prefix
	once   sync.Once
	// state is a http.ConnState, and heard when something last came.
	state, heard atomic.Int64
	// session is TLS on this connection.
	session atomic.Pointer[tls.Conn]
}

// Read notes that the client is not silent.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// Close gives the place back.
func (c *connection) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.owner.give(c) })
	return err
}

func (c *connection) note(state http.ConnState) {
	c.heard.Store(time.Now().UnixNano())
	c.state.Store(int64(state))
}

func (c *connection) quiet(quiet time.Duration) bool {
	switch http.ConnState(c.state.Load()) {
	case http.StateNew, http.StateIdle:
		return time.Since(time.Unix(0, c.heard.Load())) >= quiet
	default:
		return false
	}
}

// end closes with the word of TLS that this is all, which the client may be
// slow to take.
func (c *connection) end() {
	if session := c.session.Load(); session != nil {
		_ = session.Close()
		return
	}
	_ = c.Close()
}

// noteState is for http.Server.ConnState.
func noteState(c net.Conn, state http.ConnState) {
	session, ok := c.(*tls.Conn)
	if ok {
		c = session.NetConn()
	}
	if known, is := c.(*connection); is {
		if ok {
			known.session.Store(session)
		}
		known.note(state)
	}
}
