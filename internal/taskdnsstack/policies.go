package taskdnsstack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
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

// RolePolicy is all that the function may do.
func (s Spec) RolePolicy() iampolicy.Document {
	statements := []iampolicy.Statement{
		{
			Sid: "Receive", Effect: iampolicy.Allow,
			Action:   []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"},
			Resource: []string{s.QueueARN()},
		},
		// What is to be looked at again goes to the queue, and what can never
		// succeed to the dead-letter queue.
		{Sid: "Send", Effect: iampolicy.Allow, Action: []string{"sqs:SendMessage"}, Resource: []string{s.QueueARN(), s.DeadLetterQueueARN()}},
		// ListTasks knows no tasks as resources. What limits both is the cluster,
		// which is spelled out once because there may be many.
		{
			Sid: "Tasks", Effect: iampolicy.Allow, Action: []string{"ecs:DescribeTasks", "ecs:ListTasks"}, Resource: []string{"*"},
			Condition: iampolicy.Condition{"ArnEquals": {"ecs:cluster": s.clusters()}},
		},
		// DescribeNetworkInterfaces knows no resources.
		{Sid: "Interfaces", Effect: iampolicy.Allow, Action: []string{"ec2:DescribeNetworkInterfaces"}, Resource: []string{"*"}},
		{Sid: "Events", Effect: iampolicy.Allow, Action: []string{"events:PutEvents"}, Resource: []string{s.eventBusARN()}},
	}
	statements = append(statements, s.zoneStatements()...)
	statements = append(statements, iampolicy.Statement{
		Sid: "Log", Effect: iampolicy.Allow, Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: []string{s.Scope.ARN("logs", "log-group:"+s.LogGroup()+":*")},
	})
	if s.KMSKeyARN != "" {
		statements = append(statements, iampolicy.Statement{
			Sid: "Key", Effect: iampolicy.Allow, Action: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resource: []string{s.KMSKeyARN},
		})
	}
	return iampolicy.New(statements...)
}

// zoneStatements let the function write where the names are, and during a
// move also where they were. For a zone in another account they let it assume
// the role that may.
func (s Spec) zoneStatements() []iampolicy.Statement {
	var statements []iampolicy.Statement
	var roles, zones []string
	for i, p := range append([]taskdns.Place{s.place()}, s.Retired...) {
		if p.RoleARN != "" {
			roles = append(roles, p.RoleARN)
			continue
		}
		suffix := ""
		if i > 0 {
			suffix = fmt.Sprintf("Retired%d", i)
		}
		zone := s.Scope.HostedZoneARN(p.HostedZoneID)
		zones = append(zones, zone)
		records := recordStatement("WriteRecords"+suffix, zone, []string{"A", "AAAA"}, recordNames(p))
		// "?" and "*" stand for dots too, so names of two labels are excepted.
		records.Condition["ForAllValues:StringNotLike"] = map[string][]string{recordNamesKey: {"*.*." + p.Domain}}
		statements = append(statements, records,
			recordStatement("WriteClaim"+suffix, zone, []string{"TXT"}, []string{taskdns.ClaimName(p.Domain)}))
	}
	if len(zones) > 0 {
		slices.Sort(zones)
		statements = append(statements,
			iampolicy.Statement{Sid: "ReadRecords", Effect: iampolicy.Allow, Action: []string{"route53:ListResourceRecordSets"}, Resource: slices.Compact(zones)},
			iampolicy.Statement{Sid: "Changes", Effect: iampolicy.Allow, Action: []string{"route53:GetChange"}, Resource: []string{s.Scope.ChangeARN("*")}})
	}
	if len(roles) > 0 {
		slices.Sort(roles)
		statements = append(statements, iampolicy.Statement{Sid: "ZoneRole", Effect: iampolicy.Allow, Action: []string{"sts:AssumeRole"}, Resource: slices.Compact(roles)})
	}
	return statements
}

