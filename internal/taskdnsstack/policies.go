package taskdnsstack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

const (
	// maxPattern is how many characters an event pattern may have
	// (EventBridge quotas).
	maxPattern = 2048
	// MaxRules is how many rules one resource may use. EventBridge has 300 on
	// a bus by default, and the user has others.
	MaxRules = 20
	// MaxRolePolicy is how many characters the inline policies of a role may
	// have together (IAM quotas).
	MaxRolePolicy = 10240
	// MaxEnvironment is how many bytes a function's environment may have.
	MaxEnvironment = 4096
)

// taskLabels are the shapes of a task's id as a DNS label: 32 characters, or
// the 36 of a UUID in older ARNs. "?" stands for one character, so that no
// other name of the domain can be touched.
var taskLabels = []string{strings.Repeat("?", 32), strings.Repeat("?", 36)}

// RolePolicy is all that the function may do.
func (s Spec) RolePolicy() iampolicy.Document {
	const (
		recordNames = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
		recordTypes = "route53:ChangeResourceRecordSetsRecordTypes"
		actions     = "route53:ChangeResourceRecordSetsActions"
	)
	var shapes []string
	for _, label := range taskLabels {
		shapes = append(shapes, label+"."+s.Domain)
	}
	zone := []string{s.Scope.HostedZoneARN(s.HostedZoneID)}
	statements := []iampolicy.Statement{
		{
			Sid: "Receive", Effect: iampolicy.Allow,
			Action:   []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"},
			Resource: []string{s.QueueARN()},
		},
		{
			Sid: "Tasks", Effect: iampolicy.Allow, Action: []string{"ecs:DescribeTasks"},
			Resource:  []string{s.Scope.ARN("ecs", "task/*")},
			Condition: iampolicy.Condition{"ArnEquals": {"ecs:cluster": s.clusters()}},
		},
		// DescribeNetworkInterfaces knows no resources.
		{Sid: "Interfaces", Effect: iampolicy.Allow, Action: []string{"ec2:DescribeNetworkInterfaces"}, Resource: []string{"*"}},
		{Sid: "ReadRecords", Effect: iampolicy.Allow, Action: []string{"route53:ListResourceRecordSets"}, Resource: zone},
		{
			Sid: "WriteRecords", Effect: iampolicy.Allow, Action: []string{"route53:ChangeResourceRecordSets"}, Resource: zone,
			Condition: iampolicy.Condition{
				// "ForAllValues" is also true of a request without the key,
				// hence "Null".
				"ForAllValues:StringLike":   {recordNames: shapes},
				"ForAllValues:StringEquals": {recordTypes: {"A", "AAAA"}, actions: {"CREATE", "DELETE"}},
				"Null":                      {recordNames: {"false"}, recordTypes: {"false"}, actions: {"false"}},
			},
		},
		{
			Sid: "Log", Effect: iampolicy.Allow, Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resource: []string{s.Scope.ARN("logs", "log-group:"+s.LogGroup()+":*")},
		},
	}
	if s.KMSKeyARN != "" {
		statements = append(statements, iampolicy.Statement{Sid: "Key", Effect: iampolicy.Allow, Action: []string{"kms:Decrypt"}, Resource: []string{s.KMSKeyARN}})
	}
	return iampolicy.New(statements...)
}

// TrustPolicy lets Lambda run functions with the role.
func (s Spec) TrustPolicy() iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{
		Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"lambda.amazonaws.com"}},
		Action: []string{"sts:AssumeRole"},
	})
}

// QueuePolicy lets the rules, and nobody else but this account's own IAM,
// send to a queue, and refuses plain HTTP.
func (s Spec) QueuePolicy(queueARN string) iampolicy.Document {
	var rules []string
	for n := range s.patterns() {
		rules = append(rules, s.ruleARN(n))
	}
	return iampolicy.New(
		iampolicy.Statement{
			Sid: "Rules", Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"events.amazonaws.com"}},
			Action: []string{"sqs:SendMessage"}, Resource: []string{queueARN},
			Condition: iampolicy.Condition{
				"ArnEquals":    {"aws:SourceArn": rules},
				"StringEquals": {"aws:SourceAccount": {s.Scope.Account}},
			},
		},
		iampolicy.Statement{
			Sid: "TLSOnly", Effect: iampolicy.Deny, Principal: map[string][]string{"AWS": {"*"}},
			Action: []string{"sqs:*"}, Resource: []string{queueARN},
			Condition: iampolicy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	)
}

type eventPattern struct {
	Source     []string      `json:"source"`
	DetailType []string      `json:"detail-type"`
	Detail     patternDetail `json:"detail"`
}

type patternDetail struct {
	ClusterARN []string        `json:"clusterArn"`
	Or         []patternStatus `json:"$or"`
}

type patternStatus struct {
	LastStatus    []string `json:"lastStatus,omitempty"`
	DesiredStatus []string `json:"desiredStatus"`
}

// pattern selects the events that can change a record: a task began to run,
// or it is going away. The other six or so events of a task's life are noise.
func pattern(clusters []string) string {
	text, err := json.Marshal(eventPattern{
		Source:     []string{"aws.ecs"},
		DetailType: []string{"ECS Task State Change"},
		Detail: patternDetail{
			ClusterARN: clusters,
			Or: []patternStatus{
				{LastStatus: []string{"RUNNING"}, DesiredStatus: []string{"RUNNING"}},
				{DesiredStatus: []string{"STOPPED"}},
			},
		},
	})
	if err != nil {
		panic(fmt.Sprintf("marshalling a pattern of strings: %v", err)) // cannot happen
	}
	return string(text)
}

// patterns divides the clusters over as few patterns as take them.
func (s Spec) patterns() []string {
	var patterns []string
	var group []string
	for _, cluster := range s.clusters() {
		if len(pattern(append(slices.Clone(group), cluster))) > maxPattern {
			patterns = append(patterns, pattern(group))
			group = nil
		}
		group = append(group, cluster)
	}
	return append(patterns, pattern(group))
}

// CheckSizes tells what AWS would refuse for its size.
func (s Spec) CheckSizes() []string {
	var problems []string
	if n := len(s.patterns()); n > MaxRules {
		problems = append(problems, fmt.Sprintf("%d clusters need %d EventBridge rules, and one resource makes at most %d; divide the clusters over several fargatedirect_task_dns with a domain each", len(s.ClusterARNs), n, MaxRules))
	}
	if n := len(s.RolePolicy().JSON()); n > MaxRolePolicy {
		problems = append(problems, fmt.Sprintf("with %d clusters the function's role policy would have %d characters and IAM takes %d; divide the clusters over several fargatedirect_task_dns with a domain each", len(s.ClusterARNs), n, MaxRolePolicy))
	}
	size := 0
	for k, v := range s.Environment() {
		size += len(k) + len(v)
	}
	if size > MaxEnvironment {
		problems = append(problems, fmt.Sprintf("with %d clusters the function's environment would have %d bytes and Lambda takes %d; divide the clusters over several fargatedirect_task_dns with a domain each", len(s.ClusterARNs), size, MaxEnvironment))
	}
	return problems
}
