package taskdns

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseClaim(t *testing.T) {
	t.Parallel()
	clusters := testClusters(t)
	tests := []struct {
		name string
		body string
		want claim
	}{
		{
			"running", event(t, "running", nil),
			claim{taskID: taskID, cluster: clusters[0], version: 4, at: time.Date(2020, 1, 23, 17, 57, 58, 0, time.UTC)},
		},
		{
			"stopped", event(t, "stopped", nil),
			claim{taskID: taskID, cluster: clusters[0], version: 7, at: time.Date(2020, 1, 23, 18, 9, 35, 0, time.UTC)},
		},
		{
			"stopping", event(t, "running", map[string]any{"desiredStatus": "STOPPED"}),
			claim{taskID: taskID, cluster: clusters[0], version: 4, at: time.Date(2020, 1, 23, 17, 57, 58, 0, time.UTC)},
		},
		{
			"no attachments, no time", event(t, "ec2", map[string]any{"time": ""}),
			claim{taskID: ec2TaskID, cluster: clusters[0], version: 4},
		},
		{
			"a long ARN outweighs the cluster beside it", event(t, "running", map[string]any{"clusterArn": otherCluster}),
			claim{taskID: taskID, cluster: clusters[0], version: 4, at: time.Date(2020, 1, 23, 17, 57, 58, 0, time.UTC)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseClaim(tt.body, clusters)
			if err != nil || got != tt.want {
				t.Errorf("claim %+v, error %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseClaimRefuses(t *testing.T) {
	t.Parallel()
	const short = "arn:aws:ecs:us-west-2:111122223333:task/" + oldTaskID
	tests := map[string]map[string]any{
		"old ARN of a strange cluster": {"taskArn": short, "clusterArn": fargateCluster + "2"},
		"old ARN without a cluster":    {"taskArn": short, "clusterArn": ""},
		"old ARN of another account":   {"taskArn": strings.Replace(short, "1111", "9999", 1)},
		"another partition":            {"taskArn": strings.Replace(short, "arn:aws:", "arn:aws-cn:", 1)},
		"too many parts":               {"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/x/" + taskID},
		"a container's ARN":            {"taskArn": "arn:aws:ecs:us-west-2:111122223333:container/FargateCluster/" + taskID},
		"another service":              {"taskArn": "arn:aws:eks:us-west-2:111122223333:task/FargateCluster/" + taskID},
		"an id too short":              {"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/" + taskID[1:]},
		"an id with a dot":             {"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/" + taskID[:31] + "."},
		"an id with misplaced hyphens": {"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/" + strings.Replace(oldTaskID, "-8", "8-", 1)},
		"a version that is a text":     {"version": "4"},
		"a version beyond all bounds":  {"version": 1e300},
	}
	for name, fields := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := parseClaim(event(t, "running", fields), testClusters(t)); err == nil {
				t.Errorf("accepted as %+v", got)
			}
		})
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	if got := clip(strings.Repeat("x", 5000)); len(got) > 300 {
		t.Errorf("%d bytes of a stranger's text go to the log", len(got))
	}
}

func testClusters(t testing.TB) []cluster {
	t.Helper()
	var all []cluster
	for _, arn := range []string{fargateCluster, otherCluster} {
		c, err := parseCluster(arn)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// FuzzParse shows that no message makes the parser panic, and that whatever it
// accepts can only lead to a task's own label in one of our clusters.
func FuzzParse(f *testing.F) {
	for _, sample := range []string{"running", "stopped", "ec2"} {
		text, err := os.ReadFile(filepath.Join("testdata", sample+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		f.Add(strings.Replace(string(text), "task/FargateCluster/", "task/", 1))
	}
	f.Add(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":null}`)
	f.Add(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:::task/"}}`)
	f.Add("")
	clusters := testClusters(f)
	f.Fuzz(func(t *testing.T, body string) {
		c, err := parseClaim(body, clusters)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Errorf("the reason has %d bytes", len(err.Error()))
			}
			return
		}
		if c.cluster != clusters[0] && c.cluster != clusters[1] {
			t.Errorf("cluster %+v is not ours", c.cluster)
		}
		if n := len(c.taskID); n != 32 && n != 36 || strings.Trim(c.taskID, "0123456789abcdef-") != "" {
			t.Errorf("%q would be a label", c.taskID)
		}
	})
}
