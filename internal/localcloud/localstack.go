package localcloud

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// localstackVersion is the last release that runs without an account. Its
// requirements are pinned to the versions of its day; see
// localstack/requirements.in.
const localstackVersion = "4.14.0"

//go:embed localstack/requirements.txt all:localstack/extension
var extension embed.FS

// extensionPath is a route that only a LocalStack with our extension answers.
const extensionPath = "/_fargatedirect/health"

// startLocalStack installs LocalStack if need be and starts it on a free port.
func (c *Cloud) startLocalStack(ctx context.Context, o Options) error {
	requirements, err := extension.ReadFile("localstack/requirements.txt")
	if err != nil {
		return fmt.Errorf("reading LocalStack's requirements: %w", err)
	}
	// A virtual environment only points at the Python that it was made with.
	intact := func(dir string) bool {
		_, err := os.Stat(venvPython(dir))
		return err == nil
	}
	key := [][]byte{requirements, []byte(pythonVersion + runtime.GOOS + runtime.GOARCH), []byte(catalogModule)}
	dir, err := o.cached(ctx, "localstack", key, intact, func(dir string) error {
		o.progress("installing LocalStack %s (once, about a minute)", localstackVersion)
		if err := o.installPython(ctx, dir, requirements); err != nil {
			return err
		}
		return makeCatalog(ctx, dir)
	})
	if err != nil {
		return err
	}
	state := filepath.Join(c.Dir, "localstack")
	if err := os.CopyFS(filepath.Join(state, staticFolder), os.DirFS(filepath.Join(dir, catalogRoot, staticFolder))); err != nil {
		return fmt.Errorf("starting LocalStack: %w", err)
	}
	if err := writeExtension(filepath.Join(c.Dir, "extension")); err != nil {
		return fmt.Errorf("writing LocalStack's extension: %w", err)
	}
	begun := time.Now()
	o.progress("starting LocalStack %s", localstackVersion)
	c.localstack, err = retryStart(func() (*process, error) { return c.runLocalStack(ctx, o, venvPython(dir), state) })
	if err != nil {
		return err
	}
	o.progress("LocalStack answers at %s after %.1f s", c.Endpoint, time.Since(begun).Seconds())
	return nil
}

// strictProviders has LocalStack take the extension's providers of services
// instead of its own.
func strictProviders() []string {
	return []string{
		"PROVIDER_OVERRIDE_CLOUDWATCH=fargatedirect",
		"PROVIDER_OVERRIDE_EVENTS=fargatedirect",
		"PROVIDER_OVERRIDE_IAM=fargatedirect",
		"PROVIDER_OVERRIDE_ROUTE53=fargatedirect",
		"PROVIDER_OVERRIDE_S3=fargatedirect",
		"PROVIDER_OVERRIDE_SNS=fargatedirect",
		"PROVIDER_OVERRIDE_SQS=fargatedirect",
	}
}

// LocalStack needs an index of all operations of all services at its first
// request. Unless it finds one in staticFolder, below its root, it reads every
// model of botocore: some 5 s of computing, for which that request waits. Its
// own image is made with one in the same way.
const (
	catalogModule = "localstack.aws.spec"
	catalogRoot   = "root"
	staticFolder  = "usr/lib/localstack"
)

// makeCatalog has an installed LocalStack write its index into the folder of
// the installation.
func makeCatalog(ctx context.Context, dir string) error {
	root := filepath.Join(dir, catalogRoot)
	if err := os.MkdirAll(filepath.Join(root, staticFolder), 0o755); err != nil {
		return err
	}
	env := []string{"FILESYSTEM_ROOT=" + root, "HOME=" + root, "OVERRIDE_IN_DOCKER=0", "PYTHONPATH="}
	_, err := run(ctx, env, venvPython(dir), "-m", catalogModule)
	return err
}

func (c *Cloud) runLocalStack(ctx context.Context, o Options, python, state string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	if err := os.MkdirAll(filepath.Join(state, "tmp"), 0o755); err != nil {
		return nil, fmt.Errorf("starting LocalStack: %w", err)
	}
	env := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
		"HOME=" + state,
		"TMPDIR=" + filepath.Join(state, "tmp"),
		"FILESYSTEM_ROOT=" + state,
		"PYTHONPATH=" + filepath.Join(c.Dir, "extension"),
		"PYTHONUNBUFFERED=1",
		"OVERRIDE_IN_DOCKER=0",
		"GATEWAY_LISTEN=" + listen,
		"LOCALSTACK_HOST=" + listen,
		"SQS_ENDPOINT_STRATEGY=path",
		"LAMBDA_RUNTIME_EXECUTOR=process",
		// It must not call home, nor be a DNS server.
		"DISABLE_EVENTS=1",
		"SKIP_SSL_CERT_DOWNLOAD=1",
		"DNS_ADDRESS=0",
		"EAGER_SERVICE_LOADING=0",
		fmt.Sprintf("FARGATEDIRECT_ROUTE53_DELAY_MS=%d", o.ChangeDelay.Milliseconds()),
	}
	env = append(env, strictProviders()...)
	p, err := startProcess("LocalStack", filepath.Join(c.LogDir, "localstack.log"), env, python, "-m", "localstack.runtime.main")
	if err != nil {
		return nil, err
	}
	c.Endpoint = "http://" + listen
	c.Strict = true
	return p, p.waitFor(ctx, func(ctx context.Context) error { return getJSON(ctx, c.Endpoint+extensionPath, nil) })
}

// useLocalStack uses a LocalStack that somebody else runs.
func (c *Cloud) useLocalStack(ctx context.Context, o Options, endpoint string) error {
	endpoint = strings.TrimRight(endpoint, "/")
	var health struct {
		Services map[string]string `json:"services"`
	}
	if err := getJSON(ctx, endpoint+"/_localstack/health", &health); err != nil || health.Services == nil {
		return fmt.Errorf("%s is set to %s, where no LocalStack answers (%w): start one there, or unset the variable to have one started",
			endpointEnv, endpoint, err)
	}
	c.Endpoint = endpoint
	c.Strict = getJSON(ctx, endpoint+extensionPath, nil) == nil
	o.progress("using the LocalStack at %s (%s)", endpoint, endpointEnv)
	if !c.Strict {
		o.progress("it lacks this project's extension: Route 53, ECS and IAM forgive more than AWS does, and ECS sends no events")
	}
	return nil
}

// writeExtension writes the Python package of the extension to a folder that
// is to be on Python's path. Nothing is built or installed, so that a change
// of the extension needs no new installation.
func writeExtension(to string) error {
	from, err := fs.Sub(extension, "localstack/extension")
	if err != nil {
		return err
	}
	return os.CopyFS(to, from)
}

// getJSON reads what a plain GET answers into v, unless that is nil.
func getJSON(ctx context.Context, url string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	return doJSON(http.DefaultClient, req, v)
}

func doJSON(client *http.Client, req *http.Request, v any) error {
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", req.Method, req.URL, res.Status, body)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(body, v)
}
