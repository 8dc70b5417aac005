package taskdnsstack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/deployed"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// Discover reads a resource back from AWS, for import. It answers
// stack.ErrNotFound if its function does not exist. Tags are all tags of the
// function, ours too.
func Discover(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Spec, error) {
	s := Spec{Scope: scope}
	fn, err := deployed.ReadFunction(ctx, c, scope)
	if err != nil {
		return s, err
	}
	s.Architecture, s.KMSKeyARN, s.Artifact.SHA256, s.Tags = fn.Architecture, fn.KMSKeyARN, fn.CodeSHA256, fn.Tags
	var config taskdns.Config
	if err := json.Unmarshal([]byte(fn.Environment[taskdns.EnvConfig]), &config); err != nil {
		return s, fmt.Errorf("decoding the environment of Lambda function (%s): %w", scope.Physical(), err)
	}
	s.Domain, s.HostedZoneID, s.TTL, s.ClusterARNs = config.Domain, config.HostedZoneID, config.TTL, config.ClusterARNs
	role, err := deployed.ReadRole(ctx, c, scope)
	if err != nil {
		return s, err
	}
	s.IAMPath, s.PermissionsBoundary = role.Path, role.PermissionsBoundary
	s.LogRetentionDays, err = deployed.ReadRetention(ctx, c, s.LogGroup())
	return s, err
}
