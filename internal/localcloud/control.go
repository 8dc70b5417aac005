package localcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// errNotStrict is what the methods that steer the extension say without it.
var errNotStrict = errors.New("this LocalStack lacks the project's extension")

// Route53Change is a batch of changes that Route 53 has applied.
type Route53Change struct {
	ID      string            `json:"id"`
	ZoneID  string            `json:"zone"`
	Comment string            `json:"comment"`
	Changes []RecordSetChange `json:"changes"`
}

// RecordSetChange is one change of a Route53Change. The name is written as
// Route 53 lists it: with a dot at the end and "\052" for "*".
type RecordSetChange struct {
	Action string   `json:"action"`
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	TTL    int64    `json:"ttl"`
	Values []string `json:"values"`
}

// Route53Changes lists the batches applied to a zone, oldest first.
func (c *Cloud) Route53Changes(ctx context.Context, zoneID string) ([]Route53Change, error) {
	var all, out []Route53Change
	if err := c.control(ctx, http.MethodGet, "route53/changes", nil, &all); err != nil {
		return nil, err
	}
	for _, change := range all {
		if change.ZoneID == zoneID {
			out = append(out, change)
		}
	}
	return out, nil
}

// SetChangeDelay sets how long Route 53 changes from now on stay PENDING.
func (c *Cloud) SetChangeDelay(ctx context.Context, delay time.Duration) error {
	return c.control(ctx, http.MethodPost, "route53/delay", map[string]int64{"ms": delay.Milliseconds()}, nil)
}

// ECSFaults are what goes wrong between ECS and who listens to it. AWS promises
// neither that events arrive once, nor in order, nor that DescribeTasks knows
// already what an event told.
type ECSFaults struct {
	// Lag is by how much DescribeTasks and ListTasks are behind the events.
	Lag time.Duration
	// Repeat is how many more times each event is sent.
	Repeat int
	// Shuffle holds each event back by a random time of up to half a second.
	Shuffle bool
}

// SetECSFaults replaces the faults of ECS; the zero value ends them.
func (c *Cloud) SetECSFaults(ctx context.Context, faults ECSFaults) error {
	return c.control(ctx, http.MethodPost, "ecs/faults", map[string]any{
		"lag_ms": faults.Lag.Milliseconds(), "repeat": faults.Repeat, "shuffle": faults.Shuffle,
	}, nil)
}

// SetTaskSteps sets how long the tasks of an account stay in each state, such
// as "PENDING", before ECS moves them on; a task that is to stop leaves
// "RUNNING" after that state's time. States that are not named last 50 ms. It
// replaces what was set for the account.
func (c *Cloud) SetTaskSteps(ctx context.Context, account string, steps map[string]time.Duration) error {
	ms := map[string]int64{}
	for status, d := range steps {
		ms[status] = d.Milliseconds()
	}
	return c.control(ctx, http.MethodPost, "ecs/steps", map[string]any{"account": account, "ms": ms}, nil)
}

// EvaluateAlarms evaluates all alarms of an account at once. Otherwise each is
// evaluated at its creation and whenever its evaluation periods are over.
func (c *Cloud) EvaluateAlarms(ctx context.Context, account string) error {
	return c.control(ctx, http.MethodPost, "cloudwatch/evaluate", map[string]string{"account": account, "region": c.Region}, nil)
}

// FireRule does at once what a scheduled rule of an account's default event
// bus does when its time has come, which it also does by itself, up to a
// minute late.
func (c *Cloud) FireRule(ctx context.Context, account, rule string) error {
	return c.control(ctx, http.MethodPost, "events/fire", map[string]string{"account": account, "region": c.Region, "rule": rule}, nil)
}

// control calls one of the extension's own routes.
func (c *Cloud) control(ctx context.Context, method, path string, in, out any) error {
	if !c.Strict {
		return fmt.Errorf("calling %s: %w", path, errNotStrict)
	}
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("calling %s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint+"/_fargatedirect/"+path, &body)
	if err != nil {
		return fmt.Errorf("calling %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return doJSON(http.DefaultClient, req, out)
}
