//go:build unix

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/secretsearch"
)

// TestAccNoSecrets lets a certificate be issued, renewed, refused, changed,
// read, also with its key, and imported while Terraform and the provider log
// all they can, and finds no private key, and not the external account's HMAC
// key, in anything that this leaves anywhere, but for the objects and the
// parameters that are to hold them. Then it plants keys in all those places, and
// finds them.
func TestAccNoSecrets(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	events := a.certbotEvents(t)
	topicARN := a.topic(t, "told")
	inbox := a.inbox(t, "told")
	inbox.subscribe(t, topicARN)
	h := &hunt{t: t, a: a, parts: parts, texts: map[string][]byte{}, topicARN: topicARN, told: inbox.url, events: events.queue}
	authority, err := cloud.StartBindingAuthority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.hmac = authority.Keys["kid-1"]
	body := a.certbot(fmt.Sprintf("force_destroy = true\nsuccess_topic_arn = %[1]q\nfailure_topic_arn = %[1]q\n", topicARN)) + browserCertificate
	// A key in the configuration itself would be in each plan, which has a copy.
	body = "variable \"hmac\" {\n type = string\n ephemeral = true\n}\n" + strings.Replace(body, acme(), fmt.Sprintf(
		"acme = {\n directory_url = %q\n ca_certificate_pem = %q\n eab = { key_id = \"kid-1\", hmac_key_wo = var.hmac, hmac_key_wo_version = 1 }\n }",
		authority.DirectoryURL, cloud.DirectoryCAPEM), 1)
	body = strings.Replace(body, `profile = "default"`, `profile = "default", secrets_manager = true`, 1)
	both := ephemeralCertificate + strings.Replace(body, `"*.`+a.domain+`"`, `"*.`+a.domain+`", "`+a.domain+`"`, 1)

	tf := h.cli("terraform")
	tf.configure(a.config(body))
	h.applied(tf)
	for _, payload := range []string{`{"force":true,"trigger":"manual"}`, `{"rollback":"browser","trigger":"manual"}`} {
		if failed := a.invoke(t, parts, payload); failed != "" {
			t.Fatal(failed)
		}
	}
	cloud.BreakDNS(a.domain, localcloud.DNSServerFailure)
	defer cloud.MendDNS(a.domain)
	tf.configure(a.config(both))
	if told := h.applied(tf); !strings.Contains(told, refusal) {
		t.Errorf("the apply told:\n%s\nwant the authority's refusal", told)
	}
	cloud.MendDNS(a.domain)
	h.applied(tf)
	tf.configure(a.config(strings.Replace(both, `profile = "default"`, `profile = "default", key_type = "P384"`, 1)))
	if got := tf.plan()[certbotAddress]; got.actions != "update" {
		t.Errorf("the plan has %+v, want an update", got)
	}
	imported := h.cli("import")
	imported.configure(a.config(both))
	imported.must(imported.start("import", "-no-color", certbotAddress, "prod").wait())
	imported.plan()

	var s secretsearch.Searcher
	h.secrets(&s)
	h.collect(4, tf, imported)
	h.bodiesAreNotLogged(tf)
	for place, found := range h.found(&s) {
		t.Errorf("%s: %v", place, found)
	}
	t.Run("planted", func(t *testing.T) {
		h.t = t
		h.plant(tf, a.config(both))
	})
	tf.must(tf.destroy())
}

// ephemeralCertificate has the provider read the private key. Terraform plans
// with it, so it is for a certificate that is there.
const ephemeralCertificate = `
ephemeral "fargatedirect_certificate" "browser" {
  certbot = "prod"
  key     = "browser"
}
`

// hunt gathers what a certbot leaves anywhere.
type hunt struct {
	t     *testing.T
	a     *account
	parts string
	// topicARN is told of the runs, told and events are queues that get that
	// and the events.
	topicARN, told, events string
	// hmac is the HMAC key of the external account, in base64url.
	hmac string
	// texts are by place; what kind of place it is comes before a colon.
	texts map[string][]byte
}

