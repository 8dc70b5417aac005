// Command certbot is the Lambda function that keeps certificates valid.
package main

import (
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	legolog "github.com/go-acme/lego/v4/log"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/lambdaenv"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	legolog.Logger = slog.NewLogLogger(log.Handler(), slog.LevelInfo)
	cfg, err := lambdaenv.Config()
	if err != nil {
		log.Error("starting", "error", err.Error())
		os.Exit(1)
	}
	clients := certbot.Clients{
		// An endpoint of one's own need not resolve a name for every bucket.
		S3:          s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil }),
		SSM:         ssm.NewFromConfig(cfg),
		SNS:         sns.NewFromConfig(cfg),
		EventBridge: eventbridge.NewFromConfig(cfg),
		Route53:     zones(cfg),

		SecretsManager: secretsmanager.NewFromConfig(cfg),
	}
	source := certbot.Source{
		Bucket: os.Getenv(certbot.EnvConfigBucket),
		Key:    os.Getenv(certbot.EnvConfigKey),
		SHA256: os.Getenv(certbot.EnvConfigSHA256),
	}
	lambda.Start(certbot.New(clients, source, log, os.Stdout).Handle)
}

// zones makes one client for each role, so that certificates with the same
// role share its credentials. The function's name, which stands for us in the
// other account's trail, begins with what Assume puts before it.
func zones(cfg aws.Config) func(certbot.Role) certbot.Route53 {
	clients := map[certbot.Role]certbot.Route53{{}: route53.NewFromConfig(cfg)}
	return func(role certbot.Role) certbot.Route53 {
		client, ok := clients[role]
		if !ok {
			session := strings.TrimPrefix(lambdacontext.FunctionName, "fargatedirect-")
			client = route53.NewFromConfig(lambdaenv.Assume(cfg, role.ARN, role.ExternalID, session))
			clients[role] = client
		}
		return client
	}
}
