package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// server stands for what runs in the task's container: it listens on the
// task's public address and holds the certificate from the bucket.
type server struct {
	listener net.Listener
	http     *http.Server
}

// serve listens on a free port of the address. Linux lends every address in
// 127.0.0.0/8 to whoever asks. Where that is not so the server listens on
// 127.0.0.1.
func serve(address string, certificate tls.Certificate) (*server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		var second error
		if listener, second = net.Listen("tcp4", "127.0.0.1:0"); second != nil {
			return nil, fmt.Errorf("listening on the task's address: %w", errors.Join(err, second))
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprintf(w, "hello from %s", r.Host) })
	mux.HandleFunc("GET /echo", echo)
	s := &server{listener: listener, http: &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}}
	go func() { _ = s.http.ServeTLS(listener, "", "") }()
	return s, nil
}

// echo answers every message of a websocket by the same message.
func echo(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // The upgrader has told the client.
	}
	defer conn.Close()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return port
}

func (s *server) url(scheme, name string) string { return scheme + "://" + name + ":" + s.port() }

func (s *server) close() error { return s.http.Close() }

// dial connects to a name as the cloud's DNS resolves it. If this machine
// lets nobody listen on the task's address, the connection is led to where
// the server listens instead.
func (d *demo) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	found, err := d.cloud.Resolver().LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0] != d.task.address {
		return nil, fmt.Errorf("%s resolves to %v, want %s", host, found, d.task.address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, d.server.listener.Addr().String())
}

// tls is how a browser connects: it knows the authority and nothing else.
func (d *demo) tls() *tls.Config {
	return &tls.Config{RootCAs: d.pair.pool, MinVersion: tls.VersionTLS12}
}

// visit starts the task's server and opens a page of it by the task's name.
func (d *demo) visit(ctx context.Context) error {
	server, err := serve(d.task.address, d.pair.Certificate)
	if err != nil {
		return err
	}
	d.server = server
	url := server.url("https", d.task.name) + "/"
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: d.dial, TLSClientConfig: d.tls()}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("requesting %s: %w", url, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", url, err)
	}
	if want := "hello from " + req.Host; res.StatusCode != http.StatusOK || string(body) != want {
		return fmt.Errorf("%s answers %s %q, want %q", url, res.Status, body, want)
	}
	d.screen.fact("A small server with the pair from the bucket listens on %s.", server.listener.Addr())
	if host, _, _ := net.SplitHostPort(server.listener.Addr().String()); host != d.task.address {
		d.screen.fact("(Nobody can listen on %s on this machine, so connections are led there.)", d.task.address)
	}
	d.screen.fact("GET %s", url)
	d.screen.fact("%s, %s: %q", res.Status, tls.VersionName(res.TLS.Version), body)
	d.screen.fact("Verified for that name against the authority's root: %s", strings.Join(res.TLS.PeerCertificates[0].DNSNames, ", "))
	return nil
}

// talk exchanges a message over a websocket by the task's name.
func (d *demo) talk(ctx context.Context) error {
	url := d.server.url("wss", d.task.name) + "/echo"
	dialer := &websocket.Dialer{NetDialContext: d.dial, TLSClientConfig: d.tls(), HandshakeTimeout: 10 * time.Second}
	conn, res, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", url, err)
	}
	defer conn.Close()
	const said = "hello, task"
	deadline := time.Now().Add(10 * time.Second)
	if err := errors.Join(conn.SetReadDeadline(deadline), conn.SetWriteDeadline(deadline)); err != nil {
		return fmt.Errorf("talking to %s: %w", url, err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(said)); err != nil {
		return fmt.Errorf("talking to %s: %w", url, err)
	}
	_, heard, err := conn.ReadMessage()
	if err != nil {
		return fmt.Errorf("talking to %s: %w", url, err)
	}
	if string(heard) != said {
		return fmt.Errorf("talking to %s: it echoes %q, want %q", url, heard, said)
	}
	d.screen.fact("%s", url)
	d.screen.fact("%s; said %q, heard %q", res.Status, said, heard)
	return nil
}
