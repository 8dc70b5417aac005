// Package localcloud runs, on this machine and without an account anywhere,
// what the provider needs of the outside world: AWS (LocalStack with an
// extension that makes it as strict as AWS where it matters), an ACME
// certificate authority (Pebble) that really looks challenges up, and a DNS
// server that answers from the hosted zones. It is for tests and for people
// who want to try the provider; the product does not import it.
//
// Everything listens on loopback only, is pinned, and needs no network once
// its cache is filled.
package localcloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"golang.org/x/sync/errgroup"
)

const (
	accessKey = "test"
	accountID = "000000000000"
	region    = "us-east-1"

	// endpointEnv names a LocalStack that somebody else runs.
	endpointEnv = "AWS_ENDPOINT_URL"
	// cacheEnv overrides where the cache lies.
	cacheEnv = "FARGATEDIRECT_CACHE"
	// logEnv overrides where the logs are written.
	logEnv = "FARGATEDIRECT_LOGS"
)

// Options says how to start a Cloud. The zero value is ready to use.
type Options struct {
	// CacheDir keeps LocalStack's and Pebble's programs between starts. Empty
	// means $FARGATEDIRECT_CACHE, else a folder in the user's cache directory.
	CacheDir string
	// Progress gets one line for each step that may take a while. Nil
	// discards them.
	Progress io.Writer
	// LogDir is where each start makes a folder with LocalStack's and Pebble's
	// logs that Close leaves. Empty means $FARGATEDIRECT_LOGS; if that is empty
	// too, the logs lie in Cloud.Dir.
	LogDir string
	// ChangeDelay is how long a Route 53 change stays PENDING. Zero means
	// 200 ms, which is long enough to show who does not wait.
	ChangeDelay time.Duration
}

// Cloud is a running local cloud. Close it when done; should the process die
// without doing so, the cloud's processes end by themselves.
type Cloud struct {
	// Endpoint is the URL of every AWS service.
	Endpoint string
	// Region is the region that Env and Config name.
	Region string
	// AccountID is the account of the credentials that Env and Config hold.
	AccountID string
	// Strict tells whether AWS is as strict as this package can make it. It
	// is false for a LocalStack of somebody else's that lacks our extension.
	Strict bool
	// DNSAddr is the "host:port" (UDP and TCP) of the DNS server that answers
	// from the hosted zones.
	DNSAddr string
	// DirectoryURL is the ACME directory of the certificate authority.
	DirectoryURL string
	// ManagementURL is the base URL of Pebble's management interface, without
	// a slash at the end.
	ManagementURL string
	// DirectoryCAPEM is the CA that signed the TLS certificate of the
	// directory and of the management interface. It is not the CA that issues
	// certificates: see Root.
	DirectoryCAPEM []byte
	// Dir holds the files of this cloud; Close removes it.
	Dir string
	// LogDir holds localstack.log and pebble.log.
	LogDir string

	zones      *route53Source
	dns        *dnsServer
	localstack *process
	pebble     *process

	pebbleBinary string
	// bindingMu guards binding and bindingPebble, which is nil until somebody
	// wants it.
	bindingMu     sync.Mutex
	binding       BindingAuthority
	bindingPebble *process
}

// Start brings up the cloud and returns when all of it answers. If the
// environment variable AWS_ENDPOINT_URL is set, the LocalStack there is used
// and left running by Close. The context bounds the start only.
func Start(ctx context.Context, o Options) (*Cloud, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	foreign := os.Getenv(endpointEnv)
	if foreign == "" && runtime.GOOS != "linux" {
		return nil, fmt.Errorf("starting the local cloud: Lambda functions are Linux programs and cannot run as processes on %s; "+
			"run LocalStack in Docker and name it by %s=http://127.0.0.1:4566", runtime.GOOS, endpointEnv)
	}
	dir, err := os.MkdirTemp("", "fargatedirect-localcloud-")
	if err != nil {
		return nil, fmt.Errorf("starting the local cloud: %w", err)
	}
	c := &Cloud{Region: region, AccountID: accountID, Dir: dir, LogDir: dir}
	if err := c.start(ctx, o, foreign); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the local cloud: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cloud) start(ctx context.Context, o Options, foreign string) error {
	if err := c.makeLogDir(o); err != nil {
		return err
	}
	zones := &route53Source{}
	c.zones = zones
	server, err := listenDNS(zones)
	if err != nil {
		return err
	}
	c.dns = server
	c.DNSAddr = server.addr

	var group errgroup.Group
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	both := func(start func(context.Context, Options) error) func() error {
		return func() error {
			err := start(ctx, o)
			if err != nil {
				cancel()
			}
			return err
		}
	}
	group.Go(both(c.startPebble))
	if foreign != "" {
		group.Go(both(func(ctx context.Context, o Options) error { return c.useLocalStack(ctx, o, foreign) }))
	} else {
		group.Go(both(c.startLocalStack))
	}
	if err := group.Wait(); err != nil {
		return err
	}
	zones.use(accessKey, c.Config())
	return nil
}

