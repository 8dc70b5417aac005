package zonestack

import (
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// CallerPolicy is all that the caller of Terraform needs to create, read,
// update, import and delete the resource.
func (s Spec) CallerPolicy() iampolicy.Document { return callerpolicy.Document(s.CallerGrants()) }

// CallerGrants are what CallerPolicy consists of. Before the zone exists its
// ARN is not known: then the grants are for any zone, but what they let anybody
// write is limited to the records of this one.
func (s Spec) CallerGrants() []callerpolicy.Grant {
	zone, parent := s.Scope.HostedZoneARN("*"), s.Scope.HostedZoneARN(s.ParentZoneID)
	if s.ZoneID != "" {
		zone = s.ARN()
	}
	return []callerpolicy.Grant{
		{Sid: "NewZone", Create: []string{"route53:CreateHostedZone", "route53:ListHostedZonesByName"}, Resources: []string{"*"}},
		{
			Sid: "Zone",
			Create: []string{
				"route53:ChangeTagsForResource", "route53:GetHostedZone", "route53:ListResourceRecordSets",
				"route53:ListTagsForResource", "route53:UpdateHostedZoneComment",
			},
			Other: []string{"route53:DeleteHostedZone"}, Resources: []string{zone},
		},
		{
			Sid: "ZoneSOA", Create: []string{"route53:ChangeResourceRecordSets"}, Resources: []string{zone},
			Condition: s.only("SOA", "UPSERT"),
		},
		{Sid: "Parent", Create: []string{"route53:GetHostedZone", "route53:ListResourceRecordSets"}, Resources: []string{parent}},
		{
			Sid: "Delegation", Create: []string{"route53:ChangeResourceRecordSets"}, Resources: []string{parent},
			Condition: s.only("NS", "CREATE", "DELETE"),
		},
		{Sid: "Changes", Create: []string{"route53:GetChange"}, Resources: []string{s.Scope.ChangeARN("*")}},
	}
}

// only limits changes to one type of record at the zone's name, and to some
// actions. "ForAllValues" is also true of a request without the key, hence
// "Null".
func (s Spec) only(kind string, actions ...string) iampolicy.Condition {
	const prefix = "route53:ChangeResourceRecordSets"
	return iampolicy.Condition{
		"ForAllValues:StringEquals": {
			prefix + "NormalizedRecordNames": {s.Scope.Name}, prefix + "RecordTypes": {kind}, prefix + "Actions": actions,
		},
		"Null": {prefix + "NormalizedRecordNames": {"false"}, prefix + "RecordTypes": {"false"}, prefix + "Actions": {"false"}},
	}
}
