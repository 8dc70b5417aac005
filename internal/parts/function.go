package parts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// FunctionAPI is what Function calls of Lambda.
type FunctionAPI interface {
	lambdaTagAPI
	CreateFunction(context.Context, *lambda.CreateFunctionInput, ...func(*lambda.Options)) (*lambda.CreateFunctionOutput, error)
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	UpdateFunctionConfiguration(context.Context, *lambda.UpdateFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.UpdateFunctionConfigurationOutput, error)
	UpdateFunctionCode(context.Context, *lambda.UpdateFunctionCodeInput, ...func(*lambda.Options)) (*lambda.UpdateFunctionCodeOutput, error)
	DeleteFunction(context.Context, *lambda.DeleteFunctionInput, ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error)
	GetFunctionEventInvokeConfig(context.Context, *lambda.GetFunctionEventInvokeConfigInput, ...func(*lambda.Options)) (*lambda.GetFunctionEventInvokeConfigOutput, error)
	PutFunctionEventInvokeConfig(context.Context, *lambda.PutFunctionEventInvokeConfigInput, ...func(*lambda.Options)) (*lambda.PutFunctionEventInvokeConfigOutput, error)
}

// What is the same for all our functions.
const (
	functionRuntime = types.RuntimeProvidedal2023
	functionHandler = "bootstrap"
	// Retries of asynchronous invocations are off, because the functions
	// decide themselves what is worth another try, and when.
	functionAsyncRetries int32 = 0
	functionAsyncMaxAge  int32 = 3600
	// Lambda's own values where nothing is configured.
	lambdaAsyncRetries int32 = 2
	lambdaAsyncMaxAge  int32 = 21600
)

// The error codes of Lambda that parts tell apart.
const (
	lambdaNotFound = "ResourceNotFoundException"
	lambdaConflict = "ResourceConflictException"
	lambdaInUse    = "ResourceInUseException"
	lambdaInvalid  = "InvalidParameterValueException"
)

// Function is a Lambda function on Amazon Linux 2023 whose package holds one
// file, "bootstrap", with its settings for asynchronous invocations. What is
// not in the struct (layers, network, concurrency) is left as it is.
type Function struct {
	API FunctionAPI
	// Name and ARN identify the function; the ARN is without a qualifier.
	Name, ARN string
	// RoleARN is the role that the function runs as.
	RoleARN string
	// Description is for people.
	Description string
	// Architecture is "arm64" or "x86_64".
	Architecture string
	// MemoryMB and TimeoutSeconds are the limits of one invocation.
	MemoryMB, TimeoutSeconds int32
	// Environment is all variables. Their values never get into messages.
	Environment map[string]string
	// Zip is the deployment package.
	Zip []byte
	// CodeSHA256 is the package's hash as Lambda tells it: base64.
	CodeSHA256 string
	// KMSKeyARN encrypts the environment; empty for the service's own key.
	KMSKeyARN string
	Tags      Tags
	// Sleep waits between tries; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

func (f *Function) String() string { return fmt.Sprintf("Lambda function (%s)", f.Name) }

// Ensure creates the function or brings configuration, code, tags and
// asynchronous invocation to what is wanted. When it answers nil the function
// can be invoked.
func (f *Function) Ensure(ctx context.Context) error {
	have, err := f.awaitSettled(ctx)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		err = f.create(ctx)
	case err != nil:
		err = fmt.Errorf("reading %s: %w", f, err)
	default:
		err = f.update(ctx, have)
	}
	if err != nil {
		return err
	}
	return f.setAsync(ctx)
}

// Drift tells how configuration, code, tags and asynchronous invocation differ.
func (f *Function) Drift(ctx context.Context) ([]string, error) {
	have, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	if err := environmentError(have); err != nil {
		return nil, err
	}
	async, err := f.asyncDrift(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := f.ReadTags(ctx)
	if err != nil {
		return nil, err
	}
	diffs := append(f.stateDrift(have), f.configurationDrift(have)...)
	diffs = append(diffs, f.codeDrift(have)...)
	diffs = append(diffs, async...)
	return append(diffs, f.Tags.Drift(tags)...), nil
}

// Delete removes the function with its settings, permissions and code.
func (f *Function) Delete(ctx context.Context) error {
	err := f.retry(ctx, isLambdaBusy, func() error {
		_, err := f.API.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &f.Name})
		return err
	})
	if err != nil && !awserr.Is(err, lambdaNotFound) {
		return fmt.Errorf("deleting %s: %w", f, err)
	}
	return nil
}

