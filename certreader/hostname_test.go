package certreader

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

func TestHostnameFrom(t *testing.T) {
	const uuid = "0b2f7c1e-5b0d-4d0e-9d0b-7f6f4f1f2a10"
	ids := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/` + <-ids + `"}`))
	}))
	defer server.Close()
	t.Setenv(metadataVariable, server.URL)
	for name, test := range map[string]struct{ template, id, want, errSay string }{
		"whole id":          {template: "{task_id}", id: taskID32, want: taskID32},
		"short id":          {template: "{short_id}", id: taskID32, want: "0123456789ab"},
		"short id of UUID":  {template: "{short_id}", id: uuid, want: "0b2f7c1e5b0d"},
		"between":           {template: "b-{short_id}-eu2", id: taskID32, want: "b-0123456789ab-eu2"},
		"both":              {template: "{short_id}{task_id}", id: taskID32, want: "0123456789ab" + taskID32},
		"longest":           {template: strings.Repeat("x", 27) + "{task_id}", id: uuid, want: strings.Repeat("x", 27) + uuid},
		"too long":          {template: strings.Repeat("x", 28) + "{task_id}", errSay: "its names would have 64 characters"},
		"no id":             {template: "login", errSay: "must contain {task_id} or {short_id}"},
		"empty":             {errSay: "must contain {task_id} or {short_id}"},
		"of another":        {template: "{service}-{short_id}", errSay: "{service} is not known to a task"},
		"tag":               {template: "{tag:a}{task_id}", errSay: "{tag:a} is not known to a task"},
		"unclosed":          {template: "{short_id}{task_id", errSay: "a-z, 0-9 and hyphens only"},
		"braces in braces":  {template: "{{short_id}}", errSay: "a-z, 0-9 and hyphens only"},
		"upper case":        {template: "B{short_id}", errSay: "a-z, 0-9 and hyphens only"},
		"more than a label": {template: "{short_id}.login", errSay: "a-z, 0-9 and hyphens only"},
		"hyphen first":      {template: "-{short_id}", errSay: "neither begins nor ends"},
		"hyphen last":       {template: "{short_id}-", errSay: "neither begins nor ends"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.id != "" {
				ids <- test.id
			}
			got, err := HostnameFrom(t.Context(), nil, test.template, "Tasks.example.com.")
			if test.want != "" && (err != nil || got != test.want+".tasks.example.com") {
				t.Errorf("got %q, error %v; want %q", got, err, test.want)
			}
			if test.errSay != "" && (err == nil || !strings.Contains(err.Error(), test.errSay)) {
				t.Errorf("got %q, error %v; want %q", got, err, test.errSay)
			}
		})
	}
}

// endpoint answers requests in turn, the last answer for ever: a status, 0 for
// a connection that breaks, or silent.
type endpoint struct{ statuses []int }

const silent = -1

func (e *endpoint) RoundTrip(request *http.Request) (*http.Response, error) {
	status := e.statuses[0]
	if len(e.statuses) > 1 {
		e.statuses = e.statuses[1:]
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	switch status {
	case silent:
		<-request.Context().Done()
		return nil, request.Context().Err()
	case 0:
		return nil, errors.New("broken")
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(taskAnswer)), Request: request}, nil
}

// An endpoint that is too busy, or fails, is asked again for ten seconds.
func TestHostnameAsksAgain(t *testing.T) {
	t.Setenv(metadataVariable, "http://169.254.170.2/v4/x")
	for name, test := range map[string]struct {
		statuses []int
		errSay   string
		least    time.Duration
	}{
		"busy":      {statuses: []int{429, 500, 0, 503, 200}, least: time.Second},
		"never":     {statuses: []int{500, 503}, errSay: "it answered status 503", least: metadataTimeout},
		"silent":    {statuses: []int{silent, silent, 200}, least: 6 * time.Second},
		"refusing":  {statuses: []int{404, 200}, errSay: "it answered status 404"},
		"no answer": {statuses: []int{0}, errSay: "broken", least: metadataTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, err := Hostname(t.Context(), &http.Client{Transport: &endpoint{test.statuses}}, "example.com")
				if took := time.Since(began); took < test.least || took > metadataTimeout || test.least == 0 && took > 0 {
					t.Errorf("it took %s", took)
				}
				switch {
				case test.errSay == "" && (err != nil || got != taskID32+".example.com"):
					t.Errorf("got %q, error %v", got, err)
				case test.errSay != "" && (err == nil || !strings.Contains(err.Error(), test.errSay)):
					t.Errorf("got %q, error %v; want %q", got, err, test.errSay)
				}
			})
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
