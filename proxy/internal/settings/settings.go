// Package settings reads what a proxy is to do from its arguments and its
// environment.
//
// Each setting is a flag and a variable: -backend-port is
// FARGATEDIRECT_BACKEND_PORT. The flag wins. What is not known is refused, so
// that a slip of the pen is not a default.
package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Prefix is what the variables' names begin with.
const Prefix = "FARGATEDIRECT_"

// What the binary can be asked for.
const (
	Serve   = "serve"
	Files   = "files"
	Health  = "health"
	Version = "version"
)

// Backend protocols.
const (
	HTTP1 = "http1"
	H2C   = "h2c"
)

// Settings are what a proxy is to do.
type Settings struct {
	// Command is Serve, Files, Health or Version.
	Command string

	// Bucket and Prefix say where the certificate lies in S3.
	Bucket, Prefix string
	// SecretARN is the certificate's secret, which is followed.
	SecretARN string
	// Secret is the value of the certificate's secret, which ECS put into the
	// environment when the task started. It holds the private key.
	Secret string
	// Region is where the bucket or secret is; empty for the task's own.
	Region string
	// Names are those that the certificate must be good for.
	Names []string
	// Interval is the time between two looks for a renewal.
	Interval time.Duration
	// CertificateTimeout is how long the first certificate may take.
	CertificateTimeout time.Duration

	// Domain is the one below which the task has its name; empty if it has none.
	Domain string
	// HostnameTemplate is how the name is made of the task.
	HostnameTemplate string
	// AnyHost has requests for other names answered, too.
	AnyHost bool

	// BackendPort is the port of 127.0.0.1 to which requests go.
	BackendPort int
	// BackendProtocol is HTTP1 or H2C.
	BackendProtocol string
	// Listen, RedirectListen and HealthListen are addresses to listen on. With
	// no RedirectListen nobody is redirected.
	Listen, RedirectListen, HealthListen string
	// AccessLog has each request logged.
	AccessLog bool
	// DrainTimeout is how long requests may take to end after SIGTERM.
	DrainTimeout time.Duration
	// HeaderTimeout is how long a handshake, and then a request's header, may
	// take to arrive.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept that asks for nothing.
	IdleTimeout time.Duration
	// StallTimeout is how long a body may make no progress, in either direction.
	StallTimeout time.Duration
	// MaxHeaderBytes is how long a request's header may be.
	MaxHeaderBytes int
	// MaxConnections is how many connections clients may have at a time.
	MaxConnections int
	// MaxConnectionsPerClient is how many of them one client may have, and how
	// many requests at a time over those of HTTP/2.
	MaxConnectionsPerClient int

	// Directory is where Files writes.
	Directory string
	// KeyMode is the mode of the files that hold the private key.
	KeyMode Mode
	// Once has Files end when the files are written.
	Once bool
	// Exec is the command that Files runs after each change, and its arguments.
	Exec []string
	// ExecTimeout is how long the command may take.
	ExecTimeout time.Duration
}

// SecretVariable has no flag: arguments are seen by everybody.
const SecretVariable = Prefix + "SECRET"

// Parse reads settings. Help, if it is asked for, goes to out, and the error
// is flag.ErrHelp then. No error holds a secret's value.
func Parse(arguments, environment []string, out io.Writer) (Settings, error) {
	s := Settings{Command: Serve}
	if len(arguments) > 0 && slices.Contains([]string{Serve, Files, Health, Version}, arguments[0]) {
		s.Command, arguments = arguments[0], arguments[1:]
	}
	// The package would print each error, and all flags below it.
	flags := s.flags(io.Discard)
	flags.Usage = func() {}
	explain(flags)
	if err := s.environment(flags, environment); err != nil {
		return Settings{}, err
	}
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return Settings{}, errors.Join(err, help(out))
	case err != nil:
		return Settings{}, fmt.Errorf("reading the arguments: %w; -help lists all settings", err)
	}
	if err := s.command(arguments, flags.Args()); err != nil {
		return Settings{}, err
	}
	if err := s.check(); err != nil {
		return Settings{}, fmt.Errorf("reading the settings: %w", err)
	}
	return s, nil
}

// command takes the command for Files, which comes after two hyphens.
func (s *Settings) command(arguments, rest []string) error {
	if len(rest) == 0 {
		return nil
	}
	marked := len(arguments) > len(rest) && arguments[len(arguments)-len(rest)-1] == "--"
	switch {
	case s.Command == Files && marked:
		s.Exec = rest
		return nil
	case s.Command == Files:
		return fmt.Errorf("reading the arguments: %q is not a setting; a command to run comes after two hyphens, such as: files -- nginx -s reload", rest[0])
	default:
		return fmt.Errorf("reading the arguments: %q is not a setting, and %s runs no command; the commands are %s, %s, %s and %s", rest[0], s.Command, Serve, Files, Health, Version)
	}
}

