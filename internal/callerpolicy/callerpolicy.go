// Package callerpolicy tells what the caller of Terraform must be allowed to
// do, as an IAM policy, and asks IAM beforehand whether it is.
package callerpolicy

import (
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// Grant is what the caller must be allowed to do with some resources.
type Grant struct {
	// Sid names the grant; it is of letters and digits only.
	Sid string
	// Create are the actions without which a create fails for certain. Only
	// they are checked beforehand: who may create but not, say, delete is not
	// to be stopped.
	Create []string
	// Other are the actions that updates, reads, imports and deletes need
	// beside, and those that something else than the caller's own policies may
	// allow, such as the policy of a bucket that exists already.
	Other []string
	// Resources are ARNs, which may hold "*" and "?"; or "*" alone where AWS
	// knows no resource.
	Resources []string
	// Spellings says that Resources are ways to write the same thing, so that
	// one of them is enough.
	Spellings bool
	// Condition limits the grant. The caller's requests meet it.
	Condition iampolicy.Condition
}

// Document is the policy that allows all grants.
func Document(grants []Grant) iampolicy.Document {
	statements := make([]iampolicy.Statement, 0, len(grants))
	for _, g := range grants {
		actions := slices.Concat(g.Create, g.Other)
		slices.Sort(actions)
		statements = append(statements, iampolicy.Statement{
			Sid: g.Sid, Effect: iampolicy.Allow, Action: slices.Compact(actions), Resource: g.Resources, Condition: g.Condition,
		})
	}
	return iampolicy.New(statements...)
}
