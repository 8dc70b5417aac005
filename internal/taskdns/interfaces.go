package taskdns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// maxInterfaces is the most values that a filter of EC2 may have.
const maxInterfaces = 200

// addresses reads the public addresses of network interfaces. An interface
// that exists without such an address maps to none, one that does not exist is
// absent. They are asked for by filter, since one vanished id would fail the
// whole call.
func (o observer) addresses(ctx context.Context, interfaceIDs []string) (map[string]addresses, error) {
	found := make(map[string]addresses, len(interfaceIDs))
	err := o.interfaces(ctx, "network-interface-id", interfaceIDs, func(i ec2types.NetworkInterface) {
		found[aws.ToString(i.NetworkInterfaceId)] = publicAddresses(i)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ours tells on which network interface of this account and region each
// address is. An address that is on none is absent.
func (o observer) ours(ctx context.Context, addrs []netip.Addr) (map[netip.Addr]string, error) {
	var v4, v6 []string
	asked := make(map[netip.Addr]bool, len(addrs))
	for _, a := range addrs {
		asked[a] = true
		if a.Is4() {
			v4 = append(v4, a.String())
		} else {
			v6 = append(v6, a.String())
		}
	}
	holders := make(map[netip.Addr]string, len(addrs))
	note := func(i ec2types.NetworkInterface) {
		for _, a := range allAddresses(i) {
			if asked[a] {
				holders[a] = aws.ToString(i.NetworkInterfaceId)
			}
		}
	}
	if err := o.interfaces(ctx, "association.public-ip", v4, note); err != nil {
		return nil, err
	}
	if err := o.interfaces(ctx, "ipv6-addresses.ipv6-address", v6, note); err != nil {
		return nil, err
	}
	return holders, nil
}

// interfaces gives each network interface for which a filter has one of the
// values. Without values it asks nothing, since that would be all interfaces.
func (o observer) interfaces(ctx context.Context, filter string, values []string, each func(ec2types.NetworkInterface)) error {
	for chunk := range slices.Chunk(values, maxInterfaces) {
		in := &ec2.DescribeNetworkInterfacesInput{
			Filters:    []ec2types.Filter{{Name: aws.String(filter), Values: chunk}},
			MaxResults: aws.Int32(maxInterfaces),
		}
		for {
			var out *ec2.DescribeNetworkInterfacesOutput
			err := o.ec2Pacer.Do(ctx, 0, func(ctx context.Context) (err error) {
				out, err = o.ec2.DescribeNetworkInterfaces(ctx, in)
				return err
			})
			if err != nil {
				return fmt.Errorf("describing network interfaces: %w", err)
			}
			for _, i := range out.NetworkInterfaces {
				each(i)
			}
			if aws.ToString(out.NextToken) == "" {
				break
			}
			in.NextToken = out.NextToken
		}
	}
	return nil
}

// publicAddresses are what a task's name is to point to: the public IPv4
// address of its interface, and the first IPv6 address that is global.
func publicAddresses(i ec2types.NetworkInterface) addresses {
	var found addresses
	if i.Association != nil {
		if a, err := netip.ParseAddr(aws.ToString(i.Association.PublicIp)); err == nil && a.Is4() {
			found.v4 = a
		}
	}
	for _, one := range i.Ipv6Addresses {
		a, err := netip.ParseAddr(aws.ToString(one.Ipv6Address))
		if err == nil && a.Is6() && !a.Is4In6() && a.Zone() == "" && a.IsGlobalUnicast() && !a.IsPrivate() {
			found.v6 = a
			break
		}
	}
	return found
}

// allAddresses are all addresses by which an interface can be reached from
// outside.
func allAddresses(i ec2types.NetworkInterface) []netip.Addr {
	var texts []*string
	if i.Association != nil {
		texts = append(texts, i.Association.PublicIp)
	}
	for _, private := range i.PrivateIpAddresses {
		if private.Association != nil {
			texts = append(texts, private.Association.PublicIp)
		}
	}
	for _, one := range i.Ipv6Addresses {
		texts = append(texts, one.Ipv6Address)
	}
	var found []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(aws.ToString(text)); err == nil {
			found = append(found, a)
		}
	}
	return found
}
