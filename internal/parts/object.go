package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// ObjectAPI is what Object calls of S3.
type ObjectAPI interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

// Object is a small object that the provider itself writes. It bears no tags:
// its key is in a place of our own.
type Object struct {
	API ObjectAPI
	// Bucket, Account and Key identify the object; the bucket must be
	// Account's.
	Bucket, Account, Key string
	// Body is the wanted content.
	Body []byte
	// ContentType describes the content.
	ContentType string
}

func (o *Object) String() string { return fmt.Sprintf("object (s3://%s/%s)", o.Bucket, o.Key) }

// Ensure writes the object unless it is there with the wanted content.
func (o *Object) Ensure(ctx context.Context) error {
	diffs, err := o.Drift(ctx)
	if err != nil && !errors.Is(err, stack.ErrNotFound) {
		return fmt.Errorf("reading %s: %w", o, err)
	}
	if err == nil && len(diffs) == 0 {
		return nil
	}
	_, err = o.API.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &o.Bucket, Key: &o.Key, ExpectedBucketOwner: &o.Account,
		Body: bytes.NewReader(o.Body), ContentType: &o.ContentType,
	})
	if err != nil {
		return fmt.Errorf("writing %s: %w", o, err)
	}
	return nil
}

// Drift tells whether the content or its type differs. To a caller without
// s3:ListBucket S3 answers that access is denied where there is no object;
// that is answered as the error that it is.
func (o *Object) Drift(ctx context.Context) ([]string, error) {
	out, err := o.API.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key, ExpectedBucketOwner: &o.Account})
	if awserr.Is(err, "NoSuchKey", "NoSuchBucket") {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer out.Body.Close() //nolint:errcheck // only read
	// One byte more than wanted is enough to see that the rest differs.
	have, err := io.ReadAll(io.LimitReader(out.Body, int64(len(o.Body))+1))
	if err != nil {
		return nil, err
	}
	diffs := differs(!bytes.Equal(have, o.Body), "content differs")
	got := aws.ToString(out.ContentType)
	return append(diffs, differs(got != o.ContentType, "content type is %q, want %q", got, o.ContentType)...), nil
}

// Delete removes the object with all its versions, so that nothing of ours
// stays in a bucket of somebody else.
func (o *Object) Delete(ctx context.Context) error {
	versions, err := o.versions(ctx)
	if awserr.Is(err, "NoSuchBucket") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the versions of %s: %w", o, err)
	}
	for _, id := range versions {
		_, err := o.API.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.Bucket, Key: &o.Key, VersionId: &id, ExpectedBucketOwner: &o.Account})
		if err != nil && !awserr.Is(err, "NoSuchVersion", "NoSuchKey", "NoSuchBucket") {
			return fmt.Errorf("deleting %s: %w", o, err)
		}
	}
	return nil
}

// versions lists the ids of the object's versions and delete markers. A bucket
// that never had versioning answers the one version "null".
func (o *Object) versions(ctx context.Context) ([]string, error) {
	var ids []string
	pages := s3.NewListObjectVersionsPaginator(o.API, &s3.ListObjectVersionsInput{Bucket: &o.Bucket, Prefix: &o.Key, ExpectedBucketOwner: &o.Account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			if aws.ToString(v.Key) == o.Key {
				ids = append(ids, aws.ToString(v.VersionId))
			}
		}
		for _, m := range page.DeleteMarkers {
			if aws.ToString(m.Key) == o.Key {
				ids = append(ids, aws.ToString(m.VersionId))
			}
		}
	}
	return ids, nil
}
