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
	prefix := s.prefix + VersionsPrefix
	input := &s3.ListObjectVersionsInput{Bucket: aws.String(s.bucket), Prefix: aws.String(prefix)}
	for {
		page, err := s.api.ListObjectVersions(ctx, input)
		if err != nil {
			return fmt.Errorf("listing versions (s3://%s/%s): %w", s.bucket, prefix, err)
		}
		for _, o := range page.Versions {
			if err := s.deleteUnkept(ctx, o.Key, o.VersionId); err != nil {
				return err
			}
		}
		for _, o := range page.DeleteMarkers {
			if err := s.deleteUnkept(ctx, o.Key, o.VersionId); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		input.KeyMarker, input.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

func (s *shelf) deleteUnkept(ctx context.Context, key, version *string) error {
	below, _ := strings.CutPrefix(aws.ToString(key), s.prefix+VersionsPrefix)
	serial, _, _ := strings.Cut(below, "/")
	if s.pointer.keeps(serial) {
		return nil
	}
	_, err := s.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(s.bucket), Key: key, VersionId: version})
	if err != nil {
		return fmt.Errorf("deleting S3 object (s3://%s/%s): %w", s.bucket, aws.ToString(key), err)
	}
	return nil
}
