package certbot

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// precondition answers as S3 does to a conditional write.
func (f *fakeS3) precondition(in *s3.PutObjectInput) error {
	have, exists := f.objects[*in.Key]
	switch {
	case in.IfNoneMatch != nil && *in.IfNoneMatch != "*":
		return &smithy.GenericAPIError{Code: "NotImplemented", Message: "If-None-Match"}
	case in.IfNoneMatch != nil && exists, in.IfMatch != nil && exists && *in.IfMatch != have.etag:
		return &smithy.GenericAPIError{Code: "PreconditionFailed", Message: "At least one of the pre-conditions you specified did not hold"}
	case in.IfMatch != nil && !exists:
		return &s3types.NoSuchKey{}
	}
	return nil
}

// DeleteObject deletes a version for good; without one, it would leave a
// marker, which the function never means.
func (f *fakeS3) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter("s3:DeleteObjectVersion", *in.Bucket, *in.Key); err != nil {
		return nil, err
	}
	if in.VersionId == nil {
		return nil, denied("s3:DeleteObject")
	}
	f.versions = slices.DeleteFunc(f.versions, func(v s3types.ObjectVersion) bool {
		return *v.Key == *in.Key && *v.VersionId == *in.VersionId
	})
	delete(f.content, *in.VersionId)
	if f.objects[*in.Key].version == *in.VersionId {
		delete(f.objects, *in.Key)
	}
	if f.wrote != nil {
		f.wrote(*in.Key)
	}
	return &s3.DeleteObjectOutput{}, nil
}

// pageSize makes callers turn the page.
const pageSize = 3

func (f *fakeS3) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter("s3:ListBucket", *in.Bucket, aws.ToString(in.Prefix)); err != nil {
		return nil, err
	}
	out := &s3.ListObjectsV2Output{}
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if !strings.HasPrefix(key, aws.ToString(in.Prefix)) || key <= aws.ToString(in.ContinuationToken) {
			continue
		}
		if len(out.Contents) == pageSize {
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), out.Contents[pageSize-1].Key
			break
		}
		out.Contents = append(out.Contents, s3types.Object{Key: aws.String(key)})
	}
	return out, nil
}

func (f *fakeS3) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter("s3:ListBucketVersions", *in.Bucket, aws.ToString(in.Prefix)); err != nil {
		return nil, err
	}
	out := &s3.ListObjectVersionsOutput{}
	all := slices.SortedFunc(slices.Values(f.versions), compareVersions)
	for _, v := range all {
		marker := s3types.ObjectVersion{Key: in.KeyMarker, VersionId: in.VersionIdMarker}
		if !strings.HasPrefix(*v.Key, aws.ToString(in.Prefix)) || in.KeyMarker != nil && compareVersions(v, marker) <= 0 {
			continue
		}
		if len(out.Versions) == pageSize {
			last := out.Versions[pageSize-1]
			out.IsTruncated, out.NextKeyMarker, out.NextVersionIdMarker = aws.Bool(true), last.Key, last.VersionId
			break
		}
		out.Versions = append(out.Versions, v)
	}
	return out, nil
}

func compareVersions(a, b s3types.ObjectVersion) int {
	if order := strings.Compare(*a.Key, *b.Key); order != 0 {
		return order
	}
	return strings.Compare(*a.VersionId, *b.VersionId)
}

// repeatingS3 loses the first answer to a conditional write, as a network may.
type repeatingS3 struct{ *fakeS3 }

func (f *repeatingS3) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if in.IfMatch == nil && in.IfNoneMatch == nil {
		return f.fakeS3.PutObject(ctx, in, options...)
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	in.Body = bytes.NewReader(body)
	if _, err := f.fakeS3.PutObject(ctx, in, options...); err != nil {
		return nil, err
	}
	in.Body = bytes.NewReader(body)
	return f.fakeS3.PutObject(ctx, in, options...)
}
