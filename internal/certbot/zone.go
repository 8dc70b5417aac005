package certbot

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// zone is where a certificate's challenges are answered.
func (r *run) zone(c Certificate) txtSets {
	var role Role
	if c.ZoneRole != nil {
		role = *c.ZoneRole
	}
	return txtSets{api: r.clients.Route53(role), zone: c.HostedZoneID}
}

// zoneDenied is a denied call for a zone that a role is assumed for. It names
// whose policy is to be changed, which IAM's own answer leaves to guess.
type zoneDenied struct {
	err error
	// role was assumed, or was to be assumed by the function's role.
	role, function string
	// trust tells that the role itself could not be assumed.
	trust bool
}

func (d *zoneDenied) Error() string {
	if d.trust {
		return fmt.Sprintf("assuming role (%s): %s", d.role, d.err)
	}
	return fmt.Sprintf("acting as role (%s): %s", d.role, d.err)
}

func (d *zoneDenied) Unwrap() error { return d.err }

// advice is what can be done about it, and by whom.
func (d *zoneDenied) advice() string {
	if d.trust {
		return fmt.Sprintf("The role %s does not let the function in: its trust policy must allow sts:AssumeRole to %s, with the external id if it asks for one.", d.role, d.function)
	}
	return fmt.Sprintf("The role %s, or a policy above it, forbids what the function does in the hosted zone: give it the permissions that the guide on certificates shows.", d.role)
}

// explained has a denied call for a certificate's zone say whose policy denies
// it. Other errors stay as they are.
func (r *run) explained(c Certificate, err error) error {
	if c.ZoneRole == nil || !awserr.IsAccessDenied(err) {
		return err
	}
	return &zoneDenied{err: err, role: c.ZoneRole.ARN, function: r.config.RoleARN, trust: ofSTS(err)}
}

// ofSTS tells whether it was STS that answered, as it does before the first
// call of another service as a role.
func ofSTS(err error) bool {
	for operation, ok := errors.AsType[*smithy.OperationError](err); ok; operation, ok = errors.AsType[*smithy.OperationError](operation.Err) {
		if operation.ServiceID == "STS" {
			return true
		}
	}
	return false
}

// zoneAdvice is what can be done about an error that comes of a zone which is
// not the domain's own or not the account's; empty if it does not.
func zoneAdvice(err error, kind string) string {
	if denied, ok := errors.AsType[*zoneDenied](err); ok {
		return denied.advice()
	}
	if d, ok := errors.AsType[*delegation](err); ok && slices.Contains([]string{"dns", "unauthorized", "incorrectResponse"}, kind) {
		return d.advice()
	}
	return ""
}
