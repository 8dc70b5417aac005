package certbotstack

import (
	"context"
	"errors"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// ownHMACKey tells whether the HMAC key lies in a parameter of ours.
func (s Spec) ownHMACKey() bool { return s.EAB.KeyID != "" && s.EAB.SecretARN == "" }

// bindingStatements let the function read the HMAC key of the external account.
func (s Spec) bindingStatements() []iampolicy.Statement {
	switch {
	case s.EAB.KeyID == "":
		return nil
	case s.ownHMACKey():
		return []iampolicy.Statement{{
			Sid: "BindingKey", Effect: iampolicy.Allow, Action: []string{"ssm:GetParameter"},
			Resource: []string{s.Scope.ARN("ssm", "parameter"+s.EABParameter())},
		}}
	}
	return []iampolicy.Statement{{
		Sid: "BindingKey", Effect: iampolicy.Allow, Action: []string{"secretsmanager:GetSecretValue"}, Resource: []string{s.EAB.SecretARN},
	}}
}

// hmacParameter is the parameter that takes the user's HMAC key. It goes with
// the resource even where certificates and account key stay: whoever takes
// those over gives the key again, or needs it no more.
func (s Spec) hmacParameter(c *awsclient.Clients) *parts.SecretParameter {
	return &parts.SecretParameter{
		API: c.SecretSSM, Name: s.EABParameter(),
		Description: "HMAC key of the external account of fargatedirect_certbot " + s.Scope.Name,
		Value:       s.EAB.HMACKey, Version: s.EAB.KeyVersion, KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

// hmacGrants are what the caller needs for that parameter.
func (s Spec) hmacGrants() []callerpolicy.Grant {
	if !s.ownHMACKey() {
		return nil
	}
	return []callerpolicy.Grant{{
		Sid:       "BindingKey",
		Create:    []string{"ssm:AddTagsToResource", "ssm:ListTagsForResource", "ssm:PutParameter", "ssm:RemoveTagsFromResource"},
		Other:     []string{"ssm:DeleteParameter"},
		Resources: []string{s.Scope.ARN("ssm", "parameter"+s.EABParameter())},
	}}
}

// discoverHMACKey reads which HMAC key was given last. The key itself is read
// by nobody but the function.
func (s *Spec) discoverHMACKey(ctx context.Context, c *awsclient.Clients) error {
	if !s.ownHMACKey() {
		return nil
	}
	p := s.hmacParameter(c)
	version, err := p.ReadVersion(ctx)
	if err != nil && !errors.Is(err, stack.ErrNotFound) { // which will show as drift
		return fmt.Errorf("reading the tags of %s: %w", p, err)
	}
	s.EAB.KeyVersion = version
	return nil
}
