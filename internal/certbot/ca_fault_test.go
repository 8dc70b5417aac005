package certbot

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"

	"github.com/go-acme/lego/v4/acme"
)

// caFaults are what goes wrong with an authority beside what it refuses.
type caFaults struct {
	// undecided keeps authorizations pending.
	undecided bool
	// cut tells of a request, by its number since this was set, whether the
	// connection breaks before it arrives, or after it was done.
	cut func(n int) (before, after bool)
	// busy tells which requests a gateway turns away.
	busy func(n int) bool
	sent int
}

// RoundTrip implements http.RoundTripper.
func (ca *fakeCA) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	before, after := false, false
	if ca.faults.cut != nil {
		before, after = ca.faults.cut(ca.faults.sent)
	}
	busy := ca.faults.busy != nil && ca.faults.busy(ca.faults.sent)
	ca.faults.sent++
	if before {
		return nil, syscall.ECONNRESET
	}
	if busy {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<h1>Service Unavailable</h1>"))}, nil
	}
	recorder := httptest.NewRecorder()
	ca.serve(recorder, request)
	if after {
		return nil, io.ErrUnexpectedEOF
	}
	return recorder.Result(), nil
}

// challenge begins a validation, which cannot be begun twice.
func (ca *fakeCA) challenge(w http.ResponseWriter, a *caAuthz) *caProblem {
	if a.Challenges[0].Status != acme.StatusPending {
		return refusal400("malformed", "cannot update challenge with status "+a.Challenges[0].Status)
	}
	a.posted, a.Challenges[0].Status = true, acme.StatusProcessing
	answer(w, 200, a.Challenges[0])
	return nil
}
