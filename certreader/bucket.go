package certreader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is what FromBucket and FromBundle ask of S3; *s3.Client has it.
type S3 interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// The longest objects that are read. They are several times what a certificate
// with 100 names takes.
const (
	maxPointer = 64 << 10
	maxKey     = 16 << 10
	maxChain   = 256 << 10
	maxBundle  = maxKey + maxChain
)

var regionPattern = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

type bucketSource struct {
	api            S3
	bucket, prefix string
}

// FromBucket follows the pointer of a certificate, <prefix>current.json. The
// prefix is the certificate's in fargatedirect_certbot, by default its key and
// a slash. A look costs one conditional request, and two more when there is a
// new version. It needs the rights of reader_policy_json.
func FromBucket(api S3, bucket, prefix string) Source {
	return &bucketSource{api: api, bucket: bucket, prefix: prefix}
}

func (b *bucketSource) String() string { return location(b.bucket, b.prefix+pointerObject) }

func (b *bucketSource) look(ctx context.Context, have mark) (found, error) {
	text, tag, err := get(ctx, b.api, b.bucket, b.prefix+pointerObject, have.tag, maxPointer)
	if err != nil {
		return found{}, absent(err)
	}
	if text == nil {
		return found{mark: have}, nil
	}
	p, err := parsePointer(text, b.prefix)
	if err != nil {
		return found{}, fmt.Errorf("reading %s: %w; the function's next run writes it again", b, err)
	}
	f := found{mark: mark{tag: tag, version: p.identity()}, serial: p.Version}
	if f.version == have.version {
		return f, nil
	}
	if f.key, err = b.pointed(ctx, p.Key, maxKey); err != nil {
		return found{}, err
	}
	if f.chain, err = b.pointed(ctx, p.Certificate, maxChain); err != nil {
		return found{}, err
	}
	return f, nil
}

// pointed reads an object that the pointer names.
func (b *bucketSource) pointed(ctx context.Context, o pointedObject, most int64) ([]byte, error) {
	text, _, err := get(ctx, b.api, b.bucket, o.ObjectKey, "", most)
	if err != nil {
		return nil, fmt.Errorf("following %s: %w", b, err)
	}
	if hexSum(text) != o.SHA256 {
		return nil, fmt.Errorf("reading %s: its SHA-256 is not the one in %s", location(b.bucket, o.ObjectKey), b)
	}
	return text, nil
}

type bundleSource struct {
	api         S3
	bucket, key string
}

// FromBundle reads a certificate's bundle, <prefix>bundle.pem, which is the
// private key and the chain in one object. A look costs one conditional
// request.
func FromBundle(api S3, bucket, prefix string) Source {
	return &bundleSource{api: api, bucket: bucket, key: prefix + bundleObject}
}

func (b *bundleSource) String() string { return location(b.bucket, b.key) }

func (b *bundleSource) look(ctx context.Context, have mark) (found, error) {
	text, tag, err := get(ctx, b.api, b.bucket, b.key, have.tag, maxBundle)
	if err != nil {
		return found{}, absent(err)
	}
	if text == nil {
		return found{mark: have}, nil
	}
	f := found{mark: mark{tag: tag, version: hexSum(text)}}
	if f.version == have.version {
		return f, nil
	}
	if f.key, f.chain, err = splitBundle(text); err != nil {
		return found{}, fmt.Errorf("reading %s: %w", b, err)
	}
	return f, nil
}

// get reads an object with its tag. Nil says that it still has the tag that
// was given.
func get(ctx context.Context, api S3, bucket, key, tag string, most int64) ([]byte, string, error) {
	input := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if tag != "" {
		input.IfNoneMatch = &tag
	}
	out, err := api.GetObject(ctx, input)
	var status interface{ HTTPStatusCode() int }
	switch {
	case err == nil:
	case tag != "" && errors.As(err, &status) && status.HTTPStatusCode() == http.StatusNotModified:
		return nil, tag, nil
	default:
		return nil, "", hinted(redirected(fmt.Errorf("reading %s: %w", location(bucket, key), err)))
	}
	defer out.Body.Close()
	text, err := bounded(out.Body, most)
	if err != nil {
		return nil, "", hinted(fmt.Errorf("reading %s: %w", location(bucket, key), err))
	}
	return text, aws.ToString(out.ETag), nil
}

// absent adds to an error of what a look begins with why it may not be there.
func absent(err error) error {
	if errorCode(err) == "NoSuchKey" {
		return fmt.Errorf("%w; there is no certificate yet, or the prefix is another one", err)
	}
	return err
}

// hinted adds to an error of AWS what to do about it. That of a request without
// an answer says only that a context ended.
func hinted(err error) error {
	switch code := errorCode(err); {
	case code == "AccessDenied":
		return fmt.Errorf("%w; the role needs the certificate's reader_policy_json, and must be in reader_role_arns where there are any", err)
	case code == "AccessDeniedException":
		return fmt.Errorf("%w; the role needs the certificate's execution_policy_json, and must be in reader_role_arns where there are any", err)
	case code == "ResourceNotFoundException":
		return fmt.Errorf("%w; there is no certificate yet, or the secret is another one, or in another region than the client's", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w; there was no answer in time: a task reaches AWS by a public IP, a NAT gateway or VPC endpoints, if its security groups let it", err)
	}
	return err
}

// errorCode is what AWS calls an error; empty if it is not AWS's.
func errorCode(err error) string {
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// redirected adds where a bucket is to an error that says that it is elsewhere.
// S3 tells the region in a header.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingRouting.html
func redirected(err error) error {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return err
	}
	region := response.Response.Header.Get("X-Amz-Bucket-Region")
	elsewhere := response.HTTPStatusCode() == http.StatusMovedPermanently || errorCode(err) == "AuthorizationHeaderMalformed"
	switch {
	case !elsewhere:
		return err
	case regionPattern.MatchString(region):
		return fmt.Errorf("%w; the bucket is in %s: set that region", err, region)
	}
	return fmt.Errorf("%w; the bucket is in another region: set that one", err)
}

func location(bucket, key string) string { return "s3://" + bucket + "/" + key }

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
