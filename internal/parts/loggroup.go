package parts

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// LogsAPI is what LogGroup calls of CloudWatch Logs.
type LogsAPI interface {
	CreateLogGroup(context.Context, *cloudwatchlogs.CreateLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogGroupOutput, error)
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	DeleteLogGroup(context.Context, *cloudwatchlogs.DeleteLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error)
	PutRetentionPolicy(context.Context, *cloudwatchlogs.PutRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutRetentionPolicyOutput, error)
	DeleteRetentionPolicy(context.Context, *cloudwatchlogs.DeleteRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error)
	AssociateKmsKey(context.Context, *cloudwatchlogs.AssociateKmsKeyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.AssociateKmsKeyOutput, error)
	DisassociateKmsKey(context.Context, *cloudwatchlogs.DisassociateKmsKeyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DisassociateKmsKeyOutput, error)
	ListTagsForResource(context.Context, *cloudwatchlogs.ListTagsForResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error)
	TagResource(context.Context, *cloudwatchlogs.TagResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.TagResourceOutput, error)
	UntagResource(context.Context, *cloudwatchlogs.UntagResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.UntagResourceOutput, error)
}

// LogGroup is a function's log group. It is ours rather than Lambda's, so that
// it has a retention and goes with the resource.
type LogGroup struct {
	API LogsAPI
	// Name is "/aws/lambda/<function>".
	Name string
	// ARN is the group's ARN without a trailing ":*".
	ARN string
	// RetentionDays is one of the values that CloudWatch Logs takes; 0 keeps
	// events for ever.
	RetentionDays int32
	// KMSKeyARN encrypts the events; empty for the service's own key.
	KMSKeyARN string
	Tags      Tags
}

func (g *LogGroup) String() string { return fmt.Sprintf("log group (%s)", g.Name) }

// Ensure creates the group or brings retention, key and tags to what is wanted.
func (g *LogGroup) Ensure(ctx context.Context) error {
	have, err := g.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return g.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", g, err)
	}
	if err := g.setKey(ctx, aws.ToString(have.KmsKeyId)); err != nil {
		return err
	}
	if aws.ToInt32(have.RetentionInDays) != g.RetentionDays {
		if err := g.setRetention(ctx); err != nil {
			return err
		}
	}
	return g.setTags(ctx)
}

// Drift tells how retention, key and tags differ.
func (g *LogGroup) Drift(ctx context.Context) ([]string, error) {
	have, err := g.find(ctx)
	if err != nil {
		return nil, err
	}
	var diffs []string
	if got := aws.ToInt32(have.RetentionInDays); got != g.RetentionDays {
		diffs = append(diffs, fmt.Sprintf("retention is %s, want %s", days(got), days(g.RetentionDays)))
	}
	if got := aws.ToString(have.KmsKeyId); got != g.KMSKeyARN {
		diffs = append(diffs, fmt.Sprintf("KMS key is %q, want %q", got, g.KMSKeyARN))
	}
	tags, err := g.listTags(ctx)
	if err != nil {
		return nil, err
	}
	return append(diffs, g.Tags.Drift(tags)...), nil
}

// Delete removes the group with its events.
func (g *LogGroup) Delete(ctx context.Context) error {
	_, err := g.API.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &g.Name})
	if err != nil && !awserr.Is(err, "ResourceNotFoundException") {
		return fmt.Errorf("deleting %s: %w", g, err)
	}
	return nil
}

// ReadTags answers the group's tags, or stack.ErrNotFound. It asks for the
// group itself as well, because only that answer tells an untagged group from
// none.
func (g *LogGroup) ReadTags(ctx context.Context) (map[string]string, error) {
	if _, err := g.find(ctx); err != nil {
		return nil, err
	}
	return g.listTags(ctx)
}

func (g *LogGroup) listTags(ctx context.Context) (map[string]string, error) {
	out, err := g.API.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &g.ARN})
	if awserr.Is(err, "ResourceNotFoundException") {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// Untag removes one tag.
func (g *LogGroup) Untag(ctx context.Context, key string) error {
	_, err := g.API.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: &g.ARN, TagKeys: []string{key}})
	return err
}

func (g *LogGroup) find(ctx context.Context) (types.LogGroup, error) {
	out, err := g.API.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &g.Name})
	if err != nil {
		return types.LogGroup{}, err
	}
	for _, found := range out.LogGroups {
		if aws.ToString(found.LogGroupName) == g.Name {
			return found, nil
		}
	}
	return types.LogGroup{}, stack.ErrNotFound
}

func (g *LogGroup) create(ctx context.Context) error {
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.Name, Tags: g.Tags.Want}
	if g.KMSKeyARN != "" {
		in.KmsKeyId = &g.KMSKeyARN
	}
	if _, err := g.API.CreateLogGroup(ctx, in); err != nil {
		return fmt.Errorf("creating %s: %w", g, err)
	}
	if g.RetentionDays == 0 {
		return nil
	}
	return g.setRetention(ctx)
}

func (g *LogGroup) setRetention(ctx context.Context) error {
	var err error
	if g.RetentionDays == 0 {
		_, err = g.API.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: &g.Name})
	} else {
		_, err = g.API.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &g.Name, RetentionInDays: &g.RetentionDays})
	}
	if err != nil {
		return fmt.Errorf("setting the retention of %s: %w", g, err)
	}
	return nil
}

func (g *LogGroup) setKey(ctx context.Context, have string) error {
	var err error
	switch g.KMSKeyARN {
	case have:
	case "":
		_, err = g.API.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: &g.Name})
	default:
		_, err = g.API.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: &g.Name, KmsKeyId: &g.KMSKeyARN})
	}
	if err != nil {
		return fmt.Errorf("setting the KMS key of %s: %w", g, err)
	}
	return nil
}

func (g *LogGroup) setTags(ctx context.Context) error {
	return g.Tags.put(ctx, g, tagCalls{
		read: g.listTags,
		set: func(ctx context.Context, tags map[string]string) error {
			_, err := g.API.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: &g.ARN, Tags: tags})
			return err
		},
		unset: func(ctx context.Context, keys []string) error {
			_, err := g.API.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: &g.ARN, TagKeys: keys})
			return err
		},
	})
}

func days(n int32) string {
	if n == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%d days", n)
}