func (c *Cloud) makeLogDir(o Options) error {
	if o.LogDir == "" {
		return nil
	}
	if err := os.MkdirAll(o.LogDir, 0o755); err != nil {
		return fmt.Errorf("making the log directory: %w", err)
	}
	dir, err := os.MkdirTemp(o.LogDir, "localcloud-")
	if err != nil {
		return fmt.Errorf("making the log directory: %w", err)
	}
	c.LogDir = dir
	return nil
}

// Close ends everything that Start started and removes its files.
func (c *Cloud) Close() error {
	c.pebble.stop()
	c.bindingMu.Lock()
	c.bindingPebble.stop()
	c.bindingMu.Unlock()
	c.localstack.stop()
	c.dns.close()
	if err := os.RemoveAll(c.Dir); err != nil {
		return fmt.Errorf("closing the local cloud: %w", err)
	}
	return nil
}

// Env is what a process needs in its environment to use this cloud as AWS.
func (c *Cloud) Env() []string {
	return []string{
		endpointEnv + "=" + c.Endpoint,
		"AWS_ACCESS_KEY_ID=" + accessKey,
		"AWS_SECRET_ACCESS_KEY=" + accessKey,
		"AWS_REGION=" + c.Region,
		"AWS_DEFAULT_REGION=" + c.Region,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Config makes clients of any AWS service use this cloud.
func (c *Cloud) Config() aws.Config { return c.config(accessKey) }

// Account is Config for another account, of 12 digits, which is empty at
// first: a test that has one to itself sees nothing of other tests. From then
// on DNSAddr also answers from that account's hosted zones. An access key id
// that is an account's id gives access to it.
func (c *Cloud) Account(id string) aws.Config {
	config := c.config(id)
	c.zones.use(id, config)
	return config
}

// Forget ends what Account did for DNSAddr; each account that it answers for
// makes it slower. The account itself stays.
func (c *Cloud) Forget(id string) { c.zones.forget(id) }

func (c *Cloud) config(accessKeyID string) aws.Config {
	return aws.Config{
		Region:       c.Region,
		BaseEndpoint: aws.String(c.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKeyID, accessKey, ""),
	}
}

// Architecture is the only one whose Lambda functions run here, as Lambda
// calls it: the host's.
func (*Cloud) Architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

func (o Options) withDefaults() (Options, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	o.Progress = &turns{to: o.Progress}
	if o.ChangeDelay == 0 {
		o.ChangeDelay = 200 * time.Millisecond
	}
	if o.LogDir == "" {
		o.LogDir = os.Getenv(logEnv)
	}
	if o.CacheDir == "" {
		o.CacheDir = os.Getenv(cacheEnv)
	}
	if o.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return o, fmt.Errorf("finding the cache directory: %w; name one by %s", err, cacheEnv)
		}
		o.CacheDir = filepath.Join(base, "terraform-provider-fargatedirect")
	}
	dir, err := filepath.Abs(o.CacheDir)
	if err != nil {
		return o, fmt.Errorf("finding the cache directory: %w", err)
	}
	o.CacheDir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return o, fmt.Errorf("making the cache directory: %w", err)
	}
	return o, nil
}

// turns lets several steps, which start at the same time, write to one writer.
type turns struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (t *turns) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.to.Write(p)
}

func (o Options) progress(format string, args ...any) {
	_, _ = fmt.Fprintf(o.Progress, "localcloud: "+format+"\n", args...)
}
