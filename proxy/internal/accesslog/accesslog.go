// Package accesslog tells of each request in a line of JSON.
package accesslog

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// What clients choose is cut at so many bytes.
const (
	maxPath   = 1024
	maxHost   = 256
	maxAgent  = 256
	maxMethod = 32
)

// statusClientGone is told where a client went before it had an answer. There
// is no such status; nginx's log has made this number known.
const statusClientGone = 499

// Handler has a line logged when a request is over, or a websocket, however it
// ended. Neither query strings nor headers are told, as there are secrets in
// them. Cutting tells whether the server itself closes the connections of
// requests that are not over.
func Handler(log *slog.Logger, cutting func() bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &record{ResponseWriter: w, begun: time.Now(), id: rand.Text()}
		ctx := r.Context()
		r = r.WithContext(context.WithValue(ctx, idKey{}, rec))
		if r.Body != nil && r.Body != http.NoBody {
			rec.body.ReadCloser, rec.body.in = r.Body, &rec.in
			r.Body = &rec.body
		}
		// A handler that panics is not recovered, so that net/http sees it.
		returned := false
		defer func() {
			gone := ctx.Err() != nil || rec.body.failed.Load()
			rec.log(log, r, gone && !cutting(), returned)
		}()
		next.ServeHTTP(rec, r)
		returned = true
	})
}

type idKey struct{}

// RequestID answers the id that the log has for the request whose context this
// is, or a new one if there is no log. An id of the client's is not used: it
// could be anybody's.
func RequestID(ctx context.Context) string {
	if rec, ok := ctx.Value(idKey{}).(*record); ok {
		return rec.id
	}
	return rand.Text()
}

// record is what is known of a request, and its ResponseWriter.
type record struct {
	http.ResponseWriter
	id    string
	begun time.Time
	// answered is when the answer began.
	answered time.Time
	status   int
	body     countedBody
	// in and out are bytes of the bodies, or of a websocket. Others than the
	// handler may still read when it has returned.
	in, out atomic.Int64
}

// Unwrap is for http.ResponseController.
func (r *record) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status.
func (r *record) WriteHeader(status int) {
	r.note(status)
	r.ResponseWriter.WriteHeader(status)
}

// note keeps the first status that is not informational.
func (r *record) note(status int) {
	if r.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		r.status, r.answered = status, time.Now()
	}
}

// Write counts.
func (r *record) Write(p []byte) (int, error) {
	r.note(http.StatusOK)
	n, err := r.ResponseWriter.Write(p)
	r.out.Add(int64(n))
	return n, err
}

// FlushError sends what is buffered.
func (r *record) FlushError() error {
	r.note(http.StatusOK)
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack takes the connection over, which is how a websocket begins.
func (r *record) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	r.note(http.StatusSwitchingProtocols)
	r.in.Add(int64(buffers.Reader.Buffered()))
	return &countedConn{Conn: conn, in: &r.in, out: &r.out}, buffers, nil
}

// log writes the line.
func (r *record) log(log *slog.Logger, request *http.Request, gone, returned bool) {
	took := time.Since(r.begun)
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("remote", request.RemoteAddr),
		slog.String("method", cut(request.Method, maxMethod)),
		slog.String("host", cut(request.Host, maxHost)),
		slog.String("path", cut(request.URL.EscapedPath(), maxPath)),
		slog.String("protocol", request.Proto),
	)
	if request.TLS != nil {
		attrs = append(attrs, slog.String("tls", tls.VersionName(request.TLS.Version)))
	}
	attrs = append(attrs,
		slog.Int("status", r.told(gone, returned)),
		slog.Int64("bytes_in", r.in.Load()),
		slog.Int64("bytes_out", r.out.Load()),
		slog.Float64("duration_ms", milliseconds(took)),
	)
	if !r.answered.IsZero() {
		attrs = append(attrs, slog.Float64("first_byte_ms", milliseconds(r.answered.Sub(r.begun))))
	}
	if !returned {
		by := "server"
		if gone {
			by = "client"
		}
		attrs = append(attrs, slog.String("aborted_by", by))
	}
	attrs = append(attrs, slog.String("user_agent", cut(request.UserAgent(), maxAgent)), slog.String("request_id", r.id))
	log.LogAttrs(context.WithoutCancel(request.Context()), slog.LevelInfo, "request", attrs...)
}

// told is the status that is logged.
func (r *record) told(gone, returned bool) int {
	switch {
	case r.status != 0:
		return r.status
	case gone:
		return statusClientGone
	case returned:
		// A handler that says nothing has net/http say that all is well.
		return http.StatusOK
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cut shortens a text to at most so many bytes, and says so by dots.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
