package taskdns

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

const (
	saidExists    = "Tried to create resource record set [name='a.tasks.example.com.', type='A'] but it already exists"
	saidExists6   = "Tried to create resource record set [name='a.tasks.example.com.', type='AAAA'] but it already exists"
	saidCNAME     = "RRSet of type A with DNS name b.tasks.example.com. is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone example.com."
	saidOutside   = "RRSet with DNS name c.elsewhere.org. is not permitted in zone example.com."
	saidPolicy    = "RRSet with DNS name d.tasks.example.com., type A cannot be created as other RRSets exist with the same name and type."
	saidElsewhere = "Tried to create resource record set [name='x-a.tasks.example.com.', type='A'] but it already exists"
)

func TestComplaints(t *testing.T) {
	t.Parallel()
	all := []string{saidExists, saidExists6, saidCNAME, saidOutside, saidPolicy}
	joined := "["
	for i, s := range all {
		if i > 0 {
			joined += ", "
		}
		joined += s
	}
	for form, refused := range map[string]*types.InvalidChangeBatch{
		"list": {Message: aws.String("ChangeBatch errors occurred"), Messages: all},
		"text": {Message: aws.String(joined + "]")},
	} {
		said := complaints(refused)
		about := index(said)
		for _, tt := range []struct {
			name string
			kind types.RRType
			want string
		}{
			{"a.tasks.example.com", types.RRTypeA, saidExists},
			{"a.tasks.example.com", types.RRTypeAaaa, saidExists6},
			{"b.tasks.example.com", types.RRTypeA, saidCNAME},
			{"b.tasks.example.com", types.RRTypeAaaa, ""},
			{"c.elsewhere.org", types.RRTypeA, saidOutside},
			{"c.elsewhere.org", types.RRTypeAaaa, saidOutside},
			{"d.tasks.example.com", types.RRTypeA, saidPolicy},
			{"tasks.example.com", types.RRTypeA, ""},
			{"e.tasks.example.com", types.RRTypeA, ""},
		} {
			if got := about.of(&item{want: &want{name: tt.name}, kind: tt.kind}); got != tt.want {
				t.Errorf("%s: about %s %s: %q, want %q", form, tt.kind, tt.name, got, tt.want)
			}
		}
	}
}

func TestComplaintsAboutLongerNames(t *testing.T) {
	t.Parallel()
	if got := index([]string{saidElsewhere}).of(&item{want: &want{name: "a.tasks.example.com"}, kind: types.RRTypeA}); got != "" {
		t.Errorf("about a name that ends in it: %q", got)
	}
}
