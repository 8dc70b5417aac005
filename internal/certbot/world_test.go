package certbot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	legolog "github.com/go-acme/lego/v4/log"
)

func TestMain(m *testing.M) {
	legolog.Logger = log.New(io.Discard, "", 0) // it tells of every retry
	os.Exit(m.Run())
}

// world is everything around the function.
type world struct {
	s3      *fakeS3
	ssm     *fakeSSM
	sns     *fakeSNS
	zone    *fakeZone
	zones   zones // instead of the one zone
	ca      *fakeCA
	config  Config
	log     lockedBuffer
	events  *fakeEventBridge
	metrics lockedBuffer
	secrets *fakeSecrets
}

// lockedBuffer is a log of several runs at once.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

// newWorld has one certificate for each list of names, with the keys a, b, ….
func newWorld(names ...[]string) *world {
	w := &world{s3: newFakeS3("certs"), ssm: &fakeSSM{values: map[string]string{}}, secrets: &fakeSecrets{secrets: map[string]*fakeSecret{}}, sns: &fakeSNS{}, events: &fakeEventBridge{}, zone: newFakeZone("Z1")}
	w.zone.delay = 40 * time.Second
	w.ca = newFakeCA(w.zone)
	w.config = Config{
		Name:            "prod",
		Bucket:          "certs",
		OwnBucket:       true,
		ACME:            ACME{DirectoryURL: caURL + "/dir", KeyParameter: "/fargatedirect/prod/key"},
		SuccessTopicARN: "good",
		FailureTopicARN: "bad",
	}
	for i, domains := range names {
		key := string(rune('a' + i))
		w.config.Certificates = append(w.config.Certificates, Certificate{Key: key, Domains: domains, Prefix: key + "/", HostedZoneID: "Z1", KeyType: "P256", Profile: "default"})
	}
	return w
}

// run makes one run with the configuration as it is now.
func (w *world) run(ctx context.Context, request Request) (Report, error) {
	return w.runWith(ctx, request, func(Role) Route53 {
		if w.zones != nil {
			return w.zones
		}
		return w.zone
	})
}

func (w *world) runWith(ctx context.Context, request Request, route53 func(Role) Route53) (Report, error) {
	body, err := json.Marshal(w.config)
	if err != nil {
		return Report{}, err
	}
	sum := sha256.Sum256(body)
	source := Source{Bucket: "certs", Key: ConfigObject(hex.EncodeToString(sum[:])), SHA256: hex.EncodeToString(sum[:])}
	w.s3.mu.Lock()
	w.s3.objects[source.Key] = object{body: body}
	w.s3.mu.Unlock()
	runner := New(Clients{S3: w.s3, SSM: w.ssm, SecretsManager: w.secrets, SNS: w.sns, EventBridge: w.events, Route53: route53}, source, slog.New(slog.NewJSONHandler(&w.log, nil)), &w.metrics)
	runner.connect = func(string) (*transport, error) { return &transport{next: w.ca}, nil }
	return runner.Handle(ctx, request)
}

// mustRun makes a run that must succeed and answers its statuses.
func (w *world) mustRun(t *testing.T, request Request) []Status {
	t.Helper()
	report, err := w.run(t.Context(), request)
	if err != nil {
		t.Fatalf("the run failed: %v", err)
	}
	return report.Certificates
}

// mustFail makes a run that must fail for its only certificate.
func (w *world) mustFail(t *testing.T, ctx context.Context) Status {
	t.Helper()
	report, err := w.run(ctx, Request{RunID: "r1"})
	if err == nil || len(report.Certificates) != 1 {
		t.Fatalf("the run gave %+v, error %v; want one failure", report, err)
	}
	status := report.Certificates[0]
	if status.State != StateFailed || status.Failure == nil || status.FinishedAt.IsZero() {
		t.Fatalf("status %+v, want a failure", status)
	}
	w.storedStatusIs(t, status)
	if told := w.sns.told(); !slices.Equal(told, []string{"bad Certificate Issue Failure: prod/a"}) {
		t.Errorf("told %q, want one failure", told)
	}
	return status
}

// storedStatusIs checks that the status object says what the report says.
func (w *world) storedStatusIs(t *testing.T, want Status) {
	t.Helper()
	wantJSON, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.s3.text(StatusObject("prod", want.Key)); got != string(wantJSON) {
		t.Errorf("the stored status is\n%s\nwant\n%s", got, wantJSON)
	}
}

// holdsValidPair checks a certificate's objects as a server would use them.
func (w *world) holdsValidPair(t *testing.T, key string, names ...string) *x509.Certificate {
	t.Helper()
	keyPEM, chainPEM := w.s3.text(key+"/key.pem"), w.s3.text(key+"/cert.pem")
	if !strings.HasPrefix(keyPEM, "-----BEGIN PRIVATE KEY-----\n") {
		t.Errorf("the key is not PKCS#8 but begins with %.30q", keyPEM)
	}
	p, err := parsePair([]byte(keyPEM), []byte(chainPEM))
	if err != nil {
		t.Fatalf("the stored pair: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(w.ca.root)
	for _, name := range names {
		if _, err := p.leaf().Verify(x509.VerifyOptions{Roots: roots, DNSName: strings.Replace(name, "*", "any", 1), CurrentTime: time.Now()}); err != nil {
			t.Errorf("the certificate does not serve %s: %v", name, err)
		}
	}
	if len(p.chain) != 2 {
		t.Errorf("the chain has %d certificates, want 2", len(p.chain))
	}
	return p.leaf()
}

// holdsNoRecords checks that no challenge record is left.
func (w *world) holdsNoRecords(t *testing.T) {
	t.Helper()
	if len(w.zone.sets) > 0 {
		t.Errorf("records stay behind: %v", w.zone.sets)
	}
}

// ordered counts the orders placed.
func (w *world) ordered() int { return len(w.ca.orders) }

// quietLog is for what is tested without its log.
var quietLog = slog.New(slog.DiscardHandler)
