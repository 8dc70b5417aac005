package parts

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// The rules of the bucket's lifecycle.
const (
	ruleUploads    = "abort-incomplete-uploads"
	ruleNoncurrent = "expire-noncurrent-versions"
)

// bucketState is what S3 answers of a bucket's settings.
type bucketState struct {
	versioning types.BucketVersioningStatus
	encryption bucketEncryption
	// blocked are the kinds of encryption that the bucket refuses. S3 holds
	// them together with the default encryption, so they are handed back.
	blocked     *types.BlockedEncryptionTypes
	blockPublic types.PublicAccessBlockConfiguration
	ownership   types.ObjectOwnership
	lifecycle   []types.LifecycleRule
	policy      string
	tags        map[string]string
}

type bucketEncryption struct {
	algorithm types.ServerSideEncryption
	key       string
	bucketKey bool
}

func (e bucketEncryption) String() string {
	switch {
	case e.algorithm == "":
		return "off"
	case e.algorithm == types.ServerSideEncryptionAes256:
		return string(e.algorithm)
	case !e.bucketKey:
		return fmt.Sprintf("%s with the key %q and without a bucket key", e.algorithm, e.key)
	default:
		return fmt.Sprintf("%s with the key %q", e.algorithm, e.key)
	}
}

func (b *Bucket) wantEncryption() bucketEncryption {
	if b.KMSKeyARN == "" {
		return bucketEncryption{algorithm: types.ServerSideEncryptionAes256}
	}
	return bucketEncryption{algorithm: types.ServerSideEncryptionAwsKms, key: b.KMSKeyARN, bucketKey: true}
}

// settings compares what the bucket has with what is wanted. Public access
// comes first and tags last: a bucket is closed before anything else.
func (b *Bucket) settings(have bucketState) []setting {
	p := have.blockPublic
	closed := aws.ToBool(p.BlockPublicAcls) && aws.ToBool(p.BlockPublicPolicy) && aws.ToBool(p.IgnorePublicAcls) && aws.ToBool(p.RestrictPublicBuckets)
	policy := []string(nil)
	switch {
	case have.policy == "":
		policy = []string{"the policy is missing"}
	case !iampolicy.Equivalent(have.policy, b.Policy.JSON()):
		policy = []string{"the policy differs"}
	}
	return []setting{
		{"public access block", differs(!closed, "public access is not blocked"), b.putPublicAccessBlock},
		{"object ownership", differs(have.ownership != types.ObjectOwnershipBucketOwnerEnforced, "object ownership is %s, want %s", orNone(string(have.ownership)), types.ObjectOwnershipBucketOwnerEnforced), b.putOwnership},
		{"versioning", differs(have.versioning != types.BucketVersioningStatusEnabled, "versioning is %s, want %s", orOff(string(have.versioning)), types.BucketVersioningStatusEnabled), b.putVersioning},
		{"encryption", differs(have.encryption != b.wantEncryption(), "encryption is %s, want %s", have.encryption, b.wantEncryption()), func(ctx context.Context) error {
			return b.putEncryption(ctx, have.blocked)
		}},
		{"lifecycle", lifecycleDrift(have.lifecycle, b.lifecycle()), b.putLifecycle},
		{"policy", policy, b.putPolicy},
		{"tags", b.Tags.Drift(have.tags), func(ctx context.Context) error {
			set, remove := b.Tags.Diff(have.tags)
			tags := maps.Clone(have.tags)
			maps.Copy(tags, set)
			for _, k := range remove {
				delete(tags, k)
			}
			return b.putTags(ctx, tags)
		}},
	}
}

// read asks for all settings at once.
func (b *Bucket) read(ctx context.Context) (bucketState, error) {
	var have bucketState
	readers := []func(context.Context, *bucketState) error{
		b.readVersioning, b.readEncryption, b.readPublicAccessBlock, b.readOwnership, b.readLifecycle, b.readPolicy,
		func(ctx context.Context, have *bucketState) error {
			var err error
			have.tags, err = b.getTags(ctx)
			return err
		},
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, read := range readers {
		group.Go(func() error { return read(groupCtx, &have) }) // each writes fields of its own
	}
	err := group.Wait()
	if isNoBucket(err) {
		return bucketState{}, stack.ErrNotFound
	}
	if err != nil {
		return bucketState{}, b.explain(ctx, err)
	}
	return have, nil
}

func (b *Bucket) readVersioning(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if err != nil {
		return err
	}
	have.versioning = out.Status
	return nil
}

func (b *Bucket) readEncryption(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if awserr.Is(err, "ServerSideEncryptionConfigurationNotFoundError") {
		return nil
	}
	if err != nil {
		return err
	}
	if out.ServerSideEncryptionConfiguration == nil {
		return nil
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		have.blocked = rule.BlockedEncryptionTypes
		d := rule.ApplyServerSideEncryptionByDefault
		if d == nil {
			continue
		}
		have.encryption = bucketEncryption{algorithm: d.SSEAlgorithm, key: aws.ToString(d.KMSMasterKeyID)}
		// A bucket key means nothing for keys of S3's own.
		if d.SSEAlgorithm != types.ServerSideEncryptionAes256 {
			have.encryption.bucketKey = aws.ToBool(rule.BucketKeyEnabled)
		}
	}
	return nil
}

func (b *Bucket) readPublicAccessBlock(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if awserr.Is(err, "NoSuchPublicAccessBlockConfiguration") {
		return nil
	}
	if err != nil {
		return err
	}
	if out.PublicAccessBlockConfiguration != nil {
		have.blockPublic = *out.PublicAccessBlockConfiguration
	}
	return nil
}

func (b *Bucket) readOwnership(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if awserr.Is(err, "OwnershipControlsNotFoundError") {
		return nil
	}
	if err != nil {
		return err
	}
	if out.OwnershipControls != nil && len(out.OwnershipControls.Rules) > 0 {
		have.ownership = out.OwnershipControls.Rules[0].ObjectOwnership
	}
	return nil
}

func (b *Bucket) readLifecycle(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if awserr.Is(err, "NoSuchLifecycleConfiguration") {
		return nil
	}
	if err != nil {
		return err
	}
	have.lifecycle = out.Rules
	return nil
}

func (b *Bucket) readPolicy(ctx context.Context, have *bucketState) error {
	out, err := b.API.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account})
	if awserr.Is(err, "NoSuchBucketPolicy") {
		return nil
	}
	if err != nil {
		return err
	}
	have.policy = aws.ToString(out.Policy)
	return nil
}

func orOff(s string) string {
	if s == "" {
		return "off"
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
