// Package deployed reads back from AWS what every resource has: its function,
// the function's role and the function's log group. It is for import and for
// data sources.
package deployed

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// Function is a function as it is in AWS.
type Function struct {
	Architecture string
	KMSKeyARN    string
	// CodeSHA256 is in the form of Lambda's CodeSha256.
	CodeSHA256 string
	// Tags are all that it bears, ours too.
	Tags        map[string]string
	Environment map[string]string
}

// ReadFunction reads a resource's function. It answers stack.ErrNotFound if
// there is none.
func ReadFunction(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Function, error) {
	out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(scope.Physical())})
	if awserr.Is(err, "ResourceNotFoundException") {
		return Function{}, stack.ErrNotFound
	}
	if err != nil {
		return Function{}, fmt.Errorf("reading Lambda function (%s): %w", scope.Physical(), err)
	}
	f := Function{
		KMSKeyARN:  aws.ToString(out.Configuration.KMSKeyArn),
		CodeSHA256: aws.ToString(out.Configuration.CodeSha256),
		Tags:       out.Tags,
	}
	if len(out.Configuration.Architectures) > 0 {
		f.Architecture = string(out.Configuration.Architectures[0])
	}
	env := out.Configuration.Environment
	if env != nil && env.Error != nil {
		return Function{}, fmt.Errorf("reading the environment of Lambda function (%s): %s: %s", scope.Physical(), aws.ToString(env.Error.ErrorCode), aws.ToString(env.Error.Message))
	}
	if env == nil {
		return Function{}, fmt.Errorf("reading Lambda function (%s): it has no environment; is it a fargatedirect_%s?", scope.Physical(), scope.Kind)
	}
	f.Environment = env.Variables
	return f, nil
}

// Role is what of a function's role the user decides.
type Role struct{ Path, PermissionsBoundary string }

// ReadRole reads the role of a resource's function.
func ReadRole(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Role, error) {
	out, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(scope.Physical())})
	if err != nil {
		return Role{}, fmt.Errorf("reading IAM role (%s): %w", scope.Physical(), err)
	}
	r := Role{Path: aws.ToString(out.Role.Path)}
	if out.Role.PermissionsBoundary != nil {
		r.PermissionsBoundary = aws.ToString(out.Role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	return r, nil
}

// ReadRetention reads for how many days a log group keeps its events; 0 is for
// ever, or that there is no such group.
func ReadRetention(ctx context.Context, c *awsclient.Clients, logGroup string) (int32, error) {
	out, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &logGroup})
	if err != nil {
		return 0, fmt.Errorf("reading log group (%s): %w", logGroup, err)
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == logGroup {
			return aws.ToInt32(g.RetentionInDays), nil
		}
	}
	return 0, nil
}
