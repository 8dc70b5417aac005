package taskdnsstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// answer is what a function answers to one command.
type answer struct {
	report taskdns.Report
	// failure is the function's own error, refusal is Lambda's.
	failure string
	refusal error
}

// function is a Lambda function that answers commands in order, the last one
// for ever.
type function struct {
	t       *testing.T
	answers []answer
	asked   []string
	slept   time.Duration
}

func (f *function) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	var command taskdns.Command
	if err := json.Unmarshal(in.Payload, &command); err != nil || aws.ToString(in.FunctionName) != "f" || in.InvocationType != "" {
		f.t.Errorf("invoked %s (%s) with %s", aws.ToString(in.FunctionName), in.InvocationType, in.Payload)
	}
	f.asked = append(f.asked, command.Do)
	a := f.answers[0]
	if len(f.answers) > 1 {
		f.answers = f.answers[1:]
	}
	switch {
	case a.refusal != nil:
		return nil, a.refusal
	case a.failure != "":
		text, err := json.Marshal(map[string]string{"errorMessage": a.failure, "errorType": "wrapError"})
		return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: text}, err
	}
	text, err := json.Marshal(a.report)
	return &lambda.InvokeOutput{Payload: text}, err
}

func (f *function) invoker() Invoker {
	return Invoker{API: f, Function: "f", Sleep: func(ctx context.Context, d time.Duration) error {
		f.slept += d
		return ctx.Err()
	}}
}

const deniedText = "listing record sets: operation error Route 53: ListResourceRecordSets, api error AccessDenied: User is not authorized"

var (
	ours     = answer{report: taskdns.Report{Claimant: "task_dns/prod of account 123456789012 in region eu-west-2", Ours: true, Done: true}}
	theirs   = answer{report: taskdns.Report{Claimant: "task_dns/web of account 111122223333 in region eu-west-2", Done: true}}
	nobodys  = answer{report: taskdns.Report{Done: true}}
	more     = answer{report: taskdns.Report{Ours: true, Created: 1, Deleted: 2}}
	denial   = answer{failure: deniedText}
	failing  = answer{failure: "out of memory"}
	absent   = answer{refusal: &smithy.GenericAPIError{Code: "ResourceNotFoundException"}}
	mayNot   = answer{refusal: &smithy.GenericAPIError{Code: "AccessDeniedException"}}
	keyFails = answer{refusal: &smithy.GenericAPIError{Code: "KMSAccessDeniedException"}}
)

func newClaim(t *testing.T, answers ...answer) (*claim, *function) {
	t.Helper()
	f := &function{t: t, answers: answers}
	return &claim{invoker: f.invoker(), domain: "tasks.example.com"}, f
}

func TestClaimEnsure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []answer
		asked   int
		problem string
	}{
		"claimed":               {[]answer{ours}, 1, ""},
		"permissions are young": {[]answer{denial, keyFails, denial, ours}, 4, ""},
		"somebody else's":       {[]answer{theirs}, 1, "the domain tasks.example.com belongs to task_dns/web of account 111122223333"},
		"broken":                {[]answer{failing}, 1, "claiming domain (tasks.example.com): Lambda function (f) failed: out of memory"},
		"caller may not":        {[]answer{mayNot}, 1, "invoking Lambda function (f)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := newClaim(t, test.answers...)
			err := c.Ensure(t.Context())
			if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v", err)
			}
			if len(f.asked) != test.asked || slices.ContainsFunc(f.asked, func(do string) bool { return do != taskdns.DoClaim }) {
				t.Errorf("the function was asked to %q", f.asked)
			}
			var claimed *ClaimedError
			if errors.As(err, &claimed) && !strings.Contains(claimed.Advice(), "delete the TXT record _fargatedirect.tasks.example.com") {
				t.Errorf("the advice is %q", claimed.Advice())
			}
		})
	}
}

// Permissions that never come end in AWS's own words, after two minutes.
func TestClaimLosesPatience(t *testing.T) {
	t.Parallel()
	c, f := newClaim(t, denial)
	err := c.Ensure(t.Context())
	if err == nil || !strings.Contains(err.Error(), deniedText) {
		t.Errorf("got %v", err)
	}
	if f.slept < patience || f.slept > patience+lastPause {
		t.Errorf("it waited %s", f.slept)
	}
}

