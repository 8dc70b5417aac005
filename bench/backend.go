package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What the back end answers.
const (
	smallPath  = "/small"
	largePath  = "/large"
	uploadPath = "/upload"
	echoPath   = "/echo"

	smallBytes = 200
	largeBytes = 64 << 20
)

// serveBackend is the server behind all proxies, and by itself the comparison
// with none: the same handler over plain HTTP and over TLS.
func serveBackend(ctx context.Context, plain, secure, chain, key string) error {
	servers := []*http.Server{
		{Addr: plain, Handler: backend(), ReadHeaderTimeout: time.Minute},
		{Addr: secure, Handler: backend(), ReadHeaderTimeout: time.Minute, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
	}
	defer func() {
		for _, s := range servers {
			_ = s.Close()
		}
	}()
	failed := make(chan error, len(servers))
	go func() { failed <- servers[0].ListenAndServe() }()
	go func() { failed <- servers[1].ListenAndServeTLS(chain, key) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving as the back end: %w", err)
	case <-ctx.Done():
		return nil
	}
}

func backend() http.Handler {
	small := []byte(strings.Repeat("x", smallBytes))
	block := make([]byte, 64<<10)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+smallPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(small)
	})
	mux.HandleFunc("GET "+largePath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(largeBytes))
		for range largeBytes / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("POST "+uploadPath, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyBuffer(onlyWriter{io.Discard}, r.Body, make([]byte, 64<<10))
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(small)
	})
	mux.HandleFunc("GET "+echoPath, echo)
	return mux
}

// onlyWriter hides ReadFrom, by which io.Discard would choose a buffer.
type onlyWriter struct{ io.Writer }

// echo answers as a server of websockets does, and then sends back what comes.
// A proxy knows nothing of frames, so there are none.
func echo(w http.ResponseWriter, _ *http.Request) {
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "only HTTP/1.1 can be upgraded", http.StatusBadRequest)
		return
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"); err != nil {
		return
	}
	message := make([]byte, messageBytes)
	for {
		if _, err := io.ReadFull(buffered, message); err != nil {
			return
		}
		if _, err := connection.Write(message); err != nil {
			return
		}
	}
}

// freeAddress is an address of 127.0.0.1 that nobody listens on. Its port is
// this process's until it ends: Linux gives no port away that a socket is bound
// to, and shares it with a server that asks for it, as long as both have
// SO_REUSEADDR and nobody listens (socket(7), ip(7)).
func freeAddress() (string, error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	var name syscall.Sockaddr
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		name, err = syscall.Getsockname(fd)
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if err != nil || !ok {
		return "", errors.Join(fmt.Errorf("looking for a free port: %v, %w", name, err), syscall.Close(fd))
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(bound.Port)), nil
}

// port is the port of an address.
func port(address string) string {
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		panic(errors.Join(errors.New("an address of our own"), err))
	}
	return p
}
