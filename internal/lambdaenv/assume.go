package lambdaenv

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// early is how long before they expire a role's credentials are asked for anew,
// so that they do not expire on the way.
const early = time.Minute

// Assume is the configuration for clients that act as a role. Its credentials
// are asked for when they are first needed, and kept until shortly before they
// expire. externalID may be empty. The session's name says in the other
// account's trail who acts.
func Assume(cfg aws.Config, roleARN, externalID, session string) aws.Config {
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName(session)
		if externalID != "" {
			o.ExternalID = aws.String(externalID)
		}
	})
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = early })
	return assumed
}

// sessionName makes of a text a name that STS takes.
func sessionName(text string) string {
	const most = 64
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+=,.@-_", r) {
			return r
		}
		return '-'
	}, "fargatedirect-"+text)
	return name[:min(len(name), most)]
}
