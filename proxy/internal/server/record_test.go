package server

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// TestRecords counts the records of TLS that carry a long answer: each has to
// be full, or the answer takes twice the system calls.
func TestRecords(t *testing.T) {
	t.Parallel()
	const length = 200 * piece
	for _, protocol := range []string{"h2", "http/1.1"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			front := startFront(t, func(*limits) {}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(length))
				_, _ = w.Write(make([]byte, length))
			})
			var wire *records
			transport := &http.Transport{ForceAttemptHTTP2: protocol == "h2"}
			transport.DialTLSContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				raw, err := new(net.Dialer).DialContext(ctx, network, front.address)
				if err != nil {
					return nil, err
				}
				wire = &records{Conn: raw}
				secure := tls.Client(wire, front.config(protocol))
				return secure, secure.HandshakeContext(ctx)
			}
			t.Cleanup(transport.CloseIdleConnections)
			response, err := (&http.Client{Transport: transport}).Get("https://" + front.address)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if n, err := io.Copy(io.Discard, response.Body); err != nil || n != length {
				t.Fatalf("got %d bytes, want %d: %v", n, length, err)
			}
			// Handshake, settings and headers are short, too.
			if wire.short > 30 || wire.long < 150 {
				t.Errorf("came in %d long records and %d short ones", wire.long, wire.short)
			}
		})
	}
}

// records is a client's connection that looks at the records of TLS that come:
// the header has type, version and length (RFC 8446, section 5.1).
type records struct {
	net.Conn
	header      []byte
	rest        int
	short, long int
}

func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	for left := p[:n]; len(left) > 0; {
		if r.rest > 0 {
			taken := min(r.rest, len(left))
			r.rest -= taken
			left = left[taken:]
			continue
		}
		r.header = append(r.header, left[0])
		left = left[1:]
		if len(r.header) < 5 {
			continue
		}
		r.rest = int(binary.BigEndian.Uint16(r.header[3:]))
		r.header = r.header[:0]
		switch {
		case r.rest < 100:
			r.short++
		case r.rest > 16<<10:
			r.long++
		}
	}
	return n, err
}
