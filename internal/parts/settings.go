package parts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// setting is one aspect of a part's configuration: how it differs from the
// wanted one, and the call that repairs it. Drift and Ensure walk the same
// list, so that what is reported is what is repaired.
type setting struct {
	// name stands in the error: "setting the <name> of …".
	name string
	// diffs is empty where the setting is as wanted.
	diffs  []string
	repair func(context.Context) error
}

// driftOf lists all differences.
func driftOf(settings []setting) []string {
	var diffs []string
	for _, s := range settings {
		diffs = append(diffs, s.diffs...)
	}
	return diffs
}

// repairAll repairs what differs, in order, and tells whether it did anything.
func repairAll(ctx context.Context, part fmt.Stringer, settings []setting) (bool, error) {
	repaired := false
	for _, s := range settings {
		if len(s.diffs) == 0 {
			continue
		}
		if err := s.repair(ctx); err != nil {
			return repaired, fmt.Errorf("setting the %s of %s: %w", s.name, part, err)
		}
		repaired = true
	}
	return repaired, nil
}

// differs is a lone sentence where a setting differs, and nothing otherwise.
func differs(yes bool, format string, args ...any) []string {
	if !yes {
		return nil
	}
	return []string{fmt.Sprintf(format, args...)}
}

// retryLimit is how long a part tries again where AWS contradicts itself for a
// moment. Its documents name seconds.
const retryLimit = time.Minute

// retryCodes calls f again while AWS answers one of these codes, for at most
// retryLimit, and answers f's last error.
func retryCodes(ctx context.Context, sleep sleepFunc, f func() error, codes ...string) error {
	return retryLimited(ctx, sleep, func(err error) bool { return awserr.Is(err, codes...) }, f)
}

// retryLimited calls f again while again recognises its error, for at most
// retryLimit, and answers f's last error.
func retryLimited(ctx context.Context, sleep sleepFunc, again func(error) bool, f func() error) error {
	var last error
	end := settleWithin(ctx, sleep, retryLimit, func() (bool, error) {
		last = f()
		return last == nil || !again(last), nil
	})
	return errors.Join(last, end)
}
