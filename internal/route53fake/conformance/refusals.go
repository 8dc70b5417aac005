package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// refusal is a batch that is refused. In the zone are, beside others, "have"
// with two addresses, "alias" as a CNAME record, "*", and "split" with two
// weighted sets.
type refusal struct {
	name          string
	changes       []types.Change
	code, message string
}

const (
	batch = "InvalidChangeBatch"
	input = "InvalidInput"
	label = "m234567890123456789012345678901234567890123456789012345678901234" // 64 characters
)

var refusals = []refusal{
	{
		"create of what exists",
		[]types.Change{change(create, a("have", "192.0.2.9"))},
		batch, "[Tried to create resource record set [name='have.conformance.test.', type='A'] but it already exists]",
	},
	{
		"create of a wildcard that exists",
		[]types.Change{change(create, a(`\052`, "192.0.2.9"))},
		batch, `[Tried to create resource record set [name='\052.conformance.test.', type='A'] but it already exists]`,
	},
	{
		"create of a weighted set that exists",
		[]types.Change{change(create, weighted("split", "one", "192.0.2.9"))},
		batch, "[Tried to create resource record set [name='split.conformance.test.', type='A', set-identifier='one'] but it already exists]",
	},
	{
		"create of a plain set beside weighted ones",
		[]types.Change{change(create, a("split", "192.0.2.9"))},
		batch, "[RRSet with DNS name split.conformance.test., type A cannot be created as other RRSets exist with the same name and type.]",
	},
	{
		"create of a set with an identifier beside a plain one",
		[]types.Change{change(create, weighted("have", "x", "192.0.2.9"))},
		batch, "[RRSet with DNS name have.conformance.test., type A, SetIdentifier x cannot be created because a non multivalue answer rrset exists with the same name and type.]",
	},
	{
		"delete of nothing",
		[]types.Change{change(remove, a("none", "192.0.2.1"))},
		batch, "[Tried to delete resource record set [name='none.conformance.test.', type='A'] but it was not found]",
	},
	{
		"delete of another type",
		[]types.Change{change(remove, set("have", types.RRTypeAaaa, "2001:db8::1"))},
		batch, "[Tried to delete resource record set [name='have.conformance.test.', type='AAAA'] but it was not found]",
	},
	{
		"delete of one of two values",
		[]types.Change{change(remove, a("have", "192.0.2.1"))},
		batch, "[Tried to delete resource record set [name='have.conformance.test.', type='A'] but the values provided do not match the current values]",
	},
	{
		"delete with another TTL",
		[]types.Change{change(remove, ttl(a("have", "192.0.2.1", "192.0.2.2"), 61))},
		batch, "[Tried to delete resource record set [name='have.conformance.test.', type='A'] but the values provided do not match the current values]",
	},
	{
		"delete of a weighted set as a plain one",
		[]types.Change{change(remove, a("split", "192.0.2.1"))},
		batch, "[Tried to delete resource record set [name='split.conformance.test.', type='A'] but it was not found]",
	},
	{
		"each of two faults is told",
		[]types.Change{change(remove, a("none", "192.0.2.1")), change(create, a("have", "192.0.2.9"))},
		batch, "[Tried to delete resource record set [name='none.conformance.test.', type='A'] but it was not found, " +
			"Tried to create resource record set [name='have.conformance.test.', type='A'] but it already exists]",
	},
	{
		"one set replaced twice",
		[]types.Change{change(upsert, a("new", "192.0.2.1")), change(upsert, a("NEW", "192.0.2.2"))},
		batch, "[The request contains an invalid set of changes for a resource record set 'A new.conformance.test.']",
	},
	{
		"one set deleted twice",
		[]types.Change{change(remove, a("*", "192.0.2.3")), change(remove, a("*", "192.0.2.3"))},
		batch, `[The request contains an invalid set of changes for a resource record set 'A \052.conformance.test.', ` +
			`Tried to delete resource record set [name='\052.conformance.test.', type='A'] but it was not found]`,
	},
	{
		"create before delete",
		[]types.Change{change(create, a("have", "192.0.2.9")), change(remove, a("have", "192.0.2.1", "192.0.2.2"))},
		batch, "[The request contains an invalid set of changes for a resource record set 'A have.conformance.test.', " +
			"Tried to create resource record set [name='have.conformance.test.', type='A'] but it already exists]",
	},
	{
		"outside the zone",
		[]types.Change{change(create, a("xconformance.test.", "192.0.2.1"))},
		batch, "[RRSet with DNS name xconformance.test. is not permitted in zone conformance.test.]",
	},
	{
		"invalid IPv4 address",
		[]types.Change{change(create, a("new", "192.0.2.256"))},
		batch, "[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '192.0.2.256'']",
	},
	{
		"invalid IPv6 address",
		[]types.Change{change(create, set("new", types.RRTypeAaaa, "192.0.2.1"))},
		batch, "[Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '192.0.2.1'']",
	},
	{
		"IPv6 address with a zone",
		[]types.Change{change(create, set("new", types.RRTypeAaaa, "fe80::1%eth0"))},
		batch, "[Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with 'fe80::1%eth0'']",
	},
	{
		"text without quotes",
		[]types.Change{change(create, set("new", types.RRTypeTxt, "plain"))},
		batch, "[Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'plain'']",
	},
	{
		"text too long",
		[]types.Change{change(create, set("new", types.RRTypeTxt, `"`+strings.Repeat("x", 256)+`"`))},
		batch, `[Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) encountered with '"` + strings.Repeat("x", 256) + `"'']`,
	},
	{
		"one value twice",
		[]types.Change{change(create, a("new", "192.0.2.1", "192.0.2.1"))},
		batch, "[Duplicate Resource Record: '192.0.2.1']",
	},
	{
		"alias beside a record",
		[]types.Change{change(create, set("have", types.RRTypeCname, "x.test"))},
		batch, "[RRSet of type CNAME with DNS name have.conformance.test. is not permitted as it conflicts with other records with the same DNS name in zone conformance.test.]",
	},
	{
		"record beside an alias",
		[]types.Change{change(create, a("alias", "192.0.2.1"))},
		batch, "[RRSet of type A with DNS name alias.conformance.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone conformance.test.]",
	},
	{
		"record beside an alias of the same batch",
		[]types.Change{change(create, set("both", types.RRTypeCname, "x.test")), change(create, a("both", "192.0.2.1"))},
		batch, "[RRSet of type A with DNS name both.conformance.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone conformance.test.]",
	},
	{
		"alias at the apex",
		[]types.Change{change(create, set("", types.RRTypeCname, "x.test"))},
		batch, "[RRSet of type CNAME with DNS name conformance.test. is not permitted at apex in zone conformance.test.]",
	},
	{
		"label too long",
		[]types.Change{change(create, a(label, "192.0.2.1"))},
		batch, "[FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '" + label + "']",
	},
	{
		"empty label",
		[]types.Change{change(create, a("a..b", "192.0.2.1"))},
		batch, "[FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b.conformance.test']",
	},
	{
		"neither records nor an alias",
		[]types.Change{change(create, a("new"))},
		input, "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], " +
			"but found none in Change with [Action=CREATE, Name=new.conformance.test., Type=A, SetIdentifier=null]",
	},
	{
		"records and an alias",
		[]types.Change{change(create, &types.ResourceRecordSet{
			Name: aws.String("new." + domain), Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
			AliasTarget: &types.AliasTarget{DNSName: aws.String("have." + domain), HostedZoneId: aws.String("Z1")},
		})},
		input, "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], " +
			"but found more than one in Change with [Action=CREATE, Name=new.conformance.test., Type=A, SetIdentifier=null]",
	},
	{
		"negative TTL",
		[]types.Change{change(create, ttl(a("new", "192.0.2.1"), -1))},
		input, "Invalid XML ; cvc-minInclusive-valid: Value '-1' is not facet-valid with respect to minInclusive '0' for type 'TTL'.",
	},
	{
		"TTL too long",
		[]types.Change{change(create, ttl(a("new", "192.0.2.1"), 1<<31))},
		input, "Invalid XML ; cvc-maxInclusive-valid: Value '2147483648' is not facet-valid with respect to maxInclusive '2147483647' for type 'TTL'.",
	},
	{
		"no such action",
		[]types.Change{change("REPLACE", a("new", "192.0.2.1"))},
		input, "Invalid XML ; cvc-enumeration-valid: Value 'REPLACE' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.",
	},
	{"too many records", many(0, 1001, create, types.RRTypeTxt, `"x"`), batch, "[Number of records limit of 1000 exceeded.]"},
	{"too many records, for each of UPSERT is two", many(0, 501, upsert, types.RRTypeTxt, `"x"`), batch, "[Number of records limit of 1000 exceeded.]"},
	{"too many characters", many(0, 267, create, types.RRTypeTxt, `"`+strings.Repeat("x", 118)+`"`), batch, "[RDATA character limit of 32000 exceeded.]"},
	{"too many characters, for each of UPSERT is two", many(0, 134, upsert, types.RRTypeTxt, `"`+strings.Repeat("x", 118)+`"`), batch, "[RDATA character limit of 32000 exceeded.]"},
}

