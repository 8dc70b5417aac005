package settings

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFilesSettings(t *testing.T) {
	t.Parallel()
	secret := []string{"FARGATEDIRECT_SECRET={}"}
	for name, test := range map[string]struct {
		arguments, environment []string
		mode                   Mode
		exec                   []string
		errSay                 string
	}{
		"usual":              {mode: 0o600},
		"group":              {arguments: []string{"-key-mode", "0640"}, mode: 0o640},
		"by the environment": {environment: []string{"FARGATEDIRECT_KEY_MODE=644"}, mode: 0o644},
		"command":            {arguments: []string{"-once", "--", "nginx", "-s", "reload"}, mode: 0o600, exec: []string{"nginx", "-s", "reload"}},
		"others may write":   {arguments: []string{"-key-mode", "0666"}, errSay: "it must be such as 0600"},
		"owner may not read": {arguments: []string{"-key-mode", "0040"}, errSay: "it must be such as 0600"},
		"decimal":            {arguments: []string{"-key-mode", "0x180"}, errSay: "it must be such as 0600"},
		"setuid":             {arguments: []string{"-key-mode", "4600"}, errSay: "it must be such as 0600"},
		"no folder":          {arguments: []string{"-directory", ""}, errSay: "must be a folder"},
		"no time":            {arguments: []string{"-exec-timeout", "0s"}, errSay: "must be a time with its unit"},
		"no port":            {arguments: []string{"-health-listen", "localhost"}, errSay: "must be an address to listen on"},
		"no health":          {arguments: []string{"-health-listen", ""}, mode: 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(append([]string{"files"}, test.arguments...), append(test.environment, secret...), io.Discard)
			if (err == nil) != (test.errSay == "") || err != nil && !strings.Contains(err.Error(), test.errSay) {
				t.Fatalf("error %v, want %q", err, test.errSay)
			}
			if err == nil && (s.KeyMode != test.mode || !slices.Equal(s.Exec, test.exec) || s.ExecTimeout != time.Minute) {
				t.Errorf("got %+v", s)
			}
		})
	}
}
