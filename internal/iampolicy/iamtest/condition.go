package iamtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// comparisons are IAM's operators for one value of the policy and one of the
// request.
var comparisons = map[string]func(policy, request string) bool{
	"StringEquals":           func(policy, request string) bool { return policy == request },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             like,
	"ArnEquals":              likeARN, // both take wildcards
	"ArnLike":                likeARN,
	"Bool":                   strings.EqualFold,
}

// negations are the operators that are true when the other is false.
var negations = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
}

// operator is a condition operator, taken apart.
type operator struct {
	// set is "ForAllValues", "ForAnyValue" or empty.
	set      string
	ifExists bool
	negated  bool
	// compare is nil for "Null".
	compare func(policy, request string) bool
}

func parseOperator(name string) (operator, error) {
	var o operator
	rest := name
	if before, after, found := strings.Cut(rest, ":"); found {
		o.set, rest = before, after
		if o.set != "ForAllValues" && o.set != "ForAnyValue" {
			return o, fmt.Errorf("operator %q is not known here", name)
		}
	}
	if name == "Null" {
		return o, nil
	}
	rest, o.ifExists = strings.CutSuffix(rest, "IfExists")
	if positive, ok := negations[rest]; ok {
		rest, o.negated = positive, true
	}
	if o.compare = comparisons[rest]; o.compare == nil {
		return o, fmt.Errorf("operator %q is not known here", name)
	}
	return o, nil
}

// holds tells whether all of a statement's conditions are true.
func holds(c iampolicy.Condition, context map[string][]string) (bool, error) {
	all := true
	for name, keys := range c {
		o, err := parseOperator(name)
		if err != nil {
			return false, err
		}
		for key, values := range keys {
			one, err := o.holds(values, lookup(context, key))
			if err != nil {
				return false, fmt.Errorf("condition %s of %s: %w", name, key, err)
			}
			all = all && one
		}
	}
	return all, nil
}

// holds tells whether the operator is true of a key that has these values in
// the policy and in the request.
func (o operator) holds(policy, request []string) (bool, error) {
	if len(policy) == 0 {
		return false, fmt.Errorf("there is no value to compare with")
	}
	if slices.ContainsFunc(policy, hasVariable) {
		return false, fmt.Errorf("policy variables are not known here")
	}
	if o.compare == nil {
		return isNull(policy, request)
	}
	if len(request) == 0 {
		// An absent key has no value that would be wrong, nor one that would
		// be right.
		return o.set == "ForAllValues" || o.ifExists || o.set == "" && o.negated, nil
	}
	right := func(value string) bool {
		found := slices.ContainsFunc(policy, func(p string) bool { return o.compare(p, value) })
		return found != o.negated
	}
	switch o.set {
	case "ForAllValues":
		return !slices.ContainsFunc(request, func(v string) bool { return !right(v) }), nil
	case "ForAnyValue":
		return slices.ContainsFunc(request, right), nil
	}
	if len(request) > 1 {
		return false, fmt.Errorf("the request has %d values, which takes ForAllValues or ForAnyValue", len(request))
	}
	return right(request[0]), nil
}

// isNull is the operator that tells whether a key is absent ("true") or
// present ("false").
func isNull(policy, request []string) (bool, error) {
	if len(policy) != 1 || policy[0] != "true" && policy[0] != "false" {
		return false, fmt.Errorf("%q is neither true nor false", policy)
	}
	return (len(request) == 0) == (policy[0] == "true"), nil
}

// lookup finds a key, whose case does not matter.
func lookup(context map[string][]string, key string) []string {
	for k, values := range context {
		if strings.EqualFold(k, key) {
			return values
		}
	}
	return nil
}