// cli is a Terraform that logs all it can.
func (h *hunt) cli(name string) *cli {
	h.t.Helper()
	c := newCLI(h.t)
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_CORE=TRACE", "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH="+filepath.Join(c.dir, name+".log"), "TF_VAR_hmac="+h.hmac)
	return c
}

// applied applies the configuration, keeps all that Terraform tells and
// answers it.
func (h *hunt) applied(tf *cli) string {
	h.t.Helper()
	var told strings.Builder
	for _, m := range tf.must(tf.apply()).messages {
		fmt.Fprintf(&told, "%s\n%s\n%s\n", m.Text, m.Diagnostic.Summary, m.Diagnostic.Detail)
	}
	h.texts["terraform: output"] = append(h.texts["terraform: output"], told.String()...)
	return told.String()
}

// secrets makes all keys known that were ever in the bucket, and the account's.
func (h *hunt) secrets(s *secretsearch.Searcher) {
	h.t.Helper()
	known := map[string]bool{}
	add := func(name, text string) {
		if !known[text] {
			known[text] = true
			if err := s.AddPEM(name, []byte(text)); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	for place, out := range h.objects() {
		if strings.HasSuffix(out.key, certbot.KeyObject) {
			add("the private key of "+place, string(out.body))
		}
	}
	certificates := len(known)
	for place, out := range h.objects() {
		holds := strings.HasSuffix(out.key, certbot.KeyObject) || strings.HasSuffix(out.key, certbot.BundleObject)
		if found, err := s.Find(place, out.body); err != nil || holds && len(found) == 0 {
			h.t.Errorf("no key of the run is found in %s, %v", place, err)
		}
	}
	client := ssm.NewFromConfig(h.a.aws)
	for name := range h.a.accountKeys(h.t, "prod") {
		out := try[*ssm.GetParameterOutput](h.t)(client.GetParameter(h.t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)}))
		if value := aws.ToString(out.Parameter.Value); value != h.hmac {
			add("the account key "+name, value)
		}
	}
	hmac := try[[]byte](h.t)(base64.RawURLEncoding.DecodeString(h.hmac))
	if err := s.AddBytes("the external account's HMAC key", hmac); err != nil {
		h.t.Fatal(err)
	}
	if certificates != 3 || len(s.Secrets()) != 5 {
		h.t.Fatalf("the keys are %q, want those of three certificates, of one account and of one external account", s.Secrets())
	}
}

// storedObject is a version of an object.
type storedObject struct {
	key, metadata string
	body          []byte
}

// objects are all versions of all objects by place.
func (h *hunt) objects() map[string]storedObject {
	h.t.Helper()
	client, objects := h.a.s3(), map[string]storedObject{}
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &h.parts})
	for pages.HasMorePages() {
		page := try[*s3.ListObjectVersionsOutput](h.t)(pages.NextPage(h.t.Context()))
		for _, v := range page.Versions {
			out := try[*s3.GetObjectOutput](h.t)(client.GetObject(h.t.Context(), &s3.GetObjectInput{Bucket: &h.parts, Key: v.Key, VersionId: v.VersionId}))
			body := try[[]byte](h.t)(io.ReadAll(out.Body))
			_ = out.Body.Close()
			objects[fmt.Sprintf("%s, version %s", *v.Key, *v.VersionId)] = storedObject{*v.Key, fmt.Sprint(out.Metadata), body}
		}
	}
	return objects
}

// collect gathers everything, at least that many messages and events among
// it.
func (h *hunt) collect(messages int, runs ...*cli) {
	h.t.Helper()
	for _, tf := range runs {
		h.files(tf)
	}
	for place, out := range h.objects() {
		h.texts["bucket: metadata of "+place] = []byte(out.metadata)
		if !strings.HasSuffix(out.key, certbot.KeyObject) && !strings.HasSuffix(out.key, certbot.BundleObject) {
			h.texts["bucket: "+place] = out.body
		}
	}
	h.texts["function: log"] = []byte(h.a.functionLog(h.t, h.parts))
	h.texts["topic: messages"] = append(h.texts["topic: messages"], h.drain(h.told, messages)...)
	h.texts["bus: events"] = append(h.texts["bus: events"], h.drain(h.events, messages)...)
	h.metadata()
}

