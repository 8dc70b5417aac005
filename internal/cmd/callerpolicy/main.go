// Command callerpolicy writes the IAM policies that the caller of Terraform
// needs, for the documentation. Its argument is the folder to write to.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
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
	for name, policy := range examples() {
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

// examples are the policies for resources with no more than what is required.
func examples() map[string]iampolicy.Document {
	const zone = "Z0123456789ABCDEFGHIJ"
	scope := func(kind string) names.Scope {
		return names.Scope{Kind: kind, Partition: "aws", DNSSuffix: "amazonaws.com", Account: "123456789012", Region: "eu-west-2", Name: "prod"}
	}
	certbot := certbotstack.Spec{
		Scope: scope(names.KindCertbot), HostedZoneID: zone, IAMPath: "/",
		Certificates: map[string]certbotstack.Certificate{"browser": {}},
	}
	taskDNS := taskdnsstack.Spec{
		Scope: scope(names.KindTaskDNS), IAMPath: "/", Place: taskdns.Place{Domain: "browser.example.com", HostedZoneID: zone},
		ClusterARNs: []string{"arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"},
	}
	zoneScope := scope(names.KindZone)
	zoneScope.Name = "browser.example.com"
	delegated := zonestack.Spec{Scope: zoneScope, ParentZoneID: zone}
	return map[string]iampolicy.Document{"certbot": certbot.CallerPolicy(), "task_dns": taskDNS.CallerPolicy(), "zone": delegated.CallerPolicy()}
}
