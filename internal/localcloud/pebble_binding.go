package localcloud

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// BindingAuthority is a certificate authority that takes only accounts that
// are bound to one at its site (external account binding).
type BindingAuthority struct {
	// DirectoryURL is its ACME directory. DirectoryCAPEM is its CA's too.
	DirectoryURL string
	// Keys are HMAC keys in base64url by their key ids. They are new at each
	// start.
	Keys map[string]string
}

// bindingKeyIDs are the key ids of a BindingAuthority.
var bindingKeyIDs = []string{"kid-1", "kid-2"}

// StartBindingAuthority answers an authority beside the default one, which is
// otherwise like it. The first call starts it, and Close ends it.
func (c *Cloud) StartBindingAuthority(ctx context.Context) (BindingAuthority, error) {
	c.bindingMu.Lock()
	defer c.bindingMu.Unlock()
	if c.bindingPebble != nil {
		return c.binding, nil
	}
	keys := map[string]string{}
	for _, id := range bindingKeyIDs {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // it never fails
		keys[id] = base64.RawURLEncoding.EncodeToString(key)
	}
	p, at, err := c.runPebble(ctx, "pebble-binding", keys)
	if err != nil {
		p.stop()
		return BindingAuthority{}, fmt.Errorf("starting an authority that wants accounts bound: %w", err)
	}
	c.bindingPebble, c.binding = p, BindingAuthority{DirectoryURL: at.directory, Keys: keys}
	return c.binding, nil
}
