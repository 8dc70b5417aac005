package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func convertProvider(in *tfprotov6.GetProviderSchemaResponse, identities map[string]*tfprotov6.ResourceIdentitySchema) (providerSchema, error) {
	if len(in.StateStoreSchemas) > 0 {
		return providerSchema{}, fmt.Errorf("converting the schema: state stores are not supported")
	}
	var c converter
	actions := map[string]*tfprotov6.Schema{}
	for name, action := range in.ActionSchemas {
		actions[name] = action.Schema
	}
	out := providerSchema{
		Provider:           c.schema(in.Provider),
		Resources:          each(in.ResourceSchemas, c.schema),
		DataSources:        each(in.DataSourceSchemas, c.schema),
		EphemeralResources: each(in.EphemeralResourceSchemas, c.schema),
		Actions:            each(actions, c.schema),
		ListResources:      each(in.ListResourceSchemas, c.schema),
		Functions:          each(in.Functions, c.function),
		Identities:         each(identities, c.identity),
	}
	return out, c.err
}

// converter keeps the first error, so that conversions can be written as
// plain expressions.
type converter struct{ err error }

func (c *converter) schema(in *tfprotov6.Schema) schema {
	return schema{Version: in.Version, Block: c.block(in.Block)}
}

func (c *converter) block(in *tfprotov6.SchemaBlock) block {
	blocks := map[string]nestedBlock{}
	for _, b := range in.BlockTypes {
		blocks[b.TypeName] = nestedBlock{
			Nesting:  strings.ToLower(b.Nesting.String()),
			Block:    c.block(b.Block),
			MinItems: b.MinItems,
			MaxItems: b.MaxItems,
		}
	}
	return block{
		Attributes:      c.attributes(in.Attributes),
		Blocks:          blocks,
		Description:     in.Description,
		DescriptionKind: strings.ToLower(in.DescriptionKind.String()),
		Deprecated:      in.Deprecated,
	}
}

func (c *converter) attributes(in []*tfprotov6.SchemaAttribute) map[string]attribute {
	out := map[string]attribute{}
	for _, a := range in {
		converted := attribute{
			Description:     a.Description,
			DescriptionKind: strings.ToLower(a.DescriptionKind.String()),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if a.NestedType != nil {
			converted.NestedType = &nestedType{
				Attributes: c.attributes(a.NestedType.Attributes),
				Nesting:    strings.ToLower(a.NestedType.Nesting.String()),
			}
		} else {
			converted.Type = c.typ(a.Type)
		}
		out[a.Name] = converted
	}
	return out
}

func (c *converter) identity(in *tfprotov6.ResourceIdentitySchema) identitySchema {
	attributes := map[string]identityAttribute{}
	for _, a := range in.IdentityAttributes {
		attributes[a.Name] = identityAttribute{
			Type:              c.typ(a.Type),
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return identitySchema{Version: in.Version, Attributes: attributes}
}

func (c *converter) function(in *tfprotov6.Function) function {
	out := function{
		Description:        in.Description,
		Summary:            in.Summary,
		DeprecationMessage: in.DeprecationMessage,
		ReturnType:         c.typ(in.Return.Type),
	}
	for _, p := range in.Parameters {
		out.Parameters = append(out.Parameters, c.parameter(p))
	}
	if in.VariadicParameter != nil {
		variadic := c.parameter(in.VariadicParameter)
		out.VariadicParameter = &variadic
	}
	return out
}

func (c *converter) parameter(in *tfprotov6.FunctionParameter) parameter {
	return parameter{
		Name:        in.Name,
		Description: in.Description,
		IsNullable:  in.AllowNullValue,
		Type:        c.typ(in.Type),
	}
}

// typ answers a type as Terraform writes it in JSON: a name, or a pair of the
// collection's name and what it holds.
func (c *converter) typ(in tftypes.Type) any {
	switch t := in.(type) {
	case tftypes.List:
		return []any{"list", c.typ(t.ElementType)}
	case tftypes.Set:
		return []any{"set", c.typ(t.ElementType)}
	case tftypes.Map:
		return []any{"map", c.typ(t.ElementType)}
	case tftypes.Object:
		return []any{"object", each(t.AttributeTypes, c.typ)}
	case tftypes.Tuple:
		elements := make([]any, len(t.ElementTypes))
		for i, e := range t.ElementTypes {
			elements[i] = c.typ(e)
		}
		return []any{"tuple", elements}
	}
	switch {
	case in.Is(tftypes.String):
		return "string"
	case in.Is(tftypes.Number):
		return "number"
	case in.Is(tftypes.Bool):
		return "bool"
	case in.Is(tftypes.DynamicPseudoType):
		return "dynamic"
	}
	if c.err == nil {
		c.err = fmt.Errorf("converting type %s: not a type of Terraform's", in)
	}
	return nil
}

func each[A, B any](in map[string]A, f func(A) B) map[string]B {
	out := make(map[string]B, len(in))
	for name, a := range in {
		out[name] = f(a)
	}
	return out
}
