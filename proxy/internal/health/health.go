// Package health tells whether a proxy is well, and asks one that runs.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
)

// Path is where health is told.
const Path = "/healthz"

// Report is what is told.
type Report struct {
	// Status is "ok", or why it is not.
	Status string `json:"status"`
	// Hostname is the task's own name; empty if it is not known.
	Hostname string `json:"hostname,omitempty"`
	// Serial and NotAfter are those of the certificate that is served.
	Serial   string    `json:"serial"`
	NotAfter time.Time `json:"not_after"`
}

// Handler answers 200 while the certificate can be used, and 503 otherwise.
func Handler(hostname string, serving func() certreader.Version) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, _ *http.Request) {
		v := serving()
		report := Report{Status: "ok", Hostname: hostname, Serial: v.Serial, NotAfter: v.NotAfter}
		w.Header().Set("Content-Type", "application/json")
		if time.Now().After(v.NotAfter) {
			report.Status = "the certificate has expired"
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report)
	})
	return mux
}

// Check asks the proxy that listens there, and answers an error if it is not
// well.
func Check(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+Path, nil)
	if err != nil {
		return fmt.Errorf("checking health: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("checking health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("checking health: %s", response.Status)
	}
	return nil
}
