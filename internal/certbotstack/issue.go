package certbotstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// InvokeAPI is what an Issuer calls of Lambda.
type InvokeAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StoreAPI is what is read of the bucket.
type StoreAPI interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Issuer has the function look after the certificates and waits for what
// comes of it.
type Issuer struct {
	Lambda InvokeAPI
	Store  StoreAPI
	// Sleep waits, or answers the context's error; nil waits on the clock.
	Sleep func(context.Context, time.Duration) error
	// Told, unless it is nil, is called for each state that a certificate comes
	// to while Run waits.
	Told func(certbot.Status)
}

// Run starts the function with the request, which must have a RunID, and waits
// until it has told the outcome for every certificate of the request, or until
// ctx ends. The function is started asynchronously, so
// that it finishes its work even if nobody waits any more.
//
// It answers the last status of each certificate by key. The error tells why
// the outcome is not known; a certificate that could not be obtained is no
// error here, its status says so.
func (i Issuer) Run(ctx context.Context, s Spec, request certbot.Request) (map[string]certbot.Status, error) {
	if _, err := i.invoke(ctx, s, request, lambdatypes.InvocationTypeEvent); err != nil {
		return nil, err
	}
	return i.wait(ctx, s.only(request.Keys), request)
}

// silence is how long the function may take until it first tells that it is at
// work: it starts within seconds, and waits two minutes for the permissions of
// a new role. It does not count while another run holds it up.
const silence = 3 * time.Minute

func (i Issuer) wait(ctx context.Context, s Spec, request certbot.Request) (map[string]certbot.Status, error) {
	runID := request.RunID
	statuses, begun, ended := map[string]certbot.Status{}, map[string]certbot.Status{}, map[string]bool{}
	silent := time.Duration(0)
	for pause := 500 * time.Millisecond; ; pause = min(pause*3/2, 5*time.Second) {
		for _, key := range s.Keys() {
			if ended[key] {
				continue
			}
			st, err := ReadStatus(ctx, i.Store, s, key)
			if err != nil && !errors.Is(err, ErrNoStatus) {
				return statuses, err
			}
			if err == nil {
				i.tell(statuses[key], st, runID)
				statuses[key] = st
			}
			if st.RunID == runID {
				begun[key] = st
			}
			if len(begun) > 0 || atWork(st) {
				silent = 0
			}
			ended[key] = over(st, runID) || supersedes(st, begun[key]) && !request.Force
		}
		if !slices.ContainsFunc(s.Keys(), func(key string) bool { return !ended[key] }) {
			return statuses, nil
		}
		if silent >= silence {
			return statuses, fmt.Errorf("waiting for Lambda function (%s) to tell the outcome: it has told nothing for %s", s.Scope.Physical(), silence)
		}
		if err := i.sleep(ctx, pause); err != nil {
			return statuses, fmt.Errorf("waiting for Lambda function (%s) to tell the outcome: %w", s.Scope.Physical(), err)
		}
		silent += pause
	}
}

// over tells whether a status is how the run ended.
func over(st certbot.Status, runID string) bool {
	return st.RunID == runID && st.State != certbot.StateRunning
}

// atWork tells whether a status is of a run that may be at work still. A minute
// is for clocks that differ.
func atWork(st certbot.Status) bool {
	return st.State == certbot.StateRunning && time.Since(st.StartedAt) < certbot.LongestRun+time.Minute
}

// supersedes tells whether a status is of a run that came after the one that
// had begun: it found the certificate as that one left it, and told so before
// anybody read how that one ended.
func supersedes(st, begun certbot.Status) bool {
	return begun.RunID != "" && st.RunID != begun.RunID && st.ConfigSHA == begun.ConfigSHA &&
		st.State != certbot.StateRunning && st.State != certbot.StateFailed
}

func (i Issuer) sleep(ctx context.Context, d time.Duration) error {
	if i.Sleep != nil {
		return i.Sleep(ctx, d)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// ErrNoStatus tells that the function has never told of a certificate.
var ErrNoStatus = errors.New("the function has not looked after this certificate yet")

// ReadStatus reads what the function last told of a certificate.
func ReadStatus(ctx context.Context, api StoreAPI, s Spec, key string) (certbot.Status, error) {
	object := certbot.StatusObject(s.Scope.Name, key)
	body, err := read(ctx, api, s, object)
	if awserr.Is(err, "NoSuchKey", "NoSuchBucket", "NotFound") {
		return certbot.Status{}, ErrNoStatus
	}
	if err != nil {
		return certbot.Status{}, fmt.Errorf("reading status object (%s/%s): %w", s.BucketName(), object, err)
	}
	var st certbot.Status
	if err := json.Unmarshal(body, &st); err != nil {
		return certbot.Status{}, fmt.Errorf("decoding status object (%s/%s): %w", s.BucketName(), object, err)
	}
	return st, nil
}

func read(ctx context.Context, api StoreAPI, s Spec, key string) ([]byte, error) {
	out, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(s.BucketName()), Key: &key})
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Body.Close() }()
	return io.ReadAll(out.Body)
}

// Missing tells which certificates do not lie in the bucket, or lie there for
// other names, in the words of a drift: "certificate (browser): never issued:
// …". Objects are listed rather than read, because the caller need not be
// allowed to read keys.
func (s Spec) Missing(ctx context.Context, api StoreAPI) ([]string, error) {
	var missing []string
	for _, key := range s.Keys() {
		absent, err := s.absent(ctx, api, key)
		if err != nil {
			return nil, err
		}
		st, err := ReadStatus(ctx, api, s, key)
		var text string
		switch {
		case len(absent) == 0:
			text = s.otherNames(key, st) // a status that cannot be read tells nothing
		case err != nil && !errors.Is(err, ErrNoStatus):
			return nil, err
		case st.Stored == nil:
			text = "never issued"
		default:
			text = fmt.Sprintf("%s missing in bucket %s", strings.Join(absent, " and "), s.BucketName())
		}
		if text == "" {
			continue
		}
		if st.Failure != nil {
			text += ": " + st.Failure.Message
		}
		missing = append(missing, fmt.Sprintf("certificate (%s): %s", key, text))
	}
	return missing, nil
}

// otherNames tells that the stored certificate is for other names than wanted:
// they were changed, and the authority has refused the new ones.
func (s Spec) otherNames(key string, st certbot.Status) string {
	want := slices.Sorted(slices.Values(s.Certificates[key].Domains))
	if st.Stored == nil || st.State == certbot.StateRunning || slices.Equal(st.Stored.Domains, want) {
		return ""
	}
	return fmt.Sprintf("is for %s, want %s", strings.Join(st.Stored.Domains, ", "), strings.Join(want, ", "))
}

func (s Spec) absent(ctx context.Context, api StoreAPI, key string) ([]string, error) {
	prefix := s.Prefix(key)
	var absent []string
	for _, name := range []string{certbot.KeyObject, certbot.CertificateObject} {
		out, err := api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(s.BucketName()), Prefix: aws.String(prefix + name)})
		if awserr.Is(err, "NoSuchBucket") {
			return []string{certbot.KeyObject, certbot.CertificateObject}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing certificate (%s) in bucket (%s): %w", key, s.BucketName(), err)
		}
		found := false
		for _, o := range out.Contents {
			found = found || aws.ToString(o.Key) == prefix+name
		}
		if !found {
			absent = append(absent, prefix+name)
		}
	}
	return absent, nil
}