// files are Terraform's: state, plan and logs, and how it shows them.
func (h *hunt) files(tf *cli) {
	h.t.Helper()
	var shown json.RawMessage
	tf.show(&shown)
	h.texts["terraform: show of the state"] = append(h.texts["terraform: show of the state"], shown...)
	tf.show(&shown, "plan")
	h.texts["terraform: show of the plan"] = append(h.texts["terraform: show of the plan"], shown...)
	entries, err := os.ReadDir(tf.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || e.Name() == "main.tf" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(tf.dir, e.Name()))
		if err != nil {
			h.t.Fatal(err)
		}
		h.texts["terraform: "+filepath.Join(filepath.Base(tf.dir), e.Name())] = text
	}
}

// bodiesAreNotLogged makes sure that the provider reads objects without logging
// what they hold.
func (h *hunt) bodiesAreNotLogged(tf *cli) {
	h.t.Helper()
	log := string(h.texts["terraform: "+filepath.Join(filepath.Base(tf.dir), "terraform.log")])
	for _, want := range []string{"S3/GetObject", "S3/PutObject", "Lambda/Invoke", certbot.StatusObject("prod", "browser"), certbot.ConfigPrefix, "OpenEphemeralResource", "/" + certbot.KeyObject} {
		if !strings.Contains(log, want) {
			h.t.Errorf("%s is not in the provider's log; the test shows nothing", want)
		}
	}
	for _, member := range []string{"config_sha256", "key_parameter"} {
		if strings.Contains(log, member) {
			h.t.Errorf("the provider logs the content of objects: it has their member %s", member)
		}
	}
}

// metadata is what AWS tells of parts without opening them.
func (h *hunt) metadata() {
	h.t.Helper()
	ctx, client := h.t.Context(), ssm.NewFromConfig(h.a.aws)
	keep := func(place string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			h.t.Fatal(err)
		}
		h.texts[place] = text
	}
	for name := range h.a.accountKeys(h.t, "prod") {
		keep("parameter: tags", try[*ssm.ListTagsForResourceOutput](h.t)(client.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
			ResourceType: ssmtypes.ResourceTypeForTaggingParameter, ResourceId: &name,
		})).TagList)
	}
	keep("parameter: description", try[*ssm.DescribeParametersOutput](h.t)(client.DescribeParameters(ctx, &ssm.DescribeParametersInput{})).Parameters)
	secret := h.parts + "/browser/certificate"
	keep("secret: all but its value", try[*secretsmanager.DescribeSecretOutput](h.t)(secretsmanager.NewFromConfig(h.a.aws).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &secret})))
	keep("function: configuration", try[*lambda.GetFunctionOutput](h.t)(lambda.NewFromConfig(h.a.aws).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &h.parts})))
	changes, err := cloud.Route53Changes(ctx, h.a.zoneID)
	if err != nil {
		h.t.Fatal(err)
	}
	keep("zone: changes", changes)
}

// drain takes what is in a queue, which gets at least that many messages.
func (h *hunt) drain(queue string, least int) string {
	h.t.Helper()
	client := sqs.NewFromConfig(h.a.aws)
	var bodies []string
	eventually(h.t, "messages", func() error {
		out, err := client.ReceiveMessage(h.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil {
			return err
		}
		for _, m := range out.Messages {
			bodies = append(bodies, aws.ToString(m.Body))
			if _, err := client.DeleteMessage(h.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return err
			}
		}
		if len(bodies) < least || len(out.Messages) > 0 {
			return fmt.Errorf("%d came, want %d", len(bodies), least)
		}
		return nil
	})
	return strings.Join(bodies, "\n")
}

// found searches all that was gathered.
func (h *hunt) found(s *secretsearch.Searcher) map[string][]secretsearch.Finding {
	h.t.Helper()
	all := map[string][]secretsearch.Finding{}
	var errs []error
	for place, text := range h.texts {
		found, err := s.Find(place, text)
		errs = append(errs, err)
		if len(found) > 0 {
			all[place] = found
		}
	}
	if err := errors.Join(errs...); err != nil {
		h.t.Fatal(err)
	}
	return all
}
