package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// Delete removes the bucket with all that it holds; whether it may is for
// CheckDelete to say. A bucket to keep is marked for a later create instead.
func (b *Bucket) Delete(ctx context.Context) error {
	if b.Keep {
		return b.keep(ctx)
	}
	// The policy lets only the function delete objects, so it goes first.
	_, err := b.API.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if isNoBucket(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting the policy of %s: %w", b, b.explain(ctx, err))
	}
	// The function may have written just now, and the policy that is gone may
	// still be in force for a moment: both pass.
	passes := func(err error) bool {
		return awserr.Is(err, "BucketNotEmpty", "OperationAborted") || awserr.IsAccessDenied(err)
	}
	err = retryLimited(ctx, b.sleep, passes, func() error { return b.deleteWithContent(ctx) })
	if err != nil {
		return fmt.Errorf("deleting %s: %w", b, err)
	}
	return nil
}

func (b *Bucket) keep(ctx context.Context) error {
	tags, err := b.ReadTags(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the tags of %s: %w", b, err)
	}
	if _, ok := tags[stack.CreatingTag]; ok {
		return nil
	}
	tags = maps.Clone(tags)
	tags[stack.CreatingTag] = "true"
	if err := b.putTags(ctx, tags); err != nil {
		return fmt.Errorf("marking %s for a later create: %w", b, err)
	}
	return nil
}

func (b *Bucket) deleteWithContent(ctx context.Context) error {
	if err := b.deleteVersions(ctx); err != nil {
		return bucketGone(err)
	}
	if err := b.abortUploads(ctx); err != nil {
		return bucketGone(err)
	}
	_, err := b.API.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	return bucketGone(err)
}

// bucketGone takes the absence of the bucket for success.
func bucketGone(err error) error {
	if isNoBucket(err) {
		return nil
	}
	return err
}

// deleteVersions removes all versions and delete markers. A page of the list
// holds at most as many as one call deletes.
func (b *Bucket) deleteVersions(ctx context.Context) error {
	pages := s3.NewListObjectVersionsPaginator(b.API, &s3.ListObjectVersionsInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var ids []types.ObjectIdentifier
		for _, v := range page.Versions {
			ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			ids = append(ids, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if err := b.deleteObjects(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket) deleteObjects(ctx context.Context, ids []types.ObjectIdentifier) error {
	if len(ids) == 0 {
		return nil
	}
	out, err := b.API.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
		Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return err
	}
	if len(out.Errors) == 0 {
		return nil
	}
	first := out.Errors[0]
	return fmt.Errorf("%d objects could not be deleted, the first is %s: %w", len(out.Errors), aws.ToString(first.Key),
		&smithy.GenericAPIError{Code: aws.ToString(first.Code), Message: aws.ToString(first.Message)})
}

func (b *Bucket) abortUploads(ctx context.Context) error {
	pages := s3.NewListMultipartUploadsPaginator(b.API, &s3.ListMultipartUploadsInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			_, err := b.API.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account, Key: u.Key, UploadId: u.UploadId})
			if err != nil && !awserr.Is(err, "NoSuchUpload") {
				return err
			}
		}
	}
	return nil
}
