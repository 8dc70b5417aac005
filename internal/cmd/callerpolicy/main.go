// Command callerpolicy writes, for the documentation, the IAM policies that the
// caller of Terraform needs, and those that a fargatedirect_certbot gives to
// others. Its argument is the folder to write to.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/zonestack"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: callerpolicy <folder>")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func write(folder string) error {
	all := examples()
	maps.Copy(all, grants())
	for name, policy := range all {
		var text bytes.Buffer
		if err := json.Indent(&text, []byte(policy.JSON()), "", "  "); err != nil {
			return fmt.Errorf("formatting policy (%s): %w", name, err)
		}
		text.WriteByte('\n')
		//nolint:gosec // Everybody may read the documentation.
		if err := os.WriteFile(filepath.Join(folder, name+".json"), text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing policy (%s): %w", name, err)
		}
	}
	return nil
}

const zone = "Z0123456789ABCDEFGHIJ"

func scope(kind string) names.Scope {
	return names.Scope{Kind: kind, Partition: "aws", DNSSuffix: "amazonaws.com", Account: "123456789012", Region: "eu-west-2", Name: "prod"}
}

func certbot() certbotstack.Spec {
	return certbotstack.Spec{
		Scope: scope(names.KindCertbot), HostedZoneID: zone, IAMPath: "/", DirectoryURL: certbotstack.DefaultDirectoryURL,
		Certificates: map[string]certbotstack.Certificate{"browser": {Domains: []string{"*.browser.example.com"}}},
	}
}

// grants are what a certbot gives to others: to its function, to who reads a
// certificate, and to who comes to its bucket.
func grants() map[string]iampolicy.Document {
	guarded := certbot()
	guarded.ReaderRoleARNs = []string{"arn:aws:iam::123456789012:role/browser"}
	return map[string]iampolicy.Document{
		"certbot_function": certbot().RolePolicy(),
		"certbot_reader":   certbot().ReaderPolicy("browser"),
		"certbot_bucket":   guarded.BucketPolicy(),
	}
}

// examples are the policies for resources with no more than what is required.
func examples() map[string]iampolicy.Document {
	taskDNS := taskdnsstack.Spec{
		Scope: scope(names.KindTaskDNS), IAMPath: "/", Place: taskdns.Place{Domain: "browser.example.com", HostedZoneID: zone},
		ClusterARNs: []string{"arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"},
	}
	zoneScope := scope(names.KindZone)
	zoneScope.Name = "browser.example.com"
	delegated := zonestack.Spec{Scope: zoneScope, ParentZoneID: zone}
	return map[string]iampolicy.Document{"certbot": certbot().CallerPolicy(), "task_dns": taskDNS.CallerPolicy(), "zone": delegated.CallerPolicy()}
}
