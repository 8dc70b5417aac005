package certbot

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-acme/lego/v4/certcrypto"
)

// download answers the issued certificate with the preferred chain, leaf
// first. Where the authority offers no such chain it is the default one: a
// certificate that is paid for with a limit is better than none.
func (o order) download(ctx context.Context, url string) ([]*x509.Certificate, error) {
	text, err := o.fetch(ctx, url)
	if err != nil {
		return nil, err
	}
	chain, err := certcrypto.ParsePEMBundle(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the authority's certificate chain: %w", err)
	}
	if satisfies(chain, o.want.PreferredChain) {
		return chain, nil
	}
	others, err := o.alternates(url, chain[0])
	if err != nil {
		o.tell(ctx, fmt.Sprintf("The authority's default chain is stored, which leads to %s, not %s: the other chains could not be read (%s).", issuerOf(chain), quoted(o.want.PreferredChain), err))
		return chain, nil
	}
	offered := []string{issuerOf(chain)}
	for _, other := range others {
		if satisfies(other, o.want.PreferredChain) {
			return other, nil
		}
		offered = append(offered, issuerOf(other))
	}
	o.tell(ctx, fmt.Sprintf("The authority offers no chain that has the issuer %s, so its default one is stored; it offers chains to %s.", quoted(o.want.PreferredChain), strings.Join(offered, " and ")))
	return chain, nil
}

// alternates are the other chains of the same certificate (RFC 8555, 7.4.2), in
// the order of their URLs. What is not one is passed over.
func (o order) alternates(url string, leaf *x509.Certificate) ([][]*x509.Certificate, error) {
	all, err := o.session.core.Certificates.GetAll(url, true)
	if err != nil {
		return nil, o.session.failed("downloading alternate chains", err)
	}
	delete(all, url)
	var chains [][]*x509.Certificate
	for _, at := range slices.Sorted(maps.Keys(all)) {
		chain, err := certcrypto.ParsePEMBundle(all[at].Cert)
		if err == nil && bytes.Equal(chain[0].Raw, leaf.Raw) {
			chains = append(chains, chain)
		}
	}
	return chains, nil
}

// satisfies tells whether an issuer in the chain above the leaf, or the root
// that it leads to, has the preferred common name. No preference is satisfied
// by any chain.
func satisfies(chain []*x509.Certificate, preferred string) bool {
	if preferred == "" || chain[len(chain)-1].Issuer.CommonName == preferred {
		return true
	}
	return slices.ContainsFunc(chain[1:], func(c *x509.Certificate) bool { return c.Subject.CommonName == preferred })
}

// issuerOf names where a chain leads to.
func issuerOf(chain []*x509.Certificate) string {
	return quoted(chain[len(chain)-1].Issuer.CommonName)
}

func quoted(name string) string { return fmt.Sprintf("%q", name) }
