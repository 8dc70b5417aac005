package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/proxycontainer"
)

// plain turns a value of any type into what proxycontainer takes.
func plain(value attr.Value) any {
	if dynamic, is := value.(types.Dynamic); is && dynamic.UnderlyingValue() != nil {
		return plain(dynamic.UnderlyingValue())
	}
	switch {
	case value.IsUnknown():
		return proxycontainer.Unknown{}
	case value.IsNull():
		return nil
	}
	switch value := value.(type) {
	case types.String:
		return value.ValueString()
	case types.Bool:
		return value.ValueBool()
	case types.Number:
		return value.ValueBigFloat()
	case types.Object:
		return plainMap(value.Attributes())
	case types.Map:
		return plainMap(value.Elements())
	case types.List:
		return plainList(value.Elements())
	case types.Set:
		return plainList(value.Elements())
	case types.Tuple:
		return plainList(value.Elements())
	}
	return nil
}

func plainMap(values map[string]attr.Value) map[string]any {
	object := make(map[string]any, len(values))
	for name, value := range values {
		object[name] = plain(value)
	}
	return object
}

func plainList(values []attr.Value) []any {
	list := make([]any, 0, len(values))
	for _, value := range values {
		list = append(list, plain(value))
	}
	return list
}

// dynamicOf turns a definition into the object that its JSON stands for.
func dynamicOf(ctx context.Context, definition proxycontainer.Definition) (types.Dynamic, error) {
	text, err := json.Marshal(definition)
	if err != nil {
		return types.DynamicNull(), fmt.Errorf("writing the container definition: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return types.DynamicNull(), fmt.Errorf("reading the container definition: %w", err)
	}
	value, err := typed(ctx, document)
	if err != nil {
		return types.DynamicNull(), err
	}
	return types.DynamicValue(value), nil
}

// typed turns a JSON document into a value whose type follows from it, as
// Terraform's jsondecode does.
func typed(ctx context.Context, document any) (attr.Value, error) {
	switch document := document.(type) {
	case string:
		return types.StringValue(document), nil
	case bool:
		return types.BoolValue(document), nil
	case json.Number:
		number, _, err := big.ParseFloat(document.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			return nil, fmt.Errorf("reading the number %s: %w", document, err)
		}
		return types.NumberValue(number), nil
	case []any:
		return typedList(ctx, document)
	case map[string]any:
		return typedObject(ctx, document)
	}
	return nil, fmt.Errorf("a container definition has no %T", document)
}

func typedList(ctx context.Context, document []any) (attr.Value, error) {
	kinds, values := make([]attr.Type, 0, len(document)), make([]attr.Value, 0, len(document))
	for _, element := range document {
		value, err := typed(ctx, element)
		if err != nil {
			return nil, err
		}
		kinds, values = append(kinds, value.Type(ctx)), append(values, value)
	}
	list, diags := types.TupleValue(kinds, values)
	if diags.HasError() {
		return nil, fmt.Errorf("making a list: %s", diags[0].Detail())
	}
	return list, nil
}

func typedObject(ctx context.Context, document map[string]any) (attr.Value, error) {
	kinds, values := make(map[string]attr.Type, len(document)), make(map[string]attr.Value, len(document))
	for name, element := range document {
		value, err := typed(ctx, element)
		if err != nil {
			return nil, err
		}
		kinds[name], values[name] = value.Type(ctx), value
	}
	object, diags := types.ObjectValue(kinds, values)
	if diags.HasError() {
		return nil, fmt.Errorf("making an object: %s", diags[0].Detail())
	}
	return object, nil
}
