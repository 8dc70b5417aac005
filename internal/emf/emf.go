// Package emf writes CloudWatch metrics as lines of a function's log, in the
// embedded metric format: CloudWatch Logs reads them from there, which costs
// the function no call and needs no permission.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Unit is what a metric counts, in CloudWatch's words.
type Unit string

// The units in use.
const (
	Count   Unit = "Count"
	Seconds Unit = "Seconds"
	None    Unit = "None"
)

// maxValues is how many values one metric may have in a line.
const maxValues = 100

// Recorder gathers the metrics of one invocation. It may be used by several
// goroutines.
type Recorder struct {
	out        io.Writer
	namespace  string
	dimensions map[string]string
	now        func() time.Time

	mu     sync.Mutex
	units  map[string]Unit
	values map[string][]float64
}

// New makes a recorder that writes to out, usually the function's standard
// output. All metrics bear the namespace and the dimensions.
func New(out io.Writer, namespace string, dimensions map[string]string, now func() time.Time) *Recorder {
	return &Recorder{out: out, namespace: namespace, dimensions: dimensions, now: now, units: map[string]Unit{}, values: map[string][]float64{}}
}

// Add records one value of a metric. A metric has the same unit each time.
func (r *Recorder) Add(metric string, unit Unit, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.units[metric] = unit
	r.values[metric] = append(r.values[metric], value)
}

// Flush writes what was recorded, as many lines as it takes, and forgets it.
// Without anything recorded it writes nothing.
func (r *Recorder) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.values) > 0 {
		line := map[string]any{}
		for k, v := range r.dimensions {
			line[k] = v
		}
		var metrics []metric
		for _, name := range slices.Sorted(maps.Keys(r.values)) {
			values := r.values[name]
			n := min(len(values), maxValues)
			line[name] = values[:n]
			metrics = append(metrics, metric{Name: name, Unit: r.units[name]})
			if r.values[name] = values[n:]; n == len(values) {
				delete(r.values, name)
			}
		}
		line["_aws"] = metadata{
			Timestamp: r.now().UnixMilli(),
			CloudWatchMetrics: []directive{{
				Namespace: r.namespace, Dimensions: [][]string{slices.Sorted(maps.Keys(r.dimensions))}, Metrics: metrics,
			}},
		}
		text, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("marshalling metrics: %w", err)
		}
		if _, err := r.out.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("writing metrics: %w", err)
		}
	}
	return nil
}

type metadata struct {
	Timestamp         int64
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct {
	Name string
	Unit Unit
}
