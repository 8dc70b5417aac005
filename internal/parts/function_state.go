package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// isLambdaBusy tells whether Lambda refused a change because another one is
// under way. "Already exist" has the same code and does not pass.
func isLambdaBusy(err error) bool {
	return awserr.Is(err, lambdaConflict) && !awserr.Says(err, lambdaConflict, "already exist")
}

// isRoleSpreading tells whether Lambda refused a role or key that it may only
// not know of yet: IAM takes seconds to spread a new role and its policy. A
// role that really is wrong answers the same, so the caller's time limit ends
// the tries.
func isRoleSpreading(err error) bool {
	for _, text := range []string{"cannot be assumed by Lambda", "execution role does not have permissions", "KMS key is invalid for CreateGrant"} {
		if awserr.Says(err, lambdaInvalid, text) {
			return true
		}
	}
	return false
}

// settling tells what change of the function is under way, if any.
func settling(have *lambda.GetFunctionConfigurationOutput) string {
	switch {
	case have.State == types.StatePending || have.State == types.StateDeleting:
		return fmt.Sprintf("state is still %s", have.State)
	case have.LastUpdateStatus == types.LastUpdateStatusInProgress:
		return "an update is still in progress"
	}
	return ""
}

// awaitSettled waits until no change of the function is under way. How the
// last one ended is for the caller to judge.
func (f *Function) awaitSettled(ctx context.Context) (*lambda.GetFunctionConfigurationOutput, error) {
	var have *lambda.GetFunctionConfigurationOutput
	err := pollUntil(ctx, f.Sleep, func() (string, error) {
		var err error
		if have, err = f.find(ctx); err != nil {
			return "", err
		}
		return settling(have), nil
	})
	return have, err
}

// awaitReady waits until the last change is done, and fails if Lambda failed
// at it.
func (f *Function) awaitReady(ctx context.Context) error {
	var have *lambda.GetFunctionConfigurationOutput
	err := pollUntil(ctx, f.Sleep, func() (string, error) {
		var err error
		have, err = f.find(ctx)
		if errors.Is(err, stack.ErrNotFound) {
			return "not to be found yet", nil // reading may lag behind creating
		}
		if err != nil {
			return "", err
		}
		return settling(have), nil
	})
	if err != nil {
		return err
	}
	if diffs := f.stateDrift(have); len(diffs) > 0 {
		return errors.New(strings.Join(diffs, "; "))
	}
	return nil
}

// stateDrift tells whether Lambda failed to set the function up.
func (f *Function) stateDrift(have *lambda.GetFunctionConfigurationOutput) []string {
	var diffs []string
	if have.State == types.StateFailed {
		diffs = append(diffs, fmt.Sprintf("state is Failed: %s", lambdaReason(have.StateReason)))
	}
	if have.LastUpdateStatus == types.LastUpdateStatusFailed {
		diffs = append(diffs, fmt.Sprintf("the last update failed: %s", lambdaReason(have.LastUpdateStatusReason)))
	}
	return diffs
}

func (f *Function) configurationDrift(have *lambda.GetFunctionConfigurationOutput) []string {
	var diffs []string
	differs := func(what, got, want string) {
		if got != want {
			diffs = append(diffs, fmt.Sprintf("%s is %s, want %s", what, got, want))
		}
	}
	differs("role", aws.ToString(have.Role), f.RoleARN)
	differs("description", fmt.Sprintf("%q", aws.ToString(have.Description)), fmt.Sprintf("%q", f.Description))
	differs("runtime", string(have.Runtime), string(functionRuntime))
	differs("handler", aws.ToString(have.Handler), functionHandler)
	differs("memory", fmt.Sprintf("%d MB", aws.ToInt32(have.MemorySize)), fmt.Sprintf("%d MB", f.MemoryMB))
	differs("timeout", fmt.Sprintf("%d s", aws.ToInt32(have.Timeout)), fmt.Sprintf("%d s", f.TimeoutSeconds))
	differs("KMS key", fmt.Sprintf("%q", aws.ToString(have.KMSKeyArn)), fmt.Sprintf("%q", f.KMSKeyARN))
	return append(diffs, f.environmentDrift(functionEnvironment(have))...)
}

// environmentDrift names variables only: their values may be of a kind that
// does not belong into a plan.
func (f *Function) environmentDrift(have map[string]string) []string {
	var diffs []string
	for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
		got, ok := have[name]
		switch {
		case !ok:
			diffs = append(diffs, fmt.Sprintf("environment variable %s is missing", name))
		case got != f.Environment[name]:
			diffs = append(diffs, fmt.Sprintf("environment variable %s differs", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := f.Environment[name]; !ok {
			diffs = append(diffs, fmt.Sprintf("environment variable %s is set, want none", name))
		}
	}
	return diffs
}

func (f *Function) codeDrift(have *lambda.GetFunctionConfigurationOutput) []string {
	var diffs []string
	if got := aws.ToString(have.CodeSha256); got != f.CodeSHA256 {
		diffs = append(diffs, fmt.Sprintf("the code differs (sha256 %s, want %s)", got, f.CodeSHA256))
	}
	if got := functionArchitecture(have); got != f.Architecture {
		diffs = append(diffs, fmt.Sprintf("architecture is %s, want %s", got, f.Architecture))
	}
	return diffs
}

func (f *Function) asyncDrift(ctx context.Context) ([]string, error) {
	have, err := f.API.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &f.Name})
	if awserr.Is(err, lambdaNotFound) {
		have, err = &lambda.GetFunctionEventInvokeConfigOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	var diffs []string
	if got := valueOr(have.MaximumRetryAttempts, lambdaAsyncRetries); got != functionAsyncRetries {
		diffs = append(diffs, fmt.Sprintf("asynchronous retries are %d, want %d", got, functionAsyncRetries))
	}
	if got := valueOr(have.MaximumEventAgeInSeconds, lambdaAsyncMaxAge); got != functionAsyncMaxAge {
		diffs = append(diffs, fmt.Sprintf("the maximum age of asynchronous events is %d s, want %d s", got, functionAsyncMaxAge))
	}
	if d := have.DestinationConfig; d != nil && (d.OnFailure != nil && d.OnFailure.Destination != nil || d.OnSuccess != nil && d.OnSuccess.Destination != nil) {
		diffs = append(diffs, "asynchronous events have a destination, want none")
	}
	return diffs, nil
}

// environmentError tells why Lambda answered no variables although there are
// some: the caller may not use their key. To read on would report all of them
// as missing.
func environmentError(have *lambda.GetFunctionConfigurationOutput) error {
	if have.Environment == nil || have.Environment.Error == nil {
		return nil
	}
	e := have.Environment.Error
	return fmt.Errorf("decrypting the environment (allow the caller kms:Decrypt on the key): %s: %s", aws.ToString(e.ErrorCode), aws.ToString(e.Message))
}

func functionEnvironment(have *lambda.GetFunctionConfigurationOutput) map[string]string {
	if have.Environment == nil {
		return nil
	}
	return have.Environment.Variables
}

// functionArchitecture reads the one architecture of a function. Lambda leaves
// it out of some answers where it is the oldest.
func functionArchitecture(have *lambda.GetFunctionConfigurationOutput) string {
	if len(have.Architectures) == 0 {
		return string(types.ArchitectureX8664)
	}
	return string(have.Architectures[0])
}

func lambdaReason(text *string) string {
	if s := aws.ToString(text); s != "" {
		return s
	}
	return "Lambda gives no reason"
}

func valueOr(v *int32, def int32) int32 {
	if v == nil {
		return def
	}
	return *v
}
