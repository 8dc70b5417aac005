package parts

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

func put(b *fakeBucket, keys ...string) {
	for _, k := range keys {
		b.add(fakeVersion{key: k, body: []byte("x")})
	}
}

func TestBucketCheckDelete(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		objects func(*fakeBucket)
		set     func(*Bucket)
		refused bool
	}{
		{name: "empty"},
		{name: "a certificate", objects: func(b *fakeBucket) { put(b, "web/cert.pem") }, refused: true},
		{name: "only our own", objects: func(b *fakeBucket) { put(b, "config/1.json", "status/web.json") }},
		{name: "a certificate behind our own", objects: func(b *fakeBucket) { put(b, "config/1", "config/2", "config/3", "web/cert.pem") }, refused: true},
		{name: "a key that only looks like our own", objects: func(b *fakeBucket) { put(b, "configuration") }, refused: true},
		{name: "a deleted certificate", objects: func(b *fakeBucket) {
			put(b, "web/cert.pem")
			b.add(fakeVersion{key: "web/cert.pem", marker: true})
		}},
		{name: "force", objects: func(b *fakeBucket) { put(b, "web/cert.pem") }, set: func(b *Bucket) { b.ForceDestroy = true }},
		{name: "keep", objects: func(b *fakeBucket) { put(b, "web/cert.pem") }, set: func(b *Bucket) { b.Keep = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			f.page = 2
			b := testBucket(f)
			mustEnsure(t, b)
			if tc.objects != nil {
				tc.objects(f.buckets["certs"])
			}
			if tc.set != nil {
				tc.set(b)
			}
			err := b.CheckDelete(t.Context())
			if tc.refused {
				expectError(t, err, "bucket (certs)", "force_destroy = true", "retain_on_destroy = true")
			} else if err != nil {
				t.Errorf("CheckDelete: %v", err)
			}
		})
	}
}

func TestBucketCheckDeleteOfNone(t *testing.T) {
	t.Parallel()
	b := testBucket(newFakeS3())
	if err := b.CheckDelete(t.Context()); err != nil {
		t.Error(err)
	}
	if holds, err := b.HoldsContent(t.Context()); holds || err != nil {
		t.Errorf("HoldsContent = %v, %v", holds, err)
	}
}

func TestBucketDelete(t *testing.T) {
	t.Parallel()
	for _, page := range []int{2, 1000} {
		t.Run(fmt.Sprintf("pages of %d", page), func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			f.page = page
			b := testBucket(f)
			mustEnsure(t, b)
			held := f.buckets["certs"]
			for i := range 1500 {
				put(held, fmt.Sprintf("web/%d.pem", i%700))
			}
			held.add(fakeVersion{key: "web/1.pem", marker: true})
			held.uploads = []string{"a", "b", "c"}
			f.buckets["other"] = &fakeBucket{account: f.account}
			mustDelete(t, b)
			if f.buckets["certs"] != nil || f.buckets["other"] == nil {
				t.Fatalf("buckets left: %v", f.buckets)
			}
			mustBeAbsent(t, b)
			mustDelete(t, b)
		})
	}
}

func TestBucketDeleteWhileTheFunctionWrites(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	mustEnsure(t, b)
	f.once = map[string][]error{
		"DeleteBucket":  {answer("BucketNotEmpty"), answer("OperationAborted")},
		"DeleteObjects": {answer("AccessDenied")}, // the policy that was just removed
	}
	put(f.buckets["certs"], "web/cert.pem")
	pauses := 0
	b.sleep = func(context.Context, time.Duration) error {
		put(f.buckets["certs"], "web/cert.pem")
		pauses++
		return nil
	}
	mustDelete(t, b)
	if pauses != 3 {
		t.Errorf("%d pauses, want 3", pauses)
	}
	mustBeAbsent(t, b)
}

func TestBucketDeleteGivesUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ op, code string }{
		{"DeleteBucketPolicy", "AccessDenied"},
		{"ListObjectVersions", "AccessDenied"},
		{"DeleteObjects", "AccessDenied"},
		{"ListMultipartUploads", "InternalError"},
		{"AbortMultipartUpload", "InternalError"},
		{"DeleteBucket", "BucketNotEmpty"},
	} {
		t.Run(tc.op, func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			b := testBucket(f)
			mustEnsure(t, b)
			put(f.buckets["certs"], "web/cert.pem")
			f.buckets["certs"].uploads = []string{"a"}
			f.always = map[string]error{tc.op: answer(tc.code)}
			expectError(t, b.Delete(t.Context()), "deleting", "bucket (certs)", tc.code)
			f.always = nil
			mustDelete(t, b)
			mustBeAbsent(t, b)
		})
	}
}

// TestBucketDeleteTellsWhatStays has a policy that S3 brings back, so that
// every object of the batch is refused.
func TestBucketDeleteTellsWhatStays(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	mustEnsure(t, b)
	put(f.buckets["certs"], "web/cert.pem", "web/key.pem")
	f.buckets["certs"].policy = b.Policy.JSON()
	expectError(t, b.deleteWithContent(t.Context()), "2 objects could not be deleted", "web/cert.pem", "AccessDenied")
}

func TestBucketKeep(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	b := testBucket(f)
	b.Keep = true
	mustDelete(t, b)
	mustEnsure(t, b)
	if err := b.Untag(t.Context(), stack.CreatingTag); err != nil {
		t.Fatal(err)
	}
	put(f.buckets["certs"], "web/cert.pem")
	f.takeChanges()
	mustDelete(t, b)
	expectChanges(t, &f.service, "PutBucketTagging")
	mustDelete(t, b)
	expectChanges(t, &f.service)

	kept := f.buckets["certs"]
	if kept.tags[stack.OwnerTag] != testOwner || kept.tags[stack.CreatingTag] == "" || kept.tags["team"] != "web" {
		t.Errorf("tags of the kept bucket = %v", kept.tags)
	}
	if len(kept.current()) != 1 || kept.policy == "" {
		t.Error("the kept bucket lost its content or its policy")
	}
	if err := (stack.Stack{Owner: testOwner, Stages: [][]stack.Part{{b}}}).Claim(t.Context()); err != nil {
		t.Errorf("a later create does not adopt the kept bucket: %v", err)
	}
	f.always = map[string]error{"GetBucketTagging": answer("AccessDenied")}
	expectError(t, b.Delete(t.Context()), "reading the tags of bucket (certs)", "AccessDenied")
}
