package certbot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

const pemType = "application/x-pem-file"

// Source is where the function finds its Config.
type Source struct {
	Bucket string
	Key    string
	// SHA256 is the hex hash that the object's bytes must have.
	SHA256 string
}

// load reads the Config. The hash ties the function's environment to one
// configuration: an object that anybody changed is not obeyed.
func (s Source) load(ctx context.Context, api S3) (Config, error) {
	object, err := getObject(ctx, api, s.Bucket, s.Key)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	if object == nil {
		return Config{}, fmt.Errorf("reading the configuration: object (s3://%s/%s) does not exist; apply the resource again", s.Bucket, s.Key)
	}
	sum := sha256.Sum256(object.body)
	if got := hex.EncodeToString(sum[:]); got != s.SHA256 {
		return Config{}, fmt.Errorf("reading the configuration: object (s3://%s/%s) has the SHA-256 %s, but the function was told %s; apply the resource again", s.Bucket, s.Key, got, s.SHA256)
	}
	var config Config
	if err := json.Unmarshal(object.body, &config); err != nil {
		return Config{}, fmt.Errorf("reading the configuration (s3://%s/%s): %w", s.Bucket, s.Key, err)
	}
	return config, nil
}

// held is what lies in the bucket for a certificate.
type held struct {
	pair
	// broken is why the pair is of no use; then the pair is zero.
	broken error
	origin
	keyVersion, chainVersion string
}

// stored describes what is held; nil if that is nothing of use.
func (h *held) stored() *Stored {
	if h == nil || h.broken != nil {
		return nil
	}
	stored := h.pair.stored()
	stored.KeyVersion, stored.CertificateVersion = h.keyVersion, h.chainVersion
	return stored
}

// storeStatus writes a certificate's status object.
func storeStatus(ctx context.Context, api S3, config Config, status Status) error {
	body, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		return fmt.Errorf("marshalling the status: %w", err)
	}
	_, err = putObject(ctx, api, config.Bucket, StatusObject(config.Name, status.Key), "application/json", body, nil)
	return err
}

type object struct {
	body     []byte
	metadata map[string]string
	version  string
	etag     string
}

// getObject reads an object; nil if there is none.
func getObject(ctx context.Context, api S3, bucket, key string) (*object, error) {
	return readObject(ctx, api, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
}

func readObject(ctx context.Context, api S3, input *s3.GetObjectInput) (*object, error) {
	bucket, key := aws.ToString(input.Bucket), aws.ToString(input.Key)
	out, err := api.GetObject(ctx, input)
	if awserr.Is(err, "NoSuchKey") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading S3 object (s3://%s/%s): %w", bucket, key, err)
	}
	body, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading S3 object (s3://%s/%s): %w", bucket, key, err)
	}
	return &object{body: body, metadata: out.Metadata, version: aws.ToString(out.VersionId), etag: aws.ToString(out.ETag)}, nil
}

// putObject writes an object and answers its version. The bucket's own default
// says how it is encrypted.
func putObject(ctx context.Context, api S3, bucket, key, contentType string, body []byte, metadata map[string]string) (string, error) {
	out, err := api.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      aws.String(bucket),
		Key:         aws.String(key),
		Body:        bytes.NewReader(body),
		ContentType: aws.String(contentType),
		Metadata:    metadata,
	})
	if err != nil {
		return "", fmt.Errorf("writing S3 object (s3://%s/%s): %w", bucket, key, err)
	}
	return aws.ToString(out.VersionId), nil
}

// errChanged tells that an object is not the one that was read any more.
var errChanged = errors.New("another run changed it meanwhile")

// replaceObject writes a JSON object if it is still the one that was read, or
// if there is still none where that is nil; else the error is errChanged. It
// answers the object as it is now.
func replaceObject(ctx context.Context, api S3, bucket, key string, body []byte, old *object) (*object, error) {
	input := &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key),
		Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
	}
	if old == nil {
		input.IfNoneMatch = aws.String("*")
	} else {
		input.IfMatch = aws.String(old.etag)
	}
	out, err := api.PutObject(ctx, input)
	if err == nil {
		return &object{body: body, etag: aws.ToString(out.ETag), version: aws.ToString(out.VersionId)}, nil
	}
	err = fmt.Errorf("writing S3 object (s3://%s/%s): %w", bucket, key, err)
	if !awserr.Is(err, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey") {
		return nil, err
	}
	// The SDK repeats a write whose answer was lost, and the repetition is
	// refused.
	now, readErr := getObject(ctx, api, bucket, key)
	if readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	if now == nil || !bytes.Equal(now.body, body) {
		return nil, fmt.Errorf("%w; %w", err, errChanged)
	}
	return now, nil
}
