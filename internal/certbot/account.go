package certbot

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// accountKeyType is what every authority takes.
const accountKeyType = "P256"

// accountKey answers the account's private key, and makes one where there is
// none. It never replaces one: who loses the race for the first key takes the
// winner's.
func accountKey(ctx context.Context, api SSM, config ACME) (crypto.Signer, error) {
	key, err := readAccountKey(ctx, api, config.KeyParameter)
	if key != nil || err != nil {
		return key, err
	}
	if key, err = newKey(accountKeyType); err != nil {
		return nil, err
	}
	err = writeAccountKey(ctx, api, config, key)
	if err == nil {
		return key, nil
	}
	if !awserr.Is(err, "ParameterAlreadyExists") {
		return nil, err
	}
	winner, readErr := readAccountKey(ctx, api, config.KeyParameter)
	if readErr != nil {
		return nil, readErr
	}
	if winner == nil {
		return nil, err
	}
	return winner, nil
}

// readAccountKey answers the stored key; nil if there is none.
func readAccountKey(ctx context.Context, api SSM, name string) (crypto.Signer, error) {
	out, err := api.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if awserr.Is(err, "ParameterNotFound") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading SSM parameter (%s): %w", name, err)
	}
	if out.Parameter == nil || out.Parameter.Value == nil {
		return nil, fmt.Errorf("reading SSM parameter (%s): it has no value", name)
	}
	key, err := parseKey([]byte(*out.Parameter.Value))
	if err != nil {
		return nil, fmt.Errorf("reading SSM parameter (%s): %w; delete the parameter to begin with a new account", name, err)
	}
	return key, nil
}

func writeAccountKey(ctx context.Context, api SSM, config ACME, key crypto.Signer) error {
	text, err := marshalKey(key)
	if err != nil {
		return err
	}
	input := &ssm.PutParameterInput{
		Name:        aws.String(config.KeyParameter),
		Description: aws.String("ACME account key of fargatedirect_certbot"),
		Type:        types.ParameterTypeSecureString,
		Value:       aws.String(string(text)),
		Overwrite:   aws.Bool(false),
	}
	if config.KMSKeyARN != "" {
		input.KeyId = aws.String(config.KMSKeyARN)
	}
	if _, err := api.PutParameter(ctx, input); err != nil {
		return fmt.Errorf("writing SSM parameter (%s): %w", config.KeyParameter, err)
	}
	return nil
}

// greet has the authority know a contact that the user just changed, or makes
// the account that is bound to another external account than before, although
// no certificate is due. Scheduled runs do not: with nothing due they leave the
// authority alone. The certificate is good in any case, so a refusal is only a
// warning; the next order meets it again.
func (r *run) greet(ctx context.Context, log *slog.Logger, status *Status) {
	if r.request.Trigger != TriggerApply || r.config.ACME.ContactEmail == "" && r.config.ACME.EAB == nil {
		return
	}
	session, err := r.logIn(ctx)
	if err != nil {
		status.warn(ctx, log, "The certificate is good, but the account at the authority is not: "+err.Error()+".")
		return
	}
	status.AccountURI = session.account
}

// warn tells of something that is not as wanted, although the run did not fail.
func (s *Status) warn(ctx context.Context, log *slog.Logger, text string) {
	log.WarnContext(ctx, text)
	s.Warnings = append(s.Warnings, text)
}
