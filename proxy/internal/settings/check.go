package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	secretPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	// namePattern is for names in DNS, wildcards among them.
	namePattern   = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	domainPattern = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+\.?$`)
	// template is for labels of which no other task can have the same.
	literal          = regexp.MustCompile(`^[a-z0-9-]*$`)
	templateVariable = regexp.MustCompile(`\{(task_id|short_id)\}`)
)

const (
	maxName = 253
	// longestDuration is longer than any that makes sense: a day.
	longestDuration = 24 * time.Hour
	usualTemplate   = "{task_id}"
)

// check tells all that is wrong.
func (s *Settings) check() error {
	switch s.Command {
	case Serve:
		return errors.Join(s.checkSource(), s.checkName(), s.checkBackend(), s.checkAddresses(), s.checkLimits())
	case Files:
		return errors.Join(s.checkSource(), s.checkName(), s.checkFiles())
	case Health:
		_, err := address("health-listen", s.HealthListen)
		return err
	default:
		return nil
	}
}

func (s *Settings) checkSource() error {
	var given []string
	for _, source := range []struct{ name, value string }{{"-bucket", s.Bucket}, {"-secret-arn", s.SecretARN}, {SecretVariable, s.Secret}} {
		if source.value != "" {
			given = append(given, source.name)
		}
	}
	var errs []error
	if len(given) != 1 {
		errs = append(errs, fmt.Errorf("exactly one of -bucket (%s), -secret-arn (%s) and the variable %s must be given, and not be empty; given: %s",
			variable("bucket"), variable("secret-arn"), SecretVariable, cmp.Or(strings.Join(given, ", "), "none")))
	}
	if s.Bucket != "" && !bucketPattern.MatchString(s.Bucket) {
		errs = append(errs, wrong("bucket", "must be a bucket's name"))
	}
	if s.Bucket != "" && (!strings.HasSuffix(s.Prefix, "/") || strings.HasPrefix(s.Prefix, "/")) {
		errs = append(errs, wrong("prefix", "must be that of the certificate, which ends with a slash and does not begin with one"))
	}
	if s.Bucket == "" && s.Prefix != "" {
		errs = append(errs, fmt.Errorf("-prefix (%s) is for a bucket only", variable("prefix")))
	}
	if s.SecretARN != "" && !secretPattern.MatchString(s.SecretARN) {
		errs = append(errs, wrong("secret-arn", "must be a secret's ARN, and not its name or its value"))
	}
	return errors.Join(append(errs, s.checkReading())...)
}

// checkReading is for any source.
func (s *Settings) checkReading() error {
	var errs []error
	if s.Region != "" && !regionPattern.MatchString(s.Region) {
		errs = append(errs, wrong("region", "must be a region's code"))
	}
	for _, name := range s.Names {
		if len(name) > maxName || !namePattern.MatchString(strings.ToLower(name)) {
			errs = append(errs, wrong("names", "must be DNS names or wildcards, with commas between them and no blanks"))
			break
		}
	}
	errs = append(errs, positive("interval", s.Interval), positive("certificate-timeout", s.CertificateTimeout))
	return errors.Join(errs...)
}

func (s *Settings) checkName() error {
	var errs []error
	if s.Domain != "" && (len(s.Domain) > maxName || !domainPattern.MatchString(strings.ToLower(s.Domain))) {
		errs = append(errs, wrong("domain", "must be a domain"))
	}
	if s.Domain == "" && s.HostnameTemplate != usualTemplate {
		errs = append(errs, wrong("domain", "must be given with -hostname-template"))
	}
	rest := templateVariable.ReplaceAllString(s.HostnameTemplate, "")
	switch {
	case rest == s.HostnameTemplate:
		errs = append(errs, wrong("hostname-template", "must hold {task_id} or {short_id}"))
	case !literal.MatchString(rest):
		errs = append(errs, wrong("hostname-template", "may have a-z, 0-9 and hyphens only, besides {task_id} and {short_id}"))
	}
	return errors.Join(errs...)
}

func (s *Settings) checkBackend() error {
	var errs []error
	if s.BackendPort < 1 || s.BackendPort > 65535 {
		errs = append(errs, wrong("backend-port", "must be the port that the server in this task listens on"))
	}
	if s.BackendProtocol != HTTP1 && s.BackendProtocol != H2C {
		errs = append(errs, wrong("backend-protocol", "must be "+HTTP1+" or "+H2C))
	}
	return errors.Join(errs...)
}

// checkAddresses takes addresses that can be listened on together, and none
// that the server listens on: requests would go round in circles.
func (s *Settings) checkAddresses() error {
	var errs []error
	seen := map[string]netip.AddrPort{"backend-port": netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(s.BackendPort))}
	for _, setting := range []struct{ name, address string }{
		{"listen", s.Listen}, {"redirect-listen", s.RedirectListen}, {"health-listen", s.HealthListen},
	} {
		if setting.name == "redirect-listen" && setting.address == "" {
			continue
		}
		at, err := address(setting.name, setting.address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, other := range []string{"backend-port", "listen", "redirect-listen"} {
			if taken, ok := seen[other]; ok && overlap(at, taken) {
				errs = append(errs, wrong(setting.name, "must be another address than that of -"+other))
			}
		}
		seen[setting.name] = at
	}
	return errors.Join(errs...)
}

// address is what a setting says to listen on: a port, and an IP address or
// none.
func address(option, text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || number == 0 {
		return netip.AddrPort{}, wrong(option, "must be an address to listen on, with a port")
	}
	ip := netip.IPv6Unspecified()
	switch host {
	case "":
	case "localhost":
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		if ip, err = netip.ParseAddr(host); err != nil {
			return netip.AddrPort{}, wrong(option, "must be an address to listen on, with an IP address or none before the port")
		}
	}
	return netip.AddrPortFrom(ip, uint16(number)), nil
}

// overlap tells whether only one of two can be listened on.
func overlap(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && (a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified())
}

func (s *Settings) checkLimits() error {
	errs := []error{
		positive("drain-timeout", s.DrainTimeout), positive("header-timeout", s.HeaderTimeout),
		positive("idle-timeout", s.IdleTimeout), positive("stall-timeout", s.StallTimeout),
	}
	if s.MaxHeaderBytes < 1<<10 || s.MaxHeaderBytes > 1<<20 {
		errs = append(errs, wrong("max-header-bytes", "must be a number from 1024 to 1048576"))
	}
	if s.MaxConnections < 1 || s.MaxConnections > 1_000_000 {
		errs = append(errs, wrong("max-connections", "must be a number from 1 to 1000000"))
	}
	if s.MaxConnectionsPerClient < 1 || s.MaxConnectionsPerClient > 1_000_000 {
		errs = append(errs, wrong("max-connections-per-client", "must be a number from 1 to 1000000"))
	}
	return errors.Join(errs...)
}

func (s *Settings) checkFiles() error {
	var errs []error
	if !path.IsAbs(s.Directory) {
		errs = append(errs, wrong("directory", "must be a folder's path from the root"))
	}
	if s.HealthListen != "" {
		_, err := address("health-listen", s.HealthListen)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, positive("exec-timeout", s.ExecTimeout))...)
}

func positive(option string, d time.Duration) error {
	if d <= 0 || d > longestDuration {
		return wrong(option, "must be a time with its unit, of more than nothing and at most a day")
	}
	return nil
}
