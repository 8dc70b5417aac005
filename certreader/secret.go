package certreader

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// SecretsManager is what FromSecret asks of Secrets Manager;
// *secretsmanager.Client has it.
type SecretsManager interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// maxSecret is the longest value of a secret.
const maxSecret = 64 << 10

// secret is what a reader needs of a certificate's secret.
type secret struct {
	Version     string `json:"version"`
	PrivateKey  string `json:"private_key"`
	Certificate string `json:"certificate"`
}

type secretSource struct {
	api SecretsManager
	arn string
}

// FromSecret reads a certificate's secret (secret_arns) with the right of
// execution_policy_json on the task role. Secrets Manager has no conditional
// requests, so each look gets the value: at 0.05 US dollars for 10,000.
func FromSecret(api SecretsManager, arn string) Source { return &secretSource{api: api, arn: arn} }

func (s *secretSource) String() string { return "secret " + s.arn }

func (s *secretSource) look(ctx context.Context, have mark) (found, error) {
	out, err := s.api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if err != nil {
		return found{}, hinted(fmt.Errorf("reading %s: %w", s, err))
	}
	text := []byte(aws.ToString(out.SecretString))
	version := hexSum(text)
	if version == have.version {
		return found{mark: have}, nil
	}
	content, err := parseSecret(text)
	if err != nil {
		return found{}, fmt.Errorf("reading %s: %w", s, err)
	}
	return found{
		mark: mark{version: version}, serial: content.Version,
		key: []byte(content.PrivateKey), chain: []byte(content.Certificate),
	}, nil
}

// parseSecret reads a secret's value. Its errors hold nothing of it.
func parseSecret(text []byte) (secret, error) {
	if len(text) > maxSecret {
		return secret{}, fmt.Errorf("%w: more than %d bytes", errTooLong, maxSecret)
	}
	if len(text) == 0 {
		return secret{}, errors.New("it holds no text; the function's next run writes it")
	}
	var s secret
	if err := decode(text, &s); err != nil {
		return secret{}, err
	}
	if !serialPattern.MatchString(s.Version) {
		return secret{}, errors.New("its version is not a serial number in lower-case hex")
	}
	return s, nil
}
