// Package snapshot lists everything of the kinds that this project ever makes
// in one account and region, whoever made it. Tests take one before and one
// after, so that "nothing is left" is judged without trusting the code that
// was to clean up: the package imports nothing of this project.
package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// Snapshot maps "kind/id", for example "sqs queue/https://…", to a short
// fingerprint of what somebody configured there. Counters, states and dates,
// which change by themselves, are not part of the fingerprint.
type Snapshot map[string]string

// Take lists the account and region of the configuration. It reads all kinds
// at once and fails if any cannot be read.
func Take(ctx context.Context, cfg aws.Config) (Snapshot, error) {
	kinds := []func(context.Context, aws.Config, *collector) error{
		buckets,
		parameters,
		secrets,
		topics,
		subscriptions,
		queues,
		functions,
		mappings,
		rules,
		roles,
		policies,
		logGroups,
		alarms,
		dashboards,
		hostedZones,
		clusters,
	}
	c := &collector{found: Snapshot{}}
	errs := make([]error, len(kinds))
	var wg sync.WaitGroup
	for i, list := range kinds {
		wg.Go(func() { errs[i] = list(ctx, cfg, c) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("taking a snapshot: %w", err)
	}
	return c.found, nil
}

// Without answers the snapshot without what ignore says yes to.
func (s Snapshot) Without(ignore func(kind, id string) bool) Snapshot {
	kept := Snapshot{}
	for key, fingerprint := range s {
		kind, id, _ := strings.Cut(key, "/")
		if !ignore(kind, id) {
			kept[key] = fingerprint
		}
	}
	return kept
}

// Diff tells how later differs from s, one line for each difference, sorted by
// kind and id: "+ sqs queue x" is new, "- sqs queue x" is gone, and
// "~ sqs queue x" was changed.
func (s Snapshot) Diff(later Snapshot) []string {
	keys := map[string]bool{}
	for key := range s {
		keys[key] = true
	}
	for key := range later {
		keys[key] = true
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		before, was := s[key]
		after, is := later[key]
		line := strings.Replace(key, "/", " ", 1)
		switch {
		case !was:
			lines = append(lines, "+ "+line)
		case !is:
			lines = append(lines, "- "+line)
		case before != after:
			lines = append(lines, "~ "+line)
		}
	}
	return lines
}

// collector gathers what the kinds find at the same time.
type collector struct {
	mu    sync.Mutex
	found Snapshot
}

// add records one thing. What is configured there is given as values that
// encode as JSON, in which maps have a fixed order.
func (c *collector) add(kind, id string, configured ...any) error {
	encoded, err := json.Marshal(configured)
	if err != nil {
		return fmt.Errorf("describing %s (%s): %w", kind, id, err)
	}
	sum := sha256.Sum256(encoded)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[kind+"/"+id] = hex.EncodeToString(sum[:6])
	return nil
}

// is tells whether err is an answer of AWS with one of these codes.
func is(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}

// paginator is what the SDK's paginators have in common.
type paginator[Out, Options any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*Options)) (Out, error)
}

// pages calls f for each page.
func pages[Out, Options any](ctx context.Context, what string, p paginator[Out, Options], f func(Out) error) error {
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing %s: %w", what, err)
		}
		if err := f(page); err != nil {
			return err
		}
	}
	return nil
}
