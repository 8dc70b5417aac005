package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// text, truth and list are arguments of the action.
func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
func truth(value bool) tftypes.Value  { return tftypes.NewValue(tftypes.Bool, value) }
func list(values ...string) tftypes.Value {
	var elements []tftypes.Value
	for _, value := range values {
		elements = append(elements, text(value))
	}
	return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, elements)
}

// TestAccRenew proves that the action renews and tells how that goes, with the
// documented permissions, and that a call that is repeated on its way renews
// once.
func TestAccRenew(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	parts := a.certbotParts("prod")
	u.allow(t, certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"browser": {}},
		HostedZoneID: a.zoneID, IAMPath: "/",
	}.CallerPolicy())
	tf := newCLI(t)
	tf.configure(a.config(a.certbot("force_destroy = true")))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Fatal(got)
	}
	held := func() string { t.Helper(); return a.pair(t, parts, "browser/", "*."+a.domain).serial }
	first := held()
	terraform := a.protocol(t, u.accessKey, cloud.Endpoint)

	t.Run("dry run", func(t *testing.T) {
		got := terraform.renew(map[string]tftypes.Value{"certbot": text("prod"), "dry_run": truth(true)})
		got.are(t, `Certificate "browser": a new one would be obtained, because the request forces it`)
		got = terraform.renew(map[string]tftypes.Value{"certbot": text("prod"), "dry_run": truth(true), "force": truth(false)})
		got.are(t, `Certificate "browser": it would be kept, because it is valid until `)
		is(t, "after a dry run the serial number", held(), first)
	})
	t.Run("nothing due", func(t *testing.T) {
		got := terraform.renew(map[string]tftypes.Value{"certbot": text("prod"), "force": truth(false)})
		got.end(t, `Certificate "browser": kept, nothing was due; serial `+first+", valid until ")
		is(t, "the serial number", held(), first)
	})
	t.Run("renewed", func(t *testing.T) {
		got := terraform.renew(map[string]tftypes.Value{"certbot": text("prod"), "keys": list("browser"), "region": text(cloud.Region)})
		second := held()
		got.end(t, `Certificate "browser": issued; serial `+second+", valid until ")
		if second == first || !strings.HasPrefix(got.progress[0], "Run ") || !strings.HasSuffix(got.progress[0], "/aws/lambda/"+parts) {
			t.Errorf("serial %s after %s, told %q", second, first, got.progress)
		}
		status := a.status(t, parts, "prod", "browser")
		if failed := a.invoke(t, parts, fmt.Sprintf(`{"run_id":%q,"trigger":"manual","force":true}`, status.RunID)); failed != "" {
			t.Error(failed)
		}
		is(t, "after the request came again the serial number", held(), second)
	})
	t.Run("repeated call", func(t *testing.T) {
		before := held()
		repeating := a.repeating(t)
		got := a.protocol(t, a.id, repeating.url).renew(map[string]tftypes.Value{"certbot": text("prod")})
		after := held()
		got.end(t, `Certificate "browser": issued; serial `+after)
		if calls := repeating.calls.Load(); calls != 2 || after == before {
			t.Errorf("%d calls, serial %s after %s", calls, after, before)
		}
		a.issuedOnce(t, parts, a.status(t, parts, "prod", "browser").RunID)
	})
	t.Run("refused by the authority", func(t *testing.T) {
		cloud.BreakDNS(a.domain, localcloud.DNSServerFailure)
		defer cloud.MendDNS(a.domain)
		before := held()
		got := terraform.renew(map[string]tftypes.Value{"certbot": text("prod")})
		if len(got.problems) != 1 || !strings.HasPrefix(got.problems[0], `: No certificate from `) || !strings.Contains(got.problems[0], `Certificate "browser": No new certificate was stored: `) ||
			!strings.Contains(got.problems[0], "urn:ietf:params:acme:error:") {
			t.Errorf("the problems are %q, want the authority's own words", got.problems)
		}
		if last := got.progress[len(got.progress)-1]; !strings.HasPrefix(last, `Certificate "browser": failed: No new certificate`) {
			t.Errorf("told %q", got.progress)
		}
		is(t, "after a failure the serial number", held(), before)
	})
	t.Run("wrong arguments", func(t *testing.T) { a.protocol(t, a.id, cloud.Endpoint).refusesToRenew(t) })
	tf.must(tf.destroy())
}

