package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := write(folder); err != nil {
		t.Fatal(err)
	}
	written := examples()
	maps.Copy(written, grants())
	for name, want := range written {
		text, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var got iampolicy.Document
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got.JSON() != want.JSON() {
			t.Errorf("%s is %s, want %s", name, got.JSON(), want.JSON())
		}
	}
	if err := write(filepath.Join(folder, "none")); err == nil {
		t.Error("writing to a folder that does not exist succeeds")
	}
}

// The guide says where the policies fit and where they do not; IAM's limits do
// not count white space.
func TestSizesAreAsTheGuideTells(t *testing.T) {
	t.Parallel()
	const managed, inlineOfUser, inlineOfRole = 6144, 2048, 10240
	together := 0
	for name, policy := range examples() {
		size := len(policy.JSON())
		if name == "zone" {
			if size > inlineOfUser {
				t.Errorf("the policy of %s has %d characters", name, size)
			}
			continue
		}
		together += size
		if size <= inlineOfUser || size > managed {
			t.Errorf("the policy of %s has %d characters", name, size)
		}
	}
	if together <= managed || together > inlineOfRole {
		t.Errorf("the policies have %d characters together", together)
	}
}
