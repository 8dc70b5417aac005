// Package iampolicy writes and compares IAM policy documents.
package iampolicy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Document is a policy. It has the same JSON whenever it has the same content.
type Document struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement is one statement of a policy. Action and Resource are lists even
// where they hold one element; AWS takes both forms.
type Statement struct {
	Sid       string              `json:"Sid,omitempty"`
	Effect    string              `json:"Effect"`
	Principal map[string][]string `json:"Principal,omitempty"`
	Action    []string            `json:"Action"`
	Resource  []string            `json:"Resource,omitempty"`
	// NotResource stands instead of Resource: all but these.
	NotResource []string  `json:"NotResource,omitempty"`
	Condition   Condition `json:"Condition,omitempty"`
}

// Condition maps an operator such as "ArnEquals" to keys and their values.
type Condition map[string]map[string][]string

// The effects of a statement.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// New makes a document of the current policy language version.
func New(statements ...Statement) Document {
	return Document{Version: "2012-10-17", Statement: statements}
}

// JSON is the document's text.
func (d Document) JSON() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("marshalling a policy of strings: %v", err)) // cannot happen: strings, slices and maps of strings only
	}
	return string(text)
}

// Equivalent tells whether two policy texts mean the same, as far as form
// goes: the order of keys and list elements, and a lone element with or without
// its list, make no difference. Text that is not JSON is equivalent to nothing.
func Equivalent(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(normal(x), normal(y))
}

// normal gives a JSON value a form that does not depend on how AWS chose to
// write it: a list of one is its element, longer lists are sorted.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = normal(v[k])
		}
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
		if len(v) == 1 {
			return v[0]
		}
		slices.SortFunc(v, func(a, b any) int { return slices.Compare(text(a), text(b)) })
	}
	return v
}

func text(v any) []byte {
	b, _ := json.Marshal(v) // came from JSON
	return b
}