// refusesToRenew checks what is told of wrong arguments, and where.
func (p *protocol) refusesToRenew(t *testing.T) {
	t.Helper()
	for name, test := range map[string]struct {
		given map[string]tftypes.Value
		want  string
	}{
		"no such certbot":     {map[string]tftypes.Value{"certbot": text("staging")}, `AttributeName("certbot"): Renewing certificates of fargatedirect_certbot (staging): There is no fargatedirect_certbot of the name "staging"`},
		"no such certificate": {map[string]tftypes.Value{"certbot": text("prod"), "keys": list("browser", "desktop")}, `AttributeName("keys").ElementKeyValue(tftypes.String<"desktop">): Renewing certificates of fargatedirect_certbot (prod): fargatedirect_certbot (prod) has no certificate "desktop". Its certificates are ["browser"].`},
		"no such region":      {map[string]tftypes.Value{"certbot": text("prod"), "region": text("nowhere")}, `AttributeName("region"): Renewing certificates of fargatedirect_certbot (prod): "nowhere" is not an AWS region`},
		"no name":             {map[string]tftypes.Value{"certbot": text("Prod")}, `AttributeName("certbot"): Invalid Attribute Value Match`},
		"no keys":             {map[string]tftypes.Value{"certbot": text("prod"), "keys": list()}, `AttributeName("keys"): Invalid Attribute Value`},
		"no key":              {map[string]tftypes.Value{"certbot": text("prod"), "keys": list("a.b")}, `AttributeName("keys")`},
	} {
		got := p.renew(test.given)
		if len(got.problems) != 1 || !strings.HasPrefix(got.problems[0], test.want) || len(got.progress) != 0 {
			t.Errorf("%s: %q, told %q; want %q", name, got.problems, got.progress, test.want)
		}
	}
}

// are checks that nothing else was told than one sentence.
func (r renewing) are(t *testing.T, begin string) {
	t.Helper()
	if len(r.problems) != 0 || len(r.progress) != 1 || !strings.HasPrefix(r.progress[0], begin) {
		t.Errorf("told %q, problems %q; want %q", r.progress, r.problems, begin)
	}
}

// end checks what was told last, and that nothing was wrong.
func (r renewing) end(t *testing.T, begin string) {
	t.Helper()
	if len(r.problems) != 0 || len(r.progress) < 2 || !strings.HasPrefix(r.progress[len(r.progress)-1], begin) {
		t.Fatalf("told %q, problems %q; want %q at last", r.progress, r.problems, begin)
	}
}

// issuedOnce checks that a run obtained one certificate.
func (a *account) issuedOnce(t *testing.T, bucket, runID string) {
	t.Helper()
	memory, _, err := a.object(t.Context(), bucket, certbot.MemoryObject("prod", "browser"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(memory), runID); n != 1 {
		t.Errorf("run %s spent %d times:\n%s", runID, n, memory)
	}
}

// repeatingAWS is in front of the local cloud, and loses the answer to the
// first invocation of a function: so the SDK repeats the call.
type repeatingAWS struct {
	url   string
	calls atomic.Int32
}

func (a *account) repeating(t *testing.T) *repeatingAWS {
	t.Helper()
	target, err := url.Parse(cloud.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := &repeatingAWS{}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasSuffix(req.URL.Path, "/invocations") || r.calls.Add(1) > 1 {
			proxy.ServeHTTP(w, req)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), req)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// TestAccRenew_invoke is the action by the CLI, where that knows actions.
func TestAccRenew_invoke(t *testing.T) {
	t.Parallel()
	tf := newCLI(t)
	if version := tf.version(); version[0] < 1 || version[0] == 1 && version[1] < 14 {
		t.Skipf("Terraform %d.%d knows no actions, which came with 1.14; TestAccRenew tests the same by the protocol", version[0], version[1])
	}
	a := newAccount(t)
	parts := a.certbotParts("prod")
	tf.configure(a.config(a.certbot("force_destroy = true") + `
action "fargatedirect_renew" "now" {
  config {
    certbot = fargatedirect_certbot.test.name
  }
}`))
	tf.must(tf.apply())
	first := a.pair(t, parts, "browser/", "*."+a.domain)
	tf.must(tf.start("apply", "-json", "-auto-approve", "-no-color", "-invoke=action.fargatedirect_renew.now").wait())
	if second := a.pair(t, parts, "browser/", "*."+a.domain); second.serial == first.serial {
		t.Error("the action renewed nothing")
	}
	tf.must(tf.destroy())
}

// version is the CLI's, as far as its first two numbers go.
func (c *cli) version() (version [2]int) {
	c.t.Helper()
	var told struct {
		Version string `json:"terraform_version"`
	}
	out, err := exec.CommandContext(c.t.Context(), terraform(c.t), "version", "-json").Output()
	if err == nil {
		err = json.Unmarshal(out, &told)
	}
	if err == nil {
		_, err = fmt.Sscanf(told.Version, "%d.%d", &version[0], &version[1])
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return version
}
