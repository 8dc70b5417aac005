package certbot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

// measured are the metrics written since the last call, as "name of
// certificate" and its values, and forgets them.
func (w *world) measured(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(w.metrics.String()) {
		var fields map[string]any
		var head struct {
			Name, Certificate string
			AWS               struct {
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name, Unit string }
				}
			} `json:"_aws"`
		}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatal(err)
		}
		d := head.AWS.CloudWatchMetrics[0]
		want := []string{DimensionName}
		if head.Certificate != "" {
			want = []string{DimensionCertificate, DimensionName}
		}
		if head.Name != "prod" || d.Namespace != "Fargatedirect/Certbot" || !slices.Equal(d.Dimensions[0], want) || len(d.Dimensions) != 1 {
			t.Errorf("the line is %s", line)
		}
		for _, m := range d.Metrics {
			var values []string
			list, _ := fields[m.Name].([]any)
			for _, v := range list {
				values = append(values, fmt.Sprintf("%.2f", v))
			}
			found[strings.TrimSpace(m.Name+" "+head.Certificate)] = strings.Join(values, " ")
		}
	}
	w.metrics.Reset()
	return found
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"a.example.com"}, []string{"b.example.com"})
		refuse := func(bad string) {
			w.ca.judge = func(name string) *acme.ProblemDetails {
				if name != bad {
					return nil
				}
				return &acme.ProblemDetails{Type: problemPrefix + "caa", Detail: "CAA forbids"}
			}
		}
		refuse("b.example.com")
		if _, err := w.run(t.Context(), Request{}); err == nil {
			t.Fatal("the run succeeded")
		}
		first := w.measured(t)
		if first["Failures"] != "1.00" || first["Runs"] != "1.00" || first["FractionLeft"] != first["FractionLeft a"] || first["FractionLeft"] != "1.00" {
			t.Errorf("one of two failed: %v", first)
		}
		if _, ok := first["FractionLeft b"]; ok {
			t.Errorf("a certificate that does not exist is measured: %v", first)
		}
		w.ca.judge = nil
		w.mustRun(t, Request{})
		if got := w.measured(t); got["Failures"] != "1.00" || got["Runs"] != "1.00" {
			t.Errorf("a run that waits before it tries again must not end the alarm: %v", got)
		}

		leaf := w.holdsValidPair(t, "a", "a.example.com")
		time.Sleep(time.Until(leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) * 9 / 10)))
		refuse("a.example.com")
		if _, err := w.run(t.Context(), Request{Keys: []string{"a"}}); err == nil {
			t.Fatal("the run succeeded")
		}
		got := w.measured(t)
		if got["Failures"] != "1.00" || got["FractionLeft a"] != "0.10" || got["DaysLeft a"] == "" || got["SecondsSinceSuccess a"] == "" || len(got) != 4 {
			t.Errorf("a run for one of two: %v", got)
		}
		w.mustRun(t, Request{Keys: []string{"b"}})
		if got := w.measured(t); len(got) != 3 || got["FractionLeft b"] != "1.00" {
			t.Errorf("a good run for the other must not end an alarm: %v", got)
		}
		w.ca.judge = nil
		time.Sleep(365 * 24 * time.Hour)
		w.s3.fail = func(action, key string) error {
			if action == "s3:GetObject" && strings.HasPrefix(key, "b/") {
				return denied(action)
			}
			return nil
		}
		refuse("a.example.com")
		if _, err := w.run(t.Context(), Request{}); err == nil {
			t.Fatal("the run succeeded")
		}
		got = w.measured(t)
		delete(got, "SecondsSinceSuccess a")
		delete(got, "SecondsSinceSuccess b") // what cannot be read is remembered
		if want := map[string]string{"Failures": "2.00", "Runs": "1.00", "FractionLeft": "0.00 0.00", "FractionLeft a": "0.00", "DaysLeft a": "0.00", "FractionLeft b": "0.00", "DaysLeft b": "0.00"}; !maps.Equal(got, want) {
			t.Errorf("expired, and not readable: got %v, want %v", got, want)
		}
		w.config.Certificates = nil
		w.mustRun(t, Request{})
		if got, want := w.measured(t), map[string]string{"Failures": "0.00", "Runs": "1.00"}; !maps.Equal(got, want) {
			t.Errorf("without certificates: got %v, want %v", got, want)
		}
	})
}
