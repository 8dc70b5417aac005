package localcloud_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// assume is a session's configuration, or why there is none.
func assume(t *testing.T, config aws.Config, role string, externalID *string) (aws.Config, error) {
	t.Helper()
	out, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("a-test"), ExternalId: externalID})
	if err != nil {
		return config, err
	}
	c := out.Credentials
	config.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	return config, nil
}

// TestIAMRoleInAnotherAccount changes a zone of one account by a role of it,
// which a role of another account assumes.
func TestIAMRoleInAnotherAccount(t *testing.T) {
	t.Parallel()
	const account, domain, denied = "210987654361", "foreign.test", "AccessDenied"
	theirs := cloud.Account(account)
	zones := route53.NewFromConfig(theirs)
	zone, other := newZone(t, zones, domain), newZone(t, zones, "other."+domain)
	roles := iam.NewFromConfig(theirs)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:role/foreign-asker"},
		"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"secret"}}}]}`, cloud.AccountID)
	role, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("zone-writer"), AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	policy := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/` + zone + `",
		"Condition":{"ForAllValues:StringEquals":{"route53:ChangeResourceRecordSetsRecordTypes":["A"]}}},
		{"Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`
	if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("zone-writer"), PolicyName: aws.String("all"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(role.Role.Arn)
	allowed := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","route53:*"],"Resource":"*"}]}`
	asker, stranger := asRole(t, "foreign-asker", allowed), asRole(t, "foreign-stranger", allowed)
	unable := asRole(t, "foreign-unable", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:*","Resource":"*"}]}`)
	for label, tt := range map[string]struct {
		config aws.Config
		id     *string
		code   string
	}{
		"with the id":         {asker, aws.String("secret"), ""},
		"without the id":      {asker, nil, denied},
		"with another id":     {asker, aws.String("Secret"), denied},
		"a role not trusted":  {stranger, aws.String("secret"), denied},
		"a role that may not": {unable, aws.String("secret"), denied},
	} {
		t.Run(label, func(t *testing.T) {
			_, err := assume(t, tt.config, arn, tt.id)
			if tt.code == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			wantDenied(t, err, tt.code)
		})
	}
	session, err := assume(t, asker, arn, aws.String("secret"))
	if err != nil {
		t.Fatal(err)
	}
	client := route53.NewFromConfig(session)
	made, err := submit(t, client, zone, change(create, recordSet("a."+domain, types.RRTypeA, "127.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetChange(t.Context(), &route53.GetChangeInput{Id: made.ChangeInfo.Id}); err != nil {
		t.Errorf("reading the change: %v", err)
	}
	if got, err := cloud.Lookup(t.Context(), "a."+domain, "A"); err != nil || len(got) != 1 {
		t.Errorf("the name is %q, %v", got, err)
	}
	_, err = submit(t, client, zone, change(create, recordSet("a."+domain, types.RRTypeTxt, `"x"`)))
	wantDenied(t, err, denied)
	_, err = submit(t, client, other, change(create, recordSet("a.other."+domain, types.RRTypeA, "127.0.0.1")))
	wantDenied(t, err, denied)
	// The role of one's own account knows no zone of the other.
	_, err = submit(t, route53.NewFromConfig(asker), zone, change(create, recordSet("b."+domain, types.RRTypeA, "127.0.0.1")))
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found")
}
