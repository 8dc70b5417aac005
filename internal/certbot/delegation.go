package certbot

import (
	"cmp"
	"fmt"
	"strings"
)

// ChallengeName is the name at which authorities look for the proof of a name;
// a wildcard's is its parent's.
func ChallengeName(name string) string {
	return "_acme-challenge." + strings.TrimPrefix(name, "*.")
}

// recordName is where the challenge for a name is answered.
func (c Certificate) recordName(name string) string {
	asked := ChallengeName(name)
	return cmp.Or(c.Challenges[asked], asked)
}

// delegation is why a proof failed that is given where a CNAME record led when
// the configuration was made.
type delegation struct {
	err               error
	asked, recordName string
}

// delegated says of a failed proof that it was given elsewhere, if it was.
func (p proof) delegated(err error) error {
	if asked := ChallengeName(p.name); p.recordName != asked {
		return &delegation{err: err, asked: asked, recordName: p.recordName}
	}
	return err
}

func (d *delegation) Error() string {
	return fmt.Sprintf("%s (answered at %s, where the CNAME record of %s led)", d.err, d.recordName, d.asked)
}

func (d *delegation) Unwrap() error { return d.err }

// advice is what to do if the authority did not find the proof.
func (d *delegation) advice() string {
	return fmt.Sprintf("The authority did not find our TXT value: check that %s is still a CNAME record that leads to %s, and that the name servers of both are the right ones. If it leads elsewhere now, apply the resource again.", d.asked, d.recordName)
}
