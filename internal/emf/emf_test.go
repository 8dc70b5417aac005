package emf

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestFlush(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := New(&out, "Fargatedirect/TaskDNS", map[string]string{"Name": "web"}, func() time.Time { return time.UnixMilli(1_600_000_000_123) })
	r.Add("Throttles", Count, 1)
	for i := range 101 {
		r.Add("EventToRecordSeconds", Seconds, float64(i))
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2: a metric has at most 100 values in one", len(lines))
	}
	want := `{"EventToRecordSeconds":[100],"Name":"web","_aws":{"Timestamp":1600000000123,"CloudWatchMetrics":[` +
		`{"Namespace":"Fargatedirect/TaskDNS","Dimensions":[["Name"]],"Metrics":[{"Name":"EventToRecordSeconds","Unit":"Seconds"}]}]}}`
	if lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if values, ok := first["EventToRecordSeconds"].([]any); !ok || len(values) != 100 || first["Throttles"] == nil {
		t.Errorf("the first line holds %v", first)
	}
	out.Reset()
	if err := r.Flush(); err != nil || out.Len() != 0 {
		t.Errorf("flushing nothing wrote %q, %v", out.String(), err)
	}
}
