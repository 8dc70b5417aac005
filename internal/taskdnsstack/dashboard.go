package taskdnsstack

import (
	"encoding/json"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// dashboardBody is CloudWatch's form of a dashboard, as far as it is used.
type dashboardBody struct {
	Widgets []widget `json:"widgets"`
}

// widget has a place on a grid that is 24 wide.
type widget struct {
	Type       string     `json:"type"`
	X          int        `json:"x"`
	Y          int        `json:"y"`
	Width      int        `json:"width"`
	Height     int        `json:"height"`
	Properties properties `json:"properties"`
}

// properties are of a graph of metrics, or of a query of a log.
type properties struct {
	Title  string `json:"title"`
	Region string `json:"region"`
	View   string `json:"view"`
	// Metrics are lists of a namespace, a metric's name, and names and values
	// of dimensions, and last what differs from the graph.
	Metrics [][]any `json:"metrics,omitempty"`
	Stat    string  `json:"stat,omitempty"`
	Period  int     `json:"period,omitempty"`
	Query   string  `json:"query,omitempty"`
}

// series is how one line of a graph differs from the others.
type series struct {
	Stat  string `json:"stat,omitempty"`
	Label string `json:"label,omitempty"`
}

const (
	graphsInRow    = 3
	graphWidth     = 24 / graphsInRow
	graphHeight    = 6
	graphPeriod    = 60
	statSum        = "Sum"
	statMaximum    = "Maximum"
	statMedian     = "p50"
	statAlmostAll  = "p99"
	viewTimeSeries = "timeSeries"
)

// dashboardARN has no region: dashboards belong to the whole account.
func (s Spec) dashboardARN() string {
	return s.Scope.GlobalARN("cloudwatch", "dashboard/"+s.Scope.Physical())
}

func (s Spec) dashboard(c *awsclient.Clients) *parts.Dashboard {
	return &parts.Dashboard{API: c.CloudWatch, Name: s.Scope.Physical(), Body: s.dashboardBody()}
}

// dashboardBody is the dashboard's JSON.
func (s Spec) dashboardBody() string {
	own := func(metric string, in series) []any {
		return []any{taskdns.Namespace, metric, taskdns.DimensionName, s.Scope.Name, in}
	}
	queue, letters := s.Scope.Physical(), s.DeadLetterQueueName()
	graphs := []properties{
		{Title: "Seconds from event to record", Stat: statMedian, Metrics: [][]any{
			own(taskdns.MetricLag, series{Label: "median"}),
			own(taskdns.MetricLag, series{Stat: statAlmostAll, Label: "99 %"}),
			own(taskdns.MetricLag, series{Stat: statMaximum, Label: "longest"}),
		}},
		{Title: "Names", Stat: statMaximum, Metrics: [][]any{own(taskdns.MetricRecords, series{})}},
		{Title: "Throttled calls", Stat: statSum, Metrics: [][]any{own(taskdns.MetricThrottles, series{})}},
		{Title: "Names that are not ours", Stat: statMaximum, Metrics: [][]any{own(taskdns.MetricConflicts, series{})}},
		{Title: "Orphans", Stat: statMaximum, Metrics: [][]any{
			own(taskdns.MetricOrphans, series{Label: "found"}), own(taskdns.MetricHeld, series{Label: "held"}),
		}},
		{Title: "Seconds that names were left over", Stat: statMaximum, Metrics: [][]any{own(taskdns.MetricDangling, series{})}},
		{Title: "Oldest message in the queue, seconds", Stat: statMaximum, Metrics: [][]any{
			{sqsNamespace, metricOldest, queueDimension, queue, series{}},
		}},
		{Title: "Errors of the function", Stat: statSum, Metrics: [][]any{
			{lambdaNamespace, metricErrors, lambdaDimension, s.Scope.Physical(), series{}},
		}},
		{Title: "Dead letters", Stat: statMaximum, Metrics: [][]any{
			{sqsNamespace, metricVisible, queueDimension, letters, series{Label: "in the queue"}},
			own(taskdns.MetricBuried, series{Stat: statSum, Label: "new"}),
		}},
	}
	var body dashboardBody
	for i, g := range graphs {
		g.Region, g.View, g.Period = s.Scope.Region, viewTimeSeries, graphPeriod
		body.Widgets = append(body.Widgets, widget{
			Type: "metric", X: i % graphsInRow * graphWidth, Y: i / graphsInRow * graphHeight, Width: graphWidth, Height: graphHeight, Properties: g,
		})
	}
	body.Widgets = append(body.Widgets, widget{
		Type: "log", Y: len(graphs) / graphsInRow * graphHeight, Width: 24, Height: graphHeight,
		Properties: properties{
			Title: "Warnings and errors", Region: s.Scope.Region, View: "table",
			Query: fmt.Sprintf("SOURCE '%s' | fields @timestamp, level, msg, reason, name, task | filter level in ['WARN', 'ERROR'] | sort @timestamp desc | limit 100", s.LogGroup()),
		},
	})
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("marshalling a dashboard of strings and numbers: %v", err)) // cannot happen
	}
	return string(text)
}
