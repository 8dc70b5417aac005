package proxycontainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var fence = regexp.MustCompile("(?ms)^ *```terraform\n(.*?)^ *```")

// configurations are those in a file of Terraform's, or between the lines of a
// page.
func configurations(file, text string) []string {
	if strings.HasSuffix(file, ".tf") {
		return []string{text}
	}
	var list []string
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		list = append(list, block[1])
	}
	return list
}

// literal is what an expression says by itself, as JSON has it, or nil where
// that follows from something else. A text with something else in it is a text
// all the same.
func literal(expression hclsyntax.Expression) any {
	switch e := expression.(type) {
	case *hclsyntax.TemplateExpr:
		return "text"
	case *hclsyntax.LiteralValueExpr:
		switch e.Val.Type().FriendlyName() {
		case "number":
			return json.Number(e.Val.AsBigFloat().Text('f', -1))
		case "bool":
			return e.Val.True()
		}
	case *hclsyntax.TupleConsExpr:
		list := []any{}
		for _, element := range e.Exprs {
			if v := literal(element); v != nil {
				list = append(list, v)
			}
		}
		return list
	case *hclsyntax.ObjectConsExpr:
		members := object{}
		for _, item := range e.Items {
			if v := literal(item.ValueExpr); v != nil {
				members[keyOf(item)] = v
			}
		}
		return members
	}
	return nil
}

func keyOf(item hclsyntax.ObjectConsItem) string {
	key, diags := item.KeyExpr.Value(nil)
	if diags.HasErrors() {
		return ""
	}
	return key.AsString()
}

func hasKeys(e *hclsyntax.ObjectConsExpr, keys ...string) bool {
	found := 0
	for _, key := range keys {
		for _, item := range e.Items {
			if keyOf(item) == key {
				found++
			}
		}
	}
	return found == len(keys)
}

// found counts what misread has seen.
type found struct{ definitions, logs int }

// misread tells what ECS has no member for in the container definitions and
// log configurations of a configuration, with the names of their members and
// the types of what is written out.
func (f *found) misread(configuration string) error {
	parsed, diags := hclsyntax.ParseConfig([]byte(configuration), "", hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	body, is := parsed.Body.(*hclsyntax.Body)
	if !is {
		return fmt.Errorf("the parser answers a %T", parsed.Body)
	}
	var problems []error
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		e, is := node.(*hclsyntax.ObjectConsExpr)
		switch {
		case is && hasKeys(e, "name", "image"):
			f.definitions++
			problems = append(problems, strictly(e, &types.ContainerDefinition{}))
		case is && hasKeys(e, "logDriver"):
			f.logs++
			problems = append(problems, strictly(e, &types.LogConfiguration{}))
		}
		return nil
	})
	return errors.Join(problems...)
}

// strictly reads what is written into a type of ECS's.
func strictly(e *hclsyntax.ObjectConsExpr, into any) error {
	text, err := json.Marshal(literal(e))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w in\n%s", err, text)
	}
	return nil
}

// jsonencode takes any names, and AWS's provider drops those that ECS does not
// know. So the definitions that people copy from the examples and pages are
// read strictly.
func TestExamplesAreECSs(t *testing.T) {
	t.Parallel()
	var f found
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, configuration := range configurations(file, string(text)) {
			if err := f.misread(configuration); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if f.definitions < 10 || f.logs < 3 {
		t.Errorf("only %d container definitions and %d log configurations were found", f.definitions, f.logs)
	}
}

func TestMisread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a = jsonencode([{ name = "a", image = var.a, portMappings = [{ containerPort = 443 }], mountPoints = [local.a], essential = !var.b }])`: "",
		`a = [{ name = "a", image = "b", portMapping = [] }]`:                             `unknown field "portMapping"`,
		`a = { name = "a", image = "b", healthCheck = { command = ["CMD"], delay = 1 } }`: `unknown field "delay"`,
		`a = { name = "${var.a}", image = "b", essential = "true" }`:                      "cannot unmarshal string",
		`a { b = { logDriver = "awslogs", option = {} } }`:                                `unknown field "option"`,
		`a = {`: "Missing expression",
	} {
		err := new(found).misread(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
