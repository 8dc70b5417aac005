package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
)

var _ function.Function = (*taskHostnameFunction)(nil)

type taskHostnameFunction struct{}

func newTaskHostnameFunction() function.Function { return &taskHostnameFunction{} }

func (f *taskHostnameFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "task_hostname"
}

func (f *taskHostnameFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Name of an ECS task",
		MarkdownDescription: "The name that `fargatedirect_task_dns` gives a task under a domain: `<task id>.<domain>`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "task_arn", MarkdownDescription: "ARN of the task."},
			function.StringParameter{Name: "domain", MarkdownDescription: "The `domain` of the `fargatedirect_task_dns`."},
		},
		Return: function.StringReturn{},
	}
}

// taskID is the shape of a task's id: 32 hex digits, or a UUID in older ARNs.
var taskID = regexp.MustCompile(`^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func (f *taskHostnameFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var taskARN, domain string
	resp.Error = req.Arguments.Get(ctx, &taskARN, &domain)
	if resp.Error != nil {
		return
	}
	a, err := arn.Parse(taskARN)
	id := strings.ToLower(taskARN[strings.LastIndex(taskARN, "/")+1:])
	if err != nil || a.Service != "ecs" || !strings.HasPrefix(a.Resource, "task/") || !taskID.MatchString(id) {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is not the ARN of an ECS task; a right value is %q", taskARN, "arn:aws:ecs:eu-west-2:123456789012:task/my-cluster/0123456789abcdef0123456789abcdef"))
		return
	}
	if err := dnsname.Check(domain); err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, id+"."+domain)
}
