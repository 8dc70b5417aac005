package zonestack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Policies are kept as files, so that a change of what the caller may do is
// seen for what it is. UPDATE_GOLDEN=1 writes them.
func TestCallerPolicy(t *testing.T) {
	t.Parallel()
	known := testSpec(false)
	known.ZoneID = "ZCHILD"
	for name, s := range map[string]Spec{"caller": testSpec(true), "caller_of_known_zone": known} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := json.Indent(&got, []byte(s.CallerPolicy().JSON()), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", name+".json")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("the policy is\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}
