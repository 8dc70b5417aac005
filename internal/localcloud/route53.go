package localcloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// route53Source reads the zones of the cloud's Route 53, anew for each
// question: a resolver's cache would hide what tests want to see.
type route53Source struct {
	mu sync.Mutex
	// clients are those of the accounts to read, by access key id.
	clients map[string]*route53.Client
	// owner is the client of the account in which a zone was found.
	owner map[string]*route53.Client
}

// nameServerApp marks calls as those of Route 53's own name servers. The
// extension neither lets them fail on request nor counts them.
const nameServerApp = "fargatedirect-name-server"

// use makes the source read the zones of one more account. Before the first,
// it knows nothing.
func (s *route53Source) use(accessKeyID string, config aws.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients == nil {
		s.clients = map[string]*route53.Client{}
	}
	s.clients[accessKeyID] = route53.NewFromConfig(config, func(o *route53.Options) { o.AppID = nameServerApp })
}

// forget ends use.
func (s *route53Source) forget(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, accessKeyID)
}

// zones lists the zones of all accounts at once: an authority waits only
// seconds for an answer.
func (s *route53Source) zones(ctx context.Context) ([]zone, error) {
	s.mu.Lock()
	clients := slices.Collect(maps.Values(s.clients))
	s.mu.Unlock()
	if len(clients) == 0 {
		return nil, errors.New("listing hosted zones: the cloud is still starting")
	}
	lists := make([][]zone, len(clients))
	group, ctx := errgroup.WithContext(ctx)
	for i, client := range clients {
		group.Go(func() error {
			var err error
			lists[i], err = accountZones(ctx, client)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("listing hosted zones: %w", err)
	}
	owner := map[string]*route53.Client{}
	for i, list := range lists {
		for _, z := range list {
			owner[z.id] = clients[i]
		}
	}
	s.mu.Lock()
	s.owner = owner
	s.mu.Unlock()
	return slices.Concat(lists...), nil
}

// accountZones lists the public zones of one account.
func accountZones(ctx context.Context, client *route53.Client) ([]zone, error) {
	var out []zone
	pages := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, z := range page.HostedZones {
			if z.Config == nil || !z.Config.PrivateZone {
				out = append(out, zone{id: strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), name: plainName(aws.ToString(z.Name))})
			}
		}
	}
	return out, nil
}

func (s *route53Source) records(ctx context.Context, zoneID string) ([]recordSet, error) {
	s.mu.Lock()
	client := s.owner[zoneID]
	s.mu.Unlock()
	if client == nil {
		return nil, fmt.Errorf("listing records (%s): no account has that zone", zoneID)
	}
	var out []recordSet
	pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(zoneID),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing records (%s): %w", zoneID, err)
		}
		for _, r := range page.ResourceRecordSets {
			out = append(out, newRecordSet(r))
		}
	}
	return out, nil
}

func newRecordSet(r types.ResourceRecordSet) recordSet {
	s := recordSet{
		name: plainName(aws.ToString(r.Name)),
		kind: string(r.Type),
		ttl:  uint32(aws.ToInt64(r.TTL)),
	}
	for _, v := range r.ResourceRecords {
		s.values = append(s.values, aws.ToString(v.Value))
	}
	return s
}

// escape is how Route 53 writes all but a-z, 0-9, hyphen, underscore and dot:
// a backslash and three octal digits. RFC 1035's are decimal.
var escape = regexp.MustCompile(`\\[0-7]{3}`)

// plainName undoes Route 53's escapes.
func plainName(name string) string {
	name = escape.ReplaceAllStringFunc(name, func(e string) string {
		n, err := strconv.ParseUint(e[1:], 8, 8)
		if err != nil {
			return e
		}
		return string([]byte{byte(n)})
	})
	return dns.CanonicalName(name)
}
