package provider

import (
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const testProxyImage = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// callProxyContainer calls the function as Terraform does, over the protocol.
// It answers the result's JSON, or "" if the result is unknown.
func callProxyContainer(t *testing.T, image string, argument tftypes.Value) (string, *tfprotov6.FunctionError) {
	t.Helper()
	server := providerserver.NewProtocol6(New("test", image)())()
	value, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, argument)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "proxy_container", Arguments: []*tfprotov6.DynamicValue{&value}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return "", resp.Error
	}
	result, err := resp.Result.Unmarshal(tftypes.DynamicPseudoType)
	if err != nil {
		t.Fatal(err)
	}
	if !result.IsFullyKnown() {
		return "", nil
	}
	dynamic, err := types.DynamicType.ValueFromTerraform(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(jsonOf(plain(dynamic)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

// jsonOf has numbers in a form that becomes one in JSON.
func jsonOf(value any) any {
	switch value := value.(type) {
	case *big.Float:
		return json.Number(value.Text('f', -1))
	case []any:
		for i := range value {
			value[i] = jsonOf(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = jsonOf(value[name])
		}
	}
	return value
}

// tfObject is an object as Terraform sends it, whose type follows from what it
// holds.
func tfObject(values map[string]tftypes.Value) tftypes.Value {
	kinds := map[string]tftypes.Type{}
	for name, value := range values {
		kinds[name] = value.Type()
	}
	return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, values)
}

func tfString(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }

// proxySettings are the least that is needed, and more.
func proxySettings(more map[string]tftypes.Value) tftypes.Value {
	all := map[string]tftypes.Value{
		"backend_port": tftypes.NewValue(tftypes.Number, 8080), "bucket": tfString("my-certificates"), "prefix": tfString("browser/"), "domain": tfString("browser.example.com"),
	}
	maps.Copy(all, more)
	return tfObject(all)
}

func TestProxyContainer(t *testing.T) {
	t.Parallel()
	texts := []tftypes.Value{tfString("*.browser.example.com"), tfString("browser.example.com")}
	tuple := tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String, tftypes.String}}, texts)
	const names = `{"name":"FARGATEDIRECT_NAMES","value":"*.browser.example.com,browser.example.com"}`
	for name, test := range map[string]struct {
		argument tftypes.Value
		want     string // in the result's JSON; empty for an unknown result
		problem  string
	}{
		"least":         {argument: proxySettings(nil), want: `"image":"` + testProxyImage + `"`},
		"numbers":       {argument: proxySettings(nil), want: `"stopTimeout":30,`},
		"bools":         {argument: proxySettings(nil), want: `"essential":true`},
		"empty lists":   {argument: proxySettings(nil), want: `"capabilities":{"add":[],"drop":["ALL"]}`},
		"list":          {argument: proxySettings(map[string]tftypes.Value{"names": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, texts)}), want: names},
		"set":           {argument: proxySettings(map[string]tftypes.Value{"names": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, texts)}), want: names},
		"tuple":         {argument: proxySettings(map[string]tftypes.Value{"names": tuple}), want: names},
		"null":          {argument: proxySettings(map[string]tftypes.Value{"image": tftypes.NewValue(tftypes.DynamicPseudoType, nil), "name": tftypes.NewValue(tftypes.String, nil)}), want: `"name":"proxy"`},
		"map":           {argument: proxySettings(map[string]tftypes.Value{"environment": tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"FARGATEDIRECT_IDLE_TIMEOUT": tfString("1m")})}), want: `{"name":"FARGATEDIRECT_IDLE_TIMEOUT","value":"1m"}`},
		"map of all":    {argument: tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"backend_port": tfString("8080"), "secret_arn": tfString("arn:aws:secretsmanager:eu-west-2:123456789012:secret:x"), "any_host": tfString("true")}), want: `"name":"FARGATEDIRECT_ANY_HOST","value":"true"`},
		"unknown all":   {argument: tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)},
		"unknown value": {argument: proxySettings(map[string]tftypes.Value{"bucket": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)})},
		"unknown type":  {argument: proxySettings(map[string]tftypes.Value{"log_configuration": tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)})},
		"wrong beside":  {argument: proxySettings(map[string]tftypes.Value{"bucket": tftypes.NewValue(tftypes.String, tftypes.UnknownValue), "stop_timeout": tftypes.NewValue(tftypes.Number, 0)}), problem: "stop_timeout: 0 is not a whole number from 2 to 120"},
		"no object":     {argument: tfString("browser"), problem: "the argument must be an object, such as"},
		"null object":   {argument: tftypes.NewValue(tftypes.DynamicPseudoType, nil), problem: "the argument must be an object, such as"},
		"two mistakes":  {argument: proxySettings(map[string]tftypes.Value{"stop_timeout": tftypes.NewValue(tftypes.Number, 0), "bucket": tfString("B")}), problem: "\n\n- bucket: \"B\" is not the name of a bucket (for example bucket = fargatedirect_certbot.browser.bucket_name)\n- stop_timeout: 0 is not"},
		"refused":       {argument: proxySettings(map[string]tftypes.Value{"port": tftypes.NewValue(tftypes.Number, 1)}), problem: `there is no key "port" (did you mean backend_port?)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, problem := callProxyContainer(t, testProxyImage, test.argument)
			if test.problem != "" {
				if problem == nil || problem.FunctionArgument == nil || !strings.Contains(problem.Text, test.problem) {
					t.Errorf("got %v, want %q for the argument", problem, test.problem)
				}
				return
			}
			if problem != nil || !strings.Contains(result, test.want) || (test.want == "") != (result == "") {
				t.Errorf("got %q (%v), want %q in it", result, problem, test.want)
			}
		})
	}
}

// A provider that is no release wants the image, and says so.
func TestProxyContainer_noRelease(t *testing.T) {
	t.Parallel()
	if _, problem := callProxyContainer(t, "", proxySettings(nil)); problem == nil || !strings.Contains(problem.Text, "this provider is not of a release, so it knows no image") {
		t.Errorf("got %v", problem)
	}
	result, problem := callProxyContainer(t, "", proxySettings(map[string]tftypes.Value{"image": tfString("proxy:1")}))
	if problem != nil || !strings.Contains(result, `"image":"proxy:1"`) {
		t.Errorf("got %v (%v)", result, problem)
	}
}
