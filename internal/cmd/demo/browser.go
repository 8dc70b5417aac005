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

// answerTime is how long an answer may take.
const answerTime = 10 * time.Second

// dial connects to a name as the cloud's DNS resolves it. If this machine
// lets nobody listen on the task's address, the connection is led to where
// the proxy listens instead.
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
	return d.dialTask(ctx, network, address)
}

// dialTask connects to the task, whatever the name.
func (d *demo) dialTask(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, d.proxy.listens)
}

// tls is how a browser connects: it knows the authority and nothing else.
func (d *demo) tls() *tls.Config {
	return &tls.Config{RootCAs: d.pair.pool, MinVersion: tls.VersionTLS12}
}

// answer is what a server answered, and by which handshake.
type answer struct {
	*http.Response
	text string
}

// serial is that of the certificate which the server showed.
func serial(state *tls.ConnectionState) string {
	return fmt.Sprintf("%x", state.PeerCertificates[0].SerialNumber)
}

// get opens a URL on a connection of its own.
func (d *demo) get(ctx context.Context, url string, dial func(context.Context, string, string) (net.Conn, error)) (answer, error) {
	client := &http.Client{Timeout: answerTime, Transport: &http.Transport{
		DialContext: dial, TLSClientConfig: d.tls(), DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, fmt.Errorf("requesting %s: %w", url, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading %s: %w", url, err)
	}
	return answer{res, strings.TrimSpace(string(body))}, nil
}

// visit opens a page of the server by the task's name.
func (d *demo) visit(ctx context.Context) error {
	url := d.proxy.url("https", d.task.name) + "/"
	got, err := d.get(ctx, url, d.dial)
	if err != nil {
		return err
	}
	if want := "hello from " + got.Request.URL.Host; got.StatusCode != http.StatusOK || !strings.HasPrefix(got.text, want) {
		return fmt.Errorf("%s answers %s %q, want %q", url, got.Status, got.text, want)
	}
	for _, want := range []string{"X-Forwarded-Proto: https", "X-Forwarded-Server: " + d.task.name} {
		if !strings.Contains(got.text, want) {
			return fmt.Errorf("%s answers %q, want %q in it", url, got.text, want)
		}
	}
	d.screen.fact("GET %s", url)
	d.screen.fact("%s, %s, %s", got.Status, got.Proto, tls.VersionName(got.TLS.Version))
	d.screen.fact("    %s", strings.ReplaceAll(got.text, "\n", "\n    "))
	d.screen.fact("Verified for that name against the authority's root: %s", strings.Join(got.TLS.PeerCertificates[0].DNSNames, ", "))
	return nil
}

// misdirect opens a page by the name of another task, for which the wildcard
// certificate is good as well: so a browser comes that remembers an address
// which another task had before.
func (d *demo) misdirect(ctx context.Context) error {
	other := strings.Repeat("0", 32) + "." + domain
	url := d.proxy.url("https", other) + "/"
	got, err := d.get(ctx, url, d.dialTask)
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusMisdirectedRequest || strings.Contains(got.text, "hello") {
		return fmt.Errorf("%s answers %s %q, want status %d", url, got.Status, got.text, http.StatusMisdirectedRequest)
	}
	d.screen.fact("GET %s", url)
	d.screen.fact("%s; the server was not asked", got.Status)
	return nil
}

// talk opens a websocket by the task's name, which stays open, and exchanges a
// message.
func (d *demo) talk(ctx context.Context) error {
	url := d.proxy.url("wss", d.task.name) + "/echo"
	dialer := &websocket.Dialer{NetDialContext: d.dial, TLSClientConfig: d.tls(), HandshakeTimeout: answerTime}
	conn, res, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", url, err)
	}
	d.websocket = conn
	const said = "hello, task"
	if err := d.echoes(said); err != nil {
		return err
	}
	d.screen.fact("%s", url)
	d.screen.fact("%s; said %q, heard %q; it stays open", res.Status, said, said)
	return nil
}

// echoes exchanges a message over the websocket.
func (d *demo) echoes(said string) error {
	deadline := time.Now().Add(answerTime)
	if err := errors.Join(d.websocket.SetReadDeadline(deadline), d.websocket.SetWriteDeadline(deadline)); err != nil {
		return fmt.Errorf("talking over the websocket: %w", err)
	}
	if err := d.websocket.WriteMessage(websocket.TextMessage, []byte(said)); err != nil {
		return fmt.Errorf("talking over the websocket: %w", err)
	}
	_, heard, err := d.websocket.ReadMessage()
	if err != nil {
		return fmt.Errorf("talking over the websocket: %w", err)
	}
	if string(heard) != said {
		return fmt.Errorf("talking over the websocket: it echoes %q, want %q", heard, said)
	}
	return nil
}
