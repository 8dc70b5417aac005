package certbot

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// orphanTime bounds what cleaning up after earlier runs may take of a run.
const orphanTime = time.Minute

// presented are challenge values that a run was about to put into a zone, and
// that nobody has seen removed since.
type presented struct {
	Zone    string    `json:"zone"`
	Role    *Role     `json:"role,omitempty"`
	Records txtValues `json:"records"`
}

// present notes challenge values before they are added, so that those of a run
// that is killed are found again.
func (r *run) present(ctx context.Context, c Certificate, m *memory, values txtValues) error {
	m.Presented = append(m.Presented, presented{Zone: c.HostedZoneID, Role: c.ZoneRole, Records: values})
	return r.remember(ctx, c, m)
}

// withdrawn forgets the values that were noted last: they are removed.
func (m *memory) withdrawn() { m.Presented = m.Presented[:len(m.Presented)-1] }

// removeOrphans removes what earlier runs left in zones because they were killed, or
// because Route 53 refused. Others' values stay. What cannot be removed now
// keeps nothing from being renewed; the next run tries again.
func (r *run) removeOrphans(ctx context.Context, log *slog.Logger, c Certificate, m *memory) {
	ctx, cancel := context.WithTimeout(ctx, orphanTime)
	defer cancel()
	m.Presented = slices.DeleteFunc(m.Presented, func(p presented) bool {
		for _, name := range p.Records.names() {
			if r.orphanGone(ctx, log, c, p, name) {
				delete(p.Records, name)
			}
		}
		return len(p.Records) == 0
	})
}

// orphanGone removes the noted values of one name, and tells whether they can be
// forgotten.
func (r *run) orphanGone(ctx context.Context, log *slog.Logger, c Certificate, p presented, name string) bool {
	err := r.zone(Certificate{HostedZoneID: p.Zone, ZoneRole: p.Role}).remove(ctx, txtValues{name: p.Records[name]})
	if err == nil {
		log.InfoContext(ctx, "challenge records of an earlier run are removed", "hosted_zone_id", p.Zone, "record", name)
		return true
	}
	lost := awserr.Is(err, "NoSuchHostedZone") || awserr.IsAccessDenied(err) && !p.of(c, name)
	log.WarnContext(ctx, "challenge records of an earlier run stay behind", "hosted_zone_id", p.Zone, "record", name, "error", err.Error(), "given_up", lost)
	return lost
}

// of tells whether the values are in the zone, and at a name, where the
// certificate's challenges are answered now. If not, the function need not be
// allowed to remove them any more.
func (p presented) of(c Certificate, name string) bool {
	sameRole := p.Role == nil && c.ZoneRole == nil || p.Role != nil && c.ZoneRole != nil && *p.Role == *c.ZoneRole
	return sameRole && p.Zone == c.HostedZoneID && slices.ContainsFunc(normalNames(c.Domains), func(d string) bool { return c.recordName(d) == name })
}
