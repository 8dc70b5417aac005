package certreader

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	taskID32   = "0123456789abcdef0123456789abcdef"
	taskAnswer = `{"Cluster":"default","TaskARN":"arn:aws:ecs:eu-west-2:123456789012:task/default/` + taskID32 + `","Family":"browser","Containers":[]}`
)

func TestHostname(t *testing.T) {
	for name, test := range map[string]struct {
		answer       string
		status       int
		domain       string
		want, errSay string
	}{
		"usual":           {answer: taskAnswer, domain: "tasks.example.com", want: taskID32 + ".tasks.example.com"},
		"dot and case":    {answer: taskAnswer, domain: "Tasks.Example.com.", want: taskID32 + ".tasks.example.com"},
		"without cluster": {answer: `{"TaskARN":"arn:aws-cn:ecs:cn-north-1:123456789012:task/` + taskID32 + `"}`, domain: "example.com", want: taskID32 + ".example.com"},
		"uuid":            {answer: `{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/0b2f7c1e-5b0d-4d0e-9d0b-7f6f4f1f2a10"}`, domain: "example.com", want: "0b2f7c1e-5b0d-4d0e-9d0b-7f6f4f1f2a10.example.com"},
		"no domain":       {answer: taskAnswer, errSay: "is not a domain"},
		"wildcard":        {answer: taskAnswer, domain: "*.example.com", errSay: "is not a domain"},
		"long domain":     {answer: taskAnswer, domain: strings.Repeat("abcdefghi.", 23) + "com", errSay: "longer than DNS takes"},
		"not found":       {answer: taskAnswer, status: 404, domain: "example.com", errSay: "status 404"},
		"elsewhere":       {answer: taskAnswer, status: 302, domain: "example.com", errSay: "status 302"},
		"not JSON":        {answer: "<html>", domain: "example.com", errSay: "it is not JSON"},
		"no task":         {answer: "{}", domain: "example.com", errSay: "names no task"},
		"dots in the id":  {answer: `{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/default/login.evil"}`, domain: "example.com", errSay: "names no task"},
		"another kind":    {answer: `{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:service/` + taskID32 + `"}`, domain: "example.com", errSay: "names no task"},
		"too long":        {answer: taskAnswer + strings.Repeat(" ", maxMetadata), domain: "example.com", errSay: "it is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				switch {
				case request.URL.Path != "/v4/x/task" || request.Method != http.MethodGet:
					w.WriteHeader(http.StatusTeapot)
				case test.status == http.StatusFound:
					http.Redirect(w, request, "/v4/x/task", test.status)
				case test.status != 0:
					w.WriteHeader(test.status)
				}
				_, _ = w.Write([]byte(test.answer))
			}))
			defer server.Close()
			t.Setenv(metadataVariable, server.URL+"/v4/x")
			for _, client := range []*http.Client{nil, server.Client()} {
				got, err := Hostname(t.Context(), client, test.domain)
				if got != test.want || (err == nil) != (test.errSay == "") || err != nil && !strings.Contains(err.Error(), test.errSay) {
					t.Errorf("got %q, error %v; want %q, %q", got, err, test.want, test.errSay)
				}
			}
		})
	}
}

func TestHostnameOutsideOfECS(t *testing.T) {
	for _, value := range []string{"", "169.254.170.2/v4/x", "https://169.254.170.2/v4/x", "http://user@169.254.170.2/", "http://169.254.170.2/?x", "http://\x7f"} {
		t.Setenv(metadataVariable, value)
		if name, err := Hostname(t.Context(), nil, "example.com"); err == nil || !strings.Contains(err.Error(), metadataVariable+" is not set to a URL") {
			t.Errorf("%q: got %q, error %v", value, name, err)
		}
	}
}