func TestClaimDrift(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  answer
		want    []string
		missing bool
		problem string
	}{
		"ours":            {answer: ours},
		"nobody's":        {answer: nobodys, missing: true},
		"no function":     {answer: absent, missing: true},
		"somebody else's": {answer: theirs, want: []string{"the domain tasks.example.com belongs to task_dns/web of account 111122223333 in region eu-west-2"}},
		"broken":          {answer: failing, want: []string{"cannot be read, because the function fails: out of memory"}},
		"caller may not":  {answer: mayNot, problem: "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := newClaim(t, test.answer)
			got, err := c.Drift(t.Context())
			if test.missing != errors.Is(err, stack.ErrNotFound) || !test.missing && (err == nil) != (test.problem == "") ||
				test.problem != "" && !strings.Contains(err.Error(), test.problem) || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v", got, err)
			}
			if !slices.Equal(f.asked, []string{taskdns.DoStatus}) {
				t.Errorf("the function was asked to %q", f.asked)
			}
		})
	}
}

func TestClaimDelete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []answer
		mayStay bool
		asked   int
		stops   bool
	}{
		"at once":                      {answers: []answer{ours}, asked: 1},
		"bit by bit":                   {answers: []answer{more, more, nobodys}, asked: 3},
		"permissions are young":        {answers: []answer{denial, ours}, asked: 2},
		"no function":                  {answers: []answer{absent}, asked: 1},
		"broken":                       {answers: []answer{failing}, asked: 1, stops: true},
		"broken after half":            {answers: []answer{more, failing}, asked: 2, stops: true},
		"caller may not":               {answers: []answer{mayNot}, asked: 1, stops: true},
		"never finished, and works":    {answers: []answer{more, nobodys}, mayStay: true, asked: 2},
		"never finished, and broken":   {answers: []answer{failing}, mayStay: true, asked: 1},
		"never finished, and may not":  {answers: []answer{denial}, mayStay: true, asked: 1},
		"never finished, not at all":   {answers: []answer{absent}, mayStay: true, asked: 1},
		"never finished, then refused": {answers: []answer{more, failing}, mayStay: true, asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := newClaim(t, test.answers...)
			c.mayStay = test.mayStay
			err := c.Delete(t.Context())
			if (err != nil) != test.stops || errors.Is(err, stack.ErrStop) != test.stops {
				t.Errorf("got %v", err)
			}
			if test.stops && !strings.Contains(err.Error(), "delete Lambda function f by hand and destroy again") {
				t.Errorf("the error does not tell what to do: %v", err)
			}
			if len(f.asked) != test.asked || slices.ContainsFunc(f.asked, func(do string) bool { return do != taskdns.DoDrain }) {
				t.Errorf("the function was asked to %q", f.asked)
			}
		})
	}
}

func TestFinishAddsUp(t *testing.T) {
	t.Parallel()
	f := &function{t: t, answers: []answer{more, denial, more, {report: taskdns.Report{Created: 5, Done: true, Conflicts: 7}}}}
	got, err := f.invoker().Finish(t.Context(), taskdns.Command{Do: taskdns.DoReconcile})
	if want := (taskdns.Report{Created: 7, Deleted: 4, Conflicts: 7, Done: true}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f = &function{t: t, answers: []answer{more}}
	if _, err := f.invoker().Finish(ctx, taskdns.Command{Do: taskdns.DoRetire}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func TestOnceTellsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	f := &function{t: t, answers: []answer{{failure: "x"}}}
	var failed *FunctionError
	if _, err := f.invoker().Once(t.Context(), taskdns.Command{Do: "x"}); !errors.As(err, &failed) || failed.Message != "x" {
		t.Errorf("got %v", err)
	}
	if got := message([]byte("not JSON")); got != "not JSON" {
		t.Errorf("an error that is no JSON is %q", got)
	}
	for _, code := range []string{"AccessDenied", "UnauthorizedOperation", "UnrecognizedClientException", "InvalidClientTokenId"} {
		if !denied(fmt.Errorf("x: %w", &FunctionError{Message: "api error " + code + ": no"})) {
			t.Errorf("%s is no denial", code)
		}
	}
	if denied(&FunctionError{Message: "NoSuchHostedZone"}) || denied(errors.New("AccessDenied")) {
		t.Error("what is no denial of the function is taken for one")
	}
}

// undeletable is a part that cannot be deleted.
type undeletable struct{ stack.Tagged }

func (undeletable) Delete(context.Context) error { return errors.New("no") }

// While the function cannot be deleted it keeps its role, by which the next
// destroy can remove names.
func TestFunctionKeepsItsRole(t *testing.T) {
	t.Parallel()
	if err := (kept{undeletable{}}).Delete(t.Context()); !errors.Is(err, stack.ErrStop) {
		t.Errorf("got %v", err)
	}
	s := testSpec("web").Stack(&awsclient.Clients{})
	if _, ok := s.Stages[2][0].(kept); !ok {
		t.Errorf("the function is %T", s.Stages[2][0])
	}
}