// recordNames are the shapes of the tasks' names at a place. "?" stands for
// one character of an id, so that no other name of the domain can be touched.
func recordNames(p taskdns.Place) []string {
	var names []string
	for _, label := range Template(p).Shapes() {
		names = append(names, label+"."+p.Domain)
	}
	return names
}

// recordNamesKey is the condition key of the names in a batch, in lower case
// and without a dot at the end.
const recordNamesKey = "route53:ChangeResourceRecordSetsNormalizedRecordNames"

// recordStatement lets the function create and delete records of some types
// and names in a zone.
func recordStatement(sid, zone string, kinds, names []string) iampolicy.Statement {
	const (
		recordTypes = "route53:ChangeResourceRecordSetsRecordTypes"
		actions     = "route53:ChangeResourceRecordSetsActions"
	)
	return iampolicy.Statement{
		Sid: sid, Effect: iampolicy.Allow, Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{zone},
		Condition: iampolicy.Condition{
			// "ForAllValues" is also true of a request without the key, hence
			// "Null".
			"ForAllValues:StringLike":   {recordNamesKey: names},
			"ForAllValues:StringEquals": {recordTypes: kinds, actions: {"CREATE", "DELETE"}},
			"Null":                      {recordNamesKey: {"false"}, recordTypes: {"false"}, actions: {"false"}},
		},
	}
}

// eventBusARN is the bus that is told of names.
func (s Spec) eventBusARN() string {
	return cmp.Or(s.EventBusARN, s.Scope.ARN("events", "event-bus/default"))
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
// or it is going away. The other six or so events of a task's life are noise,
// but for those of a task that is about to run if it is to have its name by
// then.
func pattern(publishOn string, clusters []string) string {
	statuses := []patternStatus{
		{LastStatus: []string{"RUNNING"}, DesiredStatus: []string{"RUNNING"}},
		{DesiredStatus: []string{"STOPPED"}},
	}
	if publishOn == taskdns.PublishAttached {
		statuses[0].LastStatus = []string{"PENDING", "ACTIVATING", "RUNNING"}
	}
	text, err := json.Marshal(eventPattern{
		Source:     []string{"aws.ecs"},
		DetailType: []string{"ECS Task State Change"},
		Detail: patternDetail{
			ClusterARN: clusters,
			Or:         statuses,
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
		if len(pattern(s.PublishOn, append(slices.Clone(group), cluster))) > maxPattern {
			patterns = append(patterns, pattern(s.PublishOn, group))
			group = nil
		}
		group = append(group, cluster)
	}
	return append(patterns, pattern(s.PublishOn, group))
}

// CheckSizes tells what AWS would refuse for its size. While the names move the
// function is told both places, so that counts too where before is not nil.
func (s Spec) CheckSizes(before *Spec) []string {
	largest := s
	if before != nil {
		largest, _ = s.Retiring(s.Places(*before, nil))
	}
	const remedy = "divide the clusters over several fargatedirect_task_dns with a domain each"
	var problems []string
	if n := len(s.patterns()); n > MaxRules {
		problems = append(problems, fmt.Sprintf("%d clusters need %d EventBridge rules, and one resource makes at most %d; %s", len(s.ClusterARNs), n, MaxRules, remedy))
	}
	if n := len(largest.RolePolicy().JSON()); n > MaxRolePolicy {
		problems = append(problems, fmt.Sprintf("with %d clusters the function's role policy would have %d characters and IAM takes %d; %s", len(s.ClusterARNs), n, MaxRolePolicy, remedy))
	}
	size := 0
	for k, v := range largest.Environment() {
		size += len(k) + len(v)
	}
	if size > MaxEnvironment {
		problems = append(problems, fmt.Sprintf("with %d clusters the function's environment would have %d bytes and Lambda takes %d; %s", len(s.ClusterARNs), size, MaxEnvironment, remedy))
	}
	return problems
}
