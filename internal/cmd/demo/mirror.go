package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/sidecar"
)

// providerVersion is what the built provider calls itself. Any will do, as
// the example asks for none.
const providerVersion = "0.0.1"

// addresses finds the full address of our provider in what the CLI prints.
// The host in it is not the same for Terraform and OpenTofu.
var addresses = regexp.MustCompile(`provider\[(\S+/fargatedirect/fargatedirect)\]`)

// build compiles the provider to where "terraform init" finds it without a
// network, which is in a mirror in the file system, and the proxy.
func (d *demo) build(ctx context.Context) error {
	module, err := sidecar.Checkout(ctx)
	if err != nil {
		return err
	}
	if err := d.copyExample(filepath.Join(module, "examples", "complete")); err != nil {
		return err
	}
	version, err := d.terraform.version(ctx)
	if err != nil {
		return err
	}
	listed, err := d.terraform.run(ctx, "providers", "-no-color")
	if err != nil {
		return err
	}
	found := addresses.FindStringSubmatch(listed)
	if found == nil {
		return fmt.Errorf("finding the address of the provider: it is not in what the CLI lists:\n%s", listed)
	}
	binary := filepath.Join(d.terraform.mirror, mirrorPath(found[1], version.Platform))
	if err := compile(ctx, module, version.Platform, binary); err != nil {
		return err
	}
	size, err := os.Stat(binary)
	if err != nil {
		return err
	}
	d.screen.fact("The provider has %d MB, with the Lambda functions inside, and is in a mirror in the file system.", size.Size()/1e6)
	d.screen.fact("%s %s, %s", filepath.Base(d.cli), version.Version, version.Platform)
	d.proxy.binary = filepath.Join(d.dir, "fargatedirect-proxy")
	if err := sidecar.Build(ctx, d.proxy.binary); err != nil {
		return err
	}
	if size, err = os.Stat(d.proxy.binary); err != nil {
		return err
	}
	d.screen.fact("The proxy has %d MB.", size.Size()/1e6)
	return nil
}

// mirrorPath is where a provider lies in a mirror. The address is
// "host/namespace/type" and the platform "os_arch".
func mirrorPath(address, platform string) string {
	parts := strings.Split(address, "/")
	name := "terraform-provider-" + parts[len(parts)-1] + "_v" + providerVersion
	if strings.HasPrefix(platform, "windows_") {
		name += ".exe"
	}
	return filepath.Join(filepath.FromSlash(address), providerVersion, platform, name)
}

// compile builds the provider for the platform of the CLI, which need not be
// that of this program. The flags are those with which the functions and, by
// "make demo", this program are compiled: what they share is compiled once.
func compile(ctx context.Context, module, platform, binary string) error {
	system, arch, _ := strings.Cut(platform, "_")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+providerVersion, "-o", binary, ".")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the provider: %w\n%s", err, out)
	}
	return nil
}

// copyExample copies the configuration, and no state that somebody left
// beside it, and gives its variables values.
func (d *demo) copyExample(from string) error {
	t, err := newTerraform(d.cli, d.dir, d.env())
	if err != nil {
		return err
	}
	d.terraform = t
	files, err := fs.Glob(os.DirFS(from), "*.tf")
	if err != nil || len(files) == 0 {
		return fmt.Errorf("copying %s: it holds no configuration (%w)", from, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return fmt.Errorf("copying %s: %w", from, err)
		}
		if err := os.WriteFile(filepath.Join(t.dir, name), b, 0o644); err != nil {
			return fmt.Errorf("copying %s: %w", from, err)
		}
	}
	variables, err := json.MarshalIndent(d.variables(), "", "  ")
	if err != nil {
		return fmt.Errorf("writing the variables: %w", err)
	}
	if err := os.WriteFile(filepath.Join(t.dir, "terraform.tfvars.json"), variables, 0o644); err != nil {
		return fmt.Errorf("writing the variables: %w", err)
	}
	return nil
}

// variables are the values of the example's variables. The functions run on
// this machine, so they must be of its architecture.
func (d *demo) variables() map[string]any {
	architecture := "x86_64"
	if runtime.GOARCH == "arm64" {
		architecture = "arm64"
	}
	return map[string]any{
		"region":              d.cloud.Region,
		"hosted_zone_id":      d.user.zoneID,
		"domain":              domain,
		"cluster_arns":        []string{d.user.clusterARN},
		"directory_url":       d.cloud.DirectoryURL,
		"ca_certificate_pem":  string(d.cloud.DirectoryCAPEM),
		"profile":             "default",
		"notification_emails": []string{"ops@example.com"},
		"architecture":        architecture,
		"force_destroy":       true,
		"backend_container":   container,
		"backend_port":        d.server.port(),
		"proxy_image":         "fargatedirect-proxy:demo",
	}
}
