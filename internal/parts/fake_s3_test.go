package parts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// fakeS3 is S3 as one account sees it in one region.
type fakeS3 struct {
	service
	account, region string
	buckets         map[string]*fakeBucket
	// page is the most that one page of a list holds.
	page int
}

type fakeBucket struct {
	account    string
	versioning types.BucketVersioningStatus
	encryption *types.ServerSideEncryptionRule
	block      *types.PublicAccessBlockConfiguration
	ownership  types.ObjectOwnership
	lifecycle  []types.LifecycleRule
	policy     string
	tags       map[string]string
	versions   []fakeVersion
	uploads    []string
	lastID     int
}

func newFakeS3() *fakeS3 {
	return &fakeS3{account: testAccount, region: "eu-west-2", buckets: map[string]*fakeBucket{}, page: 1000}
}

// open begins an operation on a bucket. Every call must name the expected
// owner: the fake takes its absence for a mistake.
func (f *fakeS3) open(op string, name, owner *string) (*fakeBucket, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	head := op == "HeadBucket"
	b, ok := f.buckets[aws.ToString(name)]
	switch {
	case !ok && head:
		return nil, &types.NotFound{}
	case !ok:
		return nil, answer("NoSuchBucket")
	case owner == nil:
		return nil, answer("ExpectedBucketOwnerMissing")
	case b.account != f.account || b.account != *owner:
		if head {
			return nil, answer("Forbidden")
		}
		return nil, answer("AccessDenied")
	}
	return b, nil
}

func (f *fakeS3) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.open("HeadBucket", in.Bucket, in.ExpectedBucketOwner)
	return &s3.HeadBucketOutput{}, err
}

func (f *fakeS3) CreateBucket(_ context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("CreateBucket"); err != nil {
		return nil, err
	}
	constraint := string(in.CreateBucketConfiguration.LocationConstraint)
	if f.region == "us-east-1" && constraint != "" || f.region != "us-east-1" && constraint != f.region {
		return nil, answer("IllegalLocationConstraintException")
	}
	if b, ok := f.buckets[*in.Bucket]; ok {
		if b.account == f.account {
			return nil, answer("BucketAlreadyOwnedByYou")
		}
		return nil, answer("BucketAlreadyExists")
	}
	yes := aws.Bool(true)
	b := &fakeBucket{
		account: f.account, ownership: in.ObjectOwnership, tags: map[string]string{},
		encryption: &types.ServerSideEncryptionRule{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
			BlockedEncryptionTypes:             &types.BlockedEncryptionTypes{EncryptionType: []types.EncryptionType{types.EncryptionTypeSseC}},
		},
		block: &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes},
	}
	for _, t := range in.CreateBucketConfiguration.Tags {
		b.tags[*t.Key] = *t.Value
	}
	f.buckets[*in.Bucket] = b
	return &s3.CreateBucketOutput{}, nil
}

func (f *fakeS3) DeleteBucket(_ context.Context, in *s3.DeleteBucketInput, _ ...func(*s3.Options)) (*s3.DeleteBucketOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("DeleteBucket", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.versions) > 0 || len(b.uploads) > 0 {
		return nil, answer("BucketNotEmpty")
	}
	delete(f.buckets, *in.Bucket)
	return &s3.DeleteBucketOutput{}, nil
}

func (f *fakeS3) GetBucketVersioning(_ context.Context, in *s3.GetBucketVersioningInput, _ ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketVersioning", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketVersioningOutput{Status: b.versioning}, nil
}

func (f *fakeS3) PutBucketVersioning(_ context.Context, in *s3.PutBucketVersioningInput, _ ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketVersioning", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.versioning = in.VersioningConfiguration.Status
	return &s3.PutBucketVersioningOutput{}, nil
}

func (f *fakeS3) GetBucketEncryption(_ context.Context, in *s3.GetBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketEncryption", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.encryption == nil {
		return nil, answer("ServerSideEncryptionConfigurationNotFoundError")
	}
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{*b.encryption}}}, nil
}

func (f *fakeS3) PutBucketEncryption(_ context.Context, in *s3.PutBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketEncryption", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	rules := in.ServerSideEncryptionConfiguration.Rules
	if len(rules) != 1 {
		return nil, answer("MalformedXML")
	}
	if d := rules[0].ApplyServerSideEncryptionByDefault; d.SSEAlgorithm == types.ServerSideEncryptionAes256 && d.KMSMasterKeyID != nil {
		return nil, answer("InvalidArgument")
	}
	b.encryption = &rules[0]
	return &s3.PutBucketEncryptionOutput{}, nil
}

func (f *fakeS3) GetPublicAccessBlock(_ context.Context, in *s3.GetPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetPublicAccessBlock", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.block == nil {
		return nil, answer("NoSuchPublicAccessBlockConfiguration")
	}
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.block}, nil
}

func (f *fakeS3) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutPublicAccessBlock", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.block = in.PublicAccessBlockConfiguration
	return &s3.PutPublicAccessBlockOutput{}, nil
}

func (f *fakeS3) GetBucketOwnershipControls(_ context.Context, in *s3.GetBucketOwnershipControlsInput, _ ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketOwnershipControls", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.ownership == "" {
		return nil, answer("OwnershipControlsNotFoundError")
	}
	return &s3.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: b.ownership}}}}, nil
}

func (f *fakeS3) PutBucketOwnershipControls(_ context.Context, in *s3.PutBucketOwnershipControlsInput, _ ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketOwnershipControls", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.ownership = in.OwnershipControls.Rules[0].ObjectOwnership
	return &s3.PutBucketOwnershipControlsOutput{}, nil
}

func (f *fakeS3) GetBucketLifecycleConfiguration(_ context.Context, in *s3.GetBucketLifecycleConfigurationInput, _ ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketLifecycleConfiguration", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.lifecycle) == 0 {
		return nil, answer("NoSuchLifecycleConfiguration")
	}
	return &s3.GetBucketLifecycleConfigurationOutput{Rules: b.lifecycle}, nil
}

func (f *fakeS3) PutBucketLifecycleConfiguration(_ context.Context, in *s3.PutBucketLifecycleConfigurationInput, _ ...func(*s3.Options)) (*s3.PutBucketLifecycleConfigurationOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketLifecycleConfiguration", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	for _, r := range in.LifecycleConfiguration.Rules {
		if r.Filter == nil { // the new form of a rule demands a filter
			return nil, answer("MalformedXML")
		}
	}
	b.lifecycle = in.LifecycleConfiguration.Rules
	return &s3.PutBucketLifecycleConfigurationOutput{}, nil
}

func (f *fakeS3) GetBucketPolicy(_ context.Context, in *s3.GetBucketPolicyInput, _ ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketPolicy", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.policy == "" {
		return nil, answer("NoSuchBucketPolicy")
	}
	return &s3.GetBucketPolicyOutput{Policy: &b.policy}, nil
}

func (f *fakeS3) PutBucketPolicy(_ context.Context, in *s3.PutBucketPolicyInput, _ ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketPolicy", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(*in.Policy)) {
		return nil, answer("MalformedPolicy")
	}
	// S3 writes a list of one as its element.
	b.policy = strings.NewReplacer(`["`, `"`, `"]`, `"`).Replace(*in.Policy)
	return &s3.PutBucketPolicyOutput{}, nil
}

func (f *fakeS3) DeleteBucketPolicy(_ context.Context, in *s3.DeleteBucketPolicyInput, _ ...func(*s3.Options)) (*s3.DeleteBucketPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("DeleteBucketPolicy", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.policy = ""
	return &s3.DeleteBucketPolicyOutput{}, nil
}
