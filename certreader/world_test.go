package certreader

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	testBucket = "certs"
	// testPrefix is the one of the published objects in testdata.
	testPrefix = "a/"
	testARN    = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:fargatedirect-prod/a/certificate-AbCdEf"
	testName   = "task.example.com"
)

// fill puts a pair in the places that a text of testdata has for it. The texts
// are what the function publishes: its own tests compare them.
func (t texts) fill(text string) string {
	return strings.NewReplacer(
		"KEY_PEM", t.key, "CERTIFICATE_PEM", t.chain,
		"KEY_JSON", quoted(t.key), "CERTIFICATE_JSON", quoted(t.chain),
		"KEY_SHA256", hexSum([]byte(t.key)), "CERTIFICATE_SHA256", hexSum([]byte(t.chain)),
		"SERIAL", t.serial,
		"NOT_BEFORE", "2000-01-01T00:00:00Z", "NOT_AFTER", "2000-03-31T00:00:00Z",
	).Replace(text)
}

// quoted is the text inside of a JSON string.
func quoted(text string) string {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(body[1 : len(body)-1])
}

// published are the objects of a pair below its prefix.
func (t texts) published() map[string]string {
	root := os.DirFS("testdata/published")
	objects := map[string]string{}
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		objects[t.fill(path)] = t.fill(string(text))
		return err
	})
	if err != nil || len(objects) == 0 {
		panic(err)
	}
	return objects
}

func (t texts) secret() string {
	text, err := os.ReadFile("testdata/secret.json")
	if err != nil {
		panic(err)
	}
	return t.fill(string(text))
}

// awsError is an error as the SDK makes them.
type awsError struct {
	code   string
	status int
}

func (e awsError) Error() string       { return "api error " + e.code }
func (e awsError) ErrorCode() string   { return e.code }
func (e awsError) HTTPStatusCode() int { return e.status }

var (
	errDenied    = awsError{"AccessDenied", 403}
	errThrottled = awsError{"SlowDown", 503}
)

// fakeAWS is a bucket and a secret. What was asked for is in asked.
type fakeAWS struct {
	mu      sync.Mutex
	objects map[string]string
	secret  string
	asked   []string
	// fail may answer an error instead. It is called unlocked.
	fail func(ctx context.Context, key string) error
}

func newFakeAWS(t texts) *fakeAWS {
	f := &fakeAWS{objects: map[string]string{}}
	f.publish(t)
	return f
}

// publish puts a pair in force.
func (f *fakeAWS) publish(t texts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, text := range t.published() {
		f.objects[testPrefix+key] = text
	}
	f.secret = t.secret()
}

// change edits an object; nil deletes it.
func (f *fakeAWS) change(key string, edit func(string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if edit == nil {
		delete(f.objects, testPrefix+key)
		return
	}
	f.objects[testPrefix+key] = edit(f.objects[testPrefix+key])
}

func (f *fakeAWS) setSecret(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret = text
}

// failing sets what calls answer from now on.
func (f *fakeAWS) failing(fail func(context.Context, string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

// calls answers what was asked for since it was last called.
func (f *fakeAWS) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

func (f *fakeAWS) begin(ctx context.Context, key string) error {
	f.mu.Lock()
	f.asked = append(f.asked, key)
	fail := f.fail
	f.mu.Unlock()
	if fail != nil {
		if err := fail(ctx, key); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (f *fakeAWS) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if err := f.begin(ctx, *in.Key); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.objects[*in.Key]
	if *in.Bucket != testBucket || !ok {
		return nil, awsError{"NoSuchKey", http.StatusNotFound}
	}
	tag := `"` + hexSum([]byte(text))[:32] + `"`
	if in.IfNoneMatch != nil && *in.IfNoneMatch == tag {
		return nil, awsError{"NotModified", http.StatusNotModified}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(text)), ETag: &tag}, nil
}

func (f *fakeAWS) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if err := f.begin(ctx, *in.SecretId); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if *in.SecretId != testARN || f.secret == "" {
		return nil, awsError{"ResourceNotFoundException", http.StatusBadRequest}
	}
	text := f.secret
	return &secretsmanager.GetSecretValueOutput{SecretString: &text}, nil
}

// sources are all ways to read the fake.
func (f *fakeAWS) sources() map[string]Source {
	return map[string]Source{
		"pointer": FromBucket(f, testBucket, testPrefix),
		"bundle":  FromBundle(f, testBucket, testPrefix),
		"secret":  FromSecret(f, testARN),
	}
}

// lockedLog is a log of JSON lines.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lockedLog) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

// started makes a reader that must find a pair, and runs it until the test
// ends. It is for bubbles of synctest.
func started(t *testing.T, source Source, options Options) *Reader {
	t.Helper()
	r, err := New(t.Context(), source, options)
	if err != nil {
		t.Fatal(err)
	}
	go r.Run(t.Context())
	return r
}

// serves checks what a server would use.
func serves(t *testing.T, r *Reader, want texts) Version {
	t.Helper()
	pair, err := r.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("the key cannot sign")
	}
	var chain []*x509.Certificate
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, c)
	}
	if keyText(key) != want.key || chainText(chain...) != want.chain {
		t.Errorf("serves %s, want %s", serialOf(pair.Leaf), want.serial)
	}
	v := r.Serving()
	if v.Serial != want.serial || !v.NotAfter.Equal(pair.Leaf.NotAfter) {
		t.Errorf("says that it serves %+v, want %s", v, want.serial)
	}
	return v
}
