package certbot

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// prune deletes the versions that the pointer does not keep any more, all S3
// versions of them included, because they hold private keys. What cannot be
// deleted costs nothing but room, so that is only logged; the next publication
// tries again.
func (s *shelf) prune(ctx context.Context, log *slog.Logger) {
	if err := s.deleteOthers(ctx); err != nil {
		log.WarnContext(ctx, "versions that are not kept any more were not deleted", "error", err.Error())
	}
}

func (s *shelf) deleteOthers(ctx context.Context) error {
	versions, err := listVersions(ctx, s.api, s.bucket, s.prefix+VersionsPrefix)
	if err != nil {
		return err
	}
	for _, v := range versions {
		serial, _, _ := strings.Cut(strings.TrimPrefix(v.key, s.prefix+VersionsPrefix), "/")
		if s.pointer.keeps(serial) {
			continue
		}
		if err := deleteVersion(ctx, s.api, s.bucket, v); err != nil {
			return err
		}
	}
	return nil
}

// listVersions answers all versions of all objects below a prefix, and the
// marks of deleted ones. In a bucket that never had versions, each object is a
// version called "null".
func listVersions(ctx context.Context, api S3, bucket, prefix string) ([]objectVersion, error) {
	var versions []objectVersion
	input := &s3.ListObjectVersionsInput{Bucket: aws.String(bucket), Prefix: aws.String(prefix)}
	for {
		page, err := api.ListObjectVersions(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("listing versions (s3://%s/%s): %w", bucket, prefix, err)
		}
		for _, o := range page.Versions {
			versions = append(versions, objectVersion{aws.ToString(o.Key), aws.ToString(o.VersionId), aws.ToTime(o.LastModified), false})
		}
		for _, o := range page.DeleteMarkers {
			versions = append(versions, objectVersion{aws.ToString(o.Key), aws.ToString(o.VersionId), aws.ToTime(o.LastModified), true})
		}
		if !aws.ToBool(page.IsTruncated) {
			return versions, nil
		}
		input.KeyMarker, input.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

// deleteVersion deletes a version for good.
func deleteVersion(ctx context.Context, api S3, bucket string, v objectVersion) error {
	_, err := api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(v.key), VersionId: aws.String(v.id)})
	if err != nil {
		return fmt.Errorf("deleting S3 object (s3://%s/%s): %w", bucket, v.key, err)
	}
	return nil
}
