package parts

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// fakeParameterNames are the names of parameters. As AWS does, it looks at a few at
// a time and filters these, so that a page may be empty and not be the last.
type fakeParameterNames struct {
	names []string
	// refuse is the action that is denied.
	refuse string
}

func (f *fakeParameterNames) DescribeParameters(_ context.Context, in *ssm.DescribeParametersInput, _ ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error) {
	if f.refuse == "ssm:DescribeParameters" {
		return nil, &smithy.GenericAPIError{Code: "AccessDeniedException"}
	}
	filter := in.ParameterFilters[0]
	if aws.ToString(filter.Key) != "Path" || aws.ToString(filter.Option) != "Recursive" || len(filter.Values) != 1 {
		return nil, &smithy.GenericAPIError{Code: "InvalidFilterKey"}
	}
	from := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	const page = 2
	out := &ssm.DescribeParametersOutput{}
	for _, name := range f.names[from:min(from+page, len(f.names))] {
		if strings.HasPrefix(name, filter.Values[0]+"/") {
			out.Parameters = append(out.Parameters, ssmtypes.ParameterMetadata{Name: aws.String(name)})
		}
	}
	if from+page < len(f.names) {
		out.NextToken = aws.String(fmt.Sprint(from + page))
	}
	return out, nil
}

func (f *fakeParameterNames) DeleteParameters(_ context.Context, in *ssm.DeleteParametersInput, _ ...func(*ssm.Options)) (*ssm.DeleteParametersOutput, error) {
	if f.refuse == "ssm:DeleteParameters" {
		return nil, &smithy.GenericAPIError{Code: "AccessDeniedException"}
	}
	if n := len(in.Names); n == 0 || n > 10 {
		return nil, &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf("%d names", n)}
	}
	var left []string
	for _, name := range f.names {
		gone := false
		for _, deleted := range in.Names {
			gone = gone || name == deleted
		}
		if !gone {
			left = append(left, name)
		}
	}
	f.names = left
	return &ssm.DeleteParametersOutput{}, nil
}

func TestParametersDelete(t *testing.T) {
	t.Parallel()
	names := func() []string {
		all := []string{"/a/other", "/a/other/2", "/a/accounts"}
		for i := range 12 {
			all = append(all, fmt.Sprintf("/a/account/%d", i))
		}
		return all
	}
	for refuse, want := range map[string]string{"": "", "ssm:DescribeParameters": "listing SSM parameters (/a/account)", "ssm:DeleteParameters": "deleting SSM parameters (/a/account)"} {
		t.Run(refuse, func(t *testing.T) {
			t.Parallel()
			api := &fakeParameterNames{names: names(), refuse: refuse}
			part := &Parameters{API: api, Path: "/a/account"}
			err := part.Delete(t.Context())
			if want != "" {
				if err == nil || !strings.Contains(err.Error(), want) || len(api.names) != 15 {
					t.Errorf("error %v, left %q; want %q", err, api.names, want)
				}
				return
			}
			if err != nil || strings.Join(api.names, " ") != "/a/other /a/other/2 /a/accounts" {
				t.Errorf("error %v, left %q", err, api.names)
			}
			if err := part.Delete(t.Context()); err != nil {
				t.Errorf("deleting nothing: %v", err)
			}
		})
	}
}
