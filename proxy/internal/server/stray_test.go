package server

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestStray has a server send a body that nobody asked for. It is told as any
// other line of the log, and without what the server sent.
func TestStray(t *testing.T) {
	t.Parallel()
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\nsecret")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}))
	response, err := w.client(t, "http/1.1").Do(request(t, http.MethodGet, "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	w.Await(t, "Unsolicited response")
	for line := range strings.Lines(w.Output()) {
		if !strings.HasPrefix(line, "{") || strings.Contains(line, "secret") {
			t.Errorf("it says %s", line)
		}
	}
}
