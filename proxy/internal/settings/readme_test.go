package settings

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of settings into the README instead of comparing it")

const readme = "../../README.md"

// TestReadme keeps the README's table of settings what the flags say.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "<!-- settings: written by \"go test ./internal/settings -update\" -->\n")
	table, after, ended := strings.Cut(rest, "<!-- end of settings -->")
	if !found || !ended {
		t.Fatalf("%s has no marks around the table of settings", readme)
	}
	want := settingsTable()
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("the table of settings in %s is not that of the flags; write it with \"go test ./internal/settings -update\". It should be:\n%s", readme, want)
	}
	next := strings.TrimSuffix(string(text), rest) + want + "<!-- end of settings -->" + after
	if !strings.HasPrefix(next, before) {
		t.Fatal("the text before the table would change")
	}
	if err := os.WriteFile(readme, []byte(next), 0o600); err != nil {
		t.Fatal(err)
	}
}

// settingsTable is what the README says of settings. Its words are those of
// -help.
func settingsTable() string {
	var table strings.Builder
	table.WriteString("| flag | variable | default | is |\n|---|---|---|---|\n")
	s := Settings{Command: Serve}
	s.flags(io.Discard).VisitAll(func(f *flag.Flag) {
		_, usage := flag.UnquoteUsage(f)
		variable := Prefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		fallback := ""
		if f.DefValue != "" && f.DefValue != "0" {
			fallback = "`" + strings.Replace(f.DefValue, "m0s", "m", 1) + "`"
		}
		fmt.Fprintf(&table, "| `-%s` | `%s` | %s | %s |\n", f.Name, variable, fallback, strings.ReplaceAll(usage, "|", "\\|"))
	})
	fmt.Fprintf(&table, "| none: arguments are seen by everybody | `%s` | | value of the certificate's secret, which ECS puts there; it holds the private key |\n", SecretVariable)
	return table.String()
}
