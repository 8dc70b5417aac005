//go:build unix

package provider_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/freeport"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/sidecar"
)

// proxyPatience is how long a proxy may take for anything.
const proxyPatience = time.Minute

// proxyBinary is compiled once for all tests.
var proxyBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(cloud.Dir, "fargatedirect-proxy")
	return path, sidecar.Build(context.Background(), path)
})

// proxyTask is a task with the proxy's container.
type proxyTask struct {
	*sidecar.Process
	a *account
	// hostname is the task's name, and listens where its proxy does.
	hostname, listens string
}

// proxyOptions are how a task's proxy differs from its definition.
type proxyOptions struct {
	// definition is what the provider's function answered.
	definition types.ContainerDefinition
	// role is the ARN of the task role; empty for none.
	role string
	// endpoint is where AWS is, instead of the local cloud.
	endpoint string
	// changes are made to the container's environment.
	changes   map[string]string
	arguments []string
}

// startProxy runs the proxy as ECS would in a task of its own.
func (a *account) startProxy(t *testing.T, o proxyOptions) *proxyTask {
	t.Helper()
	binary, err := proxyBinary()
	if err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	p := &proxyTask{a: a, hostname: id + "." + a.domain}
	var role aws.CredentialsProvider
	if o.role != "" {
		role = sidecar.Role(a.aws, o.role)
	}
	task, err := sidecar.NewTask("arn:aws:ecs:"+cloud.Region+":"+a.id+":task/browsers/"+id, role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = task.Close() })
	endpoint := cloud.Endpoint
	if o.endpoint != "" {
		endpoint = o.endpoint
	}
	changes := map[string]string{
		"FARGATEDIRECT_INTERVAL": "1s",
		"AWS_REGION":             cloud.Region, "AWS_ENDPOINT_URL": endpoint,
	}
	for name, host := range map[string]*string{"FARGATEDIRECT_LISTEN": &p.listens, "FARGATEDIRECT_HEALTH_LISTEN": new(string)} {
		if *host, err = freeport.Address("127.0.0.1"); err != nil {
			t.Fatal(err)
		}
		changes[name] = *host
	}
	maps.Copy(changes, o.changes)
	p.Process, err = sidecar.Start(binary, append(sidecar.Env(o.definition, changes), task.Env()...), o.arguments...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the proxy said:\n%s", p.Output())
		}
	})
	return p
}

// says waits until the proxy has said a text.
func (p *proxyTask) says(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), proxyPatience)
	defer cancel()
	if err := p.Await(ctx, text); err != nil {
		t.Fatal(err)
	}
}

// get opens the server's page by the task's name, and answers the serial
// number of the certificate that it came with.
func (p *proxyTask) get(ctx context.Context) (string, error) {
	serial, status, text, err := p.getAs(ctx, p.hostname)
	if want := "hello from " + p.hostname; err == nil && text != want {
		return "", fmt.Errorf("it answers %d %q, want %q", status, text, want)
	}
	return serial, err
}

// refusesOthers checks that a request for another task's name, for which the
// certificate is good as well, does not get to the server.
func (p *proxyTask) refusesOthers(t *testing.T) {
	t.Helper()
	_, status, text, err := p.getAs(t.Context(), strings.Repeat("0", 32)+"."+p.a.domain)
	if err != nil || status != http.StatusMisdirectedRequest || strings.Contains(text, "hello") {
		t.Errorf("another task's name is answered %d %q, error %v", status, text, err)
	}
}

// getAs opens the server's page by a name.
func (p *proxyTask) getAs(ctx context.Context, hostname string) (serial string, status int, text string, err error) {
	roots, err := cloud.RootPool(ctx)
	if err != nil {
		return "", 0, "", err
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.listens)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+hostname+"/", nil)
	if err != nil {
		return "", 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%x", response.TLS.PeerCertificates[0].SerialNumber), response.StatusCode, string(body), err
}

// serves waits until the proxy serves a certificate.
func (p *proxyTask) serves(t *testing.T, serial string) {
	t.Helper()
	within(t, proxyPatience, "serving certificate "+serial, func() error {
		got, err := p.get(t.Context())
		if err == nil && got != serial {
			err = fmt.Errorf("certificate %s is served", got)
		}
		return err
	})
}

// still checks that the proxy serves a certificate now.
func (p *proxyTask) still(t *testing.T, serial string) {
	t.Helper()
	got, err := p.get(t.Context())
	if err != nil || got != serial {
		t.Errorf("certificate %s is served, want %s, error %v", got, serial, err)
	}
}

// ends has the proxy end, as ECS does. It has told nobody the key.
func (p *proxyTask) ends(t *testing.T) {
	t.Helper()
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), proxyPatience)
	defer cancel()
	if err := p.Wait(ctx); err != nil {
		t.Error(err)
	}
	if strings.Contains(p.Output(), "PRIVATE KEY") {
		t.Error("the proxy's output holds a private key")
	}
}

// helloServer starts the server in front of which proxies stand, and answers
// its port.
func helloServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "hello from "+r.Host)
	}))
	t.Cleanup(server.Close)
	return server.URL[strings.LastIndex(server.URL, ":")+1:]
}

// taskRole makes a role for tasks that may do what the policy allows.
func (a *account) taskRole(t *testing.T, name, policy string) string {
	t.Helper()
	return a.addRole(t, name, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"Service":"ecs-tasks.amazonaws.com","AWS":"arn:aws:iam::%s:root"}}]}`, a.id), policy)
}

// proxyOutputs are those of the configuration of TestAccProxy.
type proxyOutputs struct {
	Bucket, TaskSecret, StartSecret types.ContainerDefinition
	ReaderPolicy, ExecutionPolicy   string
}

func (c *cli) proxyOutputs() proxyOutputs {
	c.t.Helper()
	var state struct {
		Values struct {
			Outputs map[string]struct{ Value json.RawMessage }
		}
	}
	c.show(&state)
	outputs := state.Values.Outputs
	container := func(name string) types.ContainerDefinition {
		definition, err := sidecar.Parse(outputs[name].Value)
		if err != nil {
			c.t.Fatalf("output %s: %v", name, err)
		}
		return definition
	}
	policy := func(name string) (text string) {
		if err := json.Unmarshal(outputs[name].Value, &text); err != nil {
			c.t.Fatalf("output %s: %v", name, err)
		}
		return text
	}
	return proxyOutputs{
		Bucket: container("bucket"), TaskSecret: container("task_secret"), StartSecret: container("start_secret"),
		ReaderPolicy: policy("reader_policy"), ExecutionPolicy: policy("execution_policy"),
	}
}
