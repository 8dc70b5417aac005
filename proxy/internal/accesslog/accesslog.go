// Package accesslog tells of each request in a line of JSON.
package accesslog

import (
	"log/slog"
	"net/http"
	"time"
)

// Handler has a line logged when a request is over, or a websocket.
func Handler(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		next.ServeHTTP(w, r)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("host", r.Host), slog.String("path", r.URL.Path), slog.Duration("took", time.Since(begun)))
	})
}
