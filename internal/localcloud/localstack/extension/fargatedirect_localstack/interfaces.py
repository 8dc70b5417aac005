"""Network interfaces of tasks, kept in moto's EC2."""

import ipaddress
import itertools
import random
import threading

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend

MAX_FILTER_VALUES = 200

# Public addresses lie in here, so that a server on this machine can listen on
# the very address that a task's name resolves to. The low part is left out:
# 127.0.0.0/16 is where everything else on a machine listens.
_ADDRESSES = ipaddress.ip_network("127.64.0.0/10")

_lock = threading.Lock()
_taken = set()
_numbers = itertools.count(random.randrange(_ADDRESSES.num_addresses))


def create(account: str, region: str, subnet: str, groups: list[str], description: str, public: bool) -> NetworkInterface:
    """An interface as Fargate makes one; its public address is no Elastic IP."""
    backend = ec2_backends[account][region]
    subnet = backend.get_subnet(subnet)
    # A subnet with both kinds of addresses gives its tasks both.
    six = 1 if subnet.ipv6_cidr_block_association_set else 0
    interface = backend.create_network_interface(subnet, None, group_ids=groups, description=description, ipv6_address_count=six)
    interface.status = "in-use"
    interface.requester_managed = True
    if public:
        interface.public_ip = _take()
        interface.private_ip_addresses[0]["Association"] = interface.association
    return interface


def delete(account: str, region: str, interface_id: str):
    """Deletes an interface and gives its address back."""
    interface = ec2_backends[account][region].enis.pop(interface_id, None)
    if interface is None:
        return
    interface.subnet.del_subnet_ip(interface.private_ip_address)
    with _lock:
        _taken.discard(interface.public_ip)


def _take() -> str:
    """An address that no living interface has. One that was given back is not
    given out again soon."""
    with _lock:
        while True:
            address = str(_ADDRESSES[next(_numbers) % _ADDRESSES.num_addresses])
            if address not in _taken and not address.endswith((".0", ".255")):
                _taken.add(address)
                return address


def make_strict():
    """Teaches moto the filters of DescribeNetworkInterfaces that it lacks, and
    how many values they may have."""
    known, describe = NetworkInterface.get_filter_value, NetworkInterfaceBackend.get_all_network_interfaces
    ours = {
        "association.public-ip": lambda i: i.public_ip,
        "addresses.association.public-ip": lambda i: i.public_ip,
        "ipv6-addresses.ipv6-address": lambda i: i.ipv6_addresses[0] if i.ipv6_addresses else None,
        "requester-managed": lambda i: "true" if i.requester_managed else "false",
        "status": lambda i: i.status,
    }

    def get_filter_value(self, filter_name, method_name=None):
        if filter_name in ours:
            return ours[filter_name](self)
        return known(self, filter_name, method_name)

    def get_all_network_interfaces(self, eni_ids=None, filters=None):
        if sum(len(values) for values in (filters or {}).values()) > MAX_FILTER_VALUES:
            raise EC2ClientError("FilterLimitExceeded", f"The maximum number of filter values specified on a single call is {MAX_FILTER_VALUES}")
        return describe(self, eni_ids, filters)

    NetworkInterface.get_filter_value = get_filter_value
    NetworkInterfaceBackend.get_all_network_interfaces = get_all_network_interfaces
