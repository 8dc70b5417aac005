package parts

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// fakeParameters is Systems Manager as far as secret parameters go. It has no
// way to read a value.
type fakeParameters struct {
	service
	parameters map[string]*fakeParameter
}

type fakeParameter struct {
	value, key string
	tags       map[string]string
}

func (f *fakeParameters) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("PutParameter"); err != nil {
		return nil, err
	}
	have, exists := f.parameters[*in.Name]
	switch {
	case in.Type != types.ParameterTypeSecureString || aws.ToString(in.Value) == "" || !strings.HasPrefix(*in.Name, "/"):
		return nil, answer("ValidationException")
	case exists && !aws.ToBool(in.Overwrite):
		return nil, answer("ParameterAlreadyExists")
	case aws.ToBool(in.Overwrite) && len(in.Tags) > 0:
		return nil, fault("ValidationException", "tags and overwrite can't be used together")
	case !exists:
		have = &fakeParameter{tags: map[string]string{}}
		f.parameters[*in.Name] = have
	}
	have.value, have.key = *in.Value, aws.ToString(in.KeyId)
	for _, t := range in.Tags {
		have.tags[*t.Key] = *t.Value
	}
	return &ssm.PutParameterOutput{}, refuseTags(have.tags)
}

func (f *fakeParameters) DeleteParameter(_ context.Context, in *ssm.DeleteParameterInput, _ ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("DeleteParameter"); err != nil {
		return nil, err
	}
	if f.parameters[*in.Name] == nil {
		return nil, answer("ParameterNotFound")
	}
	delete(f.parameters, *in.Name)
	return &ssm.DeleteParameterOutput{}, nil
}

func (f *fakeParameters) tagged(op string, kind types.ResourceTypeForTagging, id *string) (*fakeParameter, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	if kind != types.ResourceTypeForTaggingParameter {
		return nil, answer("InvalidResourceType")
	}
	if f.parameters[*id] == nil {
		return nil, answer("InvalidResourceId")
	}
	return f.parameters[*id], nil
}

