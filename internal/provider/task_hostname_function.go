package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/function"
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
		MarkdownDescription: "The name that `fargatedirect_task_dns` gives a task under a domain: `<task id>.<domain>`. With another `hostname_template` than the default names are others, and this function does not tell them.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "task_arn", MarkdownDescription: "ARN of the task."},
			function.StringParameter{Name: "domain", MarkdownDescription: "The `domain` of the `fargatedirect_task_dns`."},
		},
		Return: function.StringReturn{},
	}
}

// taskARN is the shape of a task's ARN, of which older ones do not name the
// cluster. Ids are 32 hex digits, or a UUID; ECS tells their cases apart and
// makes only lower ones.
var taskARN = regexp.MustCompile(`^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:task/(?:[A-Za-z0-9_-]+/)?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func (f *taskHostnameFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var task, domain string
	resp.Error = req.Arguments.Get(ctx, &task, &domain)
	if resp.Error != nil {
		return
	}
	found := taskARN.FindStringSubmatch(task)
	if found == nil {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is not the ARN of an ECS task; a right value is %q", task, "arn:aws:ecs:eu-west-2:123456789012:task/my-cluster/0123456789abcdef0123456789abcdef"))
		return
	}
	if problem := taskDomainProblem(domain); problem != "" {
		resp.Error = function.NewArgumentFuncError(1, problem)
		return
	}
	resp.Error = resp.Result.Set(ctx, found[1]+"."+domain)
}
