package certbot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go"
)

// assumeDenied is what a call of Route 53 ends with if STS refuses the role.
func assumeDenied(role string) error {
	refused := &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: denied("sts:AssumeRole on resource: " + role)}
	return &smithy.OperationError{ServiceID: "Route 53", OperationName: "ListResourceRecordSets", Err: fmt.Errorf("get identity: get credentials: %w", refused)}
}

// Everything that concerns a zone is done with its role: reading, changing,
// and waiting for the change.
func TestZoneOfAnotherAccountIsReachedByItsRole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"a.example.com"}, []string{"b.example.com"})
		role := Role{ARN: "arn:aws:iam::210987654321:role/zone", ExternalID: "x1"}
		w.config.Certificates[1].ZoneRole = &role
		own, far := newFakeZone("Z1"), w.zone
		w.config.Certificates = w.config.Certificates[1:]
		report, err := w.runWith(t.Context(), Request{}, func(r Role) Route53 {
			if r == role {
				return far
			}
			return own
		})
		if err != nil || report.Certificates[0].State != StateIssued {
			t.Fatalf("error %v, statuses %+v", err, report.Certificates)
		}
		w.holdsNoRecords(t)
		for _, action := range []string{"ListResourceRecordSets", "ChangeResourceRecordSets", "GetChange"} {
			if far.calls[action] == 0 || own.calls[action] != 0 {
				t.Errorf("%s was called %d times with the role and %d times without", action, far.calls[action], own.calls[action])
			}
		}
	})
}

// A role that does not let the function in, or does not let it do its work, is
// said to, before anything is ordered.
func TestDeniedZoneRoleIsExplained(t *testing.T) {
	t.Parallel()
	role, function := "arn:aws:iam::210987654321:role/zone", "arn:aws:iam::123456789012:role/fargatedirect-prod"
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"not assumed": {
			err:  assumeDenied(role),
			want: []string{"assuming role (" + role + ")", "its trust policy must allow sts:AssumeRole to " + function},
		},
		"assumed": {
			err:  denied("route53:ListResourceRecordSets"),
			want: []string{"acting as role (" + role + ")", "give it the permissions that the guide on certificates shows"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"a.example.com"})
				w.config.RoleARN = function
				w.config.Certificates[0].ZoneRole = &Role{ARN: role}
				w.zone.fail = func(string) error { return test.err }
				status := w.mustFail(t, context.WithoutCancel(t.Context()))
				for _, want := range test.want {
					if !strings.Contains(status.Failure.Message, want) {
						t.Errorf("the message is %q, want %q in it", status.Failure.Message, want)
					}
				}
				if w.ordered() != 0 || slices.Contains(w.ca.requests, "/account") {
					t.Errorf("%d orders, requests %q; want the authority left alone", w.ordered(), w.ca.requests)
				}
			})
		})
	}
}
