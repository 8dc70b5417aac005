// Package imagetest tests the proxy's container image as it is made for a
// release: what is in it, and that it runs.
package imagetest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// built is the image, made once for all tests from the source as it is now:
// the folder of the tarball, and the digest that was printed.
var built = sync.OnceValues(func() (folder, error) {
	dir, err := os.MkdirTemp("", "proxy-image-")
	if err != nil {
		return folder{}, err
	}
	madeIn = dir
	cmd := exec.Command("go", "run", "./internal/cmd/image", "-out", dir)
	cmd.Dir, cmd.Stderr = "../../..", os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return folder{}, fmt.Errorf("making the image: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(said), "\n"), "\n")
	return folder{dir, lines[len(lines)-1]}, nil
})

// madeIn is the folder to remove in the end.
var madeIn string

type folder struct{ path, digest string }

func TestMain(m *testing.M) {
	code := m.Run()
	if madeIn != "" {
		_ = os.RemoveAll(madeIn)
	}
	os.Exit(code)
}

// sizes are the most bytes that the compressed layer may have: they are
// downloaded at each start of each task.
var sizes = map[string]int{"arm64": 5_000_000, "amd64": 5_500_000}

func TestContents(t *testing.T) {
	t.Parallel()
	made, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for arch, most := range sizes {
		i := read(t, made, arch)
		t.Logf("linux/%s: %d bytes compressed, the binary has %d", arch, i.size, len(i.files["fargatedirect-proxy"].content))
		if i.size > most {
			t.Errorf("linux/%s: %d bytes compressed, at most %d are allowed", arch, i.size, most)
		}
		if len(i.files) != 2 || i.files["fargatedirect-proxy"].Mode != 0o555 || i.files["certificates/"].Uid != 65532 {
			t.Errorf("linux/%s: the image holds %+v", arch, i.files)
		}
		checkBinary(t, i.files["fargatedirect-proxy"].content, arch)
	}
}
