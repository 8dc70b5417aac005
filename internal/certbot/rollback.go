package certbot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Rollback names the certificate to roll back, and the version to roll back to.
type Rollback struct {
	// Key is the certificate's.
	Key string `json:"key"`
	// Serial is the version; where it is empty it is the newest one before the
	// present, but for those that somebody rolled back from.
	Serial string `json:"serial,omitempty"`
}

// UnmarshalJSON also takes a certificate's key alone.
func (b *Rollback) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &b.Key) == nil {
		return nil
	}
	type plain Rollback
	if err := strictly(text, (*plain)(b)); err != nil {
		return fmt.Errorf("reading rollback: want a certificate's key, or an object with key and serial: %w", err)
	}
	return nil
}

// rollBack puts an earlier version in force and marks those after it as
// withdrawn, so that they do not come back by themselves. It asks nothing of
// the authority, and changes nothing if the version cannot be used.
func (r *run) rollBack(ctx context.Context, log *slog.Logger, c Certificate, s *shelf, status *Status) error {
	serial, err := s.earlier(r.request.Rollback.Serial)
	if err != nil {
		return err
	}
	target, err := readShelf(ctx, s.api, s.bucket, s.prefix+VersionsPrefix+serial+"/")
	if err != nil {
		return err
	}
	if err := target.have.usable(c, time.Now()); err != nil {
		return fmt.Errorf("rolling back to version (%s): %w", serial, err)
	}
	history := s.pointer.withdrawnTo(serial)
	stored, err := s.publishOver(ctx, target.have.pair, target.have.origin, &history)
	if stored != nil {
		status.Stored = stored
	}
	if err != nil {
		return err
	}
	status.State = StateRolledBack
	log.InfoContext(ctx, "rolled back to an earlier version", "serial", serial)
	return nil
}

// earlier is the version to roll back to.
func (s *shelf) earlier(serial string) (string, error) {
	if s.pointer == nil {
		return "", fmt.Errorf("rolling back: there are no versions at s3://%s/%s yet", s.bucket, s.prefix)
	}
	versions := s.pointer.Versions
	kept := make([]string, len(versions))
	for i, v := range versions {
		kept[i] = v.Version
	}
	if serial != "" {
		if serial == s.pointer.Version || !s.pointer.keeps(serial) {
			return "", fmt.Errorf("rolling back to version (%s): it is in force or not kept; kept are %s, in force is %s", serial, strings.Join(kept, ", "), s.pointer.Version)
		}
		return serial, nil
	}
	for _, v := range versions[slices.Index(kept, s.pointer.Version)+1:] {
		if !v.Withdrawn {
			return v.Version, nil
		}
	}
	return "", fmt.Errorf("rolling back: no version before %s is kept; kept are %s", s.pointer.Version, strings.Join(kept, ", "))
}

// usable refuses a version that would not serve.
func (h *held) usable(c Certificate, now time.Time) error {
	if h == nil {
		return errors.New("its objects are missing")
	}
	if h.broken != nil {
		return h.broken
	}
	if err := h.check(normalNames(c.Domains), now); err != nil {
		return err
	}
	return nil
}

// withdrawnTo is the pointer's history once the version is in force again:
// what came after it is withdrawn, and it is not.
func (p *Pointer) withdrawnTo(version string) Pointer {
	history := Pointer{Versions: slices.Clone(p.Versions)}
	after := slices.IndexFunc(history.Versions, func(v KeptVersion) bool { return v.Version == version })
	for i := range history.Versions {
		history.Versions[i].Withdrawn = i < after || i > after && history.Versions[i].Withdrawn
	}
	return history
}
