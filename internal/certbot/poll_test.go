package certbot

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What the authority asks for while it is polled counts as much as what it
// asked for before, but only for the next look.
func TestPollWaitsAsTheAuthorityWants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &session{transport: &transport{}}
		answers := []string{"", "60", "", "done"}
		var looks []time.Duration
		started := time.Now()
		err := s.poll(t.Context(), 0, func() (bool, error) {
			answer := answers[len(looks)]
			looks = append(looks, time.Since(started))
			s.transport.note(&http.Response{StatusCode: http.StatusOK, Header: http.Header{"Retry-After": {answer}}})
			return answer == "done", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 500 * time.Millisecond, 60*time.Second + 500*time.Millisecond, 62*time.Second + 500*time.Millisecond}
		if !slices.Equal(looks, want) {
			t.Errorf("looked after %s, want %s", looks, want)
		}
	})
}
