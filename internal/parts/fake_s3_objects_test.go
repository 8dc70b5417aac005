package parts

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// fakeVersion is one version of an object, or a delete marker. Later ones of
// the same key are newer.
type fakeVersion struct {
	key, id, contentType string
	body                 []byte
	marker               bool
}

// add stores a version as the bucket's versioning demands.
func (b *fakeBucket) add(v fakeVersion) {
	b.lastID++
	v.id = fmt.Sprintf("v%06d", b.lastID)
	if b.versioning != types.BucketVersioningStatusEnabled {
		v.id = "null"
		b.versions = slices.DeleteFunc(b.versions, func(o fakeVersion) bool { return o.key == v.key && o.id == "null" })
	}
	b.versions = append(b.versions, v)
}

// current answers the keys' newest versions that are no delete markers.
func (b *fakeBucket) current() map[string]fakeVersion {
	newest := map[string]fakeVersion{}
	for _, v := range b.versions {
		newest[v.key] = v
	}
	for k, v := range newest {
		if v.marker {
			delete(newest, k)
		}
	}
	return newest
}

func (b *fakeBucket) removeVersion(key, id string) {
	b.versions = slices.DeleteFunc(b.versions, func(v fakeVersion) bool { return v.key == key && v.id == id })
}

// deniesDelete tells whether the bucket's policy keeps the caller from deleting.
func (b *fakeBucket) deniesDelete() bool {
	return strings.Contains(b.policy, "s3:DeleteObjectVersion")
}

func (f *fakeS3) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetObject", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	v, ok := b.current()[*in.Key]
	if !ok {
		return nil, &types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(v.body)), ContentType: &v.contentType}, nil
}

func (f *fakeS3) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutObject", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	b.add(fakeVersion{key: *in.Key, body: body, contentType: aws.ToString(in.ContentType)})
	return &s3.PutObjectOutput{}, nil
}

