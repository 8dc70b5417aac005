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

// MappingAPI is what Mapping calls of Lambda.
type MappingAPI interface {
	lambdaTagAPI
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	GetEventSourceMapping(context.Context, *lambda.GetEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.GetEventSourceMappingOutput, error)
	CreateEventSourceMapping(context.Context, *lambda.CreateEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.CreateEventSourceMappingOutput, error)
	UpdateEventSourceMapping(context.Context, *lambda.UpdateEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error)
	DeleteEventSourceMapping(context.Context, *lambda.DeleteEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.DeleteEventSourceMappingOutput, error)
}

// The states of an event source mapping that matter. The SDK has no names for
// them.
const (
	mappingEnabled  = "Enabled"
	mappingEnabling = "Enabling"
	mappingCreating = "Creating"
	mappingUpdating = "Updating"
	mappingDeleting = "Deleting"
)

// Mapping feeds a function from an SQS queue. Lambda names mappings by an id
// of its own, so one is found by its function and queue; there can be only one
// for both. A message waits for no others, and the function can hand back
// single messages of a batch.
type Mapping struct {
	API MappingAPI
	// FunctionName and FunctionARN are of the function, SourceARN is of the
	// queue.
	FunctionName, FunctionARN, SourceARN string
	// BatchSize is how many messages one invocation gets at most.
	BatchSize int32
	// MaximumConcurrency is how many invocations there may be at one time,
	// from 2; 0 for no limit.
	MaximumConcurrency int32
	Tags               Tags
	// Sleep waits between tries; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

func (m *Mapping) String() string {
	return fmt.Sprintf("event source mapping (%s to %s)", m.SourceARN, m.FunctionName)
}

// Ensure creates the mapping or brings it and its tags to what is wanted. When
// it answers nil the mapping is enabled.
func (m *Mapping) Ensure(ctx context.Context) error {
	have, err := m.find(ctx)
	if err == nil && aws.ToString(have.State) == mappingDeleting {
		if err := m.awaitGone(ctx, aws.ToString(have.UUID)); err != nil {
			return fmt.Errorf("waiting for the end of the former %s: %w", m, err)
		}
		err = stack.ErrNotFound
	}
	if errors.Is(err, stack.ErrNotFound) {
		if err := m.create(ctx); err != nil {
			return fmt.Errorf("creating %s: %w", m, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", m, err)
	}
	if err := m.update(ctx, have); err != nil {
		return fmt.Errorf("updating %s: %w", m, err)
	}
	return setLambdaTags(ctx, m.API, m, aws.ToString(have.EventSourceMappingArn), m.Tags)
}

// Drift tells how the mapping and its tags differ.
func (m *Mapping) Drift(ctx context.Context) ([]string, error) {
	have, err := m.findLiving(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := readLambdaTags(ctx, m.API, aws.ToString(have.EventSourceMappingArn))
	if err != nil {
		return nil, err
	}
	return append(m.drift(have), m.Tags.Drift(tags)...), nil
}

// Delete removes the mapping and waits until Lambda has let go of the queue.
func (m *Mapping) Delete(ctx context.Context) error {
	have, err := m.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", m, err)
	}
	err = retryWhile(ctx, m.Sleep, isMappingBusy, func() error {
		_, err := m.API.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: have.UUID})
		return err
	})
	if err == nil {
		err = m.awaitGone(ctx, aws.ToString(have.UUID))
	}
	if err != nil && !awserr.Is(err, lambdaNotFound) {
		return fmt.Errorf("deleting %s: %w", m, err)
	}
	return nil
}

// ReadTags answers the mapping's tags, or stack.ErrNotFound.
func (m *Mapping) ReadTags(ctx context.Context) (map[string]string, error) {
	have, err := m.findLiving(ctx)
	if err != nil {
		return nil, err
	}
	return readLambdaTags(ctx, m.API, aws.ToString(have.EventSourceMappingArn))
}

// Untag removes one tag.
func (m *Mapping) Untag(ctx context.Context, key string) error {
	have, err := m.findLiving(ctx)
	if err != nil {
		return err
	}
	return untagLambda(ctx, m.API, aws.ToString(have.EventSourceMappingArn), key)
}

func (m *Mapping) find(ctx context.Context) (types.EventSourceMappingConfiguration, error) {
	out, err := m.API.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{
		FunctionName:   &m.FunctionName,
		EventSourceArn: &m.SourceARN,
	})
	if awserr.Is(err, lambdaNotFound) {
		return types.EventSourceMappingConfiguration{}, stack.ErrNotFound
	}
	if err != nil {
		return types.EventSourceMappingConfiguration{}, err
	}
	for _, found := range out.EventSourceMappings {
		if aws.ToString(found.FunctionArn) == m.FunctionARN && aws.ToString(found.EventSourceArn) == m.SourceARN {
			return found, nil
		}
	}
	return types.EventSourceMappingConfiguration{}, stack.ErrNotFound
}

