package parts

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

func TestHostedZoneDrift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(context.Context, *route53fake.Fake, *HostedZone) error
		want   []string
	}{
		{name: "negative TTL", change: func(_ context.Context, _ *route53fake.Fake, z *HostedZone) error {
			z.NegativeTTL = 60
			return nil
		}, want: []string{"the TTL of the SOA record is 5 s, want 60 s", "the minimum of the SOA record is 5 s, want 60 s"}},
		{name: "minimum alone", change: func(ctx context.Context, f *route53fake.Fake, z *HostedZone) error {
			soa, err := hostedzone.ReadSOA(ctx, f, z.ID, testZone)
			if err != nil {
				return err
			}
			set := soa.With(testZone, 900)
			set.TTL = aws.Int64(5)
			f.Put(z.ID, *set)
			return nil
		}, want: []string{"the minimum of the SOA record is 900 s, want 5 s"}},
		{name: "tags", change: func(ctx context.Context, f *route53fake.Fake, z *HostedZone) error {
			_, err := f.ChangeTagsForResource(ctx, &route53.ChangeTagsForResourceInput{
				ResourceType: types.TagResourceTypeHostedzone, ResourceId: &z.ID, RemoveTagKeys: []string{stack.OwnerTag},
				AddTags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}, {Key: aws.String("stray"), Value: aws.String("y")}, {Key: aws.String("cost-1"), Value: aws.String("z")}},
			})
			return err
		}, want: []string{`tag fargatedirect:resource is missing, want "zone/tasks.example.com"`, `tag team is "x", want "web"`, `tag stray is "y", want none`}},
		{name: "mark of the create", change: func(ctx context.Context, f *route53fake.Fake, z *HostedZone) error {
			_, err := f.UpdateHostedZoneComment(ctx, &route53.UpdateHostedZoneCommentInput{Id: &z.ID, Comment: aws.String(z.creatingComment())})
			return err
		}, want: []string{`tag fargatedirect:creating is "true", want none`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := fakeZones()
				z := made(t, f)
				if err := tc.change(t.Context(), f, z); err != nil {
					t.Fatal(err)
				}
				mustDrift(t, z, tc.want...)
				mustEnsure(t, z)
				mustDrift(t, z)
			})
		})
	}
}

// Route 53 takes ten tags in a call.
func TestHostedZoneManyTags(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := testHostedZone(f, true)
		for i := range 30 {
			z.Tags.Want[fmt.Sprintf("tag-%d", i)] = "x"
		}
		mustEnsure(t, z)
		mustDrift(t, z)
		z.Tags = testZoneTags(true)
		mustEnsure(t, z)
		mustDrift(t, z)
	})
}
