package certbot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// Secret is what a certificate's secret in Secrets Manager holds: the version
// in force, as one JSON object. All members are strings, because those are what
// ECS can give a container by name (valueFrom = "<arn>:certificate::"). Members
// may be added; none is renamed or given another meaning.
type Secret struct {
	// Version is the leaf's serial number in lower-case hex, as in Pointer.
	Version string `json:"version"`
	// Domains are separated by commas.
	Domains   string    `json:"domains"`
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// PrivateKey and Certificate are the texts of KeyObject and of
	// CertificateObject: the key in PKCS#8, and the leaf with its chain.
	PrivateKey  string `json:"private_key"`
	Certificate string `json:"certificate"`
}

const (
	// maxSecretBytes is the longest value that Secrets Manager takes.
	maxSecretBytes = 65536
	// stageCurrent labels the version of a secret that readers get.
	stageCurrent = "AWSCURRENT"
	// secretFormat is part of every mark: another one has all secrets written
	// anew.
	secretFormat = "1"
	// markLength leaves half of the 64 characters of a version's id.
	markLength = 32
)

// errUndelivered tells that all is well but for the secret.
var errUndelivered = errors.New("the bucket holds what is in force, but the secret does not; the next run delivers it")

// mark starts the ids of all versions of a secret that hold what the pointer
// names. It holds no secret.
func (p *Pointer) mark() string {
	sum := hexSum([]byte(strings.Join([]string{secretFormat, p.Version, p.Key.SHA256, p.Certificate.SHA256}, "\n")))
	return sum[:markLength] + "-"
}

// InSecret tells whether a version of a secret holds what the pointer names, by
// the version's id.
func (p *Pointer) InSecret(versionID string) bool { return strings.HasPrefix(versionID, p.mark()) }

// SecretVersion is the id of the version that is to follow another one. Secrets
// Manager ignores a write of a version that it knows, so a certificate that
// comes into force again needs another id; a write that is repeated does not.
func (p *Pointer) SecretVersion(after string) string {
	sum := sha256.Sum256([]byte(after))
	return p.mark() + hex.EncodeToString(sum[:])[:markLength-1]
}

// CurrentSecret is the id of the version of a secret that readers get; empty if
// there is none.
func CurrentSecret(versions map[string][]string) string {
	for id, stages := range versions {
		if slices.Contains(stages, stageCurrent) {
			return id
		}
	}
	return ""
}

// delivered tells whether a certificate's secret, if there is to be one, holds
// what is in force. If that cannot be told, deliver says why.
func (r *run) delivered(ctx context.Context, c Certificate, s *shelf) bool {
	if c.Secret == "" || s.pointer == nil || s.have.stored() == nil {
		return true
	}
	current, err := r.currentSecret(ctx, c.Secret)
	return err == nil && s.pointer.InSecret(current)
}

// delivering delivers what is in force after a run's work, and joins what came
// of both: a renewal that failed keeps nobody from the certificate that there
// is, and a secret that cannot be written keeps nothing from being renewed.
func (r *run) delivering(ctx context.Context, log *slog.Logger, c Certificate, s *shelf, err error) error {
	// The work may have used up its time.
	share := r.reserve / 6
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < share {
		var cancel context.CancelFunc
		ctx, cancel = afterwards(ctx, share)
		defer cancel()
	}
	undelivered := r.deliver(ctx, log, c, s)
	if undelivered != nil && err == nil {
		return fmt.Errorf("%w; %w", undelivered, errUndelivered)
	}
	return errors.Join(err, undelivered)
}

// deliver puts what is in force into the certificate's secret, unless it is
// there. It comes after everything else: the bucket is the truth, and the
// secret is a copy of it. Its error leaves the certificate in force, and the
// next run delivers again.
func (r *run) deliver(ctx context.Context, log *slog.Logger, c Certificate, s *shelf) error {
	if c.Secret == "" || s.pointer == nil || s.have.stored() == nil {
		return nil
	}
	return r.patiently(ctx, func() error {
		current, err := r.currentSecret(ctx, c.Secret)
		if err != nil || s.pointer.InSecret(current) {
			return err
		}
		text, err := s.secretText()
		if err != nil {
			return fmt.Errorf("writing secret (%s): %w", c.Secret, err)
		}
		if err := s.stillInForce(ctx); err != nil {
			return fmt.Errorf("writing secret (%s): %w", c.Secret, err)
		}
		if err := r.putSecret(ctx, c.Secret, text, s.pointer, current); err != nil {
			return err
		}
		log.InfoContext(ctx, "the secret holds the certificate in force", "secret", c.Secret, "serial", s.pointer.Version)
		return nil
	})
}

// secretText is the Secret of what is in force.
func (s *shelf) secretText() (string, error) {
	key, err := s.have.keyPEM()
	if err != nil {
		return "", err
	}
	p := s.pointer
	text, err := json.Marshal(Secret{
		Version: p.Version, Domains: strings.Join(p.Domains, ","), Issuer: p.Issuer, NotBefore: p.NotBefore, NotAfter: p.NotAfter,
		PrivateKey: string(key), Certificate: string(s.have.chainPEM()),
	})
	if err != nil {
		return "", fmt.Errorf("marshalling it: %w", err)
	}
	if len(text) > maxSecretBytes {
		return "", fmt.Errorf("it would have %d bytes and Secrets Manager takes %d: divide the names over several certificates, prefer a shorter chain, or read this certificate from the bucket", len(text), maxSecretBytes)
	}
	return string(text), nil
}

// stillInForce refuses to deliver what another run has replaced meanwhile: that
// run delivers its own.
func (s *shelf) stillInForce(ctx context.Context) error {
	now, err := getObject(ctx, s.api, s.bucket, s.prefix+PointerObject)
	if err != nil {
		return err
	}
	var pointer Pointer
	if now == nil || json.Unmarshal(now.body, &pointer) != nil || !pointer.InSecret(s.pointer.mark()) {
		return fmt.Errorf("another run changed s3://%s/%s meanwhile, and delivers what it stored", s.bucket, s.prefix+PointerObject)
	}
	return nil
}

// currentSecret is the id of the version that the secret's readers get.
func (r *run) currentSecret(ctx context.Context, name string) (string, error) {
	out, err := r.clients.SecretsManager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	switch {
	case awserr.Is(err, "ResourceNotFoundException"):
		return "", fmt.Errorf("reading secret (%s): it does not exist; apply the resource again, which makes it", name)
	case err != nil:
		return "", fmt.Errorf("reading secret (%s): %w", name, err)
	case out.DeletedDate != nil:
		return "", fmt.Errorf("reading secret (%s): somebody has scheduled its deletion; apply the resource again, which restores it", name)
	}
	return CurrentSecret(out.VersionIdsToStages), nil
}

// putSecret makes the text the current version of the secret.
func (r *run) putSecret(ctx context.Context, name, text string, p *Pointer, after string) error {
	// A version that is there but not current was current before, until somebody
	// moved the label. The next id is free, or was there before as well.
	for range 3 {
		version := p.SecretVersion(after)
		out, err := r.clients.SecretsManager.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
			SecretId: &name, SecretString: &text, ClientRequestToken: aws.String(version),
		})
		if err != nil {
			return fmt.Errorf("writing secret (%s): %w", name, err)
		}
		if slices.Contains(out.VersionStages, stageCurrent) {
			return nil
		}
		after = version
	}
	return fmt.Errorf("writing secret (%s): its label %s was moved away from what was written; find out who moves it", name, stageCurrent)
}
