package parts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// fakeFunctions is a Lambda with one function's name. Every change takes a
// few reads to settle, and meanwhile no other change is let through.
type fakeFunctions struct {
	service
	fakeLambdaTags
	have  *lambda.GetFunctionConfigurationOutput
	async *lambda.GetFunctionEventInvokeConfigOutput
	// settleReads is how many reads see a change under way.
	settleReads int
	// spreading is how often a role is not known yet; spreadError is what
	// Lambda says then.
	spreading   int
	spreadError error
	// failCreate makes a new function end in state Failed.
	failCreate bool
	busy       int
}

func (f *fakeFunctions) CreateFunction(_ context.Context, in *lambda.CreateFunctionInput, _ ...func(*lambda.Options)) (*lambda.CreateFunctionOutput, error) {
	if f.spreading > 0 {
		f.spreading--
		return nil, f.spreadError
	}
	if err := f.call("CreateFunction"); err != nil {
		return nil, err
	}
	if f.have != nil {
		return nil, fault("ResourceConflictException", "Function already exist: f")
	}
	if len(in.Architectures) != 1 || in.Code == nil || len(in.Code.ZipFile) == 0 || aws.ToString(in.KMSKeyArn) == "" && in.KMSKeyArn != nil {
		return nil, fault("InvalidParameterValueException", "bad request")
	}
	if err := refuseTags(in.Tags); err != nil {
		return nil, err
	}
	f.have = &lambda.GetFunctionConfigurationOutput{
		FunctionName: dup(in.FunctionName), FunctionArn: aws.String(testFunctionARN), Role: dup(in.Role), Description: dup(in.Description),
		Runtime: in.Runtime, Handler: dup(in.Handler), MemorySize: dup(in.MemorySize), Timeout: dup(in.Timeout), KMSKeyArn: dup(in.KMSKeyArn),
		Environment:   &types.EnvironmentResponse{Variables: maps.Clone(in.Environment.Variables)},
		Architectures: in.Architectures, CodeSha256: aws.String(sha(in.Code.ZipFile)), State: types.StatePending,
	}
	f.arn, f.tags, f.busy = testFunctionARN, maps.Clone(in.Tags), f.settleReads
	return &lambda.CreateFunctionOutput{}, nil
}

func (f *fakeFunctions) GetFunctionConfiguration(_ context.Context, in *lambda.GetFunctionConfigurationInput, _ ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	if err := f.exists("GetFunctionConfiguration", in.FunctionName); err != nil {
		return nil, err
	}
	if f.busy--; f.busy < 0 {
		f.settle()
	}
	out := *f.have
	return &out, nil
}

func (f *fakeFunctions) settle() {
	switch {
	case f.have.State == types.StatePending && f.failCreate:
		f.have.State, f.have.StateReason = types.StateFailed, aws.String("the package is broken")
	case f.have.State == types.StatePending:
		f.have.State = types.StateActive
	}
	if f.have.LastUpdateStatus != types.LastUpdateStatusFailed {
		f.have.LastUpdateStatus = types.LastUpdateStatusSuccessful
	}
}

// update lets a change of the function begin.
func (f *fakeFunctions) update(name string, function *string) error {
	if err := f.exists(name, function); err != nil {
		return err
	}
	switch {
	case f.have.State == types.StatePending:
		return fault("ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending")
	case f.have.LastUpdateStatus == types.LastUpdateStatusInProgress:
		return fault("ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: "+testFunctionARN)
	}
	return nil
}

func (f *fakeFunctions) UpdateFunctionConfiguration(_ context.Context, in *lambda.UpdateFunctionConfigurationInput, _ ...func(*lambda.Options)) (*lambda.UpdateFunctionConfigurationOutput, error) {
	if f.spreading > 0 {
		f.spreading--
		return nil, f.spreadError
	}
	if err := f.update("UpdateFunctionConfiguration", in.FunctionName); err != nil {
		return nil, err
	}
	h := f.have
	h.Role, h.Description, h.Runtime, h.Handler = dup(in.Role), dup(in.Description), in.Runtime, dup(in.Handler)
	h.MemorySize, h.Timeout = dup(in.MemorySize), dup(in.Timeout)
	h.Environment = &types.EnvironmentResponse{Variables: maps.Clone(in.Environment.Variables)}
	h.KMSKeyArn = dup(in.KMSKeyArn)
	if aws.ToString(in.KMSKeyArn) == "" {
		h.KMSKeyArn = nil
	}
	h.LastUpdateStatus, f.busy = types.LastUpdateStatusInProgress, f.settleReads
	return &lambda.UpdateFunctionConfigurationOutput{}, nil
}

