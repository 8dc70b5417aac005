package taskdns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

// Names that must be read cost no more calls than there are names, and no more
// than the zone has pages.
func TestReadCountsCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		sets  int // in the zone, each at a name of its own
		gone  int // names to be gone, of every step-th name of the zone
		step  int
		lists int
	}{
		{"one name", 1000, 1, 1, 1},
		{"a page of names", 1000, 250, 1, 1},
		{"two far apart", 1000, 2, 900, 2},
		{"all names", 1200, 1200, 1, 4},
		{"names all over the zone", 1200, 400, 3, 4},
		{"few names over many pages", 3000, 4, 700, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // many calls would have to wait
				z := newZoned(t)
				var wants []want
				left := make(map[string]string)
				for i, id := range labels(tt.sets) {
					z.put(types.RRTypeA, id+"."+domain, 60, address)
					left[id+" A"] = "60 " + address
					if i%tt.step == 0 && len(wants) < tt.gone {
						wants = append(wants, wanted(id, want{}), wanted(id+"-", want{})) // and one that is absent
						delete(left, id+" A")
					}
				}
				if out := z.apply(t.Context(), wants, nil); len(out.failed)+len(out.conflicts) > 0 {
					t.Errorf("failed %v, conflicts %v", out.failed, out.conflicts)
				}
				z.holds(t, left)
				if got := z.fake.Count(route53fake.List).Calls; got > tt.lists {
					t.Errorf("%d calls to read, want at most %d", got, tt.lists)
				}
			})
		})
	}
}

// A name can have more record sets than a page.
func TestReadFindsTheEndOfAName(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	for i := range 5 {
		z.fake.Put("Z1", types.ResourceRecordSet{
			Name: aws.String(idA + "." + domain), Type: types.RRTypeA, TTL: aws.Int64(60), SetIdentifier: aws.String(fmt.Sprint(i)), Weight: aws.Int64(1),
			ResourceRecords: []types.ResourceRecord{{Value: aws.String(address)}},
		})
	}
	z.put(types.RRTypeAaaa, idA+"."+domain, 60, address6)
	out := z.apply(t.Context(), []want{wanted(idA, want{})}, nil)
	if len(out.failed) > 0 || out.conflicts[idA] == "" {
		t.Errorf("failed %v, conflicts %v", out.failed, out.conflicts)
	}
	z.holds(t, map[string]string{idA + " A": "60 " + address})
	z.calls(t, 1, 0, 2)
}

// short is a Route 53 with short pages.
type short struct {
	Route53
	size int32
}

func (r short) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, o ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	shorter := *in
	shorter.MaxItems = aws.Int32(min(aws.ToInt32(in.MaxItems), r.size))
	return r.Route53.ListResourceRecordSets(ctx, &shorter, o...)
}

// Whatever stands beside the names, and wherever pages end, what is there is
// found, and nothing else.
func TestReadAmongAllKindsOfNames(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to repeat the test, not to keep a secret
	for round := range 200 {
		z := newZoned(t)
		z.route53 = short{z.fake, 1 + int32(random.IntN(5))}
		// All names begin alike, and those of tasks have 32 characters.
		label := func(alphabet string, most int) string {
			text := strings.Repeat("0", 29)
			for range 3 + random.IntN(most-2) {
				text += string(alphabet[random.IntN(len(alphabet))])
			}
			return text
		}
		left := make(map[string]string)
		for range 30 {
			name := label("a-0*!_", 5) + map[int]string{0: ".x"}[random.IntN(4)]
			z.put(types.RRTypeTxt, name+"."+domain, 60, `"x"`)
			left[canonical(route53fake.Normalize(name))+" TXT"] = `60 "x"`
		}
		var wants []want
		asked := make(map[string]bool)
		for range 10 {
			name := label("ab-0", 3)
			if asked[name] {
				continue
			}
			asked[name] = true
			wants = append(wants, wanted(name, want{}))
			for kind, value := range map[types.RRType]string{types.RRTypeA: address, types.RRTypeAaaa: address6} {
				if random.IntN(2) == 0 {
					z.put(kind, name+"."+domain, 60, value)
				}
			}
		}
		if out := z.apply(t.Context(), wants, nil); len(out.failed)+len(out.conflicts) > 0 {
			t.Errorf("round %d: failed %v, conflicts %v", round, out.failed, out.conflicts)
		}
		z.holds(t, left)
	}
}
