package proxycontainer

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
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
)

// setting is one of the proxy's own.
type setting struct {
	kind string
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
	"ACCESS_LOG":          {kind: kindBool, key: "access_log"},
	"ANY_HOST":            {kind: kindBool, key: "any_host"},
	"BACKEND_PORT":        {kind: kindNumber, key: "backend_port"},
	"BACKEND_PROTOCOL":    {kind: kindText, key: "backend_protocol"},
	"BUCKET":              {kind: kindText, key: "bucket"},
	"CERTIFICATE_TIMEOUT": {kind: kindDuration},
	"DIRECTORY":           {kind: kindText, never: ofFiles},
	"DOMAIN":              {kind: kindText, key: "domain"},
	"DRAIN_TIMEOUT":       {kind: kindDuration, key: "stop_timeout"},
	"EXEC_TIMEOUT":        {kind: kindDuration, never: ofFiles},
	"HEADER_TIMEOUT":      {kind: kindDuration},
	"HEALTH_LISTEN":       {kind: kindText},
	"HOSTNAME_TEMPLATE":   {kind: kindText, key: "hostname_template"},
	"IDLE_TIMEOUT":        {kind: kindDuration},
	"INTERVAL":            {kind: kindDuration, key: "interval"},
	"KEY_MODE":            {kind: kindText, never: ofFiles},
	"LISTEN":              {kind: kindText, never: ofPort},
	"MAX_CONNECTIONS":     {kind: kindNumber},
	"MAX_HEADER_BYTES":    {kind: kindNumber},
	"NAMES":               {kind: kindText, key: "names"},
	"ONCE":                {kind: kindBool, never: ofFiles},
	"PREFIX":              {kind: kindText, key: "prefix"},
	"REDIRECT_LISTEN":     {kind: kindText, key: "redirect_http"},
	"REGION":              {kind: kindText, key: "region"},
	"SECRET_ARN":          {kind: kindText, key: "secret_arn"},
	"STALL_TIMEOUT":       {kind: kindDuration},
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
	return list
}

// mismatch tells what a value should be, or "" if it is.
func (s setting) mismatch(text string) string {
	switch s.kind {
	case kindDuration:
		if d, err := time.ParseDuration(text); err != nil || d <= 0 {
			return `a time, such as "90s" or "5m"`
		}
	case kindNumber:
		if n, ok := new(big.Int).SetString(text, 10); !ok || n.Sign() <= 0 || !n.IsInt64() {
			return "a whole number above 0"
		}
	}
	return ""
}
