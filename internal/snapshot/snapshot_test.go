package snapshot

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	before := Snapshot{
		"sqs queue/kept":             "1",
		"sqs queue/changed":          "1",
		"s3 object version/b/gone@1": "1",
	}
	tests := map[string]struct {
		later Snapshot
		want  []string
	}{
		"nothing": {
			later: Snapshot{"sqs queue/kept": "1", "sqs queue/changed": "1", "s3 object version/b/gone@1": "1"},
		},
		"everything": {
			later: Snapshot{"sqs queue/kept": "1", "sqs queue/changed": "2", "iam role/new": "1"},
			want: []string{
				"+ iam role new",
				"- s3 object version b/gone@1",
				"~ sqs queue changed",
			},
		},
		"empty fingerprints": {
			later: Snapshot{"sqs queue/kept": "1", "sqs queue/changed": "1", "s3 object version/b/gone@1": "1", "iam role/x": ""},
			want:  []string{"+ iam role x"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := before.Diff(test.later); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	all := Snapshot{"log group//aws/lambda/x": "1", "log group/other": "1", "iam role/x": "1"}
	got := all.Without(func(kind, id string) bool {
		return kind == "log group" && strings.HasPrefix(id, "/aws/lambda/")
	})
	want := []string{"- log group /aws/lambda/x"}
	if diff := all.Diff(got); !slices.Equal(diff, want) {
		t.Errorf("got %q, want %q", diff, want)
	}
}

func TestAddTellsConfigurationsApart(t *testing.T) {
	t.Parallel()
	c := &collector{found: Snapshot{}}
	one, two := int32(1), int32(2)
	for _, err := range []error{
		c.add("k", "a", &one, map[string]string{"x": "1", "y": "2"}),
		c.add("k", "same", &one, map[string]string{"y": "2", "x": "1"}),
		c.add("k", "pointer", &two, map[string]string{"x": "1", "y": "2"}),
		c.add("k", "map", &one, map[string]string{"x": "1", "y": "3"}),
		c.add("k", "none", (*int32)(nil), map[string]string{"x": "1", "y": "2"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.found["k/a"] != c.found["k/same"] {
		t.Error("the same configuration has two fingerprints")
	}
	for _, id := range []string{"pointer", "map", "none"} {
		if c.found["k/a"] == c.found["k/"+id] {
			t.Errorf("another configuration (%s) has the same fingerprint", id)
		}
	}
}

func TestAddReportsWhatCannotBeDescribed(t *testing.T) {
	t.Parallel()
	c := &collector{found: Snapshot{}}
	if err := c.add("k", "a", make(chan int)); err == nil {
		t.Error("got no error")
	}
}

// A kind that could not be read must never look like a kind of which there is
// nothing.
func TestTakeFailsForEachKind(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	_, err := Take(t.Context(), aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	if err == nil {
		t.Fatal("got no error")
	}
	joined, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want several errors", err)
	}
	for _, kind := range []string{
		"buckets", "parameters", "secrets", "topics", "subscriptions", "queues", "functions", "event source mappings",
		"event buses", "roles", "policies", "log groups", "alarms", "dashboards", "hosted zones", "clusters",
	} {
		if !slices.ContainsFunc(joined.Unwrap(), func(err error) bool {
			return strings.HasPrefix(err.Error(), "listing "+kind+": ")
		}) {
			t.Errorf("no error for %s in %v", kind, err)
		}
	}
}
