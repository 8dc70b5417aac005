package certbot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// sweepAfter is for how long a certificate that nobody wants any more stays
	// after it has expired.
	sweepAfter = 30 * 24 * time.Hour
	// sweepPause is the least time between two sweeps. It is less than a day,
	// so that a daily schedule does not leave out every other day.
	sweepPause = 20 * time.Hour
)

// SweepObject is the object key of when the function last looked for what
// nobody wants any more. Keys of certificates hold no dot, so it is never a
// certificate's status.
func SweepObject(name string) string { return StatusPrefix + name + "/.sweep.json" }

// swept is the content of SweepObject.
type swept struct {
	At time.Time `json:"at"`
}

// objectVersion is a version of an object in the bucket, or the mark that it
// was deleted.
type objectVersion struct {
	key, id  string
	modified time.Time
	marker   bool
}

// sweep deletes what certificates left behind that the configuration does not
// name any more: at prefixes that none of them has now, and in statuses of keys
// that are gone. It is housekeeping, so what fails is only logged, and scheduled
// runs alone have time for it: once a day, and only if they did look at a
// certificate.
//
// It deletes only versions that it had listed before it read that they are not
// wanted, so whatever another run writes meanwhile stays.
func (r *run) sweep(ctx context.Context) {
	whole := r.request.Trigger == TriggerSchedule && len(r.request.Keys) == 0 && r.request.Rollback == nil && !r.request.Force
	if !whole || !r.looked {
		return
	}
	if err := r.sweepDaily(ctx); err != nil {
		r.log.WarnContext(ctx, "what certificates of before left behind was not deleted, or not all of it", "error", err.Error())
	}
}

