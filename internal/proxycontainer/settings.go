package proxycontainer

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// secretVariable holds a secret's value, with the private key.
const secretVariable = variablePrefix + "SECRET"

// How a setting is written.
const (
	kindText     = "text"
	kindBool     = "bool"
	kindNumber   = "number"
	kindDuration = "duration"
	kindAddress  = "address"
)

// setting is one of the proxy's own.
type setting struct {
	kind string
	// least and most bound a number.
	least, most int64
	// key is the argument that sets it.
	key string
	// never says why it cannot be set here.
	never string
}

const (
	ofFiles = "it is for the command that writes files"
	ofPort  = "port 443 is what the definition opens"
)

// settings are the variables of the proxy without their prefix. A test keeps
// their names equal to those of the proxy's module.
var settings = map[string]setting{
	"ACCESS_LOG":                 {kind: kindBool, key: "access_log"},
	"ANY_HOST":                   {kind: kindBool, key: "any_host"},
	"BACKEND_PORT":               {kind: kindNumber, key: "backend_port"},
	"BACKEND_PROTOCOL":           {kind: kindText, key: "backend_protocol"},
	"BUCKET":                     {kind: kindText, key: "bucket"},
	"CERTIFICATE_TIMEOUT":        {kind: kindDuration},
	"DIRECTORY":                  {kind: kindText, never: ofFiles},
	"DOMAIN":                     {kind: kindText, key: "domain"},
	"DRAIN_TIMEOUT":              {kind: kindDuration, key: "stop_timeout"},
	"EXEC_TIMEOUT":               {kind: kindDuration, never: ofFiles},
	"HEADER_TIMEOUT":             {kind: kindDuration},
	"HEALTH_LISTEN":              {kind: kindAddress},
	"HOSTNAME_TEMPLATE":          {kind: kindText, key: "hostname_template"},
	"IDLE_TIMEOUT":               {kind: kindDuration},
	"INTERVAL":                   {kind: kindDuration, key: "interval"},
	"KEY_MODE":                   {kind: kindText, never: ofFiles},
	"LISTEN":                     {kind: kindText, never: ofPort},
	"MAX_CONNECTIONS":            {kind: kindNumber, least: 1, most: 1_000_000},
	"MAX_CONNECTIONS_PER_CLIENT": {kind: kindNumber, least: 1, most: 1_000_000},
	"MAX_HEADER_BYTES":           {kind: kindNumber, least: 1 << 10, most: 1 << 20},
	"NAMES":                      {kind: kindText, key: "names"},
	"ONCE":                       {kind: kindBool, never: ofFiles},
	"PREFIX":                     {kind: kindText, key: "prefix"},
	"REDIRECT_LISTEN":            {kind: kindText, key: "redirect_http"},
	"REGION":                     {kind: kindText, key: "region"},
	"SECRET_ARN":                 {kind: kindText, key: "secret_arn"},
	"STALL_TIMEOUT":              {kind: kindDuration},
}

// runtimeSettings are Go's own, which trade memory for processor time, with the
// form of their values (https://pkg.go.dev/runtime#hdr-Environment_Variables).
// With a wrong one the process would not start.
var runtimeSettings = map[string]struct {
	form *regexp.Regexp
	want string
}{
	"GOGC":       {regexp.MustCompile(`^([0-9]{1,6}|off)$`), "a percentage, such as 100, or off"},
	"GOMEMLIMIT": {regexp.MustCompile(`^([0-9]{1,15}([KMGT]i)?B|off)$`), `an amount of memory, such as "96MiB"`},
}

