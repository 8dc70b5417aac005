package certbot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// denied is AWS's answer to a caller that lacks a permission.
func denied(action string) error {
	return &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized to perform: " + action}
}

// fakeS3 is one versioned bucket.
type fakeS3 struct {
	mu      sync.Mutex
	bucket  string
	objects map[string]object
	writes  []string
	written int
	// versions are all that were written and not deleted by their id, and
	// content is what they hold.
	versions []s3types.ObjectVersion
	content  map[string]object
	// fail may answer an error before anything is done.
	fail func(action, key string) error
	// wrote is told of each write that was done.
	wrote func(key string)
}

func newFakeS3(bucket string) *fakeS3 {
	return &fakeS3{bucket: bucket, objects: map[string]object{}, content: map[string]object{}}
}

func (f *fakeS3) enter(action, bucket, key string) error {
	if bucket != f.bucket {
		return &smithy.GenericAPIError{Code: "NoSuchBucket", Message: bucket}
	}
	if f.fail != nil {
		return f.fail(action, key)
	}
	return nil
}

func (f *fakeS3) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter("s3:GetObject", *in.Bucket, *in.Key); err != nil {
		return nil, err
	}
	o, ok := f.objects[*in.Key]
	if in.VersionId != nil {
		o, ok = f.content[*in.VersionId]
	}
	if !ok {
		return nil, &s3types.NoSuchKey{Message: aws.String("The specified key does not exist.")}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(o.body)), Metadata: o.metadata, VersionId: aws.String(o.version), ETag: aws.String(o.etag)}, nil
}

func (f *fakeS3) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter("s3:PutObject", *in.Bucket, *in.Key); err != nil {
		return nil, err
	}
	if strings.HasPrefix(*in.Key, ConfigPrefix) {
		return nil, denied("s3:PutObject on " + *in.Key)
	}
	for name, value := range in.Metadata {
		if name != strings.ToLower(name) || value == "" {
			return nil, fmt.Errorf("metadata %q=%q would not be read back as written", name, value)
		}
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	if err := f.precondition(in); err != nil {
		return nil, err
	}
	f.writes = append(f.writes, *in.Key)
	f.written++
	version, etag := fmt.Sprintf("v%d", f.written), fmt.Sprintf("%q", hexSum(body)[:32])
	f.objects[*in.Key] = object{body: body, metadata: in.Metadata, version: version, etag: etag}
	f.content[version] = f.objects[*in.Key]
	f.versions = append(f.versions, s3types.ObjectVersion{Key: in.Key, VersionId: aws.String(version), LastModified: aws.Time(time.Now())})
	if f.wrote != nil {
		f.wrote(*in.Key)
	}
	return &s3.PutObjectOutput{VersionId: aws.String(version), ETag: aws.String(etag)}, nil
}

// text is an object's content, "" if there is none.
func (f *fakeS3) text(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.objects[key].body)
}

// fakeSSM holds SecureString parameters.
type fakeSSM struct {
	mu     sync.Mutex
	values map[string]string
	puts   int
	keyID  string
	// fail may answer an error before anything is done.
	fail func(action string) error
}

func (f *fakeSSM) GetParameter(ctx context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		if err := f.fail("ssm:GetParameter"); err != nil {
			return nil, err
		}
	}
	value, ok := f.values[*in.Name]
	if !ok {
		return nil, &ssmtypes.ParameterNotFound{}
	}
	if !aws.ToBool(in.WithDecryption) {
		value = "AQICAHciphertext"
	}
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Name: in.Name, Value: aws.String(value)}}, nil
}

func (f *fakeSSM) PutParameter(ctx context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		if err := f.fail("ssm:PutParameter"); err != nil {
			return nil, err
		}
	}
	if in.Type != ssmtypes.ParameterTypeSecureString {
		return nil, fmt.Errorf("a private key as %s", in.Type)
	}
	if _, ok := f.values[*in.Name]; ok && !aws.ToBool(in.Overwrite) {
		return nil, &ssmtypes.ParameterAlreadyExists{}
	}
	f.puts++
	f.keyID = aws.ToString(in.KeyId)
	f.values[*in.Name] = *in.Value
	return &ssm.PutParameterOutput{}, nil
}

// fakeSNS keeps what was published.
type fakeSNS struct {
	mu       sync.Mutex
	messages []sns.PublishInput
	// fail is the answer to all calls.
	fail error
}

func (f *fakeSNS) Publish(ctx context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	subject := aws.ToString(in.Subject)
	if len(subject) == 0 || len(subject) >= 100 || strings.ContainsFunc(subject, func(c rune) bool { return c < ' ' || c > '~' }) {
		return nil, &smithy.GenericAPIError{Code: "InvalidParameter", Message: "Subject"}
	}
	if aws.ToString(in.Message) == "" {
		return nil, &smithy.GenericAPIError{Code: "InvalidParameter", Message: "Empty message"}
	}
	f.messages = append(f.messages, *in)
	return &sns.PublishOutput{}, nil
}

// told are the topics and subjects of all messages.
func (f *fakeSNS) told() []string {
	var told []string
	for _, m := range f.messages {
		told = append(told, aws.ToString(m.TopicArn)+" "+aws.ToString(m.Subject))
	}
	return told
}