func (s *Settings) flags(out io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("fargatedirect-proxy "+s.Command, flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&s.Bucket, "bucket", "", "`bucket` of the certificate")
	f.StringVar(&s.Prefix, "prefix", "", "`prefix` of the certificate in the bucket, such as browser/")
	f.StringVar(&s.SecretARN, "secret-arn", "", "`ARN` of the certificate's secret, instead of a bucket")
	f.StringVar(&s.Region, "region", "", "`region` of the bucket or the secret (default: the task's)")
	f.Func("names", "`names` that the certificate must be good for, with commas between them", func(text string) error {
		s.Names = strings.Split(text, ",")
		return nil
	})
	f.DurationVar(&s.Interval, "interval", 5*time.Minute, "`time` between two looks for a renewal")
	f.DurationVar(&s.CertificateTimeout, "certificate-timeout", time.Minute, "`time` that the first certificate may take, while there is none or it cannot be read")
	f.StringVar(&s.Domain, "domain", "", "`domain` of the task's name")
	f.StringVar(&s.HostnameTemplate, "hostname-template", "{task_id}", "how the task's name is made: of {task_id} or {short_id}, letters, digits and hyphens")
	f.BoolVar(&s.AnyHost, "any-host", false, "answer requests for names that are not the task's, too")
	f.IntVar(&s.BackendPort, "backend-port", 0, "`port` of 127.0.0.1 that requests go to")
	f.StringVar(&s.BackendProtocol, "backend-protocol", HTTP1, "http1, or h2c for HTTP/2 without TLS, such as gRPC")
	f.StringVar(&s.Listen, "listen", ":443", "`address` for HTTPS")
	f.StringVar(&s.RedirectListen, "redirect-listen", "", "`address` for HTTP, where everything is redirected to HTTPS, such as :80 (default: none)")
	f.StringVar(&s.HealthListen, "health-listen", "127.0.0.1:9443", "`address` of /healthz")
	f.BoolVar(&s.AccessLog, "access-log", true, "log each request, as JSON, to standard output")
	f.DurationVar(&s.DrainTimeout, "drain-timeout", 25*time.Second, "`time` that requests have to end after SIGTERM; less than the container's stopTimeout")
	f.DurationVar(&s.HeaderTimeout, "header-timeout", 10*time.Second, "`time` that a handshake, and then a request's header, may take")
	f.DurationVar(&s.IdleTimeout, "idle-timeout", 2*time.Minute, "`time` that a connection without a request is kept")
	f.DurationVar(&s.StallTimeout, "stall-timeout", 30*time.Second, "`time` that a request or an answer may stand still")
	f.IntVar(&s.MaxHeaderBytes, "max-header-bytes", 32<<10, "`bytes` that a request's header may have")
	f.IntVar(&s.MaxConnections, "max-connections", 10000, "`connections` of clients at a time")
	f.IntVar(&s.MaxConnectionsPerClient, "max-connections-per-client", 1000, "`connections`, and requests of HTTP/2, of one client's address at a time, or of a /64 of IPv6")
	f.StringVar(&s.Directory, "directory", "/certificates", "`folder` for the files")
	s.KeyMode = 0o600
	f.Var(&s.KeyMode, "key-mode", "`mode` of the files with the private key; 0640 for containers whose user has the same group")
	f.BoolVar(&s.Once, "once", false, "write the files, run the command if there is one, and end")
	f.DurationVar(&s.ExecTimeout, "exec-timeout", time.Minute, "`time` that the command may take")
	return f
}

// environment sets what the variables say. Empty ones say nothing: a task
// definition can not leave a variable out on a condition.
func (s *Settings) environment(flags *flag.FlagSet, environment []string) error {
	for _, setting := range environment {
		name, value, _ := strings.Cut(setting, "=")
		if value == "" || !strings.HasPrefix(name, Prefix) {
			continue
		}
		if name == SecretVariable {
			s.Secret = value
			continue
		}
		option := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, Prefix)), "_", "-")
		if flags.Lookup(option) == nil || name != variable(option) {
			return fmt.Errorf("reading the environment: there is no setting %s; -help lists all", name)
		}
		if err := flags.Set(option, value); err != nil {
			return fmt.Errorf("reading the environment: %s is %s: %w", name, shown(value), err)
		}
	}
	return nil
}

// variable is the one that says the same as a flag.
func variable(option string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