// findLiving is find, except that a mapping that Lambda is deleting counts as
// gone.
func (m *Mapping) findLiving(ctx context.Context) (types.EventSourceMappingConfiguration, error) {
	have, err := m.find(ctx)
	if err == nil && aws.ToString(have.State) == mappingDeleting {
		return have, stack.ErrNotFound
	}
	return have, err
}

func (m *Mapping) create(ctx context.Context) error {
	in := &lambda.CreateEventSourceMappingInput{
		FunctionName:                   &m.FunctionName,
		EventSourceArn:                 &m.SourceARN,
		Enabled:                        aws.Bool(true),
		BatchSize:                      &m.BatchSize,
		MaximumBatchingWindowInSeconds: aws.Int32(0),
		FunctionResponseTypes:          []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		Tags:                           m.Tags.Want,
	}
	if m.MaximumConcurrency != 0 {
		in.ScalingConfig = &types.ScalingConfig{MaximumConcurrency: &m.MaximumConcurrency}
	}
	var created *lambda.CreateEventSourceMappingOutput
	err := retryWhile(ctx, m.Sleep, isRoleSpreading, func() error {
		var err error
		created, err = m.API.CreateEventSourceMapping(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	return m.awaitEnabled(ctx, aws.ToString(created.UUID))
}

func (m *Mapping) update(ctx context.Context, have types.EventSourceMappingConfiguration) error {
	if len(m.drift(have)) == 0 {
		return m.awaitEnabled(ctx, aws.ToString(have.UUID))
	}
	in := &lambda.UpdateEventSourceMappingInput{
		UUID:                           have.UUID,
		FunctionName:                   &m.FunctionName,
		Enabled:                        aws.Bool(true),
		BatchSize:                      &m.BatchSize,
		MaximumBatchingWindowInSeconds: aws.Int32(0),
		FunctionResponseTypes:          []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		ScalingConfig:                  &types.ScalingConfig{}, // empty takes the limit away
		FilterCriteria:                 &types.FilterCriteria{},
	}
	if m.MaximumConcurrency != 0 {
		in.ScalingConfig.MaximumConcurrency = &m.MaximumConcurrency
	}
	again := func(err error) bool { return isMappingBusy(err) || isRoleSpreading(err) }
	err := retryWhile(ctx, m.Sleep, again, func() error {
		_, err := m.API.UpdateEventSourceMapping(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	return m.awaitEnabled(ctx, aws.ToString(have.UUID))
}

func (m *Mapping) awaitEnabled(ctx context.Context, uuid string) error {
	return pollUntil(ctx, m.Sleep, func() (string, error) {
		have, err := m.API.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &uuid})
		if err != nil {
			return "", err
		}
		if aws.ToString(have.State) == mappingEnabled {
			return "", nil
		}
		return fmt.Sprintf("state is still %s (%s)", aws.ToString(have.State), aws.ToString(have.StateTransitionReason)), nil
	})
}

func (m *Mapping) awaitGone(ctx context.Context, uuid string) error {
	return pollUntil(ctx, m.Sleep, func() (string, error) {
		have, err := m.API.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &uuid})
		if awserr.Is(err, lambdaNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("state is still %s", aws.ToString(have.State)), nil
	})
}

func (m *Mapping) drift(have types.EventSourceMappingConfiguration) []string {
	var diffs []string
	switch aws.ToString(have.State) {
	case mappingEnabled, mappingEnabling, mappingCreating, mappingUpdating:
	default:
		diffs = append(diffs, "the mapping is disabled")
	}
	if got := aws.ToInt32(have.BatchSize); got != m.BatchSize {
		diffs = append(diffs, fmt.Sprintf("batch size is %d, want %d", got, m.BatchSize))
	}
	if got := aws.ToInt32(have.MaximumBatchingWindowInSeconds); got != 0 {
		diffs = append(diffs, fmt.Sprintf("batching window is %d s, want 0 s", got))
	}
	if got := mappingConcurrency(have); got != m.MaximumConcurrency {
		diffs = append(diffs, fmt.Sprintf("maximum concurrency is %s, want %s", concurrencyText(got), concurrencyText(m.MaximumConcurrency)))
	}
	if t := have.FunctionResponseTypes; len(t) != 1 || t[0] != types.FunctionResponseTypeReportBatchItemFailures {
		diffs = append(diffs, "failures of single messages are not reported")
	}
	if have.FilterCriteria != nil && len(have.FilterCriteria.Filters) > 0 {
		diffs = append(diffs, "messages are filtered, want all")
	}
	return diffs
}

func mappingConcurrency(have types.EventSourceMappingConfiguration) int32 {
	if have.ScalingConfig == nil {
		return 0
	}
	return aws.ToInt32(have.ScalingConfig.MaximumConcurrency)
}

func concurrencyText(n int32) string {
	if n == 0 {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

func isMappingBusy(err error) bool {
	return awserr.Is(err, lambdaInUse) || isLambdaBusy(err)
}
