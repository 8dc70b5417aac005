package localcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// MoveRenewal has Pebble suggest this window for the renewal of a certificate
// (PEM) from now on.
func (c *Cloud) MoveRenewal(ctx context.Context, certificate []byte, start, end time.Time) error {
	type window struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	}
	info, err := json.Marshal(map[string]window{"suggestedWindow": {Start: start.UTC(), End: end.UTC()}})
	if err != nil {
		return fmt.Errorf("moving a renewal: %w", err)
	}
	body, err := json.Marshal(map[string]string{"Certificate": string(certificate), "ARIResponse": string(info)})
	if err != nil {
		return fmt.Errorf("moving a renewal: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.ManagementURL+"/set-renewal-info/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("moving a renewal: %w", err)
	}
	client := c.DirectoryClient()
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("moving a renewal: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("moving a renewal: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("moving a renewal: Pebble answered %s", res.Status)
	}
	return nil
}
