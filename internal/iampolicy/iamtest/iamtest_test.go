package iamtest_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
)

const queue = "arn:aws:sqs:eu-west-2:111122223333:web"

func allow(c iampolicy.Condition) iampolicy.Statement {
	return iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"sqs:SendMessage"}, Resource: []string{queue}, Condition: c}
}

func send(values ...string) iamtest.Request {
	return iamtest.Request{Action: "sqs:SendMessage", Resource: queue, Context: map[string][]string{"k": values}}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	is := func(operator string, values ...string) iampolicy.Condition {
		return iampolicy.Condition{operator: {"k": values}}
	}
	both := iampolicy.Condition{"ForAllValues:StringEquals": {"k": {"a", "b"}}, "Null": {"k": {"false"}}}
	for _, c := range []struct {
		name      string
		condition iampolicy.Condition
		values    []string
		want      bool
	}{
		{"no condition", nil, nil, true},
		{"equal", is("StringEquals", "a", "b"), []string{"b"}, true},
		{"not equal", is("StringEquals", "a", "b"), []string{"B"}, false},
		{"equal, absent", is("StringEquals", "a"), nil, false},
		{"no wildcard in StringEquals", is("StringEquals", "*"), []string{"a"}, false},
		{"other case", is("StringEqualsIgnoreCase", "a"), []string{"A"}, true},
		{"not equals", is("StringNotEquals", "a", "b"), []string{"b"}, false},
		{"not equals, another", is("StringNotEquals", "a", "b"), []string{"c"}, true},
		{"not equals, absent", is("StringNotEquals", "a"), nil, true},
		{"if it exists, absent", is("StringEqualsIfExists", "a"), nil, true},
		{"if it exists, other", is("StringEqualsIfExists", "a"), []string{"b"}, false},

		{"like", is("StringLike", "?-*.test"), []string{"a-.test"}, true},
		{"like, too long", is("StringLike", "?.test"), []string{"ab.test"}, false},
		{"like, too short", is("StringLike", "??.test"), []string{"a.test"}, false},
		{"like, a dot is a character", is("StringLike", "a?b"), []string{"a.b"}, true},
		{"like, star takes several tries", is("StringLike", "*ab?"), []string{"abab-abc"}, true},
		{"like, star at the end", is("StringLike", "a*"), []string{"a"}, true},
		{"like, not all of the text", is("StringLike", "a"), []string{"ab"}, false},
		{"not like", is("StringNotLike", "a*"), []string{"ab"}, false},

		{"all values", is("ForAllValues:StringEquals", "a", "b"), []string{"a", "b"}, true},
		{"all values, one wrong", is("ForAllValues:StringEquals", "a", "b"), []string{"a", "c"}, false},
		{"all values, absent key", is("ForAllValues:StringEquals", "a"), nil, true},
		{"all values, and it must be there", both, []string{"a", "b"}, true},
		{"all values, and it must be there, but is absent", both, nil, false},
		{"all values, none may be like", is("ForAllValues:StringNotLike", "a*", "b*"), []string{"c", "bb"}, false},
		{"any value", is("ForAnyValue:StringLike", "a*"), []string{"b", "ab"}, true},
		{"any value, none", is("ForAnyValue:StringLike", "a*"), []string{"b", "c"}, false},
		{"any value, absent", is("ForAnyValue:StringLike", "*"), nil, false},

		{"null", is("Null", "true"), nil, true},
		{"null, but present", is("Null", "true"), []string{"a"}, false},
		{"not null", is("Null", "false"), []string{"a"}, true},
		{"not null, but absent", is("Null", "false"), nil, false},

		{"bool", is("Bool", "false"), []string{"False"}, true},
		{"bool, other", is("Bool", "false"), []string{"true"}, false},
		{"ARN", is("ArnEquals", queue), []string{queue}, true},
		{"ARN with a star", is("ArnLike", "arn:aws:sqs:*:111122223333:w*"), []string{queue}, true},
		{"ARN, a star stays within its field", is("ArnLike", "arn:aws:sqs:*:web"), []string{queue}, false},
		{"ARN, others", is("ArnNotLike", "arn:aws:sqs:*:*:web"), []string{queue}, false},
		{"no ARN", is("ArnLike", "*:*:*:*:*:*"), []string{"web"}, false},

		{"all keys and operators", iampolicy.Condition{"StringLike": {"k": {"a*"}}, "StringEquals": {"K": {"ab"}}}, []string{"ab"}, true},
		{"one operator of two", iampolicy.Condition{"StringLike": {"k": {"a*"}}, "StringEquals": {"k": {"ac"}}}, []string{"ab"}, false},
		{"one key of two", iampolicy.Condition{"StringLike": {"k": {"a*"}, "other": {"*"}}}, []string{"ab"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := iamtest.Allows(iampolicy.New(allow(c.condition)), send(c.values...))
			if err != nil || got != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	statement := func(effect, action, resource string) iampolicy.Statement {
		return iampolicy.Statement{Effect: effect, Action: []string{"s3:GetObject", action}, Resource: []string{"arn:aws:s3:::b/*", resource}}
	}
	notHere := iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"sqs:*"}, NotResource: []string{"arn:aws:sqs:*:*:api"}}
	notThis := iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"sqs:*"}, NotResource: []string{"arn:aws:sqs:*:*:web"}}
	for name, c := range map[string]struct {
		statements []iampolicy.Statement
		want       bool
	}{
		"nothing":               {nil, false},
		"the action":            {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", queue)}, true},
		"in another case":       {[]iampolicy.Statement{statement(iampolicy.Allow, "SQS:sendmessage", queue)}, true},
		"an action's star":      {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:Send*", queue)}, true},
		"another action":        {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:ReceiveMessage", queue)}, false},
		"all resources":         {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", "*")}, true},
		"a resource's star":     {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", "arn:aws:sqs:eu-west-2:111122223333:*")}, true},
		"another resource":      {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", queue+"2")}, false},
		"deny wins, first":      {[]iampolicy.Statement{statement(iampolicy.Deny, "sqs:*", "*"), statement(iampolicy.Allow, "sqs:SendMessage", queue)}, false},
		"deny wins, last":       {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", queue), statement(iampolicy.Deny, "sqs:*", "*")}, false},
		"deny of another":       {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", queue), statement(iampolicy.Deny, "sqs:Receive*", "*")}, true},
		"all but another":       {[]iampolicy.Statement{notHere}, true},
		"all but this":          {[]iampolicy.Statement{notThis}, false},
		"two halves are no one": {[]iampolicy.Statement{statement(iampolicy.Allow, "sqs:SendMessage", queue+"2"), statement(iampolicy.Allow, "sqs:ReceiveMessage", queue)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := iamtest.Allows(iampolicy.New(c.statements...), send())
			if err != nil || got != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

// What is not known is an error, wherever it stands, and allows nothing.
func TestUnknown(t *testing.T) {
	t.Parallel()
	with := func(operator string, values ...string) iampolicy.Statement {
		s := allow(iampolicy.Condition{operator: {"k": values}})
		s.Action = []string{"sqs:ReceiveMessage"} // not even asked for
		return s
	}
	principal := allow(nil)
	principal.Principal = map[string][]string{"AWS": {"*"}}
	variable := allow(nil)
	variable.Resource = []string{"arn:aws:sqs:eu-west-2:111122223333:${aws:username}"}
	effect := allow(nil)
	effect.Effect = "allow"
	for want, s := range map[string]iampolicy.Statement{
		`"NumericLessThan" is not known`:          with("NumericLessThan", "1"),
		`"ForSomeValues:StringLike" is not known`: with("ForSomeValues:StringLike", "a"),
		`"ForAllValues:Null" is not known`:        with("ForAllValues:Null", "false"),
		`"NullIfExists" is not known`:             with("NullIfExists", "false"),
		`"stringlike" is not known`:               with("stringlike", "a"),
		"neither true nor false":                  with("Null", "no"),
		"no value to compare with":                with("StringLike"),
		"variables are not known here":            with("StringLike", "${aws:username}"),
		"takes ForAllValues or ForAnyValue":       with("StringLike", "*"),
		"a principal has no place":                principal,
		"policy variables are not known":          variable,
		`the effect is "allow"`:                   effect,
		"there is no action":                      {Effect: iampolicy.Allow, Resource: []string{"*"}},
		"either resources or others":              {Effect: iampolicy.Allow, Action: []string{"*"}},
	} {
		got, err := iamtest.Allows(iampolicy.New(allow(nil), s), send("a", "b"))
		if got || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want an error with %q", got, err, want)
		}
	}
}

func TestChangeRecords(t *testing.T) {
	t.Parallel()
	change := func(action types.ChangeAction, name string, kind types.RRType) types.Change {
		return types.Change{Action: action, ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String(name), Type: kind}}
	}
	got := iamtest.ChangeRecords(&route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String("/hostedzone/Z1"),
		ChangeBatch: &types.ChangeBatch{Changes: []types.Change{
			change(types.ChangeActionDelete, "*.Example.COM.", types.RRTypeA),
			change(types.ChangeActionCreate, `\052.example.com`, types.RRTypeA),
			change(types.ChangeActionCreate, "_x.example.com", types.RRTypeTxt),
			change(types.ChangeActionCreate, `a\100b.example.com.`, types.RRTypeTxt),
		}},
	})
	want := map[string][]string{
		"route53:ChangeResourceRecordSetsNormalizedRecordNames": {`\052.example.com`, "_x.example.com", `a\100b.example.com`},
		"route53:ChangeResourceRecordSetsRecordTypes":           {"A", "TXT"},
		"route53:ChangeResourceRecordSetsActions":               {"CREATE", "DELETE"},
	}
	if got.Action != "route53:ChangeResourceRecordSets" || got.Resource != "arn:aws:route53:::hostedzone/Z1" || !maps.EqualFunc(got.Context, want, slices.Equal) {
		t.Errorf("got %+v", got)
	}
	none := iamtest.ChangeRecords(&route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String("Z1")})
	for key, values := range none.Context {
		if len(values) > 0 {
			t.Errorf("of no batch, %s is %q", key, values)
		}
	}
}

// recorder is a test that is told what fails.
type recorder struct {
	testing.TB
	said int
}

func (*recorder) Helper()                 {}
func (r *recorder) Errorf(string, ...any) { r.said++ }

func TestGuard(t *testing.T) {
	t.Parallel()
	policy := iampolicy.New(iampolicy.Statement{
		Effect: iampolicy.Allow, Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{"arn:aws:route53:::hostedzone/Z1"},
	})
	broken := iampolicy.New(iampolicy.Statement{Effect: "?"})
	for _, c := range []struct {
		policy iampolicy.Document
		zone   string
		want   int
	}{{policy, "Z1", 0}, {policy, "Z2", 1}, {broken, "Z1", 1}} {
		r := &recorder{}
		iamtest.Guard(r, c.policy)(&route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(c.zone)})
		if r.said != c.want {
			t.Errorf("zone %s: %d complaints, want %d", c.zone, r.said, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	policy := iamtest.Load(t, "../../taskdnsstack/testdata/role.json")
	if len(policy.Statement) == 0 || policy.Version == "" {
		t.Errorf("the policy is %+v", policy)
	}
}
