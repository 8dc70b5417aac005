package snapshot

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

func buckets(ctx context.Context, cfg aws.Config, c *collector) error {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	list := s3.NewListBucketsPaginator(client, &s3.ListBucketsInput{BucketRegion: &cfg.Region, MaxBuckets: aws.Int32(1000)})
	return pages(ctx, "buckets", list, func(page *s3.ListBucketsOutput) error {
		for _, b := range page.Buckets {
			// The bucket may be deleted while it is read.
			if err := bucket(ctx, client, aws.ToString(b.Name), c); err != nil && !is(err, "NoSuchBucket") {
				return err
			}
		}
		return nil
	})
}

func bucket(ctx context.Context, client *s3.Client, name string, c *collector) error {
	policy, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
	switch {
	case is(err, "NoSuchBucketPolicy"):
		policy = &s3.GetBucketPolicyOutput{}
	case err != nil:
		return fmt.Errorf("reading the policy of bucket (%s): %w", name, err)
	}
	if err := c.add("s3 bucket", name, policy.Policy); err != nil {
		return err
	}
	if err := objects(ctx, client, name, c); err != nil {
		return err
	}
	return uploads(ctx, client, name, c)
}

func objects(ctx context.Context, client *s3.Client, bucket string, c *collector) error {
	list := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &bucket})
	return pages(ctx, "object versions of "+bucket, list, func(page *s3.ListObjectVersionsOutput) error {
		for _, v := range page.Versions {
			id := bucket + "/" + aws.ToString(v.Key) + "@" + aws.ToString(v.VersionId)
			if err := c.add("s3 object version", id, v.ETag, v.Size); err != nil {
				return err
			}
		}
		for _, m := range page.DeleteMarkers {
			id := bucket + "/" + aws.ToString(m.Key) + "@" + aws.ToString(m.VersionId)
			if err := c.add("s3 delete marker", id); err != nil {
				return err
			}
		}
		return nil
	})
}

func uploads(ctx context.Context, client *s3.Client, bucket string, c *collector) error {
	list := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	return pages(ctx, "uploads of "+bucket, list, func(page *s3.ListMultipartUploadsOutput) error {
		for _, u := range page.Uploads {
			id := bucket + "/" + aws.ToString(u.Key) + "@" + aws.ToString(u.UploadId)
			if err := c.add("s3 multipart upload", id); err != nil {
				return err
			}
		}
		return nil
	})
}

func parameters(ctx context.Context, cfg aws.Config, c *collector) error {
	list := ssm.NewDescribeParametersPaginator(ssm.NewFromConfig(cfg), &ssm.DescribeParametersInput{})
	return pages(ctx, "parameters", list, func(page *ssm.DescribeParametersOutput) error {
		for _, p := range page.Parameters {
			if err := c.add("ssm parameter", aws.ToString(p.Name), p.Type, p.Version, p.KeyId); err != nil {
				return err
			}
		}
		return nil
	})
}

// secrets lists those whose deletion is scheduled as well. Their values are not
// read: the ids of their versions tell of a change.
func secrets(ctx context.Context, cfg aws.Config, c *collector) error {
	list := secretsmanager.NewListSecretsPaginator(secretsmanager.NewFromConfig(cfg), &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	return pages(ctx, "secrets", list, func(page *secretsmanager.ListSecretsOutput) error {
		for _, s := range page.SecretList {
			if err := c.add("secret", aws.ToString(s.Name), s.KmsKeyId, s.Description, s.Tags, s.SecretVersionsToStages, s.DeletedDate != nil); err != nil {
				return err
			}
		}
		return nil
	})
}
