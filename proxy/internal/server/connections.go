package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connections is a listener that knows its connections, and has no more of
// them than it may. Clients beyond that wait: the kernel keeps them until there
// is a place.
type connections struct {
	net.Listener
	log *slog.Logger
	// total counts the connections of all listeners.
	total  *atomic.Int64
	places chan struct{}
	closed chan struct{}
	close  sync.Once

	mu   sync.Mutex
	open map[*connection]struct{}
}

func newConnections(listener net.Listener, most int, total *atomic.Int64, log *slog.Logger) *connections {
	return &connections{
		Listener: listener, total: total, log: log,
		places: make(chan struct{}, most), closed: make(chan struct{}), open: map[*connection]struct{}{},
	}
}

// Accept waits for a place, and then for a client.
func (l *connections) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	default:
		l.log.Warn("as many connections as there may be: further clients wait", "address", l.Addr().String(), "max_connections", cap(l.places))
		select {
		case l.places <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	limitUnsent(c)
	conn := &connection{Conn: c, owner: l}
	conn.note(http.StateNew)
	l.mu.Lock()
	l.open[conn] = struct{}{}
	l.total.Add(1)
	l.mu.Unlock()
	return conn, nil
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
	owner *connections
	once  sync.Once
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
	c.once.Do(func() {
		c.owner.mu.Lock()
		delete(c.owner.open, c)
		c.owner.total.Add(-1)
		c.owner.mu.Unlock()
		<-c.owner.places
	})
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
