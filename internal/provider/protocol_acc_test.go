package provider_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/provider"
)

// protocol is a provider as Terraform talks to it. Tests that do so need no
// Terraform that knows what they are about.
type protocol struct {
	t       *testing.T
	server  actionProvider
	schemas *tfprotov6.GetProviderSchemaResponse
}

type actionProvider interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
}

// protocol is a provider that is configured for the account at an endpoint.
func (a *account) protocol(t *testing.T, accessKey, endpoint string) *protocol {
	t.Helper()
	server, ok := providerserver.NewProtocol6(provider.New("test", "")())().(actionProvider)
	if !ok {
		t.Fatal("the provider serves no actions")
	}
	p := &protocol{t: t, server: server}
	var err error
	if p.schemas, err = server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	endpoints := map[string]tftypes.Value{}
	for _, service := range []string{"cloudwatch", "events", "iam", "lambda", "logs", "route53", "s3", "sns", "sqs", "ssm", "sts"} {
		endpoints[service] = tftypes.NewValue(tftypes.String, endpoint)
	}
	config := p.config(p.schemas.Provider, map[string]tftypes.Value{
		"region":                  tftypes.NewValue(tftypes.String, cloud.Region),
		"access_key":              tftypes.NewValue(tftypes.String, accessKey),
		"secret_key":              tftypes.NewValue(tftypes.String, "test"),
		"skip_metadata_api_check": tftypes.NewValue(tftypes.Bool, true),
		"endpoints":               tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, endpoints),
	})
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if problems := problemsOf(resp.Diagnostics); len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// config is a configuration in which everything that is not given is null.
func (p *protocol) config(schema *tfprotov6.Schema, given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		p.t.Fatalf("the schema's type is %s", schema.ValueType())
	}
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}
	maps.Copy(values, given)
	config, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		p.t.Fatal(err)
	}
	return &config
}

// problemsOf are diagnostics, warnings too, as "attribute: summary: detail".
func problemsOf(diagnostics []*tfprotov6.Diagnostic) []string {
	var problems []string
	for _, d := range diagnostics {
		problems = append(problems, fmt.Sprintf("%s: %s: %s", d.Attribute, d.Summary, d.Detail))
	}
	return problems
}

const renewAction = "fargatedirect_renew"

// renewing is what became of an invocation of the action.
type renewing struct{ progress, problems []string }

// renew validates, plans and invokes the action, as Terraform does.
func (p *protocol) renew(given map[string]tftypes.Value) renewing {
	p.t.Helper()
	config := p.config(p.schemas.ActionSchemas[renewAction].Schema, given)
	valid, err := p.server.ValidateActionConfig(p.t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: renewAction, Config: config})
	if err != nil {
		p.t.Fatal(err)
	}
	if problems := problemsOf(valid.Diagnostics); len(problems) > 0 {
		return renewing{problems: problems}
	}
	plan, err := p.server.PlanAction(p.t.Context(), &tfprotov6.PlanActionRequest{ActionType: renewAction, Config: config})
	if err != nil {
		p.t.Fatal(err)
	}
	if problems := problemsOf(plan.Diagnostics); len(problems) > 0 {
		return renewing{problems: problems}
	}
	stream, err := p.server.InvokeAction(p.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: renewAction, Config: config})
	if err != nil {
		p.t.Fatal(err)
	}
	var r renewing
	completed := 0
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			r.progress = append(r.progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			completed++
			r.problems = problemsOf(event.Diagnostics)
		}
	}
	if completed != 1 {
		p.t.Errorf("the action completed %d times", completed)
	}
	return r
}
