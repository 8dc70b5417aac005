package parts

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func testObject(f *fakeS3) *Object {
	return &Object{API: f, Bucket: "certs", Account: f.account, Key: "config/1.json", Body: []byte(`{"a":1}`), ContentType: "application/json"}
}

func TestObjectEnsure(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	o := testObject(f)
	mustBeAbsent(t, o) // no bucket
	f.buckets["certs"] = &fakeBucket{account: f.account}
	mustBeAbsent(t, o) // no object
	mustEnsure(t, o)
	expectChanges(t, &f.service, "PutObject")
	mustDrift(t, o)
	mustEnsure(t, o)
	expectChanges(t, &f.service)
}

func TestObjectDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body, contentType string
		want                    []string
	}{
		{"other content", `{"a":2}`, "application/json", []string{"content differs"}},
		{"longer content", `{"a":1} `, "application/json", []string{"content differs"}},
		{"shorter content", `{"a":1`, "application/json", []string{"content differs"}},
		{"no content", "", "application/json", []string{"content differs"}},
		{"other type", `{"a":1}`, "text/plain", []string{`content type is "text/plain", want "application/json"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			f.buckets["certs"] = &fakeBucket{account: f.account}
			o := testObject(f)
			f.buckets["certs"].add(fakeVersion{key: o.Key, body: []byte(tc.body), contentType: tc.contentType})
			mustDrift(t, o, tc.want...)
			mustEnsure(t, o)
			mustDrift(t, o)
		})
	}
}

func TestObjectDelete(t *testing.T) {
	t.Parallel()
	for _, versioning := range []types.BucketVersioningStatus{"", types.BucketVersioningStatusEnabled} {
		t.Run("versioning "+orOff(string(versioning)), func(t *testing.T) {
			t.Parallel()
			f := newFakeS3()
			f.page = 2
			f.buckets["certs"] = &fakeBucket{account: f.account, versioning: versioning}
			o := testObject(f)
			put(f.buckets["certs"], o.Key+".backup", o.Key, o.Key)
			f.buckets["certs"].add(fakeVersion{key: o.Key, marker: true})
			mustEnsure(t, o)
			mustDelete(t, o)
			left := f.buckets["certs"].versions
			if len(left) != 1 || left[0].key != o.Key+".backup" {
				t.Errorf("left in the bucket: %v", left)
			}
			mustDelete(t, o)
			delete(f.buckets, "certs")
			mustDelete(t, o)
		})
	}
}

// An absent object and a forbidden one answer alike to a caller without
// s3:ListBucket, so neither may be taken for missing.
func TestObjectAccessDenied(t *testing.T) {
	t.Parallel()
	f := newFakeS3()
	f.buckets["certs"] = &fakeBucket{account: f.account, policy: `"s3:DeleteObjectVersion"`}
	o := testObject(f)
	mustEnsure(t, o)
	f.takeChanges()
	expectError(t, o.Delete(t.Context()), "deleting object (s3://certs/config/1.json)", "AccessDenied")
	f.takeChanges()
	f.always = map[string]error{"GetObject": answer("AccessDenied"), "ListObjectVersions": answer("AccessDenied")}
	_, err := o.Drift(t.Context())
	expectError(t, err, "AccessDenied")
	expectError(t, o.Ensure(t.Context()), "reading object (s3://certs/config/1.json)", "AccessDenied")
	expectChanges(t, &f.service)
	expectError(t, o.Delete(t.Context()), "listing the versions of object (s3://certs/config/1.json)", "AccessDenied")
	f.always = map[string]error{"GetObject": &types.NoSuchKey{}, "PutObject": answer("AccessDenied")}
	expectError(t, o.Ensure(t.Context()), "writing object (s3://certs/config/1.json)", "AccessDenied")
}
