package taskdnstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// EC2 is a fake of Amazon EC2's network interfaces.
type EC2 struct {
	wire *Wire

	mu         sync.Mutex
	interfaces map[string]types.NetworkInterface
	page       int
	limit      *Bucket
}

// NewEC2 makes a fake without any interfaces. The wire may be nil.
func NewEC2(w *Wire) *EC2 {
	return &EC2{wire: w, interfaces: make(map[string]types.NetworkInterface)}
}

// Put makes an interface with a public IPv4 address, unless that is "", and
// IPv6 addresses, or changes it into that.
func (e *EC2) Put(id, publicIP string, ipv6 ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := types.NetworkInterface{NetworkInterfaceId: aws.String(id)}
	if publicIP != "" {
		i.Association = &types.NetworkInterfaceAssociation{PublicIp: aws.String(publicIP)}
		i.PrivateIpAddresses = []types.NetworkInterfacePrivateIpAddress{{Primary: aws.Bool(true), Association: i.Association}}
	}
	for _, address := range ipv6 {
		i.Ipv6Addresses = append(i.Ipv6Addresses, types.NetworkInterfaceIpv6Address{Ipv6Address: aws.String(address)})
	}
	e.interfaces[id] = i
}

// Delete takes an interface away.
func (e *EC2) Delete(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.interfaces, id)
}

// Page makes pages shorter than they are asked to be; 0 ends that.
func (e *EC2) Page(size int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.page = size
}

// Limit sets the rate limit; nil is none.
func (e *EC2) Limit(b *Bucket) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = b
}

// DescribeNetworkInterfaces answers by ids or by filters. By ids, one that has
// vanished fails all; without either it would describe the whole account,
// which the fake refuses.
func (e *EC2) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	return through(ctx, e.wire, ServiceEC2, "DescribeNetworkInterfaces", in, func() (*ec2.DescribeNetworkInterfacesOutput, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if !e.limit.Take() {
			return nil, Error("RequestLimitExceeded", "Request limit exceeded.")
		}
		if err := e.checkQuestion(in); err != nil {
			return nil, err
		}
		question := fmt.Sprint(in.NetworkInterfaceIds, in.MaxResults == nil)
		for _, f := range in.Filters {
			question = fmt.Sprint(question, aws.ToString(f.Name), f.Values)
		}
		after, err := pageStart("DescribeNetworkInterfaces", question, in.NextToken)
		if err != nil {
			return nil, Error("InvalidNextToken", "The token '%s' is invalid", aws.ToString(in.NextToken))
		}
		size := len(e.interfaces)
		if in.MaxResults != nil {
			size = int(*in.MaxResults)
		}
		if e.page > 0 {
			size = min(size, e.page)
		}
		out := &ec2.DescribeNetworkInterfacesOutput{}
		for _, id := range e.candidates(in) {
			i, ok := e.interfaces[id]
			if !ok || id <= after || !matches(i, in) {
				continue
			}
			if n := len(out.NetworkInterfaces); n == size {
				out.NextToken = aws.String(pageToken("DescribeNetworkInterfaces", question, aws.ToString(out.NetworkInterfaces[n-1].NetworkInterfaceId)))
				break
			}
			out.NetworkInterfaces = append(out.NetworkInterfaces, i)
		}
		return out, nil
	})
}

// candidates are the ids of all interfaces that could answer a question, and
// perhaps of others, in order.
func (e *EC2) candidates(in *ec2.DescribeNetworkInterfacesInput) []string {
	ids := slices.Clone(in.NetworkInterfaceIds)
	for _, f := range in.Filters {
		if aws.ToString(f.Name) == "network-interface-id" {
			ids = append(ids, f.Values...)
		}
	}
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(e.interfaces))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// checkQuestion refuses what the API refuses, and questions for everything.
func (e *EC2) checkQuestion(in *ec2.DescribeNetworkInterfacesInput) error {
	if in.MaxResults != nil && (*in.MaxResults < 5 || *in.MaxResults > 1000) {
		return Error("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", *in.MaxResults)
	}
	if len(in.NetworkInterfaceIds) > 0 && in.MaxResults != nil {
		return Error("InvalidParameterCombination", "The parameter NetworkInterfaceIds cannot be used with the parameter MaxResults")
	}
	for _, id := range in.NetworkInterfaceIds {
		if _, ok := e.interfaces[id]; !ok {
			return Error("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
		}
	}
	if len(in.NetworkInterfaceIds) == 0 && len(in.Filters) == 0 {
		return Error("FilterLimitExceeded", "this would describe all interfaces of the account")
	}
	total := 0
	for _, f := range in.Filters {
		if _, ok := filtered(types.NetworkInterface{}, aws.ToString(f.Name)); !ok {
			return Error("InvalidParameterValue", "The filter '%s' is invalid", aws.ToString(f.Name))
		}
		if len(f.Values) == 0 {
			return Error("InvalidParameterValue", "The filter '%s' has no values", aws.ToString(f.Name))
		}
		total += len(f.Values)
	}
	if total > 200 {
		return Error("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
	}
	return nil
}

// matches tells whether an interface answers a question.
func matches(i types.NetworkInterface, in *ec2.DescribeNetworkInterfacesInput) bool {
	if len(in.NetworkInterfaceIds) > 0 && !slices.Contains(in.NetworkInterfaceIds, aws.ToString(i.NetworkInterfaceId)) {
		return false
	}
	for _, f := range in.Filters {
		has, _ := filtered(i, aws.ToString(f.Name))
		if !slices.ContainsFunc(has, func(v string) bool { return slices.Contains(f.Values, v) }) {
			return false
		}
	}
	return true
}

// filtered answers an interface's values of a filter, and whether there is
// such a filter.
func filtered(i types.NetworkInterface, filter string) ([]string, bool) {
	switch filter {
	case "network-interface-id":
		return []string{aws.ToString(i.NetworkInterfaceId)}, true
	case "association.public-ip":
		if i.Association == nil {
			return nil, true
		}
		return []string{aws.ToString(i.Association.PublicIp)}, true
	case "ipv6-addresses.ipv6-address":
		var all []string
		for _, a := range i.Ipv6Addresses {
			all = append(all, aws.ToString(a.Ipv6Address))
		}
		return all, true
	}
	return nil, false
}
