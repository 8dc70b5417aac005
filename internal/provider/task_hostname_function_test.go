package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestTaskHostname(t *testing.T) {
	t.Parallel()
	const (
		id   = "0123456789abcdef0123456789abcdef"
		uuid = "01234567-89ab-cdef-0123-456789abcdef"
		task = "arn:aws:ecs:eu-west-2:123456789012:task/browsers/" + id
	)
	tests := map[string]struct {
		arn, domain string
		want        string
		wrong       int // the argument that is refused, from 1; 0 for none
		problem     string
	}{
		"long":         {arn: task, domain: "tasks.example.com", want: id + ".tasks.example.com"},
		"short":        {arn: "arn:aws:ecs:eu-west-2:123456789012:task/" + uuid, domain: "example.com", want: uuid + ".example.com"},
		"China":        {arn: "arn:aws-cn:ecs:cn-north-1:123456789012:task/browsers/" + id, domain: "example.cn", want: id + ".example.cn"},
		"empty":        {domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"id":           {arn: id, domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"cluster":      {arn: "arn:aws:ecs:eu-west-2:123456789012:cluster/browsers", domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"definition":   {arn: "arn:aws:ecs:eu-west-2:123456789012:task-definition/browser:1", domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"service":      {arn: strings.Replace(task, ":ecs:", ":batch:", 1), domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"too deep":     {arn: strings.Replace(task, "/browsers/", "/browsers/more/", 1), domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"short id":     {arn: task[:len(task)-1], domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"upper case":   {arn: strings.ToUpper(task[len(task)-32:]), domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"upper id":     {arn: task[:len(task)-32] + strings.ToUpper(id), domain: "example.com", wrong: 1, problem: "is not the ARN of an ECS task"},
		"wildcard":     {arn: task, domain: "*.example.com", wrong: 2, problem: "wildcard"},
		"dot":          {arn: task, domain: "example.com.", wrong: 2, problem: "ends with a dot"},
		"no domain":    {arn: task, wrong: 2, problem: "the name is empty"},
		"long domain":  {arn: task, domain: strings.Repeat("a.", 107) + "aaa", wrong: 2, problem: "has 217 characters; with a task's id before it there is room for 216"},
		"as it can be": {arn: task, domain: strings.Repeat("a.", 107) + "aa", want: id + "." + strings.Repeat("a.", 107) + "aa"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{types.StringValue(test.arn), types.StringValue(test.domain)})}
			resp := &function.RunResponse{Result: function.NewResultData(types.StringUnknown())}
			newTaskHostnameFunction().Run(t.Context(), req, resp)
			if test.wrong == 0 {
				if resp.Error != nil || !resp.Result.Equal(function.NewResultData(types.StringValue(test.want))) {
					t.Errorf("got %v (%v), want %s", resp.Result, resp.Error, test.want)
				}
				return
			}
			if resp.Error == nil || resp.Error.FunctionArgument == nil || *resp.Error.FunctionArgument != int64(test.wrong-1) || !strings.Contains(resp.Error.Text, test.problem) {
				t.Errorf("got %v (%v), want %q for argument %d", resp.Error, resp.Result, test.problem, test.wrong)
			}
		})
	}
}