// ReadTags answers the function's tags, or stack.ErrNotFound.
func (f *Function) ReadTags(ctx context.Context) (map[string]string, error) {
	return readLambdaTags(ctx, f.API, f.ARN)
}

// Untag removes one tag.
func (f *Function) Untag(ctx context.Context, key string) error {
	return untagLambda(ctx, f.API, f.ARN, key)
}

func (f *Function) find(ctx context.Context) (*lambda.GetFunctionConfigurationOutput, error) {
	have, err := f.API.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &f.Name})
	if awserr.Is(err, lambdaNotFound) {
		return nil, stack.ErrNotFound
	}
	return have, err
}

func (f *Function) create(ctx context.Context) error {
	in := &lambda.CreateFunctionInput{
		FunctionName:  &f.Name,
		Description:   &f.Description,
		Role:          &f.RoleARN,
		Runtime:       functionRuntime,
		Handler:       aws.String(functionHandler),
		Architectures: []types.Architecture{types.Architecture(f.Architecture)},
		MemorySize:    &f.MemoryMB,
		Timeout:       &f.TimeoutSeconds,
		Environment:   &types.Environment{Variables: f.Environment},
		Code:          &types.FunctionCode{ZipFile: f.Zip},
		Tags:          f.Tags.Want,
	}
	if f.KMSKeyARN != "" {
		in.KMSKeyArn = &f.KMSKeyARN
	}
	err := f.retry(ctx, isRoleSpreading, func() error {
		_, err := f.API.CreateFunction(ctx, in)
		return err
	})
	if err == nil {
		err = f.awaitReady(ctx)
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", f, err)
	}
	return nil
}

// update changes the configuration before the code, so that new code never
// meets settings that it does not know.
func (f *Function) update(ctx context.Context, have *lambda.GetFunctionConfigurationOutput) error {
	if environmentError(have) != nil || len(f.configurationDrift(have)) > 0 {
		if err := f.updateConfiguration(ctx); err != nil {
			return fmt.Errorf("configuring %s: %w", f, err)
		}
	}
	// Uploading the code again is also what brings back a function that
	// Lambda failed to set up.
	if len(f.codeDrift(have)) > 0 || len(f.stateDrift(have)) > 0 {
		if err := f.updateCode(ctx); err != nil {
			return fmt.Errorf("updating the code of %s: %w", f, err)
		}
	}
	return setLambdaTags(ctx, f.API, f, f.ARN, f.Tags)
}

func (f *Function) updateConfiguration(ctx context.Context) error {
	in := &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &f.Name,
		Description:  &f.Description,
		Role:         &f.RoleARN,
		Runtime:      functionRuntime,
		Handler:      aws.String(functionHandler),
		MemorySize:   &f.MemoryMB,
		Timeout:      &f.TimeoutSeconds,
		Environment:  &types.Environment{Variables: f.Environment},
		KMSKeyArn:    &f.KMSKeyARN, // the empty string takes a key away
	}
	again := func(err error) bool { return isLambdaBusy(err) || isRoleSpreading(err) }
	err := f.retry(ctx, again, func() error {
		_, err := f.API.UpdateFunctionConfiguration(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	return f.awaitReady(ctx)
}

func (f *Function) updateCode(ctx context.Context) error {
	in := &lambda.UpdateFunctionCodeInput{
		FunctionName:  &f.Name,
		ZipFile:       f.Zip,
		Architectures: []types.Architecture{types.Architecture(f.Architecture)},
	}
	err := f.retry(ctx, isLambdaBusy, func() error {
		_, err := f.API.UpdateFunctionCode(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	return f.awaitReady(ctx)
}

func (f *Function) setAsync(ctx context.Context) error {
	diffs, err := f.asyncDrift(ctx)
	if err != nil {
		return fmt.Errorf("reading %s: %w", f, err)
	}
	if len(diffs) == 0 {
		return nil
	}
	err = f.retry(ctx, isLambdaBusy, func() error {
		_, err := f.API.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
			FunctionName:             &f.Name,
			MaximumRetryAttempts:     aws.Int32(functionAsyncRetries),
			MaximumEventAgeInSeconds: aws.Int32(functionAsyncMaxAge),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("configuring asynchronous invocation of %s: %w", f, err)
	}
	return nil
}

func (f *Function) retry(ctx context.Context, again func(error) bool, call func() error) error {
	return retryWhile(ctx, f.Sleep, again, call)
}
