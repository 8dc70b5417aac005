package taskdnsstack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// alarmsOf are the alarms by the ends of their names.
func alarmsOf(t *testing.T, s Spec) map[string]*parts.Alarm {
	t.Helper()
	found := map[string]*parts.Alarm{}
	for _, p := range s.alarms(&awsclient.Clients{}) {
		a, ok := p.(*parts.Alarm)
		if !ok {
			t.Fatalf("%s is no alarm", p)
		}
		found[strings.TrimPrefix(a.Name, s.Scope.Physical()+"-")] = a
	}
	return found
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	s.AlarmTopicARN = "arn:aws:sns:eu-west-2:123456789012:ops"
	s.Scope.Name = strings.Repeat("n", 32)
	alarms := alarmsOf(t, s)
	for end, metric := range map[string]string{
		"dead-letters":   "AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=" + s.DeadLetterQueueName(),
		"queue-age":      "AWS/SQS ApproximateAgeOfOldestMessage Maximum QueueName=" + s.Scope.Physical(),
		"errors":         "AWS/Lambda Errors Sum FunctionName=" + s.Scope.Physical(),
		"not-reconciled": "Fargatedirect/TaskDNS Reconciliations Sum Name=" + s.Scope.Name,
		"held":           "Fargatedirect/TaskDNS OrphansHeld Maximum Name=" + s.Scope.Name,
	} {
		a := alarms[end]
		if a == nil {
			t.Errorf("there is no alarm %s", end)
			continue
		}
		text := a.Metric.Namespace + " " + a.Metric.Name + " " + string(a.Metric.Statistic)
		for name, value := range a.Metric.Dimensions {
			text += " " + name + "=" + value
		}
		if text != metric {
			t.Errorf("%s watches %s, want %s", end, text, metric)
		}
		if a.TopicARN != s.AlarmTopicARN || a.ARN != s.Scope.ARN("cloudwatch", "alarm:"+a.Name) || len(a.Name) > 255 || len(a.Description) > 1024 {
			t.Errorf("%s is %+v", end, a)
		}
	}
	if len(alarms) != len(alarmNames) {
		t.Errorf("there are %d alarms", len(alarms))
	}
}

// However long the interval is, the alarm waits for three of them and at least
// a quarter of an hour, within what CloudWatch takes.
func TestReconciliationAlarm(t *testing.T) {
	t.Parallel()
	for interval, test := range map[time.Duration]struct {
		schedule string
		seconds  int32
	}{
		0:                {"rate(5 minutes)", 300},
		time.Minute:      {"rate(1 minute)", 300},
		7 * time.Minute:  {"rate(7 minutes)", 420},
		59 * time.Minute: {"rate(59 minutes)", 3540},
		24 * time.Hour:   {"rate(1440 minutes)", 86400},
	} {
		s := testSpec("web")
		s.ReconcileInterval = interval
		alarms := alarmsOf(t, s)
		a := alarms["not-reconciled"]
		if a.PeriodSeconds != test.seconds || a.Periods != 3 || a.Missing != "breaching" || alarms["held"].PeriodSeconds != test.seconds {
			t.Errorf("%s: the alarm is %+v", interval, a)
		}
		if got := s.reconcileSchedule(); got != test.schedule {
			t.Errorf("%s: the schedule is %s, want %s", interval, got, test.schedule)
		}
	}
}

// The dashboard shows what the issue of names can suffer from, and has no two
// widgets at the same place.
func TestDashboard(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	var body dashboardBody
	if err := json.Unmarshal([]byte(s.dashboardBody()), &body); err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]bool{}
	for _, w := range body.Widgets {
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if taken[[2]int{x, y}] || x >= 24 {
					t.Fatalf("%q has no place of its own", w.Properties.Title)
				}
				taken[[2]int{x, y}] = true
			}
		}
		if w.Properties.Region != s.Scope.Region {
			t.Errorf("%q is of region %q", w.Properties.Title, w.Properties.Region)
		}
	}
	for _, metric := range []string{
		taskdns.MetricLag, taskdns.MetricRecords, taskdns.MetricThrottles, taskdns.MetricConflicts, taskdns.MetricOrphans, taskdns.MetricHeld,
		taskdns.MetricDangling, taskdns.MetricBuried, metricOldest, metricErrors, metricVisible, s.LogGroup(),
	} {
		if !strings.Contains(s.dashboardBody(), metric) {
			t.Errorf("the dashboard does not show %s", metric)
		}
	}
}

func TestMaxDomain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"{task_id}":            253 - 36 - 1,
		"t-{short_id}-x1":      253 - 17 - 1,
		"{short_id}":           253 - 14 - 1, // the claim is longer
		"{service}-{short_id}": 253 - 63 - 1,
	} {
		template, err := hostname.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := MaxDomain(template); got != want {
			t.Errorf("%s leaves %d characters, want %d", text, got, want)
		}
	}
}

// A move that failed is not forgotten when the user wants a third place, and
// the place that the names are to be at is never retired.
func TestRetiring(t *testing.T) {
	t.Parallel()
	at := func(domain, template string) Spec {
		s := testSpec("web")
		s.Place.Domain, s.Place.HostnameTemplate = domain, template
		return s
	}
	a, b, c := at("a.example.com", ""), at("b.example.com", ""), at("c.example.com", "")
	for name, test := range map[string]struct {
		before, next Spec
		earlier      []taskdns.Place
		want         []taskdns.Place
	}{
		"stays":                    {a, a, nil, nil},
		"the default spelled out":  {a, at("a.example.com", "{task_id}"), nil, nil},
		"moves":                    {a, b, nil, []taskdns.Place{a.Place}},
		"another template":         {a, at("a.example.com", "{short_id}"), nil, []taskdns.Place{a.Place}},
		"again":                    {a, b, []taskdns.Place{a.Place, b.Place}, []taskdns.Place{a.Place}},
		"to a third place instead": {a, c, []taskdns.Place{a.Place, b.Place}, []taskdns.Place{a.Place, b.Place}},
		"back":                     {a, a, []taskdns.Place{a.Place, b.Place}, []taskdns.Place{b.Place}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, moves := test.next.Retiring(test.next.Places(test.before, test.earlier))
			if !slices.Equal(got.Retired, test.want) || moves != (len(test.want) > 0) {
				t.Errorf("got %+v, %v, want %+v", got.Retired, moves, test.want)
			}
		})
	}
}
