// Package iamtest evaluates the policies that the product writes, as IAM would,
// so that tests can tell what a role may do. It knows what those policies use;
// anything else is an error and never a permission.
package iamtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// Request is what somebody asks AWS for.
type Request struct {
	// Action is such as "sqs:SendMessage", Resource an ARN.
	Action, Resource string
	// Context has the values of condition keys. A key without values is
	// absent.
	Context map[string][]string
}

// Allows tells whether the policy of an identity allows a request: a statement
// must allow it, and none deny it. An error is about the policy.
func Allows(policy iampolicy.Document, r Request) (bool, error) {
	allowed, denied := false, false
	for n, s := range policy.Statement {
		applies, err := matches(s, r)
		if err != nil {
			return false, fmt.Errorf("statement %d (%s): %w", n, s.Sid, err)
		}
		allowed = allowed || applies && s.Effect == iampolicy.Allow
		denied = denied || applies && s.Effect == iampolicy.Deny
	}
	return allowed && !denied, nil
}

// matches tells whether a statement is about a request. All of it is read, so
// that no error stays hidden.
func matches(s iampolicy.Statement, r Request) (bool, error) {
	switch {
	case s.Effect != iampolicy.Allow && s.Effect != iampolicy.Deny:
		return false, fmt.Errorf("the effect is %q", s.Effect)
	case len(s.Principal) > 0:
		return false, fmt.Errorf("a principal has no place in the policy of an identity")
	case len(s.Action) == 0:
		return false, fmt.Errorf("there is no action")
	case (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return false, fmt.Errorf("there must be either resources or others than which")
	}
	if i := slices.IndexFunc(slices.Concat(s.Resource, s.NotResource), hasVariable); i >= 0 {
		return false, fmt.Errorf("policy variables are not known here")
	}
	applies := slices.ContainsFunc(s.Action, func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(r.Action)) })
	if s.Resource != nil {
		applies = applies && slices.ContainsFunc(s.Resource, func(pattern string) bool { return likeARN(pattern, r.Resource) })
	} else {
		applies = applies && !slices.ContainsFunc(s.NotResource, func(pattern string) bool { return likeARN(pattern, r.Resource) })
	}
	holds, err := holds(s.Condition, r.Context)
	return applies && holds, err
}

func hasVariable(text string) bool { return strings.Contains(text, "${") }

// like tells whether a text fits a pattern, in which "*" is any number of
// characters and "?" is one. Both may be dots and slashes.
func like(pattern, text string) bool {
	star, retry := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// likeARN is like for ARNs: a wildcard does not reach beyond the colons of an
// ARN's six fields. A lone "*" is everything.
func likeARN(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	a, b := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	return len(a) == 6 && len(b) == 6 && slices.EqualFunc(a, b, like)
}
