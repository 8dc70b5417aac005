package taskdnsstack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// Discover reads a resource back from AWS, for import. It answers
// stack.ErrNotFound if its function does not exist. Tags are all tags of the
// function, ours too.
func Discover(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Spec, error) {
	s := Spec{Scope: scope}
	fn, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(scope.Physical())})
	if awserr.Is(err, "ResourceNotFoundException") {
		return s, stack.ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("reading Lambda function (%s): %w", scope.Physical(), err)
	}
	s.KMSKeyARN = aws.ToString(fn.Configuration.KMSKeyArn)
	s.Artifact.SHA256 = aws.ToString(fn.Configuration.CodeSha256)
	s.Tags = fn.Tags
	if len(fn.Configuration.Architectures) > 0 {
		s.Architecture = string(fn.Configuration.Architectures[0])
	}
	if fn.Configuration.Environment == nil {
		return s, fmt.Errorf("reading Lambda function (%s): it has no environment; is it a fargatedirect_task_dns?", scope.Physical())
	}
	var config taskdns.Config
	if err := json.Unmarshal([]byte(fn.Configuration.Environment.Variables[taskdns.EnvConfig]), &config); err != nil {
		return s, fmt.Errorf("decoding the environment of Lambda function (%s): %w", scope.Physical(), err)
	}
	s.Domain, s.HostedZoneID, s.TTL, s.ClusterARNs = config.Domain, config.HostedZoneID, config.TTL, config.ClusterARNs
	if err := s.discoverParts(ctx, c); err != nil {
		return s, err
	}
	return s, nil
}

func (s *Spec) discoverParts(ctx context.Context, c *awsclient.Clients) error {
	role, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(s.Scope.Physical())})
	if err != nil {
		return fmt.Errorf("reading IAM role (%s): %w", s.Scope.Physical(), err)
	}
	s.IAMPath = aws.ToString(role.Role.Path)
	if role.Role.PermissionsBoundary != nil {
		s.PermissionsBoundary = aws.ToString(role.Role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	groups, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(s.LogGroup())})
	if err != nil {
		return fmt.Errorf("reading log group (%s): %w", s.LogGroup(), err)
	}
	for _, g := range groups.LogGroups {
		if aws.ToString(g.LogGroupName) == s.LogGroup() {
			s.LogRetentionDays = aws.ToInt32(g.RetentionInDays)
		}
	}
	return nil
}
