package callerpolicy

import (
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// The parts that several kinds of resources have. What each action may name is
// in https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html.

// LogGroup is for a log group that keeps its content for some days, or for ever
// with 0; kmsKeyARN is its key, if any.
func LogGroup(scope names.Scope, group string, days int32, kmsKeyARN string) []Grant {
	arn := scope.ARN("logs", "log-group:"+group)
	g := Grant{
		Sid:    "LogGroup",
		Create: []string{"logs:CreateLogGroup", "logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource"},
		Other:  []string{"logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey", "logs:PutRetentionPolicy"},
		// The calls for tags take the first form, the others the second.
		Resources: []string{arn, arn + ":*"},
		Spellings: true,
	}
	if days > 0 {
		g.Create = append(g.Create, "logs:PutRetentionPolicy")
	}
	if kmsKeyARN != "" {
		g.Create = append(g.Create, "logs:AssociateKmsKey")
	}
	return []Grant{g, {Sid: "LogGroups", Other: []string{"logs:DescribeLogGroups"}, Resources: []string{"*"}}}
}

// Role is for the role at iamPath of a Lambda function, and for giving it to
// the function. With a boundary the caller can make no role that it does not
// bound.
func Role(scope names.Scope, iamPath, boundary string) []Grant {
	arn := scope.GlobalARN("iam", "role"+iamPath+scope.Physical())
	resources := []string{arn}
	if iamPath != "/" {
		// The path of a role that does not exist is not known to IAM.
		resources = append(resources, scope.GlobalARN("iam", "role/"+scope.Physical()))
	}
	plain := Grant{
		Sid:    "Role",
		Create: []string{"iam:GetRole", "iam:TagRole", "iam:UntagRole"},
		Other: []string{
			"iam:DeleteRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
			"iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
		},
		Resources: resources, Spellings: true,
	}
	powers := Grant{
		Sid:       "RolePermissions",
		Create:    []string{"iam:CreateRole", "iam:PutRolePolicy"},
		Other:     []string{"iam:DeleteRolePolicy", "iam:DetachRolePolicy"},
		Resources: []string{arn},
	}
	if boundary == "" {
		powers.Other = append(powers.Other, "iam:DeleteRolePermissionsBoundary")
	} else {
		powers.Other = append(powers.Other, "iam:PutRolePermissionsBoundary")
		powers.Condition = iampolicy.Condition{"StringEquals": {"iam:PermissionsBoundary": {boundary}}}
	}
	return []Grant{plain, powers, {
		Sid: "PassRole", Create: []string{"iam:PassRole"}, Resources: []string{arn},
		Condition: iampolicy.Condition{"StringEquals": {"iam:PassedToService": {"lambda.amazonaws.com"}}},
	}}
}

// Function is for a Lambda function.
func Function(arn string) Grant {
	return Grant{
		Sid: "Function",
		Create: []string{
			"lambda:CreateFunction", "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig",
			"lambda:ListTags", "lambda:PutFunctionEventInvokeConfig", "lambda:TagResource", "lambda:UntagResource",
		},
		Other:     []string{"lambda:DeleteFunction", "lambda:GetFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"},
		Resources: []string{arn},
	}
}

// Rules is for EventBridge rules with their targets.
func Rules(arns ...string) Grant {
	return Grant{
		Sid: "Rules",
		Create: []string{
			"events:DescribeRule", "events:ListTagsForResource", "events:PutRule", "events:PutTargets",
			"events:TagResource", "events:UntagResource",
		},
		Other:     []string{"events:DeleteRule", "events:ListTargetsByRule", "events:RemoveTargets"},
		Resources: arns,
	}
}

// Key is for the KMS key of a function's environment and of what else the
// caller reads and writes. The policy of the key may allow the same, so none
// of it is checked.
func Key(arn string) []Grant {
	if arn == "" {
		return nil
	}
	return []Grant{
		{Sid: "Key", Other: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}, Resources: []string{arn}},
		{
			Sid: "KeyForServices", Other: []string{"kms:CreateGrant"}, Resources: []string{arn},
			Condition: iampolicy.Condition{"Bool": {"kms:GrantIsForAWSResource": {"true"}}},
		},
	}
}

// Alarms are for CloudWatch alarms with those ARNs.
func Alarms(scope names.Scope, arns ...string) []Grant {
	return []Grant{
		{
			Sid:    "Alarms",
			Create: []string{"cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"},
			Other:  []string{"cloudwatch:DeleteAlarms"}, Resources: arns,
		},
		// DescribeAlarms asks for all alarms, even with names given.
		{Sid: "ReadAlarms", Create: []string{"cloudwatch:DescribeAlarms"}, Resources: []string{scope.ARN("cloudwatch", "alarm:*")}},
	}
}
