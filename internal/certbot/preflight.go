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
	zone := txtSets{api: r.clients.Route53, zone: c.HostedZoneID}
	err := r.patiently(ctx, func() error {
		_, err := zone.read(ctx, recordName(normalNames(c.Domains)[0]))
		return err
	})
	if err != nil {
		return fmt.Errorf("reading hosted zone (%s): %w", c.HostedZoneID, err)
	}
	return nil
}
