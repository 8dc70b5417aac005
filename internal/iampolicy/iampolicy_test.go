package iampolicy_test

import (
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

func document() iampolicy.Document {
	return iampolicy.New(
		iampolicy.Statement{
			Sid: "TLSOnly", Effect: iampolicy.Deny, Principal: map[string][]string{"AWS": {"*"}}, Action: []string{"s3:*"},
			NotResource: []string{"arn:aws:s3:::certs/public/*"},
			Condition:   iampolicy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
		},
		iampolicy.Statement{
			Effect: iampolicy.Allow, Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: []string{"arn:aws:s3:::certs/*"},
			Condition: iampolicy.Condition{
				"StringEquals": {"s3:prefix": {"b", "a"}, "aws:SourceAccount": {"123456789012"}},
				"ArnEquals":    {"aws:SourceArn": {"arn:aws:events:eu-west-2:123456789012:rule/r"}},
			},
		},
	)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	const want = `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"TLSOnly","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["s3:*"],"NotResource":["arn:aws:s3:::certs/public/*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}},` +
		`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::certs/*"],"Condition":{"ArnEquals":{"aws:SourceArn":["arn:aws:events:eu-west-2:123456789012:rule/r"]},"StringEquals":{"aws:SourceAccount":["123456789012"],"s3:prefix":["b","a"]}}}]}`
	// Maps have no order, so once is not enough.
	for range 20 {
		if got := document().JSON(); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestEquivalent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, a, b string
		want       bool
	}{
		{"the same text", `{"Action":"a"}`, `{"Action":"a"}`, true},
		{"white space", `{"Action":"a"}`, " {\n\"Action\" : \"a\" }\n", true},
		{"order of keys", `{"Action":"a","Effect":"Allow"}`, `{"Effect":"Allow","Action":"a"}`, true},
		{"a lone element without its list", `{"Action":["a"]}`, `{"Action":"a"}`, true},
		{"a lone statement without its list", `{"Statement":[{"Action":["a"]}]}`, `{"Statement":{"Action":"a"}}`, true},
		{"order of actions", `{"Action":["a","b"]}`, `{"Action":["b","a"]}`, true},
		{"order of statements", `{"Statement":[{"Sid":"1"},{"Sid":"2"}]}`, `{"Statement":[{"Sid":"2"},{"Sid":"1"}]}`, true},
		{"order within conditions", `{"Condition":{"S":{"k":["x","y"]}}}`, `{"Condition":{"S":{"k":["y","x"]}}}`, true},
		{"order of statements whose lists differ in order", `{"Statement":[{"Action":["b","a"]},{"Action":["c","d"]}]}`, `{"Statement":[{"Action":["d","c"]},{"Action":["a","b"]}]}`, true},
		{"the document as AWS writes it", document().JSON(), `{"Statement":[{"Action":["s3:PutObject","s3:GetObject"],"Condition":{"StringEquals":{"s3:prefix":["a","b"],"aws:SourceAccount":"123456789012"},"ArnEquals":{"aws:SourceArn":"arn:aws:events:eu-west-2:123456789012:rule/r"}},"Effect":"Allow","Resource":"arn:aws:s3:::certs/*"},{"Sid":"TLSOnly","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","NotResource":"arn:aws:s3:::certs/public/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}],"Version":"2012-10-17"}`, true},

		{"another action", `{"Action":"a"}`, `{"Action":"b"}`, false},
		{"one action more", `{"Action":["a"]}`, `{"Action":["a","b"]}`, false},
		{"one action less", `{"Action":["a","b"]}`, `{"Action":["a"]}`, false},
		{"the same action twice", `{"Action":["a","b"]}`, `{"Action":["a","a","b"]}`, false},
		{"an empty list is no wildcard", `{"Action":[]}`, `{"Action":""}`, false},
		{"another effect", `{"Statement":[{"Effect":"Deny"}]}`, `{"Statement":[{"Effect":"Allow"}]}`, false},
		{"one statement more", `{"Statement":[{"Sid":"1"}]}`, `{"Statement":[{"Sid":"1"},{"Sid":"2"}]}`, false},
		{"a condition gone", `{"Effect":"Allow","Condition":{"S":{"k":"x"}}}`, `{"Effect":"Allow"}`, false},
		{"actions for resources", `{"Action":"a","Resource":"b"}`, `{"Action":"b","Resource":"a"}`, false},
		{"lists swapped between statements", `{"Statement":[{"Sid":"1","Action":"a"},{"Sid":"2","Action":"b"}]}`, `{"Statement":[{"Sid":"1","Action":"b"},{"Sid":"2","Action":"a"}]}`, false},
		{"no JSON", `x`, `x`, false},
		{"nothing", ``, ``, false},
		{"nothing and a policy", ``, `{}`, false},
		{"two documents", `{} {}`, `{}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := iampolicy.Equivalent(tc.a, tc.b); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if got := iampolicy.Equivalent(tc.b, tc.a); got != tc.want {
				t.Errorf("the other way round: got %v, want %v", got, tc.want)
			}
		})
	}
}