// furtherSettings adds those of the environment.
func (r *reader) furtherSettings(variables map[string]string) {
	const key = "environment"
	object, ok := r.object(key)
	if !ok {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if problem := settingProblem(name); problem != "" {
			r.problem(key, problem)
			continue
		}
		text, ok := r.inner(key, name, object[name])
		if !ok {
			continue
		}
		if s, is := runtimeSettings[name]; is && !s.form.MatchString(text) {
			r.problem(key, fmt.Sprintf("%s must be %s", name, s.want))
		}
		if want := settings[strings.TrimPrefix(name, variablePrefix)].mismatch(text); want != "" {
			// The value is not told: it may be sensitive.
			r.problem(key, fmt.Sprintf("%s must be %s", name, want))
		}
		variables[name] = text
	}
}

// settingProblem tells why a variable cannot be set, or "".
func settingProblem(name string) string {
	if name == secretVariable {
		return secretVariable + " would put the private key into the task definition, which many may read; give secret_arn"
	}
	if _, is := runtimeSettings[name]; is {
		return ""
	}
	short, prefixed := strings.CutPrefix(name, variablePrefix)
	s, known := settings[short]
	switch {
	case !prefixed || !known:
		return fmt.Sprintf("the proxy has no setting %s; the settings are: %s", name, strings.Join(free(), ", "))
	case s.key != "":
		return fmt.Sprintf("%s is set by the key %s; give that instead", name, s.key)
	case s.never != "":
		return fmt.Sprintf("%s cannot be set here: %s", name, s.never)
	}
	return ""
}

// free are the variables that may be set.
func free() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if settings[name].key == "" && settings[name].never == "" {
			list = append(list, variablePrefix+name)
		}
	}
	return append(list, slices.Sorted(maps.Keys(runtimeSettings))...)
}

// mismatch tells what a value should be, or "" if it is.
func (s setting) mismatch(text string) string {
	switch s.kind {
	case kindDuration:
		if positiveDuration(text) != "" {
			return `a time of at most a day, such as "90s" or "5m"`
		}
	case kindNumber:
		if number, err := strconv.ParseInt(text, 10, 64); err != nil || number < s.least || number > s.most {
			return fmt.Sprintf("a whole number from %d to %d", s.least, s.most)
		}
	case kindAddress:
		if portOf(text) == 0 {
			return `an address with a port, such as "127.0.0.1:9444"`
		}
	}
	return ""
}

// portOf is the port of an address to listen on, or 0 if it is none.
func portOf(address string) int {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return 0
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

const (
	healthVariable = variablePrefix + "HEALTH_LISTEN"
	// usualHealth is where the proxy tells its health.
	usualHealth = "127.0.0.1:9443"
)

const (
	waitVariable = variablePrefix + "CERTIFICATE_TIMEOUT"
	// leastStartPeriod is for the minute that the proxy usually waits for its
	// first certificate; the most is ECS's. Both are seconds.
	leastStartPeriod = 90
	mostStartPeriod  = 300
)

// startPeriod is how many seconds health checks may fail at the start without
// consequences. It is half a minute longer than the proxy waits for its first
// certificate, or ECS would end the task while it waits.
func startPeriod(variables map[string]string) int {
	wait, err := time.ParseDuration(variables[waitVariable])
	if err != nil {
		return leastStartPeriod
	}
	return min(max(int(math.Ceil(wait.Seconds()))+30, leastStartPeriod), mostStartPeriod)
}

// health refuses a port for the proxy's health that is taken: the containers of
// a task share their ports.
func (r *reader) health(d *Definition, variables map[string]string) {
	if object, ok := r.given["environment"].(map[string]any); r.unsure("environment") || ok && object[healthVariable] == (Unknown{}) {
		return
	}
	address := cmp.Or(variables[healthVariable], usualHealth)
	port := portOf(address)
	taken := port != 0 && port == r.number("backend_port", 1, 65535)
	for _, p := range d.PortMappings {
		taken = taken || p.ContainerPort == port
	}
	if taken {
		r.problem("environment", fmt.Sprintf("the proxy tells its health at %s, and port %d is taken; give %s another one, such as \"127.0.0.1:9444\"", address, port, healthVariable))
	}
}
