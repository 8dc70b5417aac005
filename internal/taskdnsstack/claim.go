package taskdnsstack

import (
	"context"
	"errors"
	"fmt"
	"time"

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
		"If the other resource is no more, delete the TXT record %s.%s and apply again.", e.Domain, claimLabel, e.Domain)
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

// again is how long Delete waits before it looks for names that an invocation
// wrote that had begun before its events were stopped.
const again = 2 * time.Second

// Delete removes all names of the resource and then the claim, and looks again
// until nothing is left. It touches nothing unless the claim is ours. Where
// there is no function there is nothing that it could do.
func (c *claim) Delete(ctx context.Context) error {
	err := c.drain(ctx)
	switch {
	case err == nil, errors.Is(err, stack.ErrNotFound):
		return nil
	case c.mayStay:
		return nil
	}
	return fmt.Errorf("%w: removing the names below domain (%s): %w\n\nThe function is left, so that the next destroy can go on. "+
		"To leave the names where they are, delete Lambda function %s by hand and destroy again", stack.ErrStop, c.domain, err, c.invoker.Function)
}

func (c *claim) drain(ctx context.Context) error {
	// A move that was never finished may have left names at a former place.
	if !c.mayStay {
		if _, err := c.invoker.Finish(ctx, taskdns.Command{Do: taskdns.DoRetire}); err != nil {
			return err
		}
	}
	status, err := c.attempt(ctx, taskdns.Command{Do: taskdns.DoStatus})
	if err != nil || !status.Ours {
		return err
	}
	if _, err := c.invoker.Finish(ctx, taskdns.Command{Do: taskdns.DoDrain}); err != nil {
		return err
	}
	for {
		if err := c.invoker.sleep(ctx, again); err != nil {
			return err
		}
		// Without a claim the function touches nothing.
		status, err := c.invoker.Patiently(ctx, taskdns.Command{Do: taskdns.DoClaim})
		if err != nil || !status.Ours {
			return err
		}
		report, err := c.invoker.Finish(ctx, taskdns.Command{Do: taskdns.DoDrain})
		if err != nil || report.Deleted == 0 {
			return err
		}
	}
}

// attempt is the first command of a Delete. For a resource that was never
// finished it is made once.
func (c *claim) attempt(ctx context.Context, command taskdns.Command) (taskdns.Report, error) {
	if c.mayStay {
		return c.invoker.Once(ctx, command)
	}
	return c.invoker.Patiently(ctx, command)
}

// notFound leaves nothing but stack.ErrNotFound of an error that holds it.
func notFound(err error) error {
	if errors.Is(err, stack.ErrNotFound) {
		return stack.ErrNotFound
	}
	return err
}
