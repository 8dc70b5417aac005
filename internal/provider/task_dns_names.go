package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// undoTimeout bounds the removal of what a refused create has made.
const undoTimeout = 5 * time.Minute

// addClaimed tells that a domain belongs to another resource.
func addClaimed(err *taskdnsstack.ClaimedError, diags *diag.Diagnostics) {
	diags.AddAttributeError(path.Root("domain"), "Domain of another resource", err.Error()+". "+err.Advice())
}

// giveUp removes the parts of a create that cannot come to its end. It tells
// whether nothing is left.
func giveUp(ctx context.Context, c *awsclient.Clients, spec taskdnsstack.Spec, diags *diag.Diagnostics) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	spec.Unfinished = true
	err := spec.Stack(c).Delete(ctx)
	addError(diags, "Removing what was made of", names.KindTaskDNS, spec.Scope.Name, err)
	return err == nil
}

// warnOfNames has the function compare the zone with the running tasks, and
// warns of what it could not do: everything else is in place by then, and the
// function tries again by itself.
func warnOfNames(ctx context.Context, c *awsclient.Clients, spec taskdnsstack.Spec, unguarded bool, diags *diag.Diagnostics) {
	report, err := spec.Invoker(c).Finish(ctx, taskdns.Command{Do: taskdns.DoReconcile, Unguarded: unguarded})
	const after = "Everything else is in place. The function tries again by itself, as often as reconcile_interval says."
	switch {
	case err != nil:
		diags.AddWarning("Names of running tasks not compared yet", fmt.Sprintf("%s.\n\n%s", err, after))
	case report.Failed > 0:
		diags.AddWarning("Names of running tasks not right yet", fmt.Sprintf("The names of %d tasks could not be made right, the first of them because: %s.\n\n%s", report.Failed, report.Reason, after))
	}
	if report.Conflicts > 0 {
		diags.AddWarning("Names that are not ours", fmt.Sprintf("The names of %d tasks bear records of somebody else, which were left alone. "+
			"The function's log (%s) names them. With on_conflict = %q they are replaced.", report.Conflicts, spec.LogGroup(), conflictTakeOver))
	}
}

// taskDNSUpdate brings a resource from one spec to the next.
type taskDNSUpdate struct {
	clients   *awsclient.Clients
	old, next taskdnsstack.Spec
}

// privateData is what Terraform keeps for the provider beside the state.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// privatePlaces holds the places at which names may be while a move is under
// way, so that none is forgotten if it fails and the user wants another one
// then.
const privatePlaces = "places"

// run makes the update. Names that move are written at their new place before
// they are removed at the old one.
func (u taskDNSUpdate) run(ctx context.Context, before privateData, resp *resource.UpdateResponse) {
	diags := &resp.Diagnostics
	fail := func(err error) { addError(diags, "Updating", names.KindTaskDNS, u.next.Scope.Name, err) }
	places := u.next.Places(u.old, readPlaces(ctx, before, diags))
	transition, moves := u.next.Retiring(places)
	if moves {
		writePlaces(ctx, resp.Private, places, diags)
	}
	parts := transition.Stack(u.clients)
	if err := parts.Ensure(ctx); err != nil {
		var claimed *taskdnsstack.ClaimedError
		if !errors.As(err, &claimed) {
			fail(err)
			return
		}
		addClaimed(claimed, diags)
		u.restore(ctx, diags)
		return
	}
	if moves {
		if err := u.move(ctx); err != nil {
			fail(err)
			return
		}
		writePlaces(ctx, resp.Private, nil, diags)
	}
	if err := u.old.Stack(u.clients).Without(u.next.Stack(u.clients)).Delete(ctx); err != nil {
		fail(err)
		return
	}
	if !moves {
		warnOfNames(ctx, u.clients, u.next, u.losesClusters(), diags)
	}
}

// move makes the names at the new place, then removes those at the old ones,
// and then takes the permission for that away from the function.
func (u taskDNSUpdate) move(ctx context.Context) error {
	function := u.next.Invoker(u.clients)
	report, err := function.Finish(ctx, taskdns.Command{Do: taskdns.DoReconcile, Unguarded: u.losesClusters()})
	if err != nil {
		return fmt.Errorf("making the names at their new place: %w", err)
	}
	if report.Failed > 0 {
		return fmt.Errorf("making the names at their new place: %d tasks have none, the first of them because: %s", report.Failed, report.Reason)
	}
	if _, err := function.Finish(ctx, taskdns.Command{Do: taskdns.DoRetire}); err != nil {
		return fmt.Errorf("removing the names at their old place: %w", err)
	}
	return u.next.Stack(u.clients).Ensure(ctx)
}

// restore brings the parts back to the former settings after the new domain
// was refused, so that the function goes on with the former one.
func (u taskDNSUpdate) restore(ctx context.Context, diags *diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	old := u.old
	var err error
	if old.Artifact, err = lambdas.Load(lambdas.TaskDNS, old.Architecture); err == nil {
		err = old.Stack(u.clients).Ensure(ctx)
	}
	addError(diags, "Restoring the former settings of", names.KindTaskDNS, old.Scope.Name, err)
}

// losesClusters tells whether tasks lose their names because their cluster is
// not to be served any more. However many they are, that is no accident.
func (u taskDNSUpdate) losesClusters() bool {
	return slices.ContainsFunc(u.old.ClusterARNs, func(arn string) bool { return !slices.Contains(u.next.ClusterARNs, arn) })
}

func readPlaces(ctx context.Context, private privateData, diags *diag.Diagnostics) []taskdns.Place {
	text, ds := private.GetKey(ctx, privatePlaces)
	diags.Append(ds...)
	var places []taskdns.Place
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &places); err != nil {
		diags.AddError("Unreadable state", fmt.Sprintf("What an earlier update noted beside the state cannot be read: %s.", err))
	}
	return places
}

func writePlaces(ctx context.Context, private privateData, places []taskdns.Place, diags *diag.Diagnostics) {
	text, err := json.Marshal(places)
	if err != nil {
		diags.AddError("Unwritable state", err.Error()) // cannot happen: strings only
		return
	}
	diags.Append(private.SetKey(ctx, privatePlaces, text)...)
}
