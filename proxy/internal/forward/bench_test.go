package forward

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// peerVariable has the test's binary be the server and the clients of a
// benchmark, whose memory is not the proxy's.
const peerVariable = "FORWARD_TEST_PEER"

func TestMain(m *testing.M) {
	if os.Getenv(peerVariable) != "" {
		if err := peer(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// peer serves websockets, says where, is told where the proxy is and how many
// to open, and keeps them until its input ends.
func peer() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go upgrading(echoing)(conn, bufio.NewReader(conn))
		}
	}()
	fmt.Println(listener.Addr())
	var address string
	var count int
	if _, err := fmt.Scan(&address, &count); err != nil {
		return err
	}
	for range count {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec,noctx // Not what is tested.
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, upgradeRequest+"hello"); err != nil {
			return err
		}
		r := bufio.NewReader(conn)
		if _, err := http.ReadResponse(r, nil); err != nil {
			return err
		}
		if _, err := io.WriteString(conn, "hello"); err != nil {
			return err
		}
		// Of the reverse proxy alone the first hello is lost.
		if _, err := io.ReadFull(r, make([]byte, 5)); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// variants are what this package does with websockets, and what the reverse
// proxy would do by itself.
func variants(port int) map[string]http.Handler {
	h := newHandler(Options{})
	h.target = net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	return map[string]http.Handler{"forward": h, "standard library": &h.proxy}
}

// BenchmarkIdleWebsocket tells what one keeps of heap and stack.
func BenchmarkIdleWebsocket(b *testing.B) {
	for _, name := range []string{"standard library", "forward"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				idleWebsockets(b, name)
			}
		})
	}
}

func idleWebsockets(b *testing.B, name string) {
	const count = 1000
	command := exec.CommandContext(b.Context(), os.Args[0])
	command.Env, command.Stderr = append(os.Environ(), peerVariable+"=1"), os.Stderr
	input, _ := command.StdinPipe()
	output, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewReader(output)
	address, err := lines.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	_, text, _ := net.SplitHostPort(strings.TrimSpace(address))
	var port int
	_, _ = fmt.Sscan(text, &port)
	proxy := httptest.NewTLSServer(variants(port)[name])
	before := memory()
	_, _ = fmt.Fprintln(input, proxy.Listener.Addr(), count)
	if line, err := lines.ReadString('\n'); line != "ready\n" {
		b.Fatal(line, err)
	}
	b.ReportMetric(float64(memory()-before)/count, "bytes/websocket")
	_ = input.Close()
	_ = command.Wait()
	proxy.CloseClientConnections()
	proxy.Close()
}

// memory is what is in use of heap and stacks; the collector shrinks stacks by
// half at a time, and pools keep what they have for two times.
func memory() uint64 {
	for range 5 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkBusyWebsocket tells how much goes through one.
func BenchmarkBusyWebsocket(b *testing.B) {
	for _, size := range []int{100, 4000, 64 << 10} {
		for _, name := range []string{"standard library", "forward"} {
			b.Run(fmt.Sprintf("%d bytes/%s", size, name), func(b *testing.B) { busyWebsocket(b, name, size) })
		}
	}
}

func busyWebsocket(b *testing.B, name string, size int) {
	proxy := httptest.NewTLSServer(variants(portOf(b, speak(b, upgrading(echoing))))[name])
	defer proxy.Close()
	defer proxy.CloseClientConnections()
	w := &world{proxy: proxy}
	conn, r := w.dial(b)
	_, _ = io.WriteString(conn, upgradeRequest)
	if _, err := http.ReadResponse(r, nil); err != nil {
		b.Fatal(err)
	}
	message := make([]byte, size)
	b.SetBytes(int64(size))
	b.ResetTimer()
	done := make(chan error)
	go func() {
		_, err := io.CopyN(io.Discard, r, int64(size)*int64(b.N))
		done <- err
	}()
	for range b.N {
		if _, err := conn.Write(message); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRequest tells what a request costs, without sockets.
func BenchmarkRequest(b *testing.B) {
	const text = "GET /path/to?query=1 HTTP/1.1\r\nHost: " + ownName + "\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCookie: a=b\r\n\r\n"
	in, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		b.Fatal(err)
	}
	in.RemoteAddr = "203.0.113.9:1234"
	for name, serve := range map[string]func(*handler) http.Handler{
		"forward":          func(h *handler) http.Handler { return h },
		"standard library": func(h *handler) http.Handler { h.proxy.Rewrite = func(*httputil.ProxyRequest) {}; return &h.proxy },
	} {
		b.Run(name, func(b *testing.B) {
			h := newHandler(Options{Hostname: ownName})
			h.proxy.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}}, nil
			})
			handler := serve(h)
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(&discard{header: http.Header{}}, in)
			}
		})
	}
}
