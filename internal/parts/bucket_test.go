package parts

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const testKey = "arn:aws:kms:eu-west-2:123456789012:key/k1"

func testBucket(f *fakeS3) *Bucket {
	return &Bucket{
		API: f, Name: "certs", Region: f.region, Account: f.account,
		Policy: testPolicy("s3:DeleteObjectVersion"), NoncurrentDays: 90, Tags: creatingTags(),
		Internal: []string{"config/", "status/"}, sleep: instantly,
	}
}

func TestBucketEnsureCreates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, region, key string }{
		{"a region of its own", "eu-west-2", ""},
		{"the region without a constraint", "us-east-1", ""},
		{"a key of the user's", "eu-west-2", testKey},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			f.region = tc.region
			b := testBucket(f)
			b.KMSKeyARN = tc.key
			mustBeAbsent(t, b)
			mustEnsure(t, b)
			want := []string{"CreateBucket", "PutBucketVersioning", "PutBucketLifecycleConfiguration", "PutBucketPolicy"}
			if tc.key != "" {
				want = slices.Insert(want, 2, "PutBucketEncryption")
			}
			expectChanges(t, &f.service, want...)
			mustDrift(t, b)
			mustEnsure(t, b)
			expectChanges(t, &f.service)

			got := f.buckets["certs"]
			if got.ownership != types.ObjectOwnershipBucketOwnerEnforced || got.versioning != types.BucketVersioningStatusEnabled {
				t.Errorf("ownership %s, versioning %s", got.ownership, got.versioning)
			}
			if !maps.Equal(got.tags, b.Tags.Want) {
				t.Errorf("tags = %v", got.tags)
			}
			if d := got.encryption.ApplyServerSideEncryptionByDefault; aws.ToString(d.KMSMasterKeyID) != tc.key || aws.ToBool(got.encryption.BucketKeyEnabled) != (tc.key != "") {
				t.Errorf("encryption = %s with %s", d.SSEAlgorithm, aws.ToString(d.KMSMasterKeyID))
			}
			if blocked := got.encryption.BlockedEncryptionTypes; blocked == nil || !slices.Contains(blocked.EncryptionType, types.EncryptionTypeSseC) {
				t.Error("the bucket takes SSE-C again, which S3 had blocked")
			}
		})
	}
}

func TestBucketIsMarkedFromTheStart(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	f.always = map[string]error{"PutBucketVersioning": answer("InternalError")}
	b := testBucket(f)
	expectError(t, b.Ensure(t.Context()), "setting the versioning of bucket (certs)", "InternalError")
	tags, err := b.ReadTags(t.Context())
	if err != nil || !maps.Equal(tags, b.Tags.Want) {
		t.Fatalf("tags after a create that failed half-way = %v, %v", tags, err)
	}
	f.always = nil
	mustEnsure(t, b)
	mustDrift(t, b)
}

func TestBucketDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*fakeBucket)
		want   string
	}{
		{"versioning suspended", func(b *fakeBucket) { b.versioning = types.BucketVersioningStatusSuspended }, "versioning is Suspended, want Enabled"},
		{"versioning never on", func(b *fakeBucket) { b.versioning = "" }, "versioning is off, want Enabled"},
		{"no encryption", func(b *fakeBucket) { b.encryption = nil }, `encryption is off, want aws:kms with the key "` + testKey + `"`},
		{"other encryption", func(b *fakeBucket) {
			b.encryption = &types.ServerSideEncryptionRule{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}
		}, `encryption is AES256, want aws:kms with the key "` + testKey + `"`},
		{"no bucket key", func(b *fakeBucket) { b.encryption.BucketKeyEnabled = nil }, `encryption is aws:kms with the key "` + testKey + `" and without a bucket key, want aws:kms with the key "` + testKey + `"`},
		{"no public access block", func(b *fakeBucket) { b.block = nil }, "public access is not blocked"},
		{"public policies", func(b *fakeBucket) { b.block.BlockPublicPolicy = aws.Bool(false) }, "public access is not blocked"},
		{"public ACLs", func(b *fakeBucket) { b.block.BlockPublicAcls = nil }, "public access is not blocked"},
		{"public ACLs heeded", func(b *fakeBucket) { b.block.IgnorePublicAcls = nil }, "public access is not blocked"},
		{"public buckets", func(b *fakeBucket) { b.block.RestrictPublicBuckets = nil }, "public access is not blocked"},
		{"ownership", func(b *fakeBucket) { b.ownership = types.ObjectOwnershipObjectWriter }, "object ownership is ObjectWriter, want BucketOwnerEnforced"},
		{"no ownership", func(b *fakeBucket) { b.ownership = "" }, "object ownership is none, want BucketOwnerEnforced"},
		{"lifecycle rule gone", func(b *fakeBucket) { b.lifecycle = b.lifecycle[:1] }, "the lifecycle rule expire-noncurrent-versions is missing"},
		{"lifecycle rule disabled", func(b *fakeBucket) { b.lifecycle[0].Status = types.ExpirationStatusDisabled }, "the lifecycle rule abort-incomplete-uploads differs"},
		{"lifecycle rule limited", func(b *fakeBucket) { b.lifecycle[1].Filter = &types.LifecycleRuleFilter{Prefix: aws.String("x/")} }, "the lifecycle rule expire-noncurrent-versions differs"},
		{"lifecycle rule by tag", func(b *fakeBucket) { b.lifecycle[1].Filter = &types.LifecycleRuleFilter{Tag: &types.Tag{}} }, "the lifecycle rule expire-noncurrent-versions differs"},
		{"lifecycle days", func(b *fakeBucket) {
			b.lifecycle[1].NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1)}
		}, "the lifecycle rule expire-noncurrent-versions differs"},
		{"lifecycle keeps some", func(b *fakeBucket) {
			b.lifecycle[1].NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90), NewerNoncurrentVersions: aws.Int32(3)}
		}, "the lifecycle rule expire-noncurrent-versions differs"},
		{"lifecycle rule that expires more", func(b *fakeBucket) { b.lifecycle[1].Expiration = &types.LifecycleExpiration{Days: aws.Int32(1)} }, "the lifecycle rule expire-noncurrent-versions differs"},
		{"foreign lifecycle rule", func(b *fakeBucket) {
			b.lifecycle = append(b.lifecycle, types.LifecycleRule{ID: aws.String("expire-all"), Filter: &types.LifecycleRuleFilter{}})
		}, "has the additional lifecycle rule expire-all"},
		{"policy gone", func(b *fakeBucket) { b.policy = "" }, "the policy is missing"},
		{"policy", func(b *fakeBucket) { b.policy = strings.Replace(b.policy, "Allow", "Deny", 1) }, "the policy differs"},
		{"tag", func(b *fakeBucket) { b.tags["team"] = "sales" }, `tag team is "sales", want "web"`},
		{"tag gone", func(b *fakeBucket) { delete(b.tags, "team") }, `tag team is missing, want "web"`},
		{"foreign tag", func(b *fakeBucket) { b.tags["x"] = "y" }, `tag x is "y", want none`},
		{"all tags gone", func(b *fakeBucket) { b.tags = map[string]string{"team": "web", stack.CreatingTag: "true"} }, `tag ` + stack.OwnerTag + ` is missing, want "` + testOwner + `"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			b := testBucket(f)
			b.KMSKeyARN = testKey
			mustEnsure(t, b)
			f.takeChanges()
			tc.change(f.buckets["certs"])
			mustDrift(t, b, tc.want)
			mustEnsure(t, b)
			if n := len(f.takeChanges()); n != 1 {
				t.Errorf("the repair took %d changing calls, want 1", n)
			}
			mustDrift(t, b)
		})
	}
}

func TestBucketLeavesOtherPeoplesTags(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	mustEnsure(t, b)
	tags := f.buckets["certs"].tags
	tags["aws:createdBy"], tags["cost-center"] = "somebody", "7"
	mustDrift(t, b)
	tags["team"] = "sales"
	mustEnsure(t, b)
	if got := f.buckets["certs"].tags; got["aws:createdBy"] != "somebody" || got["cost-center"] != "7" || got["team"] != "web" {
		t.Errorf("tags = %v", got)
	}
}

func TestBucketUntag(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	b.Tags.Want = map[string]string{stack.OwnerTag: testOwner, stack.CreatingTag: "true"}
	mustEnsure(t, b)
	f.takeChanges()
	for _, step := range []struct {
		key     string
		changes []string
	}{
		{stack.CreatingTag, []string{"PutBucketTagging"}},
		{stack.CreatingTag, nil},
		{stack.OwnerTag, []string{"DeleteBucketTagging"}},
	} {
		if err := b.Untag(t.Context(), step.key); err != nil {
			t.Fatal(err)
		}
		expectChanges(t, &f.service, step.changes...)
	}
	if tags, err := b.ReadTags(t.Context()); err != nil || len(tags) > 0 {
		t.Errorf("tags = %v, %v", tags, err)
	}
}

func TestBucketOfAnotherAccount(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	f.buckets["certs"] = &fakeBucket{account: "999999999999"}
	b := testBucket(f)
	const words = "bucket certs exists and belongs to another AWS account, or you lack s3:ListBucket"
	_, err := b.ReadTags(t.Context())
	expectError(t, err, words)
	expectError(t, b.Ensure(t.Context()), words)
	expectChanges(t, &f.service)
	expectError(t, b.CheckDelete(t.Context()), words)
	expectError(t, b.Delete(t.Context()), words)
	if f.buckets["certs"] == nil {
		t.Error("the bucket of another account was deleted")
	}
}

func TestBucketAccessDenied(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	mustEnsure(t, b)
	f.always = map[string]error{"GetBucketTagging": answer("AccessDenied")}
	_, err := b.ReadTags(t.Context())
	expectError(t, err, "AccessDenied")
	if strings.Contains(err.Error(), "another AWS account") {
		t.Errorf("%q blames another account, though the bucket answers", err)
	}
	_, err = b.Drift(t.Context())
	expectError(t, err, "AccessDenied")
	expectError(t, b.Ensure(t.Context()), "reading bucket (certs)", "AccessDenied")
}

func TestBucketCreateConflicts(t *testing.T) {
	t.Parallel()
	t.Run("taken by another account meanwhile", func(t *testing.T) {
		t.Parallel()
		f := newFakeS3()
		f.once = map[string][]error{"CreateBucket": {answer("BucketAlreadyExists")}}
		expectError(t, testBucket(f).Ensure(t.Context()), "creating bucket (certs)", "belongs to another AWS account")
	})
	t.Run("taken by a stranger in the account meanwhile", func(t *testing.T) {
		t.Parallel()
		f := newFakeS3()
		b := testBucket(f)
		f.buckets["certs"] = &fakeBucket{account: f.account, tags: map[string]string{"x": "y"}}
		f.once = map[string][]error{"GetBucketPolicy": {answer("NoSuchBucket")}}
		f.always = map[string]error{"GetBucketVersioning": answer("NoSuchBucket")}
		expectError(t, b.Ensure(t.Context()), "creating bucket (certs)", "BucketAlreadyOwnedByYou")
		expectChanges(t, &f.service, "CreateBucket")
	})
	t.Run("a repeated call of our own", func(t *testing.T) {
		t.Parallel()
		f := newFakeS3()
		b := testBucket(f)
		f.buckets["certs"] = &fakeBucket{account: f.account, tags: maps.Clone(b.Tags.Want)}
		f.once = map[string][]error{"GetBucketVersioning": {answer("NoSuchBucket")}}
		mustEnsure(t, b)
		mustDrift(t, b)
	})
	t.Run("the name was deleted a moment ago", func(t *testing.T) {
		t.Parallel()
		f := newFakeS3()
		f.once = map[string][]error{"CreateBucket": {answer("OperationAborted"), answer("OperationAborted")}}
		mustEnsure(t, testBucket(f))
	})
}

func TestBucketIsEventuallyConsistent(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	old := answer("NoSuchLifecycleConfiguration")
	f.once = map[string][]error{
		"GetBucketVersioning":             {nil, answer("NoSuchBucket")},
		"PutBucketPolicy":                 {answer("NoSuchBucket"), answer("OperationAborted")},
		"GetBucketLifecycleConfiguration": {old, old, old, old, old},
	}
	b := testBucket(f)
	pauses := 0
	b.sleep = func(context.Context, time.Duration) error { pauses++; return nil }
	mustEnsure(t, b)
	// One pause for the new bucket, two for the policy, two until the
	// lifecycle rules show.
	if pauses != 5 {
		t.Errorf("%d pauses, want 5", pauses)
	}
	mustDrift(t, b)
}

func TestBucketSettlesOrLeavesItToThePlan(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	f.always = map[string]error{"GetBucketPolicy": answer("NoSuchBucketPolicy")}
	b := testBucket(f)
	mustEnsure(t, b)
	mustDrift(t, b, "the policy is missing")

	ctx, cancel := context.WithCancel(t.Context())
	b.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	expectError(t, b.Ensure(ctx), "bucket (certs)", "context canceled")
}