func (r *run) sweepDaily(ctx context.Context) error {
	object := SweepObject(r.config.Name)
	last, err := getObject(ctx, r.clients.S3, r.config.Bucket, object)
	if err != nil {
		return err
	}
	var done swept
	if last != nil && json.Unmarshal(last.body, &done) == nil && time.Since(done.At) < sweepPause {
		return nil
	}
	body, err := json.Marshal(swept{At: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("marshalling when was swept: %w", err)
	}
	// Before the work, so that one which always fails is not tried all day.
	if _, err := putObject(ctx, r.clients.S3, r.config.Bucket, object, "application/json", body, nil); err != nil {
		return err
	}
	prefix := StatusPrefix + r.config.Name + "/"
	if r.config.OwnBucket {
		prefix = "" // nobody else's objects are there
	}
	versions, err := listVersions(ctx, r.clients.S3, r.config.Bucket, prefix)
	if err != nil {
		return err
	}
	return errors.Join(r.sweepPrefixes(ctx, versions), r.sweepStatuses(ctx, versions))
}

// sweepPrefixes deletes certificates at prefixes that nobody wants any more.
// Where a bucket is not the resource's own there are none among the versions.
func (r *run) sweepPrefixes(ctx context.Context, versions []objectVersion) error {
	var failures []error
	forsaken := r.forsaken(versions)
	for _, prefix := range slices.Sorted(maps.Keys(forsaken)) {
		expiry, err := r.pointedExpiry(ctx, forsaken[prefix])
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if time.Now().Before(expiry.Add(sweepAfter)) {
			continue
		}
		doomed := slices.DeleteFunc(slices.Clone(versions), func(v objectVersion) bool { return !r.isPartAt(v.key, prefix) })
		// The pointer is last: while it is there, the next sweep finds the rest.
		slices.SortStableFunc(doomed, func(a, b objectVersion) int {
			return cmp.Compare(strings.Count(a.key, PointerObject), strings.Count(b.key, PointerObject))
		})
		failures = append(failures, r.deleteVersions(ctx, doomed, "prefix", prefix, "over_since", expiry))
	}
	return errors.Join(failures...)
}

// forsaken are the prefixes with a pointer that belong to no certificate, with
// the newest version of that pointer.
func (r *run) forsaken(versions []objectVersion) map[string]objectVersion {
	found := map[string]objectVersion{}
	for _, v := range versions {
		prefix, ok := strings.CutSuffix(v.key, PointerObject)
		if !ok || !strings.HasSuffix(prefix, "/") || v.marker || r.reserved(v.key) {
			continue
		}
		if newest, seen := found[prefix]; !seen || v.modified.After(newest.modified) {
			found[prefix] = v
		}
	}
	return found
}

// reserved tells whether an object is below a prefix of a certificate that is
// wanted, or among the function's own.
func (r *run) reserved(key string) bool {
	if strings.HasPrefix(key, ConfigPrefix) || strings.HasPrefix(key, StatusPrefix) {
		return true
	}
	return slices.ContainsFunc(r.config.Certificates, func(c Certificate) bool { return strings.HasPrefix(key, c.Prefix) })
}

// isPartAt tells whether an object is part of the certificate at a prefix that
// nobody wants any more. Another certificate may lie below that prefix.
func (r *run) isPartAt(key, prefix string) bool {
	below, ok := strings.CutPrefix(key, prefix)
	if !ok || r.reserved(key) {
		return false
	}
	return strings.HasPrefix(below, VersionsPrefix) || slices.Contains([]string{PointerObject, BundleObject, KeyObject, CertificateObject}, below)
}

// pointedExpiry is when the last of the versions expires that a pointer names.
func (r *run) pointedExpiry(ctx context.Context, v objectVersion) (time.Time, error) {
	body, err := r.readVersion(ctx, v)
	if err != nil {
		return time.Time{}, err
	}
	var p Pointer
	if err := json.Unmarshal(body, &p); err != nil || p.Version == "" || p.NotAfter.IsZero() {
		return time.Time{}, fmt.Errorf("reading S3 object (s3://%s/%s): it is no pointer, so what lies beside it stays", r.config.Bucket, v.key)
	}
	expiry := p.NotAfter
	for _, kept := range p.Versions {
		expiry = later(expiry, kept.NotAfter)
	}
	return expiry, nil
}

// sweepStatuses deletes what was told and remembered of keys that the
// configuration does not have, when the certificate of then has expired as
// long ago as those of prefixes.
func (r *run) sweepStatuses(ctx context.Context, versions []objectVersion) error {
	var failures []error
	gone := r.statusesOfGone(versions)
	for _, key := range slices.Sorted(maps.Keys(gone)) {
		since, err := r.lastHeardOf(ctx, key, gone[key])
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if time.Now().Before(since.Add(sweepAfter)) {
			continue
		}
		failures = append(failures, r.deleteVersions(ctx, gone[key], "certificate", key, "over_since", since))
	}
	return errors.Join(failures...)
}

// statusesOfGone are the versions of status and memory of each key that the
// configuration does not have.
func (r *run) statusesOfGone(versions []objectVersion) map[string][]objectVersion {
	gone := map[string][]objectVersion{}
	for _, v := range versions {
		name, ok := strings.CutPrefix(v.key, StatusPrefix+r.config.Name+"/")
		if !ok {
			continue
		}
		key, _, _ := strings.Cut(name, ".")
		wanted := slices.ContainsFunc(r.config.Certificates, func(c Certificate) bool { return c.Key == key })
		if key == "" || wanted || v.key != StatusObject(r.config.Name, key) && v.key != MemoryObject(r.config.Name, key) {
			continue
		}
		gone[key] = append(gone[key], v)
	}
	return gone
}

// lastHeardOf is when a key's certificate expired, or when its objects were
// last written if that is later or it never had one.
func (r *run) lastHeardOf(ctx context.Context, key string, versions []objectVersion) (time.Time, error) {
	var since time.Time
	for _, v := range versions {
		since = later(since, v.modified)
	}
	found, err := getObject(ctx, r.clients.S3, r.config.Bucket, StatusObject(r.config.Name, key))
	if err != nil || found == nil {
		return since, err
	}
	var status Status
	if json.Unmarshal(found.body, &status) == nil && status.Stored != nil {
		since = later(since, status.Stored.NotAfter)
	}
	return since, nil
}

// deleteVersions deletes versions for good. One that cannot be deleted does
// not keep the others, but the first error is enough to tell.
func (r *run) deleteVersions(ctx context.Context, versions []objectVersion, facts ...any) error {
	var first error
	left := 0
	for _, v := range versions {
		err := deleteVersion(ctx, r.clients.S3, r.config.Bucket, v)
		if err != nil {
			first = cmp.Or(first, err)
			left++
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d versions are left: %w", left, len(versions), first)
	}
	r.log.InfoContext(ctx, "what a certificate of before left behind is deleted", append(facts, "versions", len(versions))...)
	return nil
}

func (r *run) readVersion(ctx context.Context, v objectVersion) ([]byte, error) {
	found, err := readObject(ctx, r.clients.S3, &s3.GetObjectInput{Bucket: aws.String(r.config.Bucket), Key: aws.String(v.key), VersionId: aws.String(v.id)})
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fmt.Errorf("reading S3 object (s3://%s/%s): it was deleted meanwhile", r.config.Bucket, v.key)
	}
	return found.body, nil
}
