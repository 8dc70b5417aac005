package parts

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	testMappingID  = "2b733gdc-8ac3-cdf5-af3a-1827b3b11284"
	testMappingARN = "arn:aws:lambda:eu-west-2:123456789012:event-source-mapping:" + testMappingID
)

// fakeMappings is the event source mappings of a Lambda. Every change takes a
// few reads, and meanwhile no other change is let through.
type fakeMappings struct {
	service
	fakeLambdaTags
	have *types.EventSourceMappingConfiguration
	// next is the state that have comes to after busy more reads; "" for none
	// and "gone" for the end.
	next              string
	busy, settleReads int
	spreading         int
	spreadError       error
}

func (f *fakeMappings) begin(state, next string) {
	f.have.State, f.next, f.busy = aws.String(state), next, f.settleReads
}

// look answers the mapping as the next read sees it.
func (f *fakeMappings) look() *types.EventSourceMappingConfiguration {
	if f.have == nil {
		return nil
	}
	if f.busy > 0 {
		f.busy--
		return f.have
	}
	switch f.next {
	case "":
	case "gone":
		f.have, f.arn = nil, ""
	default:
		f.have.State, f.next = aws.String(f.next), ""
	}
	return f.have
}

func (f *fakeMappings) open(op string, id *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.have == nil || aws.ToString(id) != testMappingID {
		return fault("ResourceNotFoundException", "The resource you requested does not exist.")
	}
	if f.next != "" {
		f.look() // time passes
		return fault("ResourceInUseException", "Cannot change the event source mapping because it is in use.")
	}
	return nil
}

func (f *fakeMappings) ListEventSourceMappings(_ context.Context, in *lambda.ListEventSourceMappingsInput, _ ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	if err := f.call("ListEventSourceMappings"); err != nil {
		return nil, err
	}
	out := &lambda.ListEventSourceMappingsOutput{}
	if have := f.look(); have != nil && aws.ToString(in.FunctionName) == "f" && aws.ToString(in.EventSourceArn) == testQueueARN {
		out.EventSourceMappings = append(out.EventSourceMappings, *have)
	}
	return out, nil
}

func (f *fakeMappings) GetEventSourceMapping(_ context.Context, in *lambda.GetEventSourceMappingInput, _ ...func(*lambda.Options)) (*lambda.GetEventSourceMappingOutput, error) {
	if err := f.call("GetEventSourceMapping"); err != nil {
		return nil, err
	}
	have := f.look()
	if have == nil || aws.ToString(in.UUID) != testMappingID {
		return nil, fault("ResourceNotFoundException", "The resource you requested does not exist.")
	}
	return &lambda.GetEventSourceMappingOutput{UUID: have.UUID, State: have.State, StateTransitionReason: aws.String("USER_INITIATED")}, nil
}

func (f *fakeMappings) CreateEventSourceMapping(_ context.Context, in *lambda.CreateEventSourceMappingInput, _ ...func(*lambda.Options)) (*lambda.CreateEventSourceMappingOutput, error) {
	if f.spreading > 0 {
		f.spreading--
		return nil, f.spreadError
	}
	if err := f.call("CreateEventSourceMapping"); err != nil {
		return nil, err
	}
	if f.have != nil {
		return nil, fault("ResourceConflictException", "An event source mapping with SQS arn and function already exists.")
	}
	if err := refuseTags(in.Tags); err != nil {
		return nil, err
	}
	f.have = &types.EventSourceMappingConfiguration{
		UUID: aws.String(testMappingID), EventSourceMappingArn: aws.String(testMappingARN),
		FunctionArn: aws.String(testFunctionARN), EventSourceArn: dup(in.EventSourceArn),
	}
	f.arn, f.tags = testMappingARN, maps.Clone(in.Tags)
	if err := f.set(in.BatchSize, in.MaximumBatchingWindowInSeconds, in.ScalingConfig, in.FunctionResponseTypes, in.FilterCriteria); err != nil {
		f.have, f.arn = nil, ""
		return nil, err
	}
	f.begin("Creating", "Enabled")
	return &lambda.CreateEventSourceMappingOutput{UUID: f.have.UUID}, nil
}

func (f *fakeMappings) UpdateEventSourceMapping(_ context.Context, in *lambda.UpdateEventSourceMappingInput, _ ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error) {
	if err := f.open("UpdateEventSourceMapping", in.UUID); err != nil {
		return nil, err
	}
	if err := f.set(in.BatchSize, in.MaximumBatchingWindowInSeconds, in.ScalingConfig, in.FunctionResponseTypes, in.FilterCriteria); err != nil {
		return nil, err
	}
	if aws.ToBool(in.Enabled) {
		f.begin("Updating", "Enabled")
	}
	return &lambda.UpdateEventSourceMappingOutput{}, nil
}

// set stores what a request says. What it leaves out stays as it is.
func (f *fakeMappings) set(batch, window *int32, scaling *types.ScalingConfig, responses []types.FunctionResponseType, filter *types.FilterCriteria) error {
	if n := aws.ToInt32(batch); n < 1 || n > 10000 || n > 10 && aws.ToInt32(window) == 0 {
		return fault("InvalidParameterValueException", "batch size")
	}
	f.have.BatchSize, f.have.MaximumBatchingWindowInSeconds = dup(batch), dup(window)
	if responses != nil {
		f.have.FunctionResponseTypes = responses
	}
	if filter != nil {
		f.have.FilterCriteria = filter
	}
	if scaling == nil {
		return nil
	}
	f.have.ScalingConfig = nil
	if n := scaling.MaximumConcurrency; n != nil {
		if *n < 2 || *n > 1000 {
			return fault("InvalidParameterValueException", "maximum concurrency")
		}
		f.have.ScalingConfig = &types.ScalingConfig{MaximumConcurrency: dup(n)}
	}
	return nil
}

func (f *fakeMappings) DeleteEventSourceMapping(_ context.Context, in *lambda.DeleteEventSourceMappingInput, _ ...func(*lambda.Options)) (*lambda.DeleteEventSourceMappingOutput, error) {
	if err := f.open("DeleteEventSourceMapping", in.UUID); err != nil {
		return nil, err
	}
	f.begin("Deleting", "gone")
	return &lambda.DeleteEventSourceMappingOutput{}, nil
}
