package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"debug/buildinfo"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// server is one column of the table.
type server struct {
	name string
	// version is what the binary says of itself, and size how many bytes it has.
	version string
	size    int64
	target  target
	// command starts it; nil if it is the back end, which runs for all.
	command func() *exec.Cmd
	// only names the loads to measure; all if it is nil.
	only []string
	// held has the memory of its websockets measured.
	held bool

	process *process
}

// wanted tells whether a load is measured with the server.
func (s *server) wanted(load string) bool {
	return s.only == nil || slices.Contains(s.only, load)
}

// start starts the server and answers how long it took until the first answer.
func (s *server) start(ctx context.Context, directory string) (time.Duration, error) {
	begun := time.Now()
	p, err := start(s.command(), directory)
	if err != nil {
		return 0, err
	}
	s.process = p
	for {
		if err = s.answers(ctx); err == nil {
			return time.Since(begun), nil
		}
		select {
		case <-p.ended:
			return 0, fmt.Errorf("%s has ended: %s", s.name, p.said())
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if time.Since(begun) > time.Minute {
			return 0, fmt.Errorf("%s does not answer: %w; it said: %s", s.name, err, p.said())
		}
	}
}

func (s *server) stop() {
	if s.process != nil && s.command != nil {
		s.process.stop()
		s.process = nil
	}
}

func (s *server) answers(ctx context.Context) error {
	c, err := dialHTTP1(ctx, s.target)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.do(get(smallPath), nil)
}

// spoken is what is agreed on with the server, such as "TLS 1.3,
// TLS_AES_128_GCM_SHA256, X25519".
func (s *server) spoken(ctx context.Context) (string, error) {
	connection, err := s.target.dial(ctx, nil, "h2")
	if err != nil {
		return "", err
	}
	defer connection.Close()
	secure, ok := connection.(*tls.Conn)
	if !ok {
		return "", errors.New("no TLS is spoken")
	}
	state := secure.ConnectionState()
	return fmt.Sprintf("%s, %s, %s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), state.CurveID, state.PeerCertificates[0].PublicKeyAlgorithm), nil
}

// place is where servers are put, and what they all get.
type place struct {
	*world
	processors int
	backend    string
}

// goEnvironment is what a server in Go gets.
func (p *place) goEnvironment(more ...string) []string {
	return append([]string{"GOMAXPROCS=" + strconv.Itoa(p.processors), "HOME=" + p.directory, "PATH=" + os.Getenv("PATH")}, more...)
}

// ours is the proxy as a task has it: with a bucket, a name of its own and the
// health endpoint.
func (p *place) ours(binary, name string, accessLog bool) (*server, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	health, err := freeAddress()
	if err != nil {
		return nil, err
	}
	environment := p.goEnvironment("AWS_ENDPOINT_URL="+p.aws.URL, "AWS_REGION=eu-west-2",
		"AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_EC2_METADATA_DISABLED=true",
		"ECS_CONTAINER_METADATA_URI_V4="+p.aws.URL+"/metadata",
		"FARGATEDIRECT_BUCKET=certs", "FARGATEDIRECT_PREFIX=browser/", "FARGATEDIRECT_DOMAIN="+domain,
		"FARGATEDIRECT_BACKEND_PORT="+port(p.backend), "FARGATEDIRECT_LISTEN="+listen, "FARGATEDIRECT_HEALTH_LISTEN="+health,
		// The load is one client.
		"FARGATEDIRECT_MAX_CONNECTIONS_PER_CLIENT=10000",
		"FARGATEDIRECT_ACCESS_LOG="+strconv.FormatBool(accessLog))
	return p.server(name, binary, listen, "version", func() *exec.Cmd {
		cmd := exec.Command(binary)
		cmd.Env = environment
		return cmd
	})
}

// caddy is Caddy with what it needs to be in the same place, and no more.
func (p *place) caddy(binary string) (*server, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.directory, "Caddyfile")
	text := fmt.Sprintf(`{
	admin off
	auto_https off
	persist_config off
	servers {
		protocols h1 h2
	}
}
https://:%s {
	bind 127.0.0.1
	tls %s %s
	reverse_proxy %s {
		transport http {
			keepalive_idle_conns_per_host %d
		}
	}
}
`, port(listen), p.chain, p.key, p.backend, kept)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s, err := p.server("Caddy", binary, listen, "version", func() *exec.Cmd {
		cmd := exec.Command(binary, "run", "--config", file, "--adapter", "caddyfile")
		cmd.Env = p.goEnvironment()
		return cmd
	})
	if err != nil {
		return nil, err
	}
	s.version = compiledVersion(binary, "github.com/caddyserver/caddy/v2", s.version)
	return s, nil
}

// kept is how many idle connections to the back end a proxy may keep, where it
// has to be told.
const kept = 512

// nginx is nginx with the settings that a proxy in front of one server has.
// Bodies are handed on as they come, as the others do.
func (p *place) nginx(binary string) (*server, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	directory := filepath.Join(p.directory, "nginx")
	if err := os.Mkdir(directory, 0o700); err != nil {
		return nil, err
	}
	// Started by root, its workers would be a user who may not read here.
	who := ""
	if me, err := user.Current(); err == nil && me.Uid == "0" {
		who = "user " + me.Username + ";"
	}
	text := strings.NewReplacer("{user}", who, "{dir}", directory, "{workers}", strconv.Itoa(p.processors), "{kept}", strconv.Itoa(kept),
		"{backend}", p.backend, "{listen}", listen, "{cert}", p.chain, "{key}", p.key).Replace(nginxSettings)
	file := filepath.Join(directory, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return p.server("nginx", binary, listen, "-v", func() *exec.Cmd {
		return exec.Command(binary, "-p", directory, "-c", file, "-e", "stderr")
	})
}

const nginxSettings = `{user}
daemon off;
pid {dir}/pid;
worker_processes {workers};
worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http {
	access_log off;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	client_max_body_size 0;
	keepalive_requests 1000000000;
	upstream task {
		server {backend};
		keepalive {kept};
		keepalive_requests 1000000000;
	}
	map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
	server {
		listen {listen} ssl http2;
		ssl_certificate {cert};
		ssl_certificate_key {key};
		ssl_protocols TLSv1.2 TLSv1.3;
		location / {
			proxy_pass http://task;
			proxy_http_version 1.1;
			proxy_request_buffering off;
			proxy_max_temp_file_size 0;
			proxy_read_timeout 1h;
			proxy_set_header Host $host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_set_header X-Forwarded-For $remote_addr;
			proxy_set_header X-Forwarded-Host $host;
			proxy_set_header X-Forwarded-Proto $scheme;
		}
	}
}
`

func (p *place) server(name, binary, listen, versionArgument string, command func() *exec.Cmd) (*server, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	said, err := exec.Command(binary, versionArgument).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: asking for its version: %w: %s", name, err, said)
	}
	return &server{name: name, version: string(bytes.TrimSpace(said)), size: info.Size(), target: target{address: listen}, command: command}, nil
}

// compiledVersion is a module's version in a binary that was compiled from the
// module, and does not know it; otherwise what the binary says.
func compiledVersion(binary, module, said string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return said
	}
	if info.Main.Path != module {
		return said
	}
	return info.Main.Version + ", " + info.GoVersion
}

// startBackend starts the back end, in a process of its own.
func (p *place) startBackend(ctx context.Context) (plain, secure *server, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	p.backend, err = freeAddress()
	if err != nil {
		return nil, nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	plain = &server{name: "back end, no TLS", target: target{address: p.backend, plain: true}, command: func() *exec.Cmd {
		cmd := exec.Command(self, "backend", p.backend, address, p.chain, p.key)
		cmd.Env = p.goEnvironment()
		return cmd
	}}
	if _, err := plain.start(ctx, p.directory); err != nil {
		return plain, nil, err
	}
	secure = &server{name: "back end, TLS", target: target{address: address}, process: plain.process}
	return plain, secure, nil
}

// check asks as a browser would, which checks the certificate: the
// measurements do not.
func (p *place) check(ctx context.Context, s *server) error {
	pool, err := p.pool()
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: hostname, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.target.address+smallPath, nil)
	if err != nil {
		return err
	}
	request.Host = hostname
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return response.Body.Close()
}
