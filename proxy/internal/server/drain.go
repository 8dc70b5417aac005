package server

import (
	"context"
	"net/http"
	"time"
)

const (
	// longestLinger is for how long after SIGTERM new clients are served, and
	// for how long a client may be silent then before its connection is closed.
	longestLinger = 2 * time.Second
	// lookAgain is the time between two looks at who is still there.
	lookAgain = 10 * time.Millisecond
	// lastWords is the time for handlers whose connections were cut, to log it.
	lastWords = 500 * time.Millisecond
)

// left is what had to be cut.
type left struct {
	requests, tunnels int64
}

// drain ends serving without cutting what was begun, until the context ends,
// and then cuts the rest.
//
// An HTTP/1.1 client may send its next request at any time, and a server that
// closes the connection then has cut it. So nothing is closed at first: each
// answer says that it is the connection's last, and the clients close. Only
// clients that say nothing for the linger are closed upon, as any server does
// with an idle connection (RFC 9112, section 9.5).
func (f *front) drain(ctx context.Context, linger time.Duration) left {
	f.draining.Store(true)
	f.goAway()
	lingering, cancel := context.WithTimeout(ctx, linger)
	f.await(lingering, func() {})
	cancel()
	_ = f.conns.Close()
	// Of those that came in the meantime.
	f.goAway()
	if f.await(ctx, func() { f.conns.closeQuiet(linger) }) {
		return left{}
	}
	rest := left{tunnels: f.tunnels.Load()}
	rest.requests = max(0, f.running.Load()-rest.tunnels)
	f.cut()
	last, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	f.await(last, func() {})
	return rest
}

// cut closes what is still open.
func (f *front) cut() {
	f.cutting.Store(true)
	_ = f.server.Close()
	f.conns.closeAll()
}

// await waits until nobody is there; false if the context ended first.
func (f *front) await(ctx context.Context, meanwhile func()) bool {
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for f.conns.count() > 0 || f.running.Load() > 0 {
		meanwhile()
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}

// handler counts what runs, and keeps clients from standing still, and from
// having too much at a time.
func (f *front) handler(next http.Handler, stall time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A connection of HTTP/1.1 has one request at a time.
		if r.ProtoMajor >= 2 {
			client := clientOf(r.RemoteAddr)
			if !f.conns.beginRequest(client) {
				f.conns.greedy.Warn("as many requests of a client as one may have at a time: its others are refused", "remote", r.RemoteAddr, "max_connections_per_client", f.conns.perClient)
				w.Header().Set("Retry-After", "1")
				http.Error(w, "429 Too Many Requests: this client has as many requests as it may have at a time.", http.StatusTooManyRequests)
				return
			}
			defer f.conns.endRequest(client)
		}
		a := newAnswer(f, w, r, stall)
		f.running.Add(1)
		returned := false
		defer func() {
			a.end(returned)
			f.running.Add(-1)
		}()
		next.ServeHTTP(a, a.request)
		a.finish()
		returned = true
	})
}
