package parts

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// ParametersAPI is what Parameters calls of Systems Manager.
type ParametersAPI interface {
	DescribeParameters(context.Context, *ssm.DescribeParametersInput, ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error)
	DeleteParameters(context.Context, *ssm.DeleteParametersInput, ...func(*ssm.Options)) (*ssm.DeleteParametersOutput, error)
}

// maxDeleted is how many parameters one call deletes.
const maxDeleted = 10

// Parameters is a stack.Leftover: the SSM parameters that a function made
// under a path. Their values are never asked for, and not by a call that needs
// the right to read them: GetParametersByPath would.
type Parameters struct {
	API ParametersAPI
	// Path has no slash at the end.
	Path string
}

func (p *Parameters) String() string { return fmt.Sprintf("SSM parameters (%s)", p.Path) }

// Delete removes all parameters below the path.
func (p *Parameters) Delete(ctx context.Context) error {
	var found []string
	pages := ssm.NewDescribeParametersPaginator(p.API, &ssm.DescribeParametersInput{ParameterFilters: []ssmtypes.ParameterStringFilter{
		{Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{p.Path}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing %s: %w", p, err)
		}
		for _, parameter := range page.Parameters {
			found = append(found, aws.ToString(parameter.Name))
		}
	}
	for names := range slices.Chunk(found, maxDeleted) {
		if _, err := p.API.DeleteParameters(ctx, &ssm.DeleteParametersInput{Names: names}); err != nil {
			return fmt.Errorf("deleting %s: %w", p, err)
		}
	}
	return nil
}

// ObjectsAPI is what Objects calls of S3.
type ObjectsAPI interface {
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// Objects is a stack.Leftover: what a function stored under a prefix of a
// bucket that is not ours, with all versions.
type Objects struct {
	API             ObjectsAPI
	Bucket, Account string
	Prefix          string
}

func (o *Objects) String() string { return fmt.Sprintf("S3 objects (%s/%s)", o.Bucket, o.Prefix) }

// Delete removes all versions of all objects under the prefix.
func (o *Objects) Delete(ctx context.Context) error {
	pages := s3.NewListObjectVersionsPaginator(o.API, &s3.ListObjectVersionsInput{Bucket: &o.Bucket, Prefix: &o.Prefix, ExpectedBucketOwner: &o.Account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awserr.Is(err, "NoSuchBucket") {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing %s: %w", o, err)
		}
		var ids []s3types.ObjectIdentifier
		for _, v := range page.Versions {
			ids = append(ids, s3types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			ids = append(ids, s3types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(ids) == 0 {
			continue
		}
		out, err := o.API.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &o.Bucket, ExpectedBucketOwner: &o.Account, Delete: &s3types.Delete{Objects: ids, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return fmt.Errorf("deleting %s: %w", o, err)
		}
		for _, e := range out.Errors {
			return fmt.Errorf("deleting %s: object %s: %s: %s", o, aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message))
		}
	}
	return nil
}
