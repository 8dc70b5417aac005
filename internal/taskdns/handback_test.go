package taskdns

import (
	"context"
	"fmt"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestDelay(t *testing.T) {
	t.Parallel()
	throttled := taskdnstest.Error("Throttling", "Rate exceeded")
	transient := taskdnstest.Error("Surprise", "what was that")
	tests := []struct {
		err      error
		receives int
		from, to int32
	}{
		{errLagging, 1, 2, 5},
		{errLagging, 100, 2, 5},
		{throttled, 1, 1, 4},
		{throttled, 100, 1, 4},
		{fmt.Errorf("asking: %w", pace.ErrNoTime), 7, 1, 4},
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), 7, 1, 4},
		{transient, 1, 1, 4},
		{transient, 2, 1, 8},
		{transient, 5, 1, 60},
		{transient, 1 << 40, 1, 60},
		{fmt.Errorf("changing: %w", taskdnstest.Error("AccessDenied", "no")), 1, 30, 60},
		{permanentError{errUnsettled}, 1, 30, 60},
		{errPending, 1, 5, 5},
		{errPending, 2, 10, 10},
		{errPending, 3, 15, 15},
		{errPending, 4, 30, 30},
		{errPending, 40, 30, 30},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err, " ", tt.receives), func(t *testing.T) {
			t.Parallel()
			m := &message{receives: tt.receives, err: tt.err}
			least := delay(m, func(int) int { return 0 })
			most := delay(m, func(n int) int { return n - 1 })
			if least != tt.from || most != tt.to {
				t.Errorf("%d to %d s, want %d to %d", least, most, tt.from, tt.to)
			}
		})
	}
}
