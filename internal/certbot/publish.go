package certbot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// errTorn tells that the certificate is in force, but not for all readers.
var errTorn = errors.New("the pointer and the version that it names are right, but " + BundleObject + ", " + KeyObject + " or " + CertificateObject + " are still of the previous one, or of both; the next run repairs that")

// publish puts a pair in force. It writes only what is not there yet, so it
// also repairs what a run that died left behind.
//
// The version comes first, then the pointer, so that the pointer never names
// what is not there. The pointer is written only if it is still the one that
// was read: of two runs at once, one fails here and has changed nothing that
// anybody reads. Then comes the bundle, which is whole by itself. The last two
// are not written as one: a reader may see the new key beside the old
// certificate for a moment. The key goes first, so that whoever waits for a new
// certificate finds its key there.
//
// Once the pointer names the pair, publish answers it, even with an error,
// which then is errTorn.
func (s *shelf) publish(ctx context.Context, p pair, from origin) (*Stored, error) {
	return s.publishOver(ctx, p, from, s.pointer)
}

// publishOver is publish with the history of another pointer.
func (s *shelf) publishOver(ctx context.Context, p pair, from origin, history *Pointer) (*Stored, error) {
	key, err := p.keyPEM()
	if err != nil {
		return nil, err
	}
	t := texts{key, p.chainPEM()}
	pointer := newPointer(s.prefix, p, t, from, history)
	if err := s.putVersion(ctx, pointer.Version, t, from); err != nil {
		return nil, err
	}
	if err := s.putPointer(ctx, pointer); err != nil {
		return nil, err
	}
	s.have = s.placed(&held{pair: p, directory: from.directory, profile: from.profile, account: from.account})
	err = s.put(ctx, BundleObject, t.bundle(), from)
	if err == nil {
		err = s.put(ctx, KeyObject, t.key, origin{})
	}
	if err == nil {
		err = s.put(ctx, CertificateObject, t.chain, from)
	}
	s.have = s.placed(s.have)
	if err != nil {
		err = fmt.Errorf("%w; %w", err, errTorn)
	}
	return s.have.stored(), err
}

// putVersion writes a version's objects, the certificate last: a version
// without one is none.
func (s *shelf) putVersion(ctx context.Context, version string, t texts, from origin) error {
	if err := s.put(ctx, VersionsPrefix+version+"/"+KeyObject, t.key, origin{}); err != nil {
		return err
	}
	return s.put(ctx, VersionsPrefix+version+"/"+CertificateObject, t.chain, from)
}

// put writes an object unless it is there already.
func (s *shelf) put(ctx context.Context, name string, body []byte, from origin) error {
	if o := s.objects[name]; o != nil && bytes.Equal(o.body, body) {
		return nil
	}
	version, err := putObject(ctx, s.api, s.bucket, s.prefix+name, pemType, body, from.metadata())
	if err != nil {
		return err
	}
	s.objects[name] = &object{body: body, metadata: from.metadata(), version: version}
	return nil
}

// putPointer writes the pointer if it is still the one that was read.
func (s *shelf) putPointer(ctx context.Context, pointer Pointer) error {
	body, err := pointer.text()
	if err != nil {
		return err
	}
	input := &s3.PutObjectInput{
		Bucket: aws.String(s.bucket), Key: aws.String(s.prefix + PointerObject),
		Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
	}
	old := s.objects[PointerObject]
	switch {
	case old == nil:
		input.IfNoneMatch = aws.String("*")
	case bytes.Equal(old.body, body):
		s.pointer = &pointer
		return nil
	default:
		input.IfMatch = aws.String(old.etag)
	}
	out, err := s.api.PutObject(ctx, input)
	etag := ""
	if err == nil {
		etag = aws.ToString(out.ETag)
	} else if etag, err = s.writtenAfterAll(ctx, body, err); err != nil {
		return err
	}
	s.pointer, s.objects[PointerObject] = &pointer, &object{body: body, etag: etag}
	return nil
}

// writtenAfterAll looks whether a refused write of the pointer is there: the
// SDK repeats a write whose answer was lost, and the repetition is refused.
func (s *shelf) writtenAfterAll(ctx context.Context, body []byte, refusal error) (etag string, err error) {
	refusal = fmt.Errorf("writing S3 object (s3://%s/%s): %w", s.bucket, s.prefix+PointerObject, refusal)
	if !awserr.Is(refusal, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey") {
		return "", refusal
	}
	now, err := getObject(ctx, s.api, s.bucket, s.prefix+PointerObject)
	if err != nil {
		return "", errors.Join(refusal, err)
	}
	if now == nil || !bytes.Equal(now.body, body) {
		return "", fmt.Errorf("%w; another run changed it meanwhile, and what that one stored stays", refusal)
	}
	return now.etag, nil
}

// mend writes what is missing of the pair in force, or is of another one: what
// a run that died left undone, or all but the two objects of old.
func (r *run) mend(ctx context.Context, log *slog.Logger, s *shelf, status *Status) error {
	if s.have.stored() == nil {
		return nil
	}
	before := len(s.objects)
	stored, err := s.publish(ctx, s.have.pair, s.have.origin())
	if stored != nil {
		status.Stored = stored
	}
	if err == nil && len(s.objects) != before {
		log.InfoContext(ctx, "objects of the certificate were missing and are written", "version", stored.Serial)
	}
	return err
}
