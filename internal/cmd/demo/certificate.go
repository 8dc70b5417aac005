package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// pair is a certificate with its key as a task gets it, and the authority's
// root that browsers would know.
type pair struct {
	tls.Certificate
	root []byte
	pool *x509.CertPool
}

// readPolicyName is what the user calls the policy that the tasks' role gets.
const readPolicyName = "read-certificate"

// readCertificate reads the pair as a task does, with the tasks' role and the
// policy that the apply put out, and has it verified as a browser would.
func (d *demo) readCertificate(ctx context.Context) error {
	as, err := d.assumeTaskRole(ctx)
	if err != nil {
		return err
	}
	at := d.results.Certificate.Value
	chain, err := object(ctx, as, at.Bucket, at.Certificate)
	if err != nil {
		return err
	}
	key, err := object(ctx, as, at.Bucket, at.Key)
	if err != nil {
		return err
	}
	d.pair.Certificate, err = tls.X509KeyPair(chain, key)
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	if d.pair.root, err = d.cloud.Root(ctx, 0); err != nil {
		return err
	}
	d.pair.pool = x509.NewCertPool()
	if !d.pair.pool.AppendCertsFromPEM(d.pair.root) {
		return errors.New("reading the authority's root: it is no certificate")
	}
	root, err := verify(d.pair, "anything."+domain)
	if err != nil {
		return err
	}
	leaf := d.pair.Leaf
	if serial := fmt.Sprintf("%x", leaf.SerialNumber); serial != at.Serial {
		return fmt.Errorf("the bucket holds certificate %s, the output says %s", serial, at.Serial)
	}
	d.screen.fact("Read with the role %s, to which output reader_policy_json was attached", d.user.taskRole)
	d.screen.fact("Names       %s", strings.Join(leaf.DNSNames, ", "))
	d.screen.fact("Issuer      %s, below %s", leaf.Issuer.CommonName, root)
	d.screen.fact("Valid       %s to %s (%.0f days)", leaf.NotBefore.Format(time.DateTime), leaf.NotAfter.Format(time.DateTime), leaf.NotAfter.Sub(leaf.NotBefore).Hours()/24)
	d.screen.fact("Serial      %x", leaf.SerialNumber)
	d.screen.fact("Objects     %s, %s", at.Key, at.Certificate)
	return nil
}

// verify checks the chain for a name and returns what its root is called.
func verify(p pair, name string) (string, error) {
	intermediates := x509.NewCertPool()
	for _, der := range p.Certificate.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return "", fmt.Errorf("reading the chain: %w", err)
		}
		intermediates.AddCert(c)
	}
	chains, err := p.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: p.pool, Intermediates: intermediates})
	if err != nil {
		return "", fmt.Errorf("verifying the certificate: %w", err)
	}
	chain := chains[0]
	return chain[len(chain)-1].Subject.CommonName, nil
}

// assumeTaskRole gives the tasks' role the right to read the certificate and
// returns what its credentials may use.
func (d *demo) assumeTaskRole(ctx context.Context) (aws.Config, error) {
	_, err := iam.NewFromConfig(d.aws).PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(d.user.taskRole), PolicyName: aws.String(readPolicyName), PolicyDocument: aws.String(d.results.ReaderPolicy.Value),
	})
	if err != nil {
		return aws.Config{}, fmt.Errorf("attaching the reader's policy: %w", err)
	}
	d.user.reads = true
	d.later(d.detachReader)
	out, err := sts.NewFromConfig(d.aws).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(d.taskRoleARN()), RoleSessionName: aws.String("demo"),
	})
	if err != nil {
		return aws.Config{}, fmt.Errorf("assuming the tasks' role: %w", err)
	}
	c, config := out.Credentials, d.aws.Copy()
	config.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	return config, nil
}

func (d *demo) taskRoleARN() string {
	return fmt.Sprintf("arn:aws:iam::%s:role/%s", d.account, d.user.taskRole)
}

// detachReader takes the right away again; the role's policies are the user's.
func (d *demo) detachReader(ctx context.Context) error {
	if !d.user.reads {
		return nil
	}
	_, err := iam.NewFromConfig(d.aws).DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{
		RoleName: aws.String(d.user.taskRole), PolicyName: aws.String(readPolicyName),
	})
	if err != nil {
		return fmt.Errorf("detaching the reader's policy: %w", err)
	}
	d.user.reads = false
	return nil
}

func object(ctx context.Context, config aws.Config, bucket, key string) ([]byte, error) {
	out, err := s3.NewFromConfig(config).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, fmt.Errorf("reading object (%s/%s): %w", bucket, key, err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("reading object (%s/%s): %w", bucket, key, err)
	}
	return b, nil
}
