package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Limits of the server: whoever asks for health has little to say, and nothing
// to wait for.
const (
	patience       = 3 * time.Second
	maxHeaderBytes = 4 << 10
)

// Handler answers Path with a Report: 200 while all is well, and 503 otherwise.
func Handler(source Source) http.Handler {
	share := 0.5 + rand.Float64()/2 //nolint:gosec // it spreads, and hides nothing
	mux := http.NewServeMux()
	// It answers HEAD, too, and other methods with 405.
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, _ *http.Request) {
		report := source.report(time.Now(), share)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if report.Status != ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report) // who has gone needs no answer
	})
	return mux
}

// Start tells health at an address until the server that it answers is closed.
func Start(address string, source Source, log *slog.Logger) (*http.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("telling health: %w; set another -health-listen if somebody has this one: the containers of a task share its addresses", err)
	}
	server := &http.Server{
		Addr: listener.Addr().String(), Handler: Handler(source),
		ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: patience, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health is not told any more", "error", err)
		}
	}()
	return server, nil
}
