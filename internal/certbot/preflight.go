package certbot

import (
	"context"
	"errors"
	"fmt"
)

// readZone shows that the function may read the hosted zone.
func (r *run) readZone(ctx context.Context, c Certificate) error {
	if len(c.Domains) == 0 {
		return errors.New("reading the configuration: the certificate has no domains")
	}
	zone := r.zone(c)
	err := r.patiently(ctx, func() error {
		_, err := zone.read(ctx, c.recordName(normalNames(c.Domains)[0]))
		return err
	})
	if err != nil {
		return fmt.Errorf("reading hosted zone (%s): %w", c.HostedZoneID, r.explained(c, err))
	}
	return nil
}
