package taskdnsstack

import (
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// CallerPolicy is all that the caller of Terraform needs to create, read,
// update, import and delete the resource.
func (s Spec) CallerPolicy() iampolicy.Document { return callerpolicy.Document(s.CallerGrants()) }

// CallerGrants are what CallerPolicy consists of.
func (s Spec) CallerGrants() []callerpolicy.Grant {
	var rules []string
	for n := range s.patterns() {
		rules = append(rules, s.ruleARN(n))
	}
	grants := []callerpolicy.Grant{{
		Sid: "Queues",
		Create: []string{
			"sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags", "sqs:TagQueue", "sqs:UntagQueue",
		},
		Other:     []string{"sqs:DeleteQueue", "sqs:SetQueueAttributes"},
		Resources: []string{s.QueueARN(), s.DeadLetterQueueARN()},
	}}
	grants = append(grants, callerpolicy.LogGroup(s.Scope, s.LogGroup(), s.LogRetentionDays, s.KMSKeyARN)...)
	grants = append(grants, callerpolicy.Role(s.Scope, s.IAMPath, s.PermissionsBoundary)...)
	function := callerpolicy.Function(s.FunctionARN())
	function.Create = append(function.Create, "lambda:AddPermission", "lambda:GetPolicy", "lambda:InvokeFunction")
	function.Other = append(function.Other, "lambda:RemovePermission")
	grants = append(grants, function)
	grants = append(grants, s.mappingGrants()...)
	grants = append(grants, callerpolicy.Rules(append(rules, s.reconcileRuleARN())...))
	grants = append(grants, s.watchGrants()...)
	if s.Place.HostedZoneID != "" && s.Place.RoleARN == "" {
		// A zone that the caller may not read is left to the function.
		grants = append(grants, callerpolicy.Grant{
			Sid: "HostedZone", Other: []string{"route53:GetHostedZone"}, Resources: []string{s.Scope.HostedZoneARN(s.Place.HostedZoneID)},
		})
	}
	return append(grants, callerpolicy.Key(s.KMSKeyARN)...)
}

// watchGrants are for the alarms and the dashboard. Whether there is a
// dashboard is looked for at import.
func (s Spec) watchGrants() []callerpolicy.Grant {
	var alarms []string
	for _, end := range alarmNames {
		alarms = append(alarms, s.alarmARN(end))
	}
	dashboard := callerpolicy.Grant{Sid: "Dashboard", Other: []string{"cloudwatch:GetDashboard"}, Resources: []string{s.dashboardARN()}}
	if s.Dashboard {
		dashboard.Create = []string{"cloudwatch:GetDashboard", "cloudwatch:PutDashboard"}
		dashboard.Other = []string{"cloudwatch:DeleteDashboards"}
	}
	return append(callerpolicy.Alarms(s.Scope, alarms...), dashboard)
}

// mappingGrants are for the mapping from the queue to the function. Its id is
// Lambda's choice, so it is the condition that limits it to our function; the
// calls for tags know no such condition.
func (s Spec) mappingGrants() []callerpolicy.Grant {
	mappings := []string{s.Scope.ARN("lambda", "event-source-mapping:*")}
	ours := iampolicy.Condition{"ArnEquals": {"lambda:FunctionArn": {s.FunctionARN()}}}
	// A mapping that is gone has no function.
	oursOrGone := iampolicy.Condition{"ArnEqualsIfExists": {"lambda:FunctionArn": {s.FunctionARN()}}}
	return []callerpolicy.Grant{
		{Sid: "ListMappings", Create: []string{"lambda:ListEventSourceMappings"}, Resources: []string{"*"}},
		{Sid: "CreateMapping", Create: []string{"lambda:CreateEventSourceMapping"}, Resources: []string{"*"}, Condition: ours},
		{
			Sid: "Mapping", Create: []string{"lambda:GetEventSourceMapping"},
			Other: []string{"lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"}, Resources: mappings, Condition: oursOrGone,
		},
		{Sid: "MappingTags", Create: []string{"lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"}, Resources: mappings},
	}
}
