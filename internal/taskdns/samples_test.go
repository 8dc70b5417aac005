package taskdns

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The names in the samples under testdata, and some beside them.
const (
	fargateCluster = "arn:aws:ecs:us-west-2:111122223333:cluster/FargateCluster"
	otherCluster   = "arn:aws:ecs:us-west-2:111122223333:cluster/Other"
	taskID         = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	ec2TaskID      = "b7f1f0a5c1d24a6e9b3f4d5e6a7b8c9d"
	oldTaskID      = "1dcd2a1c-8e6b-4c5b-9a3c-5c1a4b2e7f10"
	domain         = "tasks.example.com"
	taskName       = taskID + "." + domain
	address        = "203.0.113.10"
	otherAddress   = "198.51.100.77"
	minutesAgo     = "2020-01-23T17:50:00Z" // at sampled
)

// sampled is a moment half a second after the sample of a running task. That of
// a stopped one lies ahead then.
var sampled = time.Date(2020, 1, 23, 17, 57, 58, 500_000_000, time.UTC)

// event is a sample event with fields of its detail set to other values; the
// field "time" is that of the envelope.
func event(t *testing.T, sample string, fields map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	detail, ok := e["detail"].(map[string]any)
	if !ok {
		t.Fatal("the sample has no detail")
	}
	fields = maps.Clone(fields)
	for _, outer := range []string{"time", "source", "detail-type"} {
		if v, ok := fields[outer]; ok {
			e[outer] = v
			delete(fields, outer)
		}
	}
	maps.Copy(detail, fields)
	changed, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}
