package provider

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// newServer is the provider as Terraform sees it.
func newServer(t *testing.T) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	t.Helper()
	server := providerserver.NewProtocol6(New("test", "")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range schemas.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	return server, schemas
}

// Every argument and result is described, because the documentation is made of
// that.
func TestSchemasAreDescribed(t *testing.T) {
	t.Parallel()
	_, schemas := newServer(t)
	described(t, "provider", schemas.Provider.Block)
	for name, s := range schemas.ResourceSchemas {
		described(t, name, s.Block)
	}
	for name, s := range schemas.DataSourceSchemas {
		described(t, name, s.Block)
	}
	for name, s := range schemas.EphemeralResourceSchemas {
		described(t, name, s.Block)
	}
	if data, ephemeral := schemas.DataSourceSchemas["fargatedirect_certificate"], schemas.EphemeralResourceSchemas["fargatedirect_certificate"]; len(ephemeral.Block.Attributes) != len(data.Block.Attributes)+3 {
		t.Error("the ephemeral resource lacks what the data source has")
	}
	for name, s := range schemas.ActionSchemas {
		described(t, name, s.Schema.Block)
	}
	for name, f := range schemas.Functions {
		if f.Description == "" || f.Summary == "" {
			t.Errorf("function %s is not described", name)
		}
	}
	if len(schemas.ResourceSchemas) != 3 || len(schemas.DataSourceSchemas) != 1 || len(schemas.Functions) != 3 || len(schemas.ActionSchemas) != 1 {
		t.Errorf("the provider has %d resources, %d data sources, %d functions and %d actions", len(schemas.ResourceSchemas), len(schemas.DataSourceSchemas), len(schemas.Functions), len(schemas.ActionSchemas))
	}
}

func described(t *testing.T, name string, block *tfprotov6.SchemaBlock) {
	t.Helper()
	if block.Description == "" {
		t.Errorf("%s is not described", name)
	}
	var walk func(prefix string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			if a.Description == "" && !strings.HasSuffix(prefix, ".timeouts") && a.Name != "timeouts" {
				t.Errorf("%s.%s is not described", prefix, a.Name)
			}
			if a.NestedType != nil {
				walk(prefix+"."+a.Name, a.NestedType.Attributes)
			}
		}
	}
	walk(name, block.Attributes)
}

// The models hold exactly what the schemas do: the framework fails on a field
// that one has and the other has not.
func TestModelsFitSchemas(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	null := func(t tftypes.Type) tftypes.Value {
		object, ok := t.(tftypes.Object)
		if !ok {
			panic(fmt.Sprintf("the schema's type is %s", t))
		}
		values := map[string]tftypes.Value{}
		for name, attribute := range object.AttributeTypes {
			values[name] = tftypes.NewValue(attribute, nil)
		}
		return tftypes.NewValue(t, values)
	}
	for name, test := range map[string]struct {
		resource resource.Resource
		model    any
	}{
		"certbot":  {newCertbotResource(), &certbotModel{}},
		"task_dns": {newTaskDNSResource(), &taskDNSModel{}},
		"zone":     {newZoneResource(), &zoneModel{}},
	} {
		resp := &resource.SchemaResponse{}
		test.resource.Schema(ctx, resource.SchemaRequest{}, resp)
		state := tfsdk.State{Schema: resp.Schema, Raw: null(resp.Schema.Type().TerraformType(ctx))}
		for _, d := range state.Get(ctx, test.model) {
			t.Errorf("%s: %s: %s", name, d.Summary(), d.Detail())
		}
		for _, d := range resp.Schema.ValidateImplementation(ctx) {
			t.Errorf("%s: %s: %s", name, d.Summary(), d.Detail())
		}
	}
	data := &datasource.SchemaResponse{}
	newCertificateDataSource().Schema(ctx, datasource.SchemaRequest{}, data)
	config := tfsdk.Config{Schema: data.Schema, Raw: null(data.Schema.Type().TerraformType(ctx))}
	for _, d := range config.Get(ctx, &certificateDataModel{}) {
		t.Errorf("certificate: %s: %s", d.Summary(), d.Detail())
	}
	open := &ephemeral.SchemaResponse{}
	newCertificateEphemeral().Schema(ctx, ephemeral.SchemaRequest{}, open)
	config = tfsdk.Config{Schema: open.Schema, Raw: null(open.Schema.Type().TerraformType(ctx))}
	for _, d := range config.Get(ctx, &certificateEphemeralModel{}) {
		t.Errorf("certificate: %s: %s", d.Summary(), d.Detail())
	}
	renew := &action.SchemaResponse{}
	newRenewAction().Schema(ctx, action.SchemaRequest{}, renew)
	config = tfsdk.Config{Schema: renew.Schema, Raw: null(renew.Schema.Type().TerraformType(ctx))}
	for _, d := range config.Get(ctx, &renewModel{}) {
		t.Errorf("renew: %s: %s", d.Summary(), d.Detail())
	}
	p := &provider.SchemaResponse{}
	(&fargatedirectProvider{}).Schema(ctx, provider.SchemaRequest{}, p)
	config = tfsdk.Config{Schema: p.Schema, Raw: null(p.Schema.Type().TerraformType(ctx))}
	for _, d := range config.Get(ctx, &providerModel{}) {
		t.Errorf("provider: %s: %s", d.Summary(), d.Detail())
	}
}

// validate asks the provider what is wrong with a resource's configuration, in
// which everything that is not given is null. It answers "attribute: summary:
// detail".
func validate(t *testing.T, kind string, given map[string]tftypes.Value) []string {
	t.Helper()
	return validateBy(t, kind, given, true)
}

// validateBy is validate by a Terraform that knows write-only arguments, as 1.11
// does, or not.
func validateBy(t *testing.T, kind string, given map[string]tftypes.Value, writeOnly bool) []string {
	t.Helper()
	server, schemas := newServer(t)
	object, ok := schemas.ResourceSchemas[kind].ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("there is no %s", kind)
	}
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}
	maps.Copy(values, given)
	config, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ValidateResourceConfig(context.WithoutCancel(t.Context()), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: kind, Config: &config, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: writeOnly},
	})
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, d := range resp.Diagnostics {
		problems = append(problems, fmt.Sprintf("%s: %s: %s", d.Attribute, d.Summary, d.Detail))
	}
	return problems
}
