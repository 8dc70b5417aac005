package taskdns

import (
	"fmt"
	"strconv"
	"testing"
)

func TestHandBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var back []*message
	for i := range 25 {
		back = append(back, &message{id: "m" + strconv.Itoa(i), receipt: "r" + strconv.Itoa(i), receives: 1, err: errLagging})
	}
	response := w.handler.returner.handBack(t.Context(), back)
	if len(response.BatchItemFailures) != 25 || w.sqs.calls != 3 || len(w.sqs.again) != 25 {
		t.Fatalf("%d failures, %d calls, %d messages; want 25, 3, 25", len(response.BatchItemFailures), w.sqs.calls, len(w.sqs.again))
	}
	for i, f := range response.BatchItemFailures {
		if f.ItemIdentifier != back[i].id {
			t.Errorf("failure %d is %s", i, f.ItemIdentifier)
		}
	}
}

func TestHandBackNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if response := w.handler.returner.handBack(t.Context(), nil); len(response.BatchItemFailures) > 0 || w.sqs.calls > 0 {
		t.Errorf("%d failures, %d calls", len(response.BatchItemFailures), w.sqs.calls)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	transient := apiError("Throttling", "Rate exceeded")
	tests := []struct {
		err      error
		receives int
		from, to int32
	}{
		{errLagging, 1, 2, 5},
		{errLagging, 100, 2, 5},
		{transient, 1, 1, 4},
		{transient, 2, 1, 8},
		{transient, 5, 1, 60},
		{transient, 1 << 40, 1, 60},
		{fmt.Errorf("changing: %w", apiError("AccessDenied", "no")), 1, 30, 60},
		{permanentError{errUnsettled}, 1, 30, 60},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err, " ", tt.receives), func(t *testing.T) {
			t.Parallel()
			m := &message{receives: tt.receives, err: tt.err}
			least := returner{random: func(int) int { return 0 }}.delay(m)
			most := returner{random: func(n int) int { return n - 1 }}.delay(m)
			if least != tt.from || most != tt.to {
				t.Errorf("%d to %d s, want %d to %d", least, most, tt.from, tt.to)
			}
		})
	}
}
