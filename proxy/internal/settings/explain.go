package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// examples are right values, for who gave a wrong one.
func examples() map[string]string {
	return map[string]string{ //nolint:gosec // a secret's name is none
		"bucket": "fargatedirect-prod-0123456789ab", "prefix": "browser/",
		"secret-arn": "arn:aws:secretsmanager:eu-west-2:123456789012:secret:browser-AbCdEf",
		"region":     "eu-west-2", "names": "*.tasks.example.com,tasks.example.com",
		"interval": "5m", "certificate-timeout": "1m", "domain": "tasks.example.com",
		"hostname-template": "{task_id}", "any-host": "true",
		"backend-port": "8080", "backend-protocol": HTTP1,
		"listen": ":443", "redirect-listen": ":80", "health-listen": "127.0.0.1:9443",
		"access-log": "false", "drain-timeout": "25s", "header-timeout": "10s", "idle-timeout": "2m", "stall-timeout": "30s",
		"max-header-bytes": "32768", "max-connections": "10000", "max-connections-per-client": "1000",
		"directory": "/certificates", "key-mode": "0640", "once": "true", "exec-timeout": "1m",
	}
}

// explain has each flag say what a right value is when it gets a wrong one.
func explain(flags *flag.FlagSet) {
	examples := examples()
	flags.VisitAll(func(f *flag.Flag) {
		f.Value = &explained{Value: f.Value, name: f.Name, example: examples[f.Name]}
	})
}

// explained is a flag's value.
type explained struct {
	flag.Value
	name, example string
}

// Set takes a value, and says how it should be if it is a wrong one.
func (e *explained) Set(text string) error {
	err := error(nil)
	if e.IsBoolFlag() && text != "true" && text != "false" {
		err = errors.New("it must be true or false")
	} else {
		err = e.Value.Set(text)
	}
	if err != nil {
		return fmt.Errorf("%w; a right value of -%s (%s) is %s", err, e.name, variable(e.name), e.example)
	}
	return nil
}

// IsBoolFlag is for package flag.
func (e *explained) IsBoolFlag() bool {
	b, ok := e.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// wrong is an error about a setting.
func wrong(option, is string) error {
	return fmt.Errorf("-%s (%s) %s, such as %s", option, variable(option), is, examples()[option])
}

// shown is a value in an error. What is long, or may be a secret that was put
// into the wrong variable, is not shown.
func shown(value string) string {
	if len(value) > 80 || strings.ContainsAny(value, "{}\n") && !strings.Contains(value, "_id}") || strings.Contains(value, "PRIVATE") {
		return fmt.Sprintf("a text of %d characters", len(value))
	}
	return fmt.Sprintf("%q", value)
}

// help lists commands and settings.
func help(out io.Writer) error {
	var text strings.Builder
	text.WriteString(`Usage:
  fargatedirect-proxy [serve] [settings]              forward HTTPS to a port of the task
  fargatedirect-proxy files [settings] [-- command]   keep the certificate in files, and run the command after each change
  fargatedirect-proxy health [settings]               ask the one that runs here whether it is well
  fargatedirect-proxy version                         say which version this is

Settings are flags, or variables of the environment; the flag wins, and empty variables are as if they were not there.

`)
	fmt.Fprintf(&text, "  none, %s\n    \tvalue of the certificate's secret, instead of a bucket; arguments are seen by everybody\n", SecretVariable)
	s := Settings{Command: Serve}
	s.flags(io.Discard).VisitAll(func(f *flag.Flag) {
		placeholder, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&text, "  -%s %s, %s\n    \t%s", f.Name, placeholder, variable(f.Name), usage)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			fmt.Fprintf(&text, " (default %s)", f.DefValue)
		}
		text.WriteString("\n")
	})
	_, err := io.WriteString(out, text.String())
	return err
}
