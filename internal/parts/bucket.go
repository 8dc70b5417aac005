package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// BucketAPI is what Bucket calls of S3.
type BucketAPI interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
	DeleteBucket(context.Context, *s3.DeleteBucketInput, ...func(*s3.Options)) (*s3.DeleteBucketOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	PutBucketVersioning(context.Context, *s3.PutBucketVersioningInput, ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error)
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
	PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error)
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	GetBucketOwnershipControls(context.Context, *s3.GetBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error)
	PutBucketOwnershipControls(context.Context, *s3.PutBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
	PutBucketLifecycleConfiguration(context.Context, *s3.PutBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.PutBucketLifecycleConfigurationOutput, error)
	GetBucketPolicy(context.Context, *s3.GetBucketPolicyInput, ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error)
	PutBucketPolicy(context.Context, *s3.PutBucketPolicyInput, ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error)
	DeleteBucketPolicy(context.Context, *s3.DeleteBucketPolicyInput, ...func(*s3.Options)) (*s3.DeleteBucketPolicyOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
	PutBucketTagging(context.Context, *s3.PutBucketTaggingInput, ...func(*s3.Options)) (*s3.PutBucketTaggingOutput, error)
	DeleteBucketTagging(context.Context, *s3.DeleteBucketTaggingInput, ...func(*s3.Options)) (*s3.DeleteBucketTaggingOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
}

// Bucket is a versioned, encrypted S3 bucket that is closed to the public.
type Bucket struct {
	API BucketAPI
	// Name, Region and Account identify the bucket. Every call says that the
	// bucket must be Account's, because anybody may own a bucket of this name.
	Name, Region, Account string
	// KMSKeyARN encrypts the objects; empty for keys of S3's own.
	KMSKeyARN string
	// Policy is the whole bucket policy.
	Policy iampolicy.Document
	// NoncurrentDays is after how many days replaced versions are removed; 0
	// keeps them.
	NoncurrentDays int32
	Tags           Tags
	// ForceDestroy lets Delete remove a bucket that holds content.
	ForceDestroy bool
	// Keep lets Delete leave the bucket, marked so that a later create of the
	// same resource adopts it.
	Keep bool
	// Internal are the key prefixes whose objects do not count as content.
	Internal []string

	sleep sleepFunc
}

func (b *Bucket) String() string { return fmt.Sprintf("bucket (%s)", b.Name) }

// Ensure creates the bucket or repairs each of its settings.
func (b *Bucket) Ensure(ctx context.Context) error {
	have, err := b.read(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		if err := b.create(ctx); err != nil {
			return fmt.Errorf("creating %s: %w", b, err)
		}
		have, err = b.readNew(ctx)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", b, err)
	}
	repaired, err := repairAll(ctx, b, b.settings(have))
	if err != nil || !repaired {
		return err
	}
	return b.settle(ctx)
}

// Drift tells which settings differ.
func (b *Bucket) Drift(ctx context.Context) ([]string, error) {
	have, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	return driftOf(b.settings(have)), nil
}

// CheckDelete refuses the deletion of a bucket that holds content, unless that
// is wanted or the bucket is kept.
func (b *Bucket) CheckDelete(ctx context.Context) error {
	if b.ForceDestroy || b.Keep {
		return nil
	}
	holds, err := b.HoldsContent(ctx)
	if err != nil {
		return fmt.Errorf("listing %s: %w", b, err)
	}
	if holds {
		return fmt.Errorf("%s still holds objects: set force_destroy = true to delete them with it, or retain_on_destroy = true to keep the bucket for a later create; apply, and destroy then", b)
	}
	return nil
}

// HoldsContent tells whether the bucket holds any object outside Internal. A
// bucket that does not exist holds none.
func (b *Bucket) HoldsContent(ctx context.Context) (bool, error) {
	pages := s3.NewListObjectsV2Paginator(b.API, &s3.ListObjectsV2Input{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isNoBucket(err) {
			return false, nil
		}
		if err != nil {
			return false, b.explain(ctx, err)
		}
		if slices.ContainsFunc(page.Contents, func(o types.Object) bool { return !b.internal(aws.ToString(o.Key)) }) {
			return true, nil
		}
	}
	return false, nil
}

// ReadTags answers the bucket's tags, or stack.ErrNotFound.
func (b *Bucket) ReadTags(ctx context.Context) (map[string]string, error) {
	tags, err := b.getTags(ctx)
	if err != nil {
		return nil, b.explain(ctx, err)
	}
	return tags, nil
}

// Untag removes one tag.
func (b *Bucket) Untag(ctx context.Context, key string) error {
	tags, err := b.ReadTags(ctx)
	if err != nil {
		return err
	}
	if _, ok := tags[key]; !ok {
		return nil
	}
	delete(tags, key)
	return b.putTags(ctx, tags)
}

// create makes the bucket. Its tags are part of the one call, so that a create
// that is killed leaves no bucket without its owner's mark.
func (b *Bucket) create(ctx context.Context) error {
	in := &s3.CreateBucketInput{
		Bucket:                    &b.Name,
		ObjectOwnership:           types.ObjectOwnershipBucketOwnerEnforced,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{Tags: bucketTags(b.Tags.Want)},
	}
	// us-east-1 is the one region that S3 does not take as a constraint.
	if b.Region != "us-east-1" {
		in.CreateBucketConfiguration.LocationConstraint = types.BucketLocationConstraint(b.Region)
	}
	// A name that was deleted a moment ago is refused for a while.
	err := retryCodes(ctx, b.sleep, func() error {
		_, err := b.API.CreateBucket(ctx, in)
		return err
	}, "OperationAborted")
	switch {
	case awserr.Is(err, "BucketAlreadyExists"):
		return fmt.Errorf("a bucket of this name belongs to another AWS account: %w", err)
	case awserr.Is(err, "BucketAlreadyOwnedByYou"):
		// The SDK repeats a call whose answer was lost. The bucket is ours
		// only if it bears our mark.
		if tags, tagErr := b.ReadTags(ctx); tagErr != nil || tags[stack.OwnerTag] != b.Tags.Want[stack.OwnerTag] {
			return errors.Join(err, tagErr)
		}
		return nil
	}
	return err
}

// readNew reads the settings that a bucket was born with. S3 may deny for a
// moment that a new bucket exists.
func (b *Bucket) readNew(ctx context.Context) (bucketState, error) {
	var have bucketState
	missing := func(err error) bool { return errors.Is(err, stack.ErrNotFound) }
	err := retryLimited(ctx, b.sleep, missing, func() error {
		var err error
		have, err = b.read(ctx)
		return err
	})
	return have, err
}

// settle waits until S3 answers the settings just written: they take a moment
// to be the same everywhere, and until then a plan would show drift. What S3
// keeps answering otherwise is left for the next plan to tell.
func (b *Bucket) settle(ctx context.Context) error {
	err := settleWithin(ctx, b.sleep, retryLimit, func() (bool, error) {
		diffs, err := b.Drift(ctx)
		return len(diffs) == 0, err
	})
	if err != nil {
		return fmt.Errorf("reading %s again: %w", b, err)
	}
	return nil
}

// explain says what a refusal means where S3 does not: a bucket of another
// account and a missing permission answer alike.
func (b *Bucket) explain(ctx context.Context, err error) error {
	if !awserr.IsAccessDenied(err) {
		return err
	}
	_, head := b.API.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if !awserr.IsAccessDenied(head) {
		return err
	}
	return fmt.Errorf("bucket %s exists and belongs to another AWS account, or you lack s3:ListBucket: %w", b.Name, err)
}

func (b *Bucket) internal(key string) bool {
	return slices.ContainsFunc(b.Internal, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func (b *Bucket) getTags(ctx context.Context) (map[string]string, error) {
	out, err := b.API.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	switch {
	case isNoBucket(err):
		return nil, stack.ErrNotFound
	case awserr.Is(err, "NoSuchTagSet"):
		return map[string]string{}, nil
	case err != nil:
		return nil, err
	}
	tags := make(map[string]string, len(out.TagSet))
	for _, t := range out.TagSet {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// putTags replaces all tags; S3 has no call for a single one.
func (b *Bucket) putTags(ctx context.Context, tags map[string]string) error {
	if len(tags) == 0 {
		_, err := b.API.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
		return err
	}
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account, Tagging: &types.Tagging{TagSet: bucketTags(tags)}})
		return err
	})
}

// put repeats a change that S3 refuses because the bucket is very new or
// because another change is under way.
func (b *Bucket) put(ctx context.Context, f func() error) error {
	return retryCodes(ctx, b.sleep, f, "NoSuchBucket", "OperationAborted")
}

func bucketTags(tags map[string]string) []types.Tag {
	set := make([]types.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		set = append(set, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return set
}

// isNoBucket tells whether S3 answered that there is no such bucket. Answers
// to HEAD have no body, and so only the status as their code.
func isNoBucket(err error) bool { return awserr.Is(err, "NoSuchBucket", "NotFound", "404") }