func (f *fakeS3) DeleteObject(_ context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("DeleteObject", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	switch {
	case b.deniesDelete():
		return nil, answer("AccessDenied")
	case in.VersionId == nil:
		b.add(fakeVersion{key: *in.Key, marker: true})
	default:
		b.removeVersion(*in.Key, *in.VersionId)
	}
	return &s3.DeleteObjectOutput{}, nil
}

func (f *fakeS3) DeleteObjects(_ context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("DeleteObjects", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if n := len(in.Delete.Objects); n == 0 || n > 1000 {
		return nil, answer("MalformedXML")
	}
	out := &s3.DeleteObjectsOutput{}
	for _, id := range in.Delete.Objects {
		switch {
		case b.deniesDelete():
			out.Errors = append(out.Errors, types.Error{Key: id.Key, VersionId: id.VersionId, Code: aws.String("AccessDenied"), Message: aws.String("Access Denied")})
		case id.VersionId == nil:
			b.add(fakeVersion{key: *id.Key, marker: true})
		default:
			b.removeVersion(*id.Key, *id.VersionId)
		}
	}
	return out, nil
}

func (f *fakeS3) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("ListObjectsV2", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	var keys []string
	for k := range b.current() {
		if k > aws.ToString(in.ContinuationToken) && strings.HasPrefix(k, aws.ToString(in.Prefix)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := &s3.ListObjectsV2Output{IsTruncated: aws.Bool(len(keys) > f.page)}
	keys = keys[:min(len(keys), f.page)]
	for _, k := range keys {
		out.Contents = append(out.Contents, types.Object{Key: aws.String(k)})
	}
	if *out.IsTruncated {
		out.NextContinuationToken = aws.String(keys[len(keys)-1])
	}
	return out, nil
}

func (f *fakeS3) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("ListObjectVersions", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	newestFirst := func(v, w fakeVersion) int { return cmp.Or(cmp.Compare(v.key, w.key), cmp.Compare(w.id, v.id)) }
	after := fakeVersion{key: aws.ToString(in.KeyMarker), id: aws.ToString(in.VersionIdMarker)}
	list := slices.DeleteFunc(slices.Clone(b.versions), func(v fakeVersion) bool {
		return !strings.HasPrefix(v.key, aws.ToString(in.Prefix)) || in.KeyMarker != nil && newestFirst(v, after) <= 0
	})
	slices.SortFunc(list, newestFirst)
	out := &s3.ListObjectVersionsOutput{IsTruncated: aws.Bool(len(list) > f.page)}
	list = list[:min(len(list), f.page)]
	for _, v := range list {
		if v.marker {
			out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{Key: aws.String(v.key), VersionId: aws.String(v.id)})
		} else {
			out.Versions = append(out.Versions, types.ObjectVersion{Key: aws.String(v.key), VersionId: aws.String(v.id)})
		}
	}
	if *out.IsTruncated {
		last := list[len(list)-1]
		out.NextKeyMarker, out.NextVersionIdMarker = aws.String(last.key), aws.String(last.id)
	}
	return out, nil
}

func (f *fakeS3) ListMultipartUploads(_ context.Context, in *s3.ListMultipartUploadsInput, _ ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("ListMultipartUploads", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(b.uploads), func(key string) bool { return key <= aws.ToString(in.KeyMarker) })
	slices.Sort(rest)
	out := &s3.ListMultipartUploadsOutput{IsTruncated: aws.Bool(len(rest) > f.page)}
	rest = rest[:min(len(rest), f.page)]
	for _, key := range rest {
		out.Uploads = append(out.Uploads, types.MultipartUpload{Key: aws.String(key), UploadId: aws.String("upload-" + key)})
	}
	if *out.IsTruncated {
		last := rest[len(rest)-1]
		out.NextKeyMarker, out.NextUploadIdMarker = aws.String(last), aws.String("upload-"+last)
	}
	return out, nil
}

func (f *fakeS3) AbortMultipartUpload(_ context.Context, in *s3.AbortMultipartUploadInput, _ ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("AbortMultipartUpload", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	i := slices.Index(b.uploads, *in.Key)
	if i < 0 || *in.UploadId != "upload-"+*in.Key {
		return nil, answer("NoSuchUpload")
	}
	b.uploads = slices.Delete(b.uploads, i, i+1)
	return &s3.AbortMultipartUploadOutput{}, nil
}

func (f *fakeS3) GetBucketTagging(_ context.Context, in *s3.GetBucketTaggingInput, _ ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("GetBucketTagging", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.tags) == 0 {
		return nil, answer("NoSuchTagSet")
	}
	return &s3.GetBucketTaggingOutput{TagSet: bucketTags(b.tags)}, nil
}

// PutBucketTagging replaces all tags. Those of AWS must be handed back as they
// are.
func (f *fakeS3) PutBucketTagging(_ context.Context, in *s3.PutBucketTaggingInput, _ ...func(*s3.Options)) (*s3.PutBucketTaggingOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("PutBucketTagging", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(in.Tagging.TagSet) == 0 {
		return nil, answer("MalformedXML")
	}
	tags := map[string]string{}
	for _, t := range in.Tagging.TagSet {
		tags[*t.Key] = *t.Value
		if strings.HasPrefix(*t.Key, "aws:") && b.tags[*t.Key] != *t.Value {
			return nil, answer("InvalidTag")
		}
	}
	for k := range b.tags {
		if _, ok := tags[k]; !ok && strings.HasPrefix(k, "aws:") {
			return nil, answer("InvalidTag")
		}
	}
	b.tags = tags
	return &s3.PutBucketTaggingOutput{}, nil
}

func (f *fakeS3) DeleteBucketTagging(_ context.Context, in *s3.DeleteBucketTaggingInput, _ ...func(*s3.Options)) (*s3.DeleteBucketTaggingOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.open("DeleteBucketTagging", in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.tags = map[string]string{}
	return &s3.DeleteBucketTaggingOutput{}, nil
}
