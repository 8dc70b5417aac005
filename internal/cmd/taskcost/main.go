// Command taskcost prints what a fargatedirect_task_dns costs a month, as the
// table in the documentation. The amounts of use are what the function does for
// a task; the prices are AWS's for us-east-1 without any free tier.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := table(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Prices in US dollars.
const (
	perSQSRequest   = 0.40 / 1e6
	perInvocation   = 0.20 / 1e6
	perGBSecond     = 0.0000133334 // arm64
	perCustomEvent  = 1.00 / 1e6
	perLogByte      = 0.50 / 1e9
	perMetricMonth  = 0.30
	perAlarmMonth   = 0.10
	perZoneMonth    = 0.50
	secondsPerMonth = 30 * 24 * 3600
)

// What the function does for a task that starts and stops alone.
const (
	// eventsPerTask are one for RUNNING and four from the stop to STOPPED.
	eventsPerTask = 5
	// changesPerTask are the record made and the record deleted. Each is
	// watched until Route 53's servers have it.
	changesPerTask = 2
	// pollsPerChange are at 5, 15 and 30 seconds.
	pollsPerChange = 3
	// sqsPerEvent are sent, received and deleted.
	sqsPerEvent = 3
	// sqsPerChange are sent, received for each poll, put off after all polls
	// but the last, and deleted.
	sqsPerChange = 1 + pollsPerChange + (pollsPerChange - 1) + 1
	// secondsPerInvocation is the function's time, which is mostly AWS's.
	secondsPerInvocation = 0.25
	memoryGB             = 0.25
	// bytesPerInvocation are Lambda's own lines, the metrics and one line about
	// the record.
	bytesPerInvocation = 1200
	// environments work at the same time at most. Under load each works all
	// the time, on what came meanwhile.
	environments = 2
	// busyInvocation is how long an invocation takes under load, in seconds:
	// it gathers what comes for one.
	busyInvocation = 1.2
)

// What there is without any task.
const (
	// idlePolls are five pollers of Lambda that wait 20 seconds each time.
	idlePolls = 5 * secondsPerMonth / 20
	// reconciliations are one every five minutes, of one second.
	reconciliations = secondsPerMonth / 300
	metrics         = 13
	alarms          = 5
)

// month is the cost of one month, by what it is spent on.
type month struct{ sqs, lambda, events, logs, fixed float64 }

func (m month) total() float64 { return m.sqs + m.lambda + m.events + m.logs + m.fixed }

// cost is that of a number of tasks a day.
func cost(tasksPerDay float64) month {
	tasks := 30 * tasksPerDay
	invocations := tasks * (eventsPerTask + changesPerTask*pollsPerChange)
	seconds := invocations * secondsPerInvocation
	if most := float64(environments * secondsPerMonth); seconds > most || invocations > most/busyInvocation {
		seconds, invocations = min(most, invocations*busyInvocation), most/busyInvocation
	}
	invocations += reconciliations
	seconds += reconciliations
	return month{
		sqs:    (idlePolls + tasks*(eventsPerTask*sqsPerEvent+changesPerTask*sqsPerChange)) * perSQSRequest,
		lambda: invocations*perInvocation + seconds*memoryGB*perGBSecond,
		events: tasks * changesPerTask * perCustomEvent,
		logs:   (invocations*bytesPerInvocation + tasks*changesPerTask*300) * perLogByte,
		fixed:  metrics*perMetricMonth + alarms*perAlarmMonth + perZoneMonth,
	}
}

// table writes the costs as a table in Markdown.
func table(out io.Writer) error {
	var text strings.Builder
	text.WriteString("| tasks a day | SQS | Lambda | events | logs | metrics, alarms, zone | together |\n|---|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		name  string
		tasks float64
	}{{"none", 0}, {"100", 100}, {"10,000", 10_000}, {"1,000,000", 1_000_000}} {
		m := cost(row.tasks)
		fmt.Fprintf(&text, "| %s | $%.2f | $%.2f | $%.2f | $%.2f | $%.2f | **$%.2f** |\n", row.name, m.sqs, m.lambda, m.events, m.logs, m.fixed, m.total())
	}
	_, err := io.WriteString(out, text.String())
	return err
}
