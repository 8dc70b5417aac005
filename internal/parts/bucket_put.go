package parts

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (b *Bucket) putPublicAccessBlock(ctx context.Context) error {
	yes := aws.Bool(true)
	return b.put(ctx, func() error {
		_, err := b.API.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
			Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
			PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
				BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
			},
		})
		return err
	})
}

func (b *Bucket) putOwnership(ctx context.Context) error {
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
			Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
			OwnershipControls: &types.OwnershipControls{
				Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
			},
		})
		return err
	})
}

func (b *Bucket) putVersioning(ctx context.Context) error {
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		return err
	})
}

func (b *Bucket) putEncryption(ctx context.Context, blocked *types.BlockedEncryptionTypes) error {
	want := b.wantEncryption()
	rule := types.ServerSideEncryptionRule{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: want.algorithm},
		BucketKeyEnabled:                   &want.bucketKey,
		BlockedEncryptionTypes:             blocked,
	}
	if want.key != "" {
		rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID = &want.key
	}
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
			Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
			ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}},
		})
		return err
	})
}

func (b *Bucket) putLifecycle(ctx context.Context) error {
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
			Bucket: &b.Name, ExpectedBucketOwner: &b.Account,
			LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: b.lifecycle()},
		})
		return err
	})
}

func (b *Bucket) putPolicy(ctx context.Context) error {
	return b.put(ctx, func() error {
		_, err := b.API.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.Name, ExpectedBucketOwner: &b.Account, Policy: aws.String(b.Policy.JSON())})
		return err
	})
}

// lifecycle is the wanted rules; an empty prefix is the whole bucket.
func (b *Bucket) lifecycle() []types.LifecycleRule {
	rules := []types.LifecycleRule{{
		ID:                             aws.String(ruleUploads),
		Status:                         types.ExpirationStatusEnabled,
		Filter:                         &types.LifecycleRuleFilter{Prefix: aws.String("")},
		AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
	}}
	if b.NoncurrentDays > 0 {
		rules = append(rules, types.LifecycleRule{
			ID:                          aws.String(ruleNoncurrent),
			Status:                      types.ExpirationStatusEnabled,
			Filter:                      &types.LifecycleRuleFilter{Prefix: aws.String("")},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: &b.NoncurrentDays},
		})
	}
	return rules
}

// lifecycleDrift compares rules by their ids. A rule that is not ours counts
// too: it could expire certificates.
func lifecycleDrift(have, want []types.LifecycleRule) []string {
	got := map[string]lifecycleFacts{}
	for _, r := range have {
		got[aws.ToString(r.ID)] = factsOf(r)
	}
	var diffs []string
	ours := map[string]bool{}
	for _, r := range want {
		id := aws.ToString(r.ID)
		ours[id] = true
		facts, ok := got[id]
		switch {
		case !ok:
			diffs = append(diffs, fmt.Sprintf("the lifecycle rule %s is missing", id))
		case facts != factsOf(r):
			diffs = append(diffs, fmt.Sprintf("the lifecycle rule %s differs", id))
		}
	}
	for _, r := range have {
		if id := aws.ToString(r.ID); !ours[id] {
			diffs = append(diffs, fmt.Sprintf("has the additional lifecycle rule %s", id))
		}
	}
	return diffs
}

// lifecycleFacts is a rule in a form that can be compared: S3 answers the
// filter of the whole bucket in more than one way.
type lifecycleFacts struct {
	enabled, filtered, other  bool
	abortDays, noncurrentDays int32
}

func factsOf(r types.LifecycleRule) lifecycleFacts {
	facts := lifecycleFacts{
		enabled:  r.Status == types.ExpirationStatusEnabled,
		filtered: aws.ToString(r.Prefix) != "", //nolint:staticcheck // S3 still answers the old form where somebody used it.
		other:    r.Expiration != nil || len(r.Transitions) > 0 || len(r.NoncurrentVersionTransitions) > 0,
	}
	if f := r.Filter; f != nil && (aws.ToString(f.Prefix) != "" || f.And != nil || f.Tag != nil || f.ObjectSizeGreaterThan != nil || f.ObjectSizeLessThan != nil) {
		facts.filtered = true
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		facts.abortDays = aws.ToInt32(a.DaysAfterInitiation)
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		facts.noncurrentDays = aws.ToInt32(n.NoncurrentDays)
		facts.other = facts.other || aws.ToInt32(n.NewerNoncurrentVersions) != 0
	}
	return facts
}
