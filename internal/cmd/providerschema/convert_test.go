package main

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fakeServer answers schemas and nothing else.
type fakeServer struct {
	tfprotov6.ProviderServer
	schemas    tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

func (f *fakeServer) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &f.schemas, nil
}

func (f *fakeServer) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{IdentitySchemas: f.identities}, nil
}

func testServer() *fakeServer {
	resource := &tfprotov6.Schema{Version: 2, Block: &tfprotov6.SchemaBlock{
		Description:     "A *thing*.",
		DescriptionKind: tfprotov6.StringKindMarkdown,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "name", Type: tftypes.String, Required: true, Description: "Its name."},
			{Name: "secret", Type: tftypes.String, Optional: true, Sensitive: true, WriteOnly: true},
			{Name: "tags", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true, Computed: true},
			{Name: "sizes", NestedType: &tfprotov6.SchemaObject{
				Nesting: tfprotov6.SchemaObjectNestingModeMap,
				Attributes: []*tfprotov6.SchemaAttribute{
					{Name: "width", Type: tftypes.Number, Required: true},
				},
			}, Optional: true, Deprecated: true},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "rule",
			Nesting:  tfprotov6.SchemaNestedBlockNestingModeList,
			MaxItems: 3,
			Block:    &tfprotov6.SchemaBlock{},
		}},
	}}
	return &fakeServer{
		schemas: tfprotov6.GetProviderSchemaResponse{
			Provider:        &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}},
			ResourceSchemas: map[string]*tfprotov6.Schema{"x_thing": resource},
			ActionSchemas:   map[string]*tfprotov6.ActionSchema{"x_do": {Schema: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}}}},
			Functions: map[string]*tfprotov6.Function{"f": {
				Parameters:        []*tfprotov6.FunctionParameter{{Name: "a", Type: tftypes.List{ElementType: tftypes.Bool}}},
				VariadicParameter: &tfprotov6.FunctionParameter{Name: "rest", Type: tftypes.DynamicPseudoType, AllowNullValue: true},
				Return: &tfprotov6.FunctionReturn{Type: tftypes.Object{AttributeTypes: map[string]tftypes.Type{
					"pair": tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String, tftypes.Set{ElementType: tftypes.Number}}},
				}}},
			}},
		},
		identities: map[string]*tfprotov6.ResourceIdentitySchema{"x_thing": {
			IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
				{Name: "name", Type: tftypes.String, RequiredForImport: true},
			},
		}},
	}
}

const wantJSON = `{"format_version": "1.0", "provider_schemas": {"x": {
  "provider": {"version": 0, "block": {"description_kind": "plain"}},
  "resource_schemas": {"x_thing": {"version": 2, "block": {
    "description": "A *thing*.", "description_kind": "markdown",
    "attributes": {
      "name": {"type": "string", "required": true, "description": "Its name.", "description_kind": "plain"},
      "secret": {"type": "string", "optional": true, "sensitive": true, "write_only": true, "description_kind": "plain"},
      "tags": {"type": ["map", "string"], "optional": true, "computed": true, "description_kind": "plain"},
      "sizes": {"nested_type": {"nesting_mode": "map", "attributes": {
        "width": {"type": "number", "required": true, "description_kind": "plain"}
      }}, "optional": true, "deprecated": true, "description_kind": "plain"}
    },
    "block_types": {"rule": {"nesting_mode": "list", "max_items": 3, "block": {"description_kind": "plain"}}}
  }}},
  "action_schemas": {"x_do": {"version": 0, "block": {"description_kind": "plain"}}},
  "functions": {"f": {
    "parameters": [{"name": "a", "type": ["list", "bool"]}],
    "variadic_parameter": {"name": "rest", "type": "dynamic", "is_nullable": true},
    "return_type": ["object", {"pair": ["tuple", ["string", ["set", "number"]]]}]
  }},
  "resource_identity_schemas": {"x_thing": {"version": 0, "attributes": {
    "name": {"type": "string", "required_for_import": true}
  }}}
}}}`

func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := write(t.Context(), &out, "x", testServer()); err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(wantJSON), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s", out.String())
	}
}

func TestWriteReportsDiagnostics(t *testing.T) {
	t.Parallel()
	server := testServer()
	server.schemas.Diagnostics = []*tfprotov6.Diagnostic{
		{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "odd"},
		{Severity: tfprotov6.DiagnosticSeverityError, Summary: "broken", Detail: "no block"},
	}
	var out bytes.Buffer
	err := write(t.Context(), &out, "x", server)
	if err == nil || !strings.Contains(err.Error(), "broken: no block") {
		t.Errorf("got error %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("got output %s beside the error", out.String())
	}
}
