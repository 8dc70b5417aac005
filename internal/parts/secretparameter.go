package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// SecretParameterAPI is what SecretParameter calls of Systems Manager. The
// client must log no requests.
type SecretParameterAPI interface {
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	DeleteParameter(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
	ListTagsForResource(context.Context, *ssm.ListTagsForResourceInput, ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error)
	AddTagsToResource(context.Context, *ssm.AddTagsToResourceInput, ...func(*ssm.Options)) (*ssm.AddTagsToResourceOutput, error)
	RemoveTagsFromResource(context.Context, *ssm.RemoveTagsFromResourceInput, ...func(*ssm.Options)) (*ssm.RemoveTagsFromResourceOutput, error)
}

// Secret is a text that must not be printed.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "(secret)" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "(secret)" }

// The tags by which a SecretParameter knows what was written, so that it never
// reads the value.
const (
	secretVersionTag = "fargatedirect:version" //nolint:gosec // the name of a tag
	secretKeyTag     = "fargatedirect:kms-key" //nolint:gosec // the name of a tag
)

// SecretParameter is an encrypted SSM parameter (SecureString) whose value the
// user gives and nothing answers. The value is written when the parameter is
// made, and again when Version or KMSKeyARN changes.
type SecretParameter struct {
	API SecretParameterAPI
	// Name begins with a slash.
	Name        string
	Description string
	// Value is needed by an Ensure that writes it, and by nothing else.
	Value Secret
	// Version counts the values: another one says that the value is another.
	Version int64
	// KMSKeyARN encrypts the value; empty for the account's default key.
	KMSKeyARN string
	Tags      Tags
}

func (p *SecretParameter) String() string { return fmt.Sprintf("SSM parameter (%s)", p.Name) }

// Ensure makes the parameter or brings value and tags to what is wanted.
func (p *SecretParameter) Ensure(ctx context.Context) error {
	have, err := p.ReadTags(ctx)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		return p.put(ctx, false)
	case err != nil:
		return fmt.Errorf("reading the tags of %s: %w", p, err)
	case len(p.valueDrift(have)) > 0:
		// The tags that tell of the value come after it: whoever dies in
		// between writes it once more.
		if err := p.put(ctx, true); err != nil {
			return err
		}
	}
	return p.tags().put(ctx, p, tagCalls{read: p.ReadTags, set: p.setTags, unset: p.unset})
}

// Drift tells how the value's version, its key and the tags differ.
func (p *SecretParameter) Drift(ctx context.Context) ([]string, error) {
	have, err := p.ReadTags(ctx)
	if err != nil {
		return nil, err
	}
	diffs := p.valueDrift(have)
	delete(have, secretVersionTag)
	delete(have, secretKeyTag)
	return append(diffs, p.Tags.Drift(have)...), nil
}

// valueDrift tells why the value must be written again.
func (p *SecretParameter) valueDrift(have map[string]string) []string {
	want := p.tags().Want
	return slices.Concat(
		differs(have[secretVersionTag] != want[secretVersionTag], "version of the value is %q, want %q", have[secretVersionTag], want[secretVersionTag]),
		differs(have[secretKeyTag] != want[secretKeyTag], "KMS key is %q, want %q", have[secretKeyTag], want[secretKeyTag]),
	)
}

// ReadVersion answers the Version that was written last, or stack.ErrNotFound.
func (p *SecretParameter) ReadVersion(ctx context.Context) (int64, error) {
	have, err := p.ReadTags(ctx)
	if err != nil {
		return 0, err
	}
	version, err := strconv.ParseInt(have[secretVersionTag], 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // somebody took the tag away: that is drift
	}
	return version, nil
}

// Delete removes the parameter with all its versions.
func (p *SecretParameter) Delete(ctx context.Context) error {
	_, err := p.API.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &p.Name})
	if err != nil && !awserr.Is(err, "ParameterNotFound") {
		return fmt.Errorf("deleting %s: %w", p, err)
	}
	return nil
}

// ReadTags answers the parameter's tags, or stack.ErrNotFound.
func (p *SecretParameter) ReadTags(ctx context.Context) (map[string]string, error) {
	out, err := p.API.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: &p.Name})
	if awserr.Is(err, "InvalidResourceId") {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range out.TagList {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// Untag removes one tag.
func (p *SecretParameter) Untag(ctx context.Context, key string) error {
	return p.unset(ctx, []string{key})
}

// tags are the wanted ones with those that tell of the value.
func (p *SecretParameter) tags() Tags {
	want := maps.Clone(p.Tags.Want)
	want[secretVersionTag] = strconv.FormatInt(p.Version, 10)
	if p.KMSKeyARN != "" {
		want[secretKeyTag] = p.KMSKeyARN
	}
	return Tags{Want: want, Ignore: p.Tags.Ignore}
}

// put writes the value. SSM takes tags for a new parameter alone.
func (p *SecretParameter) put(ctx context.Context, overwrite bool) error {
	if p.Value == "" {
		return fmt.Errorf("writing %s: its value is not given", p)
	}
	in := &ssm.PutParameterInput{
		Name: &p.Name, Description: &p.Description, Type: types.ParameterTypeSecureString,
		Value: aws.String(string(p.Value)), Overwrite: &overwrite,
	}
	if !overwrite {
		in.Tags = ssmTags(p.tags().Want)
	}
	if p.KMSKeyARN != "" {
		in.KeyId = &p.KMSKeyARN
	}
	if _, err := p.API.PutParameter(ctx, in); err != nil {
		return fmt.Errorf("writing %s: %w", p, err)
	}
	return nil
}

func (p *SecretParameter) setTags(ctx context.Context, tags map[string]string) error {
	_, err := p.API.AddTagsToResource(ctx, &ssm.AddTagsToResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: &p.Name, Tags: ssmTags(tags)})
	return err
}

func (p *SecretParameter) unset(ctx context.Context, keys []string) error {
	_, err := p.API.RemoveTagsFromResource(ctx, &ssm.RemoveTagsFromResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: &p.Name, TagKeys: keys})
	return err
}

func ssmTags(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}
