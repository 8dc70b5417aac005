package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// server stands for what runs in the task's own container: it speaks HTTP on
// 127.0.0.1, and knows nothing of TLS or of names.
type server struct {
	listener net.Listener
	http     *http.Server
	// slow has a value for each request to /slow that has come.
	slow chan struct{}
}

const (
	// slowness is how long a request to /slow takes, and wholeAnswer is what
	// it is answered at the end.
	slowness    = time.Second
	wholeAnswer = "the whole answer"
)

func serve() (*server, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	s := &server{listener: listener, slow: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page)
	mux.HandleFunc("GET /echo", echo)
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
		s.slow <- struct{}{}
		time.Sleep(slowness)
		_, _ = fmt.Fprint(w, wholeAnswer)
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// forwarded are the headers by which a proxy tells whom it speaks for.
var forwarded = []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Server"}

// page tells the client what the server was told of it.
func page(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "hello from %s\n", r.Host)
	for _, name := range forwarded {
		_, _ = fmt.Fprintf(w, "%s: %s\n", name, r.Header.Get(name))
	}
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

func (s *server) url() string { return "http://" + s.listener.Addr().String() }

func (s *server) port() int {
	address, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return address.Port
}

func (s *server) close() error { return s.http.Close() }
