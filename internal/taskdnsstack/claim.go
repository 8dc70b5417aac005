package taskdnsstack

import (
	"context"
	"errors"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// claim is the part that makes a domain belong to one resource, and that takes
// the tasks' names away when the resource goes. It lies in the zone, so it is
// the function that makes it: the caller of Terraform needs no rights there.
//
// Its name in messages does not hold the domain: an update to another domain
// is no reason to delete it, since that is what retiring the former place does.
type claim struct {
	invoker Invoker
	domain  string
	// mayStay lets Delete go on when the function cannot work. It is for
	// resources that were never finished, whose settings may be wrong.
	mayStay bool
}

// ClaimedError tells that a domain belongs to another resource.
type ClaimedError struct {
	// Domain is the domain, Claimant is whose it is.
	Domain, Claimant string
}

func (e *ClaimedError) Error() string {
	return fmt.Sprintf("the domain %s belongs to %s", e.Domain, e.Claimant)
}

// Advice is what the user can do.
func (e *ClaimedError) Advice() string {
	return fmt.Sprintf("Two resources would take each other's names away. Choose another domain; one below it, such as \"more.%s\", counts as another. "+
		"If the other resource is no more, delete the TXT record %s and apply again.", e.Domain, taskdns.ClaimName(e.Domain))
}

func (c *claim) String() string { return fmt.Sprintf("claim (%s)", c.invoker.Function) }

// Ensure claims the domain. It answers a *ClaimedError if that belongs to
// another resource.
func (c *claim) Ensure(ctx context.Context) error {
	report, err := c.invoker.Patiently(ctx, taskdns.Command{Do: taskdns.DoClaim})
	if err != nil {
		return fmt.Errorf("claiming domain (%s): %w", c.domain, err)
	}
	if !report.Ours {
		return &ClaimedError{Domain: c.domain, Claimant: report.Claimant}
	}
	return nil
}

// Drift tells whether the claim is another's. That the function cannot tell is
// a difference too: something is wrong that an apply may repair.
func (c *claim) Drift(ctx context.Context) ([]string, error) {
	report, err := c.invoker.Once(ctx, taskdns.Command{Do: taskdns.DoStatus})
	var failed *FunctionError
	switch {
	case errors.As(err, &failed):
		return []string{"cannot be read, because the function fails: " + failed.Message}, nil
	case err != nil:
		return nil, notFound(err)
	case report.Claimant == "":
		return nil, stack.ErrNotFound
	case !report.Ours:
		return []string{(&ClaimedError{Domain: c.domain, Claimant: report.Claimant}).Error()}, nil
	}
	return nil, nil
}

// Delete has the function remove all names of the resource, those at places
// that it has left included, and then the claim. The function looks again
// until nothing is left, and touches nothing where the claim is not ours.
// Where there is no function there is nothing that it could do.
func (c *claim) Delete(ctx context.Context) error {
	drain := taskdns.Command{Do: taskdns.DoDrain}
	if c.mayStay {
		// Permissions that are still missing will not come.
		if _, err := c.invoker.Once(ctx, drain); err != nil {
			return nil //nolint:nilerr // the rest is to go all the same
		}
	}
	_, err := c.invoker.Finish(ctx, drain)
	if err == nil || c.mayStay || errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("%w: removing the names below domain (%s): %w\n\nThe function is left, so that the next destroy can go on. If somebody changed it, apply before that. "+
		"To leave the names where they are, delete Lambda function %s by hand and destroy again", stack.ErrStop, c.domain, err, c.invoker.Function)
}

// notFound leaves nothing but stack.ErrNotFound of an error that holds it.
func notFound(err error) error {
	if errors.Is(err, stack.ErrNotFound) {
		return stack.ErrNotFound
	}
	return err
}
