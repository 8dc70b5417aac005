package provider_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// certbotAddress is the address of the resource in most tests.
const certbotAddress = "fargatedirect_certbot.test"

// certbotParts is what all parts of a certbot of that name are called.
func (a *account) certbotParts(name string) string {
	return names.Scope{Kind: names.KindCertbot, Account: a.id, Region: cloud.Region, Name: name}.Physical()
}

func (a *account) s3() *s3.Client {
	return s3.NewFromConfig(a.aws, func(o *s3.Options) { o.UsePathStyle = true })
}

// object reads an object and its version.
func (a *account) object(ctx context.Context, bucket, key string) (body []byte, version string, err error) {
	out, err := a.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = out.Body.Close() }()
	body, err = io.ReadAll(out.Body)
	return body, aws.ToString(out.VersionId), err
}

// objects lists the keys of a bucket.
func (a *account) objects(t *testing.T, bucket string) []string {
	t.Helper()
	out, err := a.s3().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, aws.ToString(o.Key))
	}
	return keys
}

// pair is a certificate with its key as a server would use them.
type pair struct {
	leaf   *x509.Certificate
	serial string
	// versions are those of the key's and of the certificate's object.
	versions [2]string
}

// pair reads a certificate from a bucket, and checks all that a server relies
// on: the key is PKCS #8 and belongs to the leaf, the chain leads to the
// authority's root, and the names are these.
func (a *account) pair(t *testing.T, bucket, prefix string, names ...string) pair {
	t.Helper()
	p, err := a.readPair(t.Context(), bucket, prefix, names...)
	if err != nil {
		t.Fatalf("certificate in %s/%s: %v", bucket, prefix, err)
	}
	return p
}

func (a *account) readPair(ctx context.Context, bucket, prefix string, names ...string) (pair, error) {
	keyPEM, keyVersion, err := a.object(ctx, bucket, prefix+"key.pem")
	if err != nil {
		return pair{}, err
	}
	chainPEM, chainVersion, err := a.object(ctx, bucket, prefix+"cert.pem")
	if err != nil {
		return pair{}, err
	}
	block, rest := pem.Decode(keyPEM)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) != 0 {
		return pair{}, errors.New("key.pem is not one PKCS #8 key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return pair{}, err
	}
	chain, err := parseChain(chainPEM)
	if err != nil {
		return pair{}, err
	}
	leaf := chain[0]
	public, ok := parsed.(crypto.Signer).Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(leaf.PublicKey) {
		return pair{}, errors.New("key.pem does not belong to cert.pem")
	}
	roots, err := cloud.RootPool(ctx)
	if err != nil {
		return pair{}, err
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil {
		return pair{}, err
	}
	if got, want := slices.Sorted(slices.Values(leaf.DNSNames)), slices.Sorted(slices.Values(names)); !slices.Equal(got, want) {
		return pair{}, fmt.Errorf("the certificate is for %q, want %q", got, want)
	}
	return pair{leaf, fmt.Sprintf("%x", leaf.SerialNumber), [2]string{keyVersion, chainVersion}}, nil
}

func parseChain(text []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	if len(chain) < 2 {
		return nil, fmt.Errorf("cert.pem holds %d certificates, want the leaf and its chain", len(chain))
	}
	return chain, nil
}

// keyKind names the kind of a certificate's key as the argument key_type does.
func (p pair) keyKind() string {
	switch public := p.leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("P%d", public.Params().BitSize)
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA%d", public.N.BitLen())
	}
	return fmt.Sprintf("%T", p.leaf.PublicKey)
}

// invoke runs the function and answers the error that it ended with, if any.
func (a *account) invoke(t *testing.T, function, payload string) string {
	t.Helper()
	out, err := lambda.NewFromConfig(a.aws).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &function, Payload: []byte(payload)})
	if err != nil {
		t.Fatal(err)
	}
	if out.FunctionError == nil {
		return ""
	}
	return string(out.Payload)
}

// inbox is a queue that receives what topics are told.
type inbox struct {
	a        *account
	url, arn string
}

func (a *account) inbox(t *testing.T, name string) inbox {
	t.Helper()
	client := sqs.NewFromConfig(a.aws)
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(background(t), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil {
			t.Error(err)
		}
	})
	return inbox{a, aws.ToString(out.QueueUrl), fmt.Sprintf("arn:aws:sqs:%s:%s:%s", cloud.Region, a.id, name)}
}

// subscribe lets the inbox receive what the topic is told from now on. SNS may
// send to it, as a queue's policy must say.
func (in inbox) subscribe(t *testing.T, topicARN string) {
	t.Helper()
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q}]}`, in.arn)
	_, err := sqs.NewFromConfig(in.a.aws).SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &in.url, Attributes: map[string]string{string(sqstypes.QueueAttributeNamePolicy): policy},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := sns.NewFromConfig(in.a.aws)
	out, err := client.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &topicARN, Protocol: aws.String("sqs"), Endpoint: &in.arn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.Unsubscribe(background(t), &sns.UnsubscribeInput{SubscriptionArn: out.SubscriptionArn}); err != nil {
			t.Error(err)
		}
	})
}

// take waits for a message and removes it from the inbox. What alarms say is
// not looked at: when they do depends on the clock.
func (in inbox) take(t *testing.T) (subject, text string) {
	t.Helper()
	client := sqs.NewFromConfig(in.a.aws)
	eventually(t, "a message", func() error {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &in.url, MaxNumberOfMessages: 1, WaitTimeSeconds: 1})
		if err != nil {
			return err
		}
		if len(out.Messages) == 0 {
			return errors.New("none arrived")
		}
		var told struct{ Subject, Message string }
		if err := json.Unmarshal([]byte(aws.ToString(out.Messages[0].Body)), &told); err != nil {
			return err
		}
		subject, text = told.Subject, told.Message
		_, err = client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &in.url, ReceiptHandle: out.Messages[0].ReceiptHandle})
		if strings.HasPrefix(subject, "ALARM: ") || strings.HasPrefix(subject, "OK: ") {
			err = errors.Join(err, errors.New("only an alarm was told"))
		}
		return err
	})
	return subject, text
}

// topic makes a topic of the test's own.
func (a *account) topic(t *testing.T, name string) string {
	t.Helper()
	client := sns.NewFromConfig(a.aws)
	out, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTopic(background(t), &sns.DeleteTopicInput{TopicArn: out.TopicArn}); err != nil {
			t.Error(err)
		}
	})
	return aws.ToString(out.TopicArn)
}

// accountKeys are the SSM parameters of a certbot with their versions.
func (a *account) accountKeys(t *testing.T, name string) map[string]int64 {
	t.Helper()
	out, err := ssm.NewFromConfig(a.aws).GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{
		Path: aws.String("/" + a.certbotParts(name)), Recursive: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]int64{}
	for _, p := range out.Parameters {
		versions[aws.ToString(p.Name)] = p.Version
	}
	return versions
}

// challenges are the names of the TXT records in the zone.
func (a *account) challenges(ctx context.Context) ([]string, error) {
	out, err := route53.NewFromConfig(a.aws).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &a.zoneID})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, set := range out.ResourceRecordSets {
		if set.Type == "TXT" {
			found = append(found, aws.ToString(set.Name))
		}
	}
	return found, nil
}

// noChallenges fails the test if a challenge was left in the zone.
func (a *account) noChallenges(t *testing.T) {
	t.Helper()
	left, err := a.challenges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left in the zone: %s", strings.Join(left, ", "))
	}
}

// background is a context for cleaning up, when the test's own has ended.
func background(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }
