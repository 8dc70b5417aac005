package files

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(writerVariable); path != "" {
		write(path)
	}
	os.Exit(proxytest.Main(m))
}

// patience is for what takes no time, on a machine that has none.
const patience = time.Minute

// Once is for a container that others wait for: it ends well only when the
// files are there.
func TestOnce(t *testing.T) {
	t.Parallel()
	ca := proxytest.NewAuthority()
	pair := ca.Issue(nil)
	path := []string{"PATH=" + os.Getenv("PATH")}
	for name, test := range map[string]struct {
		secret  string
		command []string
		errSay  string
	}{
		"files":              {secret: pair.Secret()},
		"command":            {secret: pair.Secret(), command: []string{"--", "sh", "-c", `test -s "$FARGATEDIRECT_DIRECTORY/key.pem" && echo it is there`}},
		"command fails":      {secret: pair.Secret(), command: []string{"--", "sh", "-c", "echo the server does not like it; exit 7"}, errSay: "running sh: exit status 7; it said last: the server does not like it"},
		"no such command":    {secret: pair.Secret(), command: []string{"--", "no-such-server", "-s", "reload"}, errSay: "copy /fargatedirect-proxy into the image"},
		"told to end":        {secret: pair.Secret(), command: []string{"--", "sh", "-c", "kill -TERM $PPID; sleep 1000"}, errSay: "running sh: it was stopped: the process was told to end (terminated)"},
		"another secret":     {secret: `{"password":"hunter2"}`, errSay: "its version is not a serial number"},
		"key of another":     {secret: proxytest.Pair{Serial: pair.Serial, Key: ca.Issue(nil).Key, Chain: pair.Chain}.Secret(), errSay: "does not belong to the certificate"},
		"certificate of ...": {secret: strings.Replace(pair.Secret(), "MII", "MIX", 1), errSay: "fargatedirect-proxy: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			environment := append([]string{"FARGATEDIRECT_SECRET=" + test.secret, "FARGATEDIRECT_DIRECTORY=" + folder}, path...)
			process := proxytest.Start(t, environment, append([]string{"files", "-once"}, test.command...)...)
			err := process.Ended(t, patience)
			if (err == nil) != (test.errSay == "") || !strings.Contains(process.Output(), test.errSay) {
				t.Errorf("it ends with %v, want %q", err, test.errSay)
			}
			if strings.Contains(process.Output(), "hunter2") || strings.Contains(process.Output(), "PRIVATE KEY") {
				t.Error("it says the secret")
			}
			if err == nil {
				has(t, folder, pair)
			}
		})
	}
}

// A certificate that does not come is waited for, and then said why.
func TestOnceWithoutCertificate(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	process := proxytest.Start(t, bucket.Env(), "files", "-once", "-directory", t.TempDir(), "-certificate-timeout", "100ms")
	if err := process.Ended(t, patience); err == nil || !strings.Contains(process.Output(), "waiting for a certificate") {
		t.Errorf("it ends with %v", err)
	}
	late := proxytest.Start(t, bucket.Env(), "files", "-once", "-directory", t.TempDir())
	late.Await(t, "there is no certificate yet")
	bucket.Publish(bucket.Authority.Issue(nil))
	if err := late.Ended(t, patience); err != nil {
		t.Errorf("with a certificate that is late it ends with %v", err)
	}
}

// following starts one that follows renewals, and answers where it tells
// health.
func following(t *testing.T, bucket *proxytest.Bucket, folder string, arguments ...string) (*proxytest.Process, []string) {
	t.Helper()
	environment := append(bucket.Env(), "PATH="+os.Getenv("PATH"), "FARGATEDIRECT_DIRECTORY="+folder, "FARGATEDIRECT_HEALTH_LISTEN="+proxytest.FreeAddress(t))
	return proxytest.Start(t, environment, append([]string{"files", "-interval", "50ms"}, arguments...)...), environment
}

// A renewal gets into the files and to the command, while it runs and when the
// command fails at first; health tells what the server has; SIGTERM ends it
// well, with all that it started.
func TestFollow(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	first, second := bucket.Authority.Issue(nil), bucket.Authority.Issue(nil)
	bucket.Publish(first)
	folder, world := t.TempDir(), t.TempDir()
	// A server that is slow to come up, and notes what it was told to read.
	script := `cd ` + world + `; if [ ! -e up ]; then echo it is not up; exit 1; fi; cat ` + folder + `/cert.pem >reading; mv reading read; if [ -e hang ]; then sleep 1000 & echo $! >pid; wait; fi`
	process, environment := following(t, bucket, folder, "--", "sh", "-c", script)
	read := func(p proxytest.Pair) func() bool {
		return func() bool {
			text, _ := os.ReadFile(filepath.Join(world, "read"))
			return string(text) == p.Chain
		}
	}
	process.Await(t, "the certificate is not in use yet")
	has(t, folder, first)
	if report := ask(t, environment); report.Status != "there is no certificate yet: running sh: exit status 1; it said last: it is not up" {
		t.Errorf("before the server has it health says %s", report.Status)
	}
	touch(t, filepath.Join(world, "up"))
	await(t, read(first))
	await(t, func() bool { return check(t, environment) == nil })
	// As ECS asks: a command in the container, with its environment.
	asked := proxytest.Start(t, environment, "health")
	if err := asked.Ended(t, patience); err != nil || !strings.HasPrefix(asked.Output(), "healthy: the certificate "+first.Serial+" is valid until ") || strings.Count(asked.Output(), "\n") != 1 {
		t.Errorf("the health command ends with %v, and says %q", err, asked.Output())
	}
	bucket.Publish(second)
	await(t, read(second))
	has(t, folder, second)
	await(t, func() bool {
		report := ask(t, environment)
		return report.Status == "ok" && report.Certificate != nil && report.Certificate.Serial == second.Serial && report.Certificate.Followed
	})
	// What fails is told, with the certificate that the server still has.
	if err := os.Remove(filepath.Join(world, "up")); err != nil {
		t.Fatal(err)
	}
	bucket.Publish(first)
	await(t, func() bool {
		report := ask(t, environment)
		return report.Status == "ok" && report.Certificate.Serial == second.Serial && strings.Contains(report.Certificate.LastError, "it is not up")
	})
	touch(t, filepath.Join(world, "hang"))
	touch(t, filepath.Join(world, "up"))
	var pid int
	await(t, func() bool { return number(filepath.Join(world, "pid"), &pid) })
	if err := process.Terminate(t, patience); err != nil {
		t.Errorf("it ends with %v", err)
	}
	await(t, func() bool { return gone(pid) })
	if strings.Contains(process.Output(), "PRIVATE KEY") {
		t.Error("the log has a key")
	}
}

// A task that follows renewals goes on with a certificate that expired, and
// says so; one that has it for its life asks to be replaced.
func TestExpired(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	// The clocks' difference is allowed for, so it is taken.
	expired := bucket.Authority.Issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) })
	bucket.Publish(expired)
	_, environment := following(t, bucket, t.TempDir())
	await(t, func() bool { return check(t, environment) == nil })
	if report := ask(t, environment); report.Status != "ok" || !strings.HasPrefix(report.Warning, "the certificate expired on ") {
		t.Errorf("it tells %+v", report)
	}
	fixed := []string{"FARGATEDIRECT_SECRET=" + expired.Secret(), "FARGATEDIRECT_DIRECTORY=" + t.TempDir(), "FARGATEDIRECT_HEALTH_LISTEN=" + proxytest.FreeAddress(t)}
	proxytest.Start(t, fixed, "files").Await(t, "wrote the certificate")
	await(t, func() bool {
		err := check(t, fixed)
		return err != nil && strings.Contains(err.Error(), "unhealthy: the certificate expired on ")
	})
}

