package taskdnsstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// InvokeAPI is what an Invoker calls of Lambda.
type InvokeAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Invoker has the function carry out commands. All of them may be sent again.
type Invoker struct {
	API InvokeAPI
	// Function is the function's name.
	Function string
	// Sleep waits, or answers the context's error; nil waits on the clock.
	Sleep func(context.Context, time.Duration) error
}

// FunctionError is what the function itself failed with.
type FunctionError struct {
	// Function is its name, Message is its own text.
	Function, Message string
}

func (e *FunctionError) Error() string {
	return fmt.Sprintf("Lambda function (%s) failed: %s", e.Function, e.Message)
}

// Once sends a command and answers the report. The error holds
// stack.ErrNotFound if there is no function, and a *FunctionError if the
// function failed.
func (i Invoker) Once(ctx context.Context, c taskdns.Command) (taskdns.Report, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return taskdns.Report{}, fmt.Errorf("marshalling command (%s): %w", c.Do, err)
	}
	out, err := i.API.Invoke(ctx, &lambda.InvokeInput{FunctionName: &i.Function, Payload: payload})
	switch {
	case awserr.Is(err, "ResourceNotFoundException"):
		return taskdns.Report{}, fmt.Errorf("invoking Lambda function (%s): %w", i.Function, stack.ErrNotFound)
	case err != nil:
		return taskdns.Report{}, fmt.Errorf("invoking Lambda function (%s): %w", i.Function, err)
	case out.FunctionError != nil:
		return taskdns.Report{}, &FunctionError{Function: i.Function, Message: message(out.Payload)}
	}
	var report taskdns.Report
	if err := json.Unmarshal(out.Payload, &report); err != nil {
		return taskdns.Report{}, fmt.Errorf("decoding what Lambda function (%s) answers: %w", i.Function, err)
	}
	return report, nil
}

// message is the text of a function's error.
func message(payload []byte) string {
	var failure struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failure) != nil || failure.Message == "" {
		return string(payload)
	}
	return failure.Message
}

const (
	// patience is how long IAM may take to spread what the function's role, or
	// the role of a zone in another account, may do.
	patience = 2 * time.Minute
	// firstPause and lastPause are between two tries; each is twice the one
	// before.
	firstPause = time.Second
	lastPause  = 10 * time.Second
)

// Patiently is Once, but tries again for two minutes while the function is
// denied what its policy allows it.
func (i Invoker) Patiently(ctx context.Context, c taskdns.Command) (taskdns.Report, error) {
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		report, err := i.Once(ctx, c)
		if err == nil || !denied(err) || waited >= patience {
			return report, err
		}
		if i.sleep(ctx, pause) != nil {
			return report, err // what AWS said last tells more
		}
		waited += pause
	}
}

// Finish sends a command until it is done, and adds up what it did.
func (i Invoker) Finish(ctx context.Context, c taskdns.Command) (taskdns.Report, error) {
	var created, deleted int
	for {
		report, err := i.Patiently(ctx, c)
		created += report.Created
		deleted += report.Deleted
		if err != nil || report.Done {
			report.Created, report.Deleted = created, deleted
			return report, err
		}
		if err := i.sleep(ctx, firstPause); err != nil {
			return report, fmt.Errorf("waiting for Lambda function (%s) to %s: %w", i.Function, c.Do, err)
		}
	}
}

// denied tells whether the function, or Lambda on its behalf, lacked a
// permission, or bore credentials that are not known everywhere yet.
func denied(err error) bool {
	if awserr.Is(err, "KMSAccessDeniedException") {
		return true
	}
	var failed *FunctionError
	if !errors.As(err, &failed) {
		return false
	}
	for _, text := range []string{"AccessDenied", "UnauthorizedOperation", "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"} {
		if strings.Contains(failed.Message, text) {
			return true
		}
	}
	return false
}

func (i Invoker) sleep(ctx context.Context, d time.Duration) error {
	if i.Sleep != nil {
		return i.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Invoker has the resource's function carry out commands.
func (s Spec) Invoker(c *awsclient.Clients) Invoker {
	return Invoker{API: c.Lambda, Function: s.Scope.Physical()}
}
