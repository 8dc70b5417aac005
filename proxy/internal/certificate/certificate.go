// Package certificate finds the certificate that a proxy is to serve.
package certificate

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// Source is where the certificate lies.
func Source(ctx context.Context, s settings.Settings) (certreader.Source, error) {
	cfg, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		if s.Region != "" {
			o.Region = s.Region
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("configuring the AWS clients: %w", err)
	}
	if s.SecretARN != "" {
		return certreader.FromSecret(secretsmanager.NewFromConfig(cfg), s.SecretARN), nil
	}
	return certreader.FromBucket(s3.NewFromConfig(cfg), s.Bucket, s.Prefix), nil
}

// Options are how a reader looks, and what it accepts.
func Options(s settings.Settings, log *slog.Logger) certreader.Options {
	return certreader.Options{Names: s.Names, Interval: s.Interval, Logger: log}
}