// One that was killed is followed by one that goes on from what is there; two
// at a time are refused.
func TestKilled(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	first, second := bucket.Authority.Issue(nil), bucket.Authority.Issue(nil)
	bucket.Publish(first)
	folder := t.TempDir()
	killed, _ := following(t, bucket, folder)
	killed.Await(t, "wrote the certificate")
	other, _ := following(t, bucket, folder)
	if err := other.Ended(t, patience); err == nil || !strings.Contains(other.Output(), "another proxy writes to "+folder) {
		t.Errorf("a second one ends with %v", err)
	}
	killed.Signal(t, syscall.SIGKILL)
	_ = killed.Ended(t, patience)
	has(t, folder, first)
	bucket.Publish(second)
	next, _ := following(t, bucket, folder)
	next.Await(t, "wrote the certificate")
	has(t, folder, second)
	if err := next.Terminate(t, patience); err != nil {
		t.Errorf("it ends with %v", err)
	}
	waits, environment := following(t, proxytest.NewBucket(t), t.TempDir())
	waits.Await(t, "no certificate to serve yet")
	if report := ask(t, environment); report.Status != "there is no certificate yet" {
		t.Errorf("while it has found none health says %s", report.Status)
	}
	if err := waits.Terminate(t, patience); err != nil {
		t.Errorf("one that has found none yet ends with %v", err)
	}
}

// A folder of somebody else's is refused with what to do; the user of the image
// is not root.
func TestFolderOfRoot(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	world := t.TempDir()
	text, err := os.ReadFile(proxytest.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	binary, roots := filepath.Join(world, "proxy"), filepath.Join(world, "roots")
	if err := os.WriteFile(binary, text, 0o755); err != nil {
		t.Fatal(err)
	}
	for path := world; path != os.TempDir(); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(roots, 0o755); err != nil {
		t.Fatal(err)
	}
	pair := proxytest.NewAuthority().Issue(nil)
	run := func() error {
		cmd := exec.Command(binary, "files", "-once", "-directory", roots)
		cmd.Env = []string{"FARGATEDIRECT_SECRET=" + pair.Secret()}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		process := proxytest.StartCommand(t, cmd)
		err := process.Ended(t, patience)
		if err != nil && !strings.Contains(process.Output(), "in "+roots+": mkdirat versions: permission denied; it must belong to the user 65532 of this container") {
			t.Errorf("it says %s", process.Output())
		}
		return err
	}
	if run() == nil {
		t.Error("it writes to a folder of root's")
	}
	if err := os.Chown(roots, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	if err := run(); err != nil {
		t.Errorf("in its own folder it ends with %v", err)
	}
	has(t, roots, pair)
}

func check(t *testing.T, environment []string) error {
	t.Helper()
	_, err := health.Check(t.Context(), setting(t, environment))
	return err
}

func setting(t *testing.T, environment []string) string {
	t.Helper()
	for _, s := range environment {
		if value, ok := strings.CutPrefix(s, "FARGATEDIRECT_HEALTH_LISTEN="); ok {
			return value
		}
	}
	t.Fatal("the environment does not say where health is told")
	return ""
}

func ask(t *testing.T, environment []string) health.Report {
	t.Helper()
	response, err := http.Get("http://" + setting(t, environment) + health.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var report health.Report
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil {
		t.Fatal(err)
	}
	want := http.StatusServiceUnavailable
	if report.Status == "ok" {
		want = http.StatusOK
	}
	if response.StatusCode != want {
		t.Errorf("health is %d with the status %q, want %d", response.StatusCode, report.Status, want)
	}
	return report
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// number reads one that a shell has written to the end.
func number(path string, into *int) bool {
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasSuffix(text, []byte("\n")) {
		return false
	}
	return json.Unmarshal(text, into) == nil
}
