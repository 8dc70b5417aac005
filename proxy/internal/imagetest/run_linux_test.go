package imagetest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// Variables that tell TestInside that it is in a sandbox, what runs there, and
// whether root is so only there.
const (
	insideVariable = "FARGATEDIRECT_TEST_IMAGE"
	digestVariable = "FARGATEDIRECT_TEST_DIGEST"
	mappedVariable = "FARGATEDIRECT_TEST_MAPPED"
)

// TestRuns runs the image as ECS would, without a container engine: with a
// mount and a network namespace of its own, in a root that cannot be written
// to and in which there is nothing but the image, by the image's user and
// without any capability, on a kernel as old as Fargate's may be.
func TestRuns(t *testing.T) {
	t.Parallel()
	made, err := built()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// This test binary goes into the namespaces and sets them up.
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestInside$", "-test.v", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), insideVariable+"="+made.path, digestVariable+"="+made.digest)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		// Whoever is not root can be so in a namespace of users.
		become(cmd.SysProcAttr, 0, 0)
		cmd.Env = append(cmd.Env, mappedVariable+"=1")
	}
	var said []byte
	proxytest.OnOldKernel(t, func() { said, err = cmd.CombinedOutput() })
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("this machine allows no namespaces: %v", err)
	}
	if why := regexp.MustCompile(`(?s)--- SKIP: TestInside.*?\n(.*?)\n`).FindSubmatch(said); err == nil && why != nil {
		t.Skipf("%s", why[1])
	}
	if err != nil || !strings.Contains(string(said), "--- PASS: TestInside") {
		t.Fatalf("%v\n%s", err, said)
	}
}

// become has a process be another user in a namespace of users, in which there
// is nobody else.
func become(attributes *syscall.SysProcAttr, uid, gid int) {
	attributes.Cloneflags |= syscall.CLONE_NEWUSER
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getuid(), Size: 1}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getgid(), Size: 1}}
}

// TestInside is what TestRuns runs in its namespaces.
func TestInside(t *testing.T) {
	made := folder{os.Getenv(insideVariable), os.Getenv(digestVariable)}
	if made.path == "" {
		t.Skip("TestRuns runs this")
	}
	i := read(t, made, runtime.GOARCH)
	box := newSandbox(t, i)
	bucket := proxytest.NewBucket(t)
	pair := bucket.Authority.Issue(nil)
	bucket.Publish(pair)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello from %s by %s", r.Host, r.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(backend.Close)
	_, port, _ := net.SplitHostPort(backend.Listener.Addr().String())
	environment := append(bucket.TaskEnv(), proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT="+port, "FARGATEDIRECT_DOMAIN="+proxytest.Domain)

	if err := box.command(t.Context(), environment, "health").Run(); err == nil {
		t.Error("health is good before anything runs")
	}
	proxy := box.command(context.Background(), environment)
	process := proxytest.StartCommand(t, proxy)
	process.Await(t, "serving")
	checkPowerless(t, proxy.Process.Pid, box.seenAs())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: bucket.Authority.Pool(), ServerName: proxytest.Hostname}}}
	if got, want := get(t, client, "https://127.0.0.1/"), "hello from "+proxytest.Hostname+" by https"; got != want {
		t.Errorf("answers %q, want %q", got, want)
	}
	// ECS checks health so: by a second process in the container.
	if said, err := box.command(t.Context(), environment, "health").CombinedOutput(); err != nil {
		t.Errorf("health: %v\n%s", err, said)
	}
	client.CloseIdleConnections()
	if err := process.Terminate(t, time.Minute); err != nil {
		t.Errorf("ends with %v", err)
	}
	checkFiles(t, box, environment, pair)
}

