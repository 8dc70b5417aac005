package taskdns

import (
	"encoding/json"
	"slices"
	"strings"
)

// calls is the journal from a call on, "service operation" each.
func (r *rig) calls(from int) []string {
	var all []string
	for _, c := range r.wire.Journal()[from:] {
		all = append(all, c.Service+" "+c.Operation)
	}
	return all
}

// told is the events that were put, as "<last words of the type> <task id>", in
// order.
func (r *rig) told() []string {
	r.Helper()
	var all []string
	for _, e := range r.bus.Events() {
		all = append(all, e.DetailType[strings.LastIndex(e.DetailType, " ")+1:]+" "+lastPart(e.Resources[0]))
	}
	slices.Sort(all)
	return all
}

// detail reads the detail of the only event of a type.
func (r *rig) detail(kind string) Detail {
	r.Helper()
	var found []Detail
	for _, e := range r.bus.Events() {
		if e.DetailType != kind {
			continue
		}
		var d Detail
		if err := json.Unmarshal([]byte(e.Detail), &d); err != nil || e.Source != EventSource || !slices.Equal(e.Resources, []string{d.TaskARN}) {
			r.Errorf("event %+v, error %v", e, err)
		}
		found = append(found, d)
	}
	if len(found) != 1 {
		r.Fatalf("%d events %q, want one: %v\n%s", len(found), kind, r.told(), r.log)
	}
	return found[0]
}

// recorded is the sum of all values of a metric.
func (r *rig) recorded(metric string) (sum float64, values int) {
	r.Helper()
	for line := range strings.Lines(r.metrics.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil || fields[DimensionName] != "test" {
			r.Fatalf("metrics line %s: %v", line, err)
		}
		all, _ := fields[metric].([]any)
		for _, v := range all {
			sum += v.(float64)
			values++
		}
	}
	return sum, values
}

// prefixed puts a word before each of ids, in order.
func prefixed(word string, ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, word+" "+id)
	}
	return slices.Sorted(slices.Values(all))
}

// left is how many messages lie in a queue.
func (r *rig) left(url string) int { return len(r.sqs.Messages(url)) }