func (f *fakeFunctions) UpdateFunctionCode(_ context.Context, in *lambda.UpdateFunctionCodeInput, _ ...func(*lambda.Options)) (*lambda.UpdateFunctionCodeOutput, error) {
	if err := f.update("UpdateFunctionCode", in.FunctionName); err != nil {
		return nil, err
	}
	h := f.have
	h.CodeSha256, h.Architectures = aws.String(sha(in.ZipFile)), in.Architectures
	h.State, h.StateReason, h.LastUpdateStatusReason = types.StateActive, nil, nil
	h.LastUpdateStatus, f.busy = types.LastUpdateStatusInProgress, f.settleReads
	return &lambda.UpdateFunctionCodeOutput{}, nil
}

func (f *fakeFunctions) DeleteFunction(_ context.Context, in *lambda.DeleteFunctionInput, _ ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error) {
	if err := f.exists("DeleteFunction", in.FunctionName); err != nil {
		return nil, err
	}
	f.have, f.async, f.arn = nil, nil, ""
	return &lambda.DeleteFunctionOutput{}, nil
}

func (f *fakeFunctions) GetFunctionEventInvokeConfig(_ context.Context, in *lambda.GetFunctionEventInvokeConfigInput, _ ...func(*lambda.Options)) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	if err := f.exists("GetFunctionEventInvokeConfig", in.FunctionName); err != nil {
		return nil, err
	}
	if f.async == nil {
		return nil, fault("ResourceNotFoundException", "The function f doesn't have an EventInvokeConfig")
	}
	return f.async, nil
}

func (f *fakeFunctions) PutFunctionEventInvokeConfig(_ context.Context, in *lambda.PutFunctionEventInvokeConfigInput, _ ...func(*lambda.Options)) (*lambda.PutFunctionEventInvokeConfigOutput, error) {
	if err := f.update("PutFunctionEventInvokeConfig", in.FunctionName); err != nil {
		return nil, err
	}
	f.async = &lambda.GetFunctionEventInvokeConfigOutput{
		MaximumRetryAttempts: dup(in.MaximumRetryAttempts), MaximumEventAgeInSeconds: dup(in.MaximumEventAgeInSeconds),
		DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{}, OnSuccess: &types.OnSuccess{}},
	}
	return &lambda.PutFunctionEventInvokeConfigOutput{}, nil
}

func (f *fakeFunctions) exists(op string, name *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.have == nil || aws.ToString(name) != "f" {
		return fault("ResourceNotFoundException", "Function not found: "+aws.ToString(name))
	}
	return nil
}

// fakeLambdaTags bears the tags of the one thing with this ARN.
type fakeLambdaTags struct {
	arn  string
	tags map[string]string
	// called is told of each change, and may refuse it.
	called func(string) error
}

func (f *fakeLambdaTags) there(arn *string) error {
	if f.arn == "" || aws.ToString(arn) != f.arn {
		return fault("ResourceNotFoundException", "Function not found: "+aws.ToString(arn))
	}
	return nil
}

func (f *fakeLambdaTags) ListTags(_ context.Context, in *lambda.ListTagsInput, _ ...func(*lambda.Options)) (*lambda.ListTagsOutput, error) {
	return &lambda.ListTagsOutput{Tags: maps.Clone(f.tags)}, f.there(in.Resource)
}

func (f *fakeLambdaTags) TagResource(_ context.Context, in *lambda.TagResourceInput, _ ...func(*lambda.Options)) (*lambda.TagResourceOutput, error) {
	if err := cmp.Or(f.called("TagResource"), f.there(in.Resource), refuseTags(in.Tags)); err != nil {
		return nil, err
	}
	maps.Copy(f.tags, in.Tags)
	return &lambda.TagResourceOutput{}, nil
}

func (f *fakeLambdaTags) UntagResource(_ context.Context, in *lambda.UntagResourceInput, _ ...func(*lambda.Options)) (*lambda.UntagResourceOutput, error) {
	if err := cmp.Or(f.called("UntagResource"), f.there(in.Resource)); err != nil {
		return nil, err
	}
	maps.DeleteFunc(f.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	return &lambda.UntagResourceOutput{}, nil
}

func sha(zip []byte) string {
	sum := sha256.Sum256(zip)
	return base64.StdEncoding.EncodeToString(sum[:])
}
