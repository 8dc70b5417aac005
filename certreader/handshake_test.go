package certreader

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	handshakes = 1000
	reloads    = 100
)

// TestHandshakesThroughReloads has 1,000 clients in the middle of a handshake
// when the certificate begins to change, 100 times. After each change the
// server goes on with ten of them, and the next change does not wait for their
// end: each succeeds, with the certificate of its time or a later one.
func TestHandshakesThroughReloads(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	pairs := []texts{ca.pair(), ca.pair(), ca.pair()}
	aws := newFakeAWS(pairs[0])
	r, err := New(t.Context(), FromBucket(aws, testBucket, testPrefix), Options{Names: []string{testName}})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.root)
	client := &tls.Config{RootCAs: roots, ServerName: testName, CurvePreferences: []tls.CurveID{tls.CurveP256}}

	var all, greeted sync.WaitGroup
	greeted.Add(handshakes)
	serials := make(chan string, handshakes)
	turns := make([]turn, reloads)
	for i := range turns {
		turns[i] = turn{begins: make(chan struct{}), served: make(chan string, handshakes/reloads)}
	}
	for i := range handshakes {
		turn := turns[i%reloads]
		server := r.TLSConfig()
		server.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			greeted.Done()
			<-turn.begins
			pair, err := r.GetCertificate(hello)
			turn.served <- serialOf(pair.Leaf)
			return pair, err
		}
		all.Go(func() { serials <- handshake(t, server, client) })
	}
	greeted.Wait()
	for i, turn := range turns {
		next := pairs[(i+1)%len(pairs)]
		aws.publish(next)
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(turn.begins)
		if got := <-turn.served; got != next.serial {
			t.Errorf("after reload %d a client gets %s, want %s", i+1, got, next.serial)
		}
	}
	all.Wait()
	close(serials)
	count := 0
	for serial := range serials {
		if slices.ContainsFunc(pairs, func(p texts) bool { return p.serial == serial }) {
			count++
		}
	}
	if count != handshakes {
		t.Errorf("%d handshakes of %d succeeded", count, handshakes)
	}
}

// TestConnectionsSurviveReloads keeps a download open while the certificate
// changes 100 times: the connection goes on, and each new one has the
// certificate in force.
func TestConnectionsSurviveReloads(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	pairs := []texts{ca.pair(), ca.pair()}
	aws := newFakeAWS(pairs[0])
	r, err := New(t.Context(), FromBucket(aws, testBucket, testPrefix), Options{})
	if err != nil {
		t.Fatal(err)
	}
	more := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		control := http.NewResponseController(w)
		_ = control.Flush() // the header
		for {
			select {
			case <-request.Context().Done():
				return
			case _, open := <-more:
				if !open {
					return
				}
				if _, err := w.Write([]byte("x")); err != nil || control.Flush() != nil {
					return
				}
			}
		}
	}))
	// Not StartTLS, which has a certificate of its own.
	server.Listener = tls.NewListener(server.Listener, r.TLSConfig())
	server.Start()
	defer server.Close()
	defer server.CloseClientConnections()
	roots := x509.NewCertPool()
	roots.AddCert(ca.root)
	config := &tls.Config{RootCAs: roots, ServerName: "example.com"}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Minute}
	address := server.Listener.Addr().String()
	response, err := client.Get("https://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for i := range reloads {
		next := pairs[(i+1)%len(pairs)]
		aws.publish(next)
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case more <- struct{}{}:
		case <-time.After(5 * time.Minute):
			t.Fatalf("after reload %d the server does not go on", i+1)
		}
		if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
			t.Fatalf("after reload %d the download ends: %v", i+1, err)
		}
		connection, err := tls.Dial("tcp", address, config)
		if err != nil {
			t.Fatal(err)
		}
		if got := serialOf(connection.ConnectionState().PeerCertificates[0]); got != next.serial {
			t.Errorf("after reload %d a new client gets %s, want %s", i+1, got, next.serial)
		}
		connection.Close()
	}
	close(more)
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("the download ends with %q, error %v", rest, err)
	}
}

// turn is when some handshakes go on.
type turn struct {
	begins chan struct{}
	served chan string
}

// handshake answers the serial that a client got, or "".
func handshake(t *testing.T, server, client *tls.Config) string {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	deadline := time.Now().Add(5 * time.Minute)
	if err := errors.Join(near.SetDeadline(deadline), far.SetDeadline(deadline)); err != nil {
		t.Error(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	serving.Go(func() {
		if err := tls.Server(far, server).Handshake(); err != nil {
			t.Errorf("the server's handshake: %v", err)
			far.Close()
		}
	})
	connection := tls.Client(near, client)
	if err := connection.Handshake(); err != nil {
		t.Errorf("the client's handshake: %v", err)
		near.Close()
		return ""
	}
	return serialOf(connection.ConnectionState().PeerCertificates[0])
}
