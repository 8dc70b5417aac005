package taskdns

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func TestItemsOf(t *testing.T) {
	t.Parallel()
	all := both(address, address6)
	tests := []struct {
		name string
		want want
		text string // "<type> <wanted> <last>" joined by "; "
	}{
		{"IPv4", want{addresses: v4(address)}, "A " + address + " -"},
		{"IPv6", want{addresses: addresses{v6: netip.MustParseAddr(address6)}}, "AAAA " + address6 + " -"},
		{"both", want{addresses: all}, "A " + address + " -; AAAA " + address6 + " -"},
		{"gone, unknown", want{}, "A - -; AAAA - -"},
		{"gone, had none", want{last: &addresses{}}, ""},
		{"gone, had IPv4", want{last: lastV4(address)}, "A - " + address},
		{"gone, had both", want{last: &all}, "A - " + address + "; AAAA - " + address6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := func(a netip.Addr) string {
				if !a.IsValid() {
					return "-"
				}
				return a.String()
			}
			var got []string
			for _, it := range itemsOf(&tt.want) {
				got = append(got, fmt.Sprintf("%s %s %s", it.kind, text(it.address), text(it.last)))
			}
			if text := strings.Join(got, "; "); text != tt.text {
				t.Errorf("items %q, want %q", text, tt.text)
			}
		})
	}
}

// Sets that are not such as the function makes.
var strange = map[string]func(*types.ResourceRecordSet){
	"two values": func(s *types.ResourceRecordSet) {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: aws.String("192.0.2.1")})
	},
	"no value": func(s *types.ResourceRecordSet) { s.ResourceRecords = nil },
	"weighted": func(s *types.ResourceRecordSet) { s.SetIdentifier, s.Weight = aws.String("a"), aws.Int64(1) },
	"multivalue": func(s *types.ResourceRecordSet) {
		s.SetIdentifier, s.MultiValueAnswer = aws.String("a"), aws.Bool(true)
	},
	"latency":      func(s *types.ResourceRecordSet) { s.SetIdentifier, s.Region = aws.String("a"), "eu-west-2" },
	"failover":     func(s *types.ResourceRecordSet) { s.SetIdentifier, s.Failover = aws.String("a"), "PRIMARY" },
	"geolocation":  func(s *types.ResourceRecordSet) { s.GeoLocation = &types.GeoLocation{} },
	"geoproximity": func(s *types.ResourceRecordSet) { s.GeoProximityLocation = &types.GeoProximityLocation{} },
	"CIDR":         func(s *types.ResourceRecordSet) { s.CidrRoutingConfig = &types.CidrRoutingConfig{} },
	"an alias": func(s *types.ResourceRecordSet) {
		s.ResourceRecords, s.TTL, s.AliasTarget = nil, nil, &types.AliasTarget{DNSName: aws.String("lb.example.com")}
	},
	"health-checked":      func(s *types.ResourceRecordSet) { s.HealthCheckId = aws.String("h") },
	"of a traffic policy": func(s *types.ResourceRecordSet) { s.TrafficPolicyInstanceId = aws.String("t") },
}

