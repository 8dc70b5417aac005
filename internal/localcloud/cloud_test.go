package localcloud_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

func recordSet(name string, kind types.RRType, values ...string) *types.ResourceRecordSet {
	set := &types.ResourceRecordSet{Name: aws.String(name), Type: kind, TTL: aws.Int64(60)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return set
}

func change(action types.ChangeAction, set *types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: set}
}

// newZone makes a hosted zone that only this test uses.
func newZone(t *testing.T, client *route53.Client, name string) string {
	t.Helper()
	out, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String(name), CallerReference: aws.String(t.Name() + " " + name),
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

func submit(t *testing.T, client *route53.Client, zone string, changes ...types.Change) (*route53.ChangeResourceRecordSetsOutput, error) {
	t.Helper()
	return client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(zone),
		ChangeBatch:  &types.ChangeBatch{Changes: changes, Comment: aws.String("a test's")},
	})
}

// listAll is everything in the zone but what each zone has.
func listAll(t *testing.T, client *route53.Client, zone string) []string {
	t.Helper()
	var out []string
	pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.ResourceRecordSets {
			if s.Type == types.RRTypeNs || s.Type == types.RRTypeSoa {
				continue
			}
			line := fmt.Sprintf("%s %s %d", aws.ToString(s.Name), s.Type, aws.ToInt64(s.TTL))
			for _, r := range s.ResourceRecords {
				line += " " + aws.ToString(r.Value)
			}
			out = append(out, line)
		}
	}
	return out
}

func TestDNSAnswersFromHostedZones(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "dns-answers.test")
	if _, err := submit(t, client, zone,
		change(types.ChangeActionCreate, recordSet("www.dns-answers.test", types.RRTypeA, "127.1.2.3")),
		change(types.ChangeActionCreate, recordSet("*.dns-answers.test", types.RRTypeTxt, `"a" "b"`)),
		change(types.ChangeActionCreate, recordSet("alias.dns-answers.test", types.RRTypeCname, "www.dns-answers.test")),
	); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, kind string
		want       []string
	}{
		{"www.dns-answers.test", "A", []string{"127.1.2.3"}},
		{"alias.dns-answers.test", "A", []string{"127.1.2.3"}},
		{"anything.dns-answers.test", "TXT", []string{"ab"}},
		{"www.dns-answers.test", "AAAA", nil},
	}
	for _, tt := range tests {
		got, err := cloud.Lookup(t.Context(), tt.name, tt.kind)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("Lookup(%s, %s) is %q, %v, want %q", tt.name, tt.kind, got, err, tt.want)
		}
	}
	if _, err := cloud.Lookup(t.Context(), "nope.www.dns-answers.test", "A"); !errors.Is(err, localcloud.ErrNoSuchName) {
		t.Errorf("looking up no name gives %v, want %v", err, localcloud.ErrNoSuchName)
	}
}

// TestDNSReadsAllPages has more records than a page of Route 53 holds.
func TestDNSReadsAllPages(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "dns-pages.test")
	var changes []types.Change
	for i := range 650 {
		changes = append(changes, change(types.ChangeActionCreate,
			recordSet(fmt.Sprintf("n%03d.dns-pages.test", i), types.RRTypeA, fmt.Sprintf("127.3.%d.%d", i/250, i%250+1))))
	}
	if _, err := submit(t, client, zone, changes...); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 299, 300, 301, 599, 600, 649} {
		got, err := cloud.Lookup(t.Context(), fmt.Sprintf("n%03d.dns-pages.test", i), "A")
		if err != nil || len(got) != 1 {
			t.Errorf("record %d is %q, %v", i, got, err)
		}
	}
}

func TestDialContextReachesANamedServer(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "dial.test")
	l, err := net.Listen("tcp4", "127.77.0.1:0")
	if err != nil {
		t.Skipf("no second loopback address here: %v", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	if _, err := submit(t, client, zone, change(types.ChangeActionCreate, recordSet("task.dial.test", types.RRTypeA, "127.77.0.1"))); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: cloud.DialContext}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("http://task.dial.test:" + port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "hello" {
		t.Errorf("the server says %q, %v", body, err)
	}
}

func TestPebble(t *testing.T) {
	t.Parallel()
	res, err := cloud.DirectoryClient().Get(cloud.DirectoryURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"newOrder", "renewalInfo", `"default"`, `"shortlived"`, `"fleeting"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the directory lacks %s: %s", want, body)
		}
	}
	if _, err := http.Get(cloud.DirectoryURL); err == nil {
		t.Error("the directory's certificate is trusted without its CA")
	}
	var names []string
	for n := range 2 {
		root, err := cloud.Root(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(root)
		if block == nil {
			t.Fatalf("root %d is no PEM: %q", n, root)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, cert.Subject.CommonName)
	}
	if names[0] == names[1] {
		t.Errorf("both roots are called %q", names[0])
	}
}