func (f *fakeParameters) ListTagsForResource(_ context.Context, in *ssm.ListTagsForResourceInput, _ ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.tagged("ListTagsForResource", in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &ssm.ListTagsForResourceOutput{TagList: ssmTags(p.tags)}, nil
}

func (f *fakeParameters) AddTagsToResource(_ context.Context, in *ssm.AddTagsToResourceInput, _ ...func(*ssm.Options)) (*ssm.AddTagsToResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.tagged("AddTagsToResource", in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		p.tags[*t.Key] = *t.Value
	}
	return &ssm.AddTagsToResourceOutput{}, refuseTags(p.tags)
}

func (f *fakeParameters) RemoveTagsFromResource(_ context.Context, in *ssm.RemoveTagsFromResourceInput, _ ...func(*ssm.Options)) (*ssm.RemoveTagsFromResourceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.tagged("RemoveTagsFromResource", in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(p.tags, k)
	}
	return &ssm.RemoveTagsFromResourceOutput{}, nil
}

const (
	testParameter = "/certs/eab"
	testKMSKey    = "arn:aws:kms:eu-west-2:" + testAccount + ":key/k"
)

func newSecretParameter() (*SecretParameter, *fakeParameters) {
	f := &fakeParameters{parameters: map[string]*fakeParameter{}}
	return &SecretParameter{API: f, Name: testParameter, Description: "HMAC key", Value: "hunter2", Version: 1, Tags: testTags()}, f
}

func TestSecretParameterLife(t *testing.T) {
	t.Parallel()
	p, f := newSecretParameter()
	p.KMSKeyARN = testKMSKey
	mustBeAbsent(t, p)
	mustDelete(t, p)
	f.takeChanges()
	mustEnsure(t, p)
	expectChanges(t, &f.service, "PutParameter")
	mustDrift(t, p)
	mustEnsure(t, p)
	expectChanges(t, &f.service)
	if got := f.parameters[testParameter]; got.value != "hunter2" || got.key != testKMSKey {
		t.Errorf("it holds %q, encrypted by %q", got.value, got.key)
	}
	tags, err := p.ReadTags(t.Context())
	want := testTags().Want
	maps.Copy(want, map[string]string{secretVersionTag: "1", secretKeyTag: testKMSKey})
	if err != nil || !maps.Equal(tags, want) {
		t.Errorf("tags %v, error %v, want %v", tags, err, want)
	}
	for range 2 {
		mustDelete(t, p)
		mustBeAbsent(t, p)
	}
	if _, err := p.ReadVersion(t.Context()); err != stack.ErrNotFound { //nolint:errorlint // exactly this
		t.Errorf("the version of none: %v", err)
	}
}

func TestSecretParameterIsRepaired(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change        func(*SecretParameter, *fakeParameter)
		drift, writes []string
	}{
		"another value": {
			func(p *SecretParameter, _ *fakeParameter) { p.Value, p.Version = "hunter3", 2 },
			[]string{`version of the value is "1", want "2"`},
			[]string{"PutParameter", "AddTagsToResource"},
		},
		"another key": {
			func(p *SecretParameter, _ *fakeParameter) { p.KMSKeyARN = testKMSKey },
			[]string{`KMS key is "", want "` + testKMSKey + `"`},
			[]string{"PutParameter", "AddTagsToResource"},
		},
		"no key any more": {
			func(_ *SecretParameter, have *fakeParameter) {
				have.tags[secretKeyTag], have.key = testKMSKey, testKMSKey
			},
			[]string{`KMS key is "` + testKMSKey + `", want ""`},
			[]string{"PutParameter", "RemoveTagsFromResource"},
		},
		"mark lost": {
			func(_ *SecretParameter, have *fakeParameter) { delete(have.tags, secretVersionTag) },
			[]string{`version of the value is "", want "1"`},
			[]string{"PutParameter", "AddTagsToResource"},
		},
		"tags": {
			func(p *SecretParameter, have *fakeParameter) {
				p.Value = "" // it is not needed
				have.tags["team"] = "dns"
				have.tags["else"] = "x"
			},
			[]string{`tag team is "dns", want "web"`, `tag else is "x", want none`},
			[]string{"AddTagsToResource", "RemoveTagsFromResource"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, f := newSecretParameter()
			mustEnsure(t, p)
			test.change(p, f.parameters[testParameter])
			checkRepair(t, p, &f.service, test.drift, test.writes)
			if got := f.parameters[testParameter]; p.Value != "" && (got.value != string(p.Value) || got.key != p.KMSKeyARN) {
				t.Errorf("it holds %q, encrypted by %q", got.value, got.key)
			}
			if version, err := p.ReadVersion(t.Context()); version != p.Version || err != nil {
				t.Errorf("the version is %d, error %v", version, err)
			}
		})
	}
}

// A value that was written, but not its mark, is written again.
func TestSecretParameterIsWrittenAgainWhereTheMarkIsMissing(t *testing.T) {
	t.Parallel()
	p, f := newSecretParameter()
	mustEnsure(t, p)
	p.Value, p.Version = "hunter3", 2
	f.once = map[string][]error{"AddTagsToResource": {answer("InternalServerError")}}
	expectError(t, p.Ensure(t.Context()), "tagging SSM parameter ("+testParameter+")")
	mustDrift(t, p, `version of the value is "1", want "2"`)
	f.takeChanges()
	mustEnsure(t, p)
	expectChanges(t, &f.service, "PutParameter", "AddTagsToResource")
	mustDrift(t, p)
}

func TestSecretParameterErrors(t *testing.T) {
	t.Parallel()
	p, f := newSecretParameter()
	p.Value = ""
	expectError(t, p.Ensure(t.Context()), "writing SSM parameter ("+testParameter+")", "value is not given")
	p.Value = "hunter2"
	for _, op := range []string{"PutParameter", "ListTagsForResource"} {
		f.deny(op)
		expectDenied(t, p.Ensure(t.Context()))
	}
	f.deny("DeleteParameter")
	expectDenied(t, p.Delete(t.Context()))
	if text := fmt.Sprintf("%v %+v %#v %s", p.Value, *p, *p, p); strings.Contains(text, "hunter2") {
		t.Errorf("the value is printed: %s", text)
	}
}