// checkFiles has the image keep the certificate in its volume, and run the only
// program that it has after that.
func checkFiles(t *testing.T, box sandbox, environment []string, pair proxytest.Pair) {
	t.Helper()
	process := proxytest.StartCommand(t, box.command(context.Background(), environment, "files", "--", "/fargatedirect-proxy", "version"))
	process.Await(t, `"`+box.image.config.Labels["org.opencontainers.image.version"]+`"`)
	for name, want := range map[string]string{"key.pem": pair.Key, "cert.pem": pair.Chain} {
		path := filepath.Join(box.root, "certificates", name)
		text, err := os.ReadFile(path)
		if err != nil || string(text) != want {
			t.Errorf("%s is %q (%v), want %q", name, text, err, want)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != box.seenAs() {
			t.Errorf("%s belongs to %d, want %d", name, owner, box.seenAs())
		}
	}
	for range 1000 {
		said, err := box.command(t.Context(), environment, "health").CombinedOutput()
		if err == nil {
			break
		}
		t.Logf("not healthy yet: %v, %s", err, said)
		time.Sleep(50 * time.Millisecond)
	}
	if said, err := box.command(t.Context(), environment, "health").CombinedOutput(); err != nil {
		t.Errorf("health of the one that keeps files: %v\n%s", err, said)
	}
	if err := process.Terminate(t, time.Minute); err != nil {
		t.Errorf("the one that keeps files ends with %v", err)
	}
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = proxytest.Hostname
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkPowerless checks who a process is, and that it has no capability.
func checkPowerless(t *testing.T, pid, id int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	ids := fmt.Sprintf(":\t%[1]d\t%[1]d\t%[1]d\t%[1]d\n", id)
	for _, line := range []string{
		"Uid" + ids, "Gid" + ids,
		"CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n", "CapAmb:\t0000000000000000\n",
	} {
		if !strings.Contains(string(status), line) {
			t.Errorf("the process's status lacks %q:\n%s", line, status)
		}
	}
}

// sandbox is the world in which an image runs.
type sandbox struct {
	image    image
	root     string
	uid, gid int
	// mapped tells that root is so only here, and cannot become anybody else
	// but in one more namespace of users.
	mapped bool
}

// seenAs is the user that the image's user is outside of that namespace.
func (s sandbox) seenAs() int {
	if s.mapped {
		return 0
	}
	return s.uid
}

// newSandbox sets up the namespaces that the test is in for an image.
func newSandbox(t *testing.T, i image) sandbox {
	t.Helper()
	box := sandbox{image: i, root: t.TempDir(), mapped: os.Getenv(mappedVariable) != ""}
	if _, err := fmt.Sscanf(i.config.User, "%d:%d", &box.uid, &box.gid); err != nil || box.uid == 0 || box.gid == 0 {
		t.Fatalf("the image is run by %q (%v)", i.config.User, err)
	}
	// Nothing of this is to be seen outside.
	allowed(t, "making mounts private", syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	allowed(t, "mounting the root", syscall.Mount("image", box.root, "tmpfs", 0, "mode=0755"))
	t.Cleanup(func() { _ = syscall.Unmount(box.root, syscall.MNT_DETACH) })
	box.unpack(t)
	for volume := range i.config.Volumes {
		path := filepath.Join(box.root, volume)
		allowed(t, "mounting a volume", syscall.Mount("volume", path, "tmpfs", 0, fmt.Sprintf("mode=0755,uid=%[1]d,gid=%[1]d", box.seenAs())))
	}
	// Every container has this, and nothing else of /dev is needed.
	null := filepath.Join(box.root, "dev", "null")
	if err := errors.Join(os.Mkdir(filepath.Dir(null), 0o755), os.WriteFile(null, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	allowed(t, "mounting /dev/null", syscall.Mount(os.DevNull, null, "", syscall.MS_BIND, ""))
	allowed(t, "making the root read-only", syscall.Mount("image", box.root, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""))
	if err := os.WriteFile(filepath.Join(box.root, "written"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Fatalf("writing into the root: %v, want that it cannot be", err)
	}
	allowed(t, "starting the loopback interface", loopbackUp())
	// So do the task definition's systemControls.
	allowed(t, "opening low ports", os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0o600))
	return box
}

// allowed ends the test if something was not done, as skipped if it is not
// allowed here.
func allowed(t *testing.T, what string, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS):
		t.Skipf("this machine does not allow %s: %v", what, err)
	default:
		t.Fatalf("%s: %v", what, err)
	}
}

// unpack writes the image's files.
func (s sandbox) unpack(t *testing.T) {
	t.Helper()
	for name, f := range s.image.files {
		path := filepath.Join(s.root, name)
		var err error
		if f.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, f.content, 0o600)
		}
		mode := fs.FileMode(f.Mode).Perm()
		if !s.mapped {
			err = errors.Join(err, os.Chown(path, f.Uid, f.Gid))
		}
		if err := errors.Join(err, os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
}

// command makes a command of the image, with more arguments, as the image's
// configuration says it is run.
func (s sandbox) command(ctx context.Context, environment []string, arguments ...string) *exec.Cmd {
	entrypoint := slices.Concat(s.image.config.Entrypoint, arguments)
	cmd := exec.CommandContext(ctx, entrypoint[0], entrypoint[1:]...)
	cmd.Dir = s.image.config.WorkingDir
	cmd.Env = slices.Concat(s.image.config.Env, environment)
	// As the first process of its container it gets no signal that it does not
	// ask for.
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Cloneflags: syscall.CLONE_NEWPID}
	if s.mapped {
		become(cmd.SysProcAttr, s.uid, s.gid)
	} else {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(s.uid), Gid: uint32(s.gid)}
	}
	return cmd
}
