package settings

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// These are environments of containers that the provider's function makes; a
// test there has it make the same ones.
func TestSettingsOfTheProvidersContainers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "containers.env"))
	if err != nil {
		t.Fatal(err)
	}
	containers := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	want := []Settings{
		{Bucket: "my-certificates", DrainTimeout: 115 * time.Second, RedirectListen: ":80", BackendProtocol: H2C, MaxConnections: 2000, AnyHost: true},
		{SecretARN: "arn:aws:secretsmanager:eu-west-2:123456789012:secret:fargatedirect/browser/certificate-AbCdEf", DrainTimeout: 25 * time.Second, BackendProtocol: HTTP1, MaxConnections: 10000, AccessLog: true},
		{Secret: `{"version":"01"}`, DrainTimeout: 25 * time.Second, BackendProtocol: HTTP1, MaxConnections: 10000, AccessLog: true},
	}
	if len(containers) != len(want) {
		t.Fatalf("got %d containers, want %d", len(containers), len(want))
	}
	for i, environment := range containers {
		s, err := Parse(nil, strings.Split(environment, "\n"), io.Discard)
		if err != nil {
			t.Errorf("container %d: %v", i, err)
			continue
		}
		got := Settings{
			Bucket: s.Bucket, SecretARN: s.SecretARN, Secret: s.Secret, DrainTimeout: s.DrainTimeout, RedirectListen: s.RedirectListen,
			BackendProtocol: s.BackendProtocol, MaxConnections: s.MaxConnections, AnyHost: s.AnyHost, AccessLog: s.AccessLog,
		}
		if fmt.Sprint(got) != fmt.Sprint(want[i]) {
			t.Errorf("container %d: got %+v, want %+v", i, got, want[i])
		}
	}
}