func TestDecide(t *testing.T) {
	t.Parallel()
	own := netip.MustParseAddr(address)
	there := item{address: own}
	gone := item{}
	leaving := item{last: own}
	plainly, taking, retimed := rules{ttl: 60}, rules{ttl: 60, takeOver: true}, rules{ttl: 60, ours: []int64{30, 300}}
	holding := func(ttl int64, value string) known {
		return known{read: true, set: rules{ttl: ttl}.recordSet(&item{want: &want{name: taskName}, kind: types.RRTypeA}, netip.MustParseAddr(value))}
	}
	cname := known{read: true, set: &types.ResourceRecordSet{Type: types.RRTypeCname, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("x")}}}}
	two := holding(60, otherAddress)
	strange["two values"](two.set)
	replaced := func(ttl int64, value string) string {
		return fmt.Sprintf("DELETE %d %s; CREATE 60 %s", ttl, value, address)
	}
	tests := []struct {
		name    string
		rules   rules
		item    item
		touch   bool
		known   known
		verdict verdict
		changes string // "<action> <ttl> <value>" joined by "; "
	}{
		{"new", plainly, there, false, known{}, verdictChange, "CREATE 60 " + address},
		{"new, read", plainly, there, false, known{read: true}, verdictChange, "CREATE 60 " + address},
		{"refused", plainly, there, false, known{refused: true}, verdictRead, ""},
		{"as it should be", plainly, there, false, holding(60, address), verdictDone, ""},
		{"as it should be, but nobody may know", plainly, there, true, holding(60, address), verdictChange, replaced(60, address)},
		{"as it should be but for the TTL", plainly, there, false, holding(300, address), verdictChange, replaced(300, address)},
		{"another value with our TTL", plainly, there, false, holding(60, otherAddress), verdictConflict, ""},
		{"another value with an earlier TTL of ours", retimed, there, false, holding(300, otherAddress), verdictConflict, ""},
		{"another value to be taken over", taking, there, false, holding(300, otherAddress), verdictChange, replaced(300, otherAddress)},
		{"two values to be taken over", taking, there, false, two, verdictChange, "DELETE 60 " + otherAddress + "+192.0.2.1; CREATE 60 " + address},
		{"a CNAME", plainly, there, false, cname, verdictConflict, ""},
		{"a CNAME to be taken over", taking, there, false, cname, verdictConflict, ""},
		{"gone, unknown", plainly, gone, false, known{}, verdictRead, ""},
		{"gone, not there", plainly, gone, false, known{read: true}, verdictDone, ""},
		{"gone, not there, touched", plainly, gone, true, known{read: true}, verdictDone, ""},
		{"gone, ours", plainly, gone, false, holding(60, otherAddress), verdictChange, "DELETE 60 " + otherAddress},
		{"gone, an earlier TTL", retimed, gone, false, holding(300, otherAddress), verdictChange, "DELETE 300 " + otherAddress},
		{"gone, a stranger's", plainly, gone, false, holding(300, otherAddress), verdictConflict, ""},
		{"gone, a stranger's, taking over", taking, gone, false, holding(300, otherAddress), verdictConflict, ""},
		{"gone, a CNAME", plainly, gone, false, cname, verdictDone, ""},
		{"leaving", plainly, leaving, false, known{}, verdictChange, "DELETE 60 " + address},
		{"leaving, refused", plainly, leaving, false, known{refused: true}, verdictRead, ""},
		{"leaving, not there", plainly, leaving, false, known{read: true}, verdictDone, ""},
		{"leaving, with another TTL", plainly, leaving, false, holding(300, address), verdictChange, "DELETE 300 " + address},
		{"leaving, another value with our TTL", plainly, leaving, false, holding(60, otherAddress), verdictConflict, ""},
	}
	for name, change := range strange {
		k := holding(60, address)
		change(k.set)
		for _, it := range []item{there, gone, leaving} {
			tests = append(tests, struct {
				name    string
				rules   rules
				item    item
				touch   bool
				known   known
				verdict verdict
				changes string
			}{fmt.Sprintf("%s, wanted %s, last %s", name, it.address, it.last), plainly, it, false, k, verdictConflict, ""})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			it := tt.item
			it.want, it.kind, it.known = &want{name: taskName, touch: tt.touch}, types.RRTypeA, tt.known
			verdict, changes := tt.rules.decide(&it)
			var texts []string
			for _, c := range changes {
				var values []string
				for _, r := range c.ResourceRecordSet.ResourceRecords {
					values = append(values, aws.ToString(r.Value))
				}
				texts = append(texts, fmt.Sprintf("%s %d %s", c.Action, aws.ToInt64(c.ResourceRecordSet.TTL), strings.Join(values, "+")))
			}
			if got := strings.Join(texts, "; "); verdict != tt.verdict || got != tt.changes {
				t.Errorf("verdict %d, changes %q; want %d, %q", verdict, got, tt.verdict, tt.changes)
			}
		})
	}
}

// A record set with a routing policy is nobody's to take over.
func TestDecideTakesNoPolicyOver(t *testing.T) {
	t.Parallel()
	for name, change := range strange {
		set := rules{ttl: 60}.recordSet(&item{want: &want{name: taskName}, kind: types.RRTypeA}, netip.MustParseAddr(otherAddress))
		change(set)
		it := &item{want: &want{name: taskName}, kind: types.RRTypeA, address: netip.MustParseAddr(address), known: known{read: true, set: set}}
		verdict, _ := rules{ttl: 60, takeOver: true}.decide(it)
		if plain := name == "no value" || name == "two values"; (verdict == verdictChange) != plain {
			t.Errorf("%s: verdict %d", name, verdict)
		}
	}
}
