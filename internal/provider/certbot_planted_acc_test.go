//go:build unix

package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/secretsearch"
)

// planted are keys by the form in which they are planted, each form another
// key, so that it shows which ones are found.
type planted struct {
	// texts fit into any text, tags also where AWS takes few characters only,
	// and binaries where it takes any bytes.
	texts, tags, binaries map[string]string
	searcher              secretsearch.Searcher
}

func newPlanted(t *testing.T) *planted {
	t.Helper()
	p := &planted{texts: map[string]string{}, tags: map[string]string{}, binaries: map[string]string{}}
	for form, write := range map[string]func(pkcs8, sec1, d []byte) string{
		"PEM":          func(pkcs8, _, _ []byte) string { return pemText("PRIVATE KEY", pkcs8) },
		"SEC 1 PEM":    func(_, sec1, _ []byte) string { return pemText("EC PRIVATE KEY", sec1) },
		"PEM with \\n": func(pkcs8, _, _ []byte) string { return strings.ReplaceAll(pemText("PRIVATE KEY", pkcs8), "\n", `\n`) },
		"base64 of PEM": func(pkcs8, _, _ []byte) string {
			return base64.StdEncoding.EncodeToString([]byte(pemText("PRIVATE KEY", pkcs8)))
		},
		"JWK": func(_, _, d []byte) string {
			return `{"kty":"EC","crv":"P-256","d":"` + base64.RawURLEncoding.EncodeToString(d) + `"}`
		},
		"DER":                      func(pkcs8, _, _ []byte) string { return string(pkcs8) },
		"DER of SEC 1":             func(_, sec1, _ []byte) string { return string(sec1) },
		"tag: base64 of PKCS #8":   func(pkcs8, _, _ []byte) string { return base64.StdEncoding.EncodeToString(pkcs8) },
		"tag: base64url of SEC 1":  func(_, sec1, _ []byte) string { return base64.RawURLEncoding.EncodeToString(sec1) },
		"tag: hex of SEC 1":        func(_, sec1, _ []byte) string { return hex.EncodeToString(sec1) },
		"tag: base64url, one on":   func(_, _, d []byte) string { return base64.RawURLEncoding.EncodeToString(append([]byte("x"), d...)) },
		"tag: base64, two further": func(_, _, d []byte) string { return base64.StdEncoding.EncodeToString(append([]byte("xy"), d...)) },
		"tag: the d of a JWK":      func(_, _, d []byte) string { return base64.RawURLEncoding.EncodeToString(d) },
	} {
		key, text := keyAs(t, write)
		for masked.MatchString(text) {
			key, text = keyAs(t, write)
		}
		if strings.HasPrefix(form, "DER") {
			p.binaries[form] = text
		} else {
			p.texts[form] = text
		}
		if strings.HasPrefix(form, "tag: ") {
			p.tags[form] = text
		}
		if err := p.searcher.AddKey(form, key); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// masked is what the provider's log hides by itself, because it could be a
// secret access key of AWS; some few keys look so by chance.
var masked = regexp.MustCompile(`(^|[^A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}([^A-Za-z0-9/+=]|$)`)

// keyAs makes a key and writes it.
func keyAs(t *testing.T, write func(pkcs8, sec1, d []byte) string) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key := try[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	pkcs8, sec1, d := try[[]byte](t)(x509.MarshalPKCS8PrivateKey(key)), try[[]byte](t)(x509.MarshalECPrivateKey(key)), try[[]byte](t)(key.Bytes())
	return key, write(pkcs8, sec1, d)
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// plant plants keys wherever the hunt looks, in the ways in which they would
// get there, and fails the test for each that is not found.
func (h *hunt) plant(tf *cli, config string) {
	h.t.Helper()
	p := newPlanted(h.t)
	forms, tags := slices.Sorted(maps.Keys(p.texts)), slices.Sorted(maps.Keys(p.tags))
	all, err := json.Marshal(p.texts)
	if err != nil {
		h.t.Fatal(err)
	}
	h.plantInAWS(p, string(all))

	// Terraform knows keys as outputs, and the provider as tags.
	var resourceTags strings.Builder
	for i, form := range tags {
		fmt.Fprintf(&resourceTags, "planted%d = %q\n", i, p.tags[form])
	}
	config = strings.Replace(config, "force_destroy = true", "force_destroy = true\n tags = {\n"+resourceTags.String()+"}", 1)
	tf.configure(config + fmt.Sprintf("\noutput \"planted\" {\n  value = %q\n}\n", all))
	tf.plan()
	h.applied(tf)

	h.texts = map[string][]byte{}
	h.collect(1, tf)
	found := map[string][]string{} // secrets by kind of place
	for place, list := range h.found(&p.searcher) {
		for _, f := range list {
			found[place] = append(found[place], f.Secret)
			if member := strings.TrimPrefix(f.Place, place); member != "" {
				found[place+member] = append(found[place+member], f.Secret)
			}
		}
	}
	files := "terraform: " + filepath.Base(tf.dir)
	for place, want := range map[string][]string{
		"function: log": forms, "topic: messages": forms, "bus: events": forms, "bucket: status/prod/planted.json": forms, "bucket: planted.der": slices.Collect(maps.Keys(p.binaries)),
		"bucket: metadata of planted.der": tags, "parameter: tags": tags, "function: configuration": tags,
		"terraform: show of the state": forms, "terraform: show of the plan": forms,
		files + "/terraform.tfstate": forms, files + "/plan/tfplan": forms, files + "/terraform.log": tags,
	} {
		var got []string
		for at, secrets := range found {
			if at == place || strings.HasPrefix(at, place+", version ") {
				got = append(got, secrets...)
			}
		}
		slices.Sort(got)
		if missing := slices.DeleteFunc(slices.Clone(want), func(form string) bool { return slices.Contains(got, form) }); len(missing) > 0 {
			h.t.Errorf("planted in %s and not found: %q", place, missing)
		}
	}
}

// plantInAWS plants what no test could have Terraform do.
func (h *hunt) plantInAWS(p *planted, all string) {
	h.t.Helper()
	ctx, logs := h.t.Context(), cloudwatchlogs.NewFromConfig(h.a.aws)
	group, stream := aws.String("/aws/lambda/"+h.parts), aws.String("planted")
	try[*cloudwatchlogs.CreateLogStreamOutput](h.t)(logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	var lines []logstypes.InputLogEvent
	for _, text := range p.texts {
		lines = append(lines, logstypes.InputLogEvent{Message: aws.String(`{"level":"INFO","msg":"` + text + `"}`), Timestamp: aws.Int64(time.Now().UnixMilli())})
	}
	try[*cloudwatchlogs.PutLogEventsOutput](h.t)(logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: lines}))
	try[*sns.PublishOutput](h.t)(sns.NewFromConfig(h.a.aws).Publish(ctx, &sns.PublishInput{TopicArn: &h.topicARN, Subject: aws.String("planted"), Message: &all}))
	try[*eventbridge.PutEventsOutput](h.t)(eventbridge.NewFromConfig(h.a.aws).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventbridgetypes.PutEventsRequestEntry{{
		Source: aws.String(certbot.EventSource), DetailType: aws.String("Planted"), Detail: &all,
	}}}))
	metadata, tags := map[string]string{}, []ssmtypes.Tag{}
	for form, text := range p.tags {
		name := strings.Map(func(c rune) rune { return map[bool]rune{true: c, false: '-'}[c >= 'a' && c <= 'z'] }, strings.ToLower(form))
		metadata[name] = text
		tags = append(tags, ssmtypes.Tag{Key: &name, Value: &text})
	}
	client := h.a.s3()
	try[*s3.PutObjectOutput](h.t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: &h.parts, Key: aws.String(certbot.StatusObject("prod", "planted")), Body: strings.NewReader(all)}))
	try[*s3.PutObjectOutput](h.t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: &h.parts, Key: aws.String("planted.der"), Metadata: metadata, Body: strings.NewReader(strings.Join(slices.Collect(maps.Values(p.binaries)), ""))}))
	for name := range h.a.accountKeys(h.t, "prod") {
		try[*ssm.AddTagsToResourceOutput](h.t)(ssm.NewFromConfig(h.a.aws).AddTagsToResource(ctx, &ssm.AddTagsToResourceInput{
			ResourceType: ssmtypes.ResourceTypeForTaggingParameter, ResourceId: &name, Tags: tags,
		}))
	}
}