// refuses tells of each refused batch that nothing of it was applied, not even
// what was right.
func refuses(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	must(
		t, api, zone,
		change(create, a("have", "192.0.2.1", "192.0.2.2")), change(create, a("*", "192.0.2.3")), change(create, set("alias", types.RRTypeCname, "x.test")),
		change(create, weighted("split", "one", "192.0.2.1")), change(create, weighted("split", "two", "192.0.2.2")),
	)
	before := all(t, api, zone)
	right := change(create, a("right", "192.0.2.1"))
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			_, err := submit(t, api, zone, "alone", r.changes...)
			wantError(t, err, r.code, r.message)
			if len(r.changes) < 100 {
				_, err = submit(t, api, zone, "beside what is right", append(slices.Clone(r.changes), right)...)
				wantError(t, err, r.code, r.message)
			}
			if after := all(t, api, zone); !slices.Equal(after, before) {
				t.Errorf("the zone is\n%q\nit was\n%q", after, before)
			}
		})
	}
	refusesForms(t, api, zone, right)
}

// refusesForms goes through what is wrong with the request itself.
func refusesForms(t *testing.T, api API, zone string, right types.Change) {
	t.Helper()
	_, err := submit(t, api, zone, "nothing")
	wantError(t, err, input, "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete. "+
		`One of '{"https://route53.amazonaws.com/doc/2013-04-01/":Change}' is expected.`)
	long := strings.Repeat("x", 257)
	_, err = submit(t, api, zone, long, right)
	wantError(t, err, input, "Invalid XML ; cvc-maxLength-valid: Value '"+long+"' with length = '257' is not facet-valid with respect to maxLength '256' for type 'ResourceDescription'.")
	_, err = submit(t, api, "Z000000000000000000", "no such zone", right)
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: Z000000000000000000")
}
