"""Amazon Route 53: LocalStack's zones with record sets of our own."""

import hashlib
import threading

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.moto import MotoFallbackDispatcher, call_moto, call_moto_with_request
from localstack.services.plugins import Service
from localstack.services.route53.provider import Route53Provider
from moto.route53.models import DelegationSet, route53_backends

from fargatedirect_localstack.changes import Changes
from fargatedirect_localstack.dnsnames import order
from fargatedirect_localstack.recordsets import InvalidBatch, MalformedChange, RecordSets

MAX_PAGE = 300
MAX_ZONES = 100


class StrictRoute53(Route53Provider):
    """Route 53 with AWS's validation, atomicity, order, paging and delay."""

    def __init__(self, changes: Changes):
        self._changes = changes
        self._lock = threading.RLock()
        self._zones = {}
        self._references = set()

    def create_hosted_zone(self, context: RequestContext, name, caller_reference, vpc=None, hosted_zone_config=None, delegation_set_id=None, **kwargs):
        with self._lock:
            zones = route53_backends[context.account_id][context.partition].zones
            # Not even the reference of a zone that was deleted may be used again.
            if (context.account_id, caller_reference) in self._references:
                raise _error("HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.", 409)
            response = super().create_hosted_zone(context, name, caller_reference, vpc, hosted_zone_config, delegation_set_id, **kwargs)
            self._references.add((context.account_id, caller_reference))
            zone_id = _zone_id(response["HostedZone"]["Id"])
            servers = _name_servers(zone_id)
            zones[zone_id].rrsets = []
            zones[zone_id].delegation_set = DelegationSet("", servers, None)
            zones[zone_id].delegation_set.id = ""
            sets = self._zones[context.account_id, zone_id] = RecordSets(zone_id, response["HostedZone"]["Name"], servers)
            zones[zone_id].name = response["HostedZone"]["Name"] = sets.zone
        response["HostedZone"]["ResourceRecordSetCount"] = len(sets)
        if "VPC" not in response:
            response["DelegationSet"] = {"NameServers": servers}
        response["ChangeInfo"] = self._changes.add(zone_id, {})
        return response

    def delete_hosted_zone(self, context: RequestContext, id, **kwargs):
        with self._lock:
            sets = self._sets(context, id)
            if not sets.only_required():
                raise _error("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
            response = super().delete_hosted_zone(context, id, **kwargs)
            del self._zones[context.account_id, sets.zone_id]
        response["ChangeInfo"] = self._changes.add(sets.zone_id, {})
        return response

    def get_hosted_zone(self, context: RequestContext, id, **kwargs):
        sets = self._sets(context, id)
        response = call_moto(context)
        response["HostedZone"]["ResourceRecordSetCount"] = len(sets)
        return response

    def list_hosted_zones(self, context: RequestContext, **kwargs):
        return self._counted(context, call_moto(context))

    def list_hosted_zones_by_name(self, context: RequestContext, dns_name=None, hosted_zone_id=None, max_items=None, **kwargs):
        size = min(int(max_items or MAX_ZONES), MAX_ZONES)
        start = (order(dns_name) if dns_name else "", _zone_id(hosted_zone_id or ""))
        # Moto finds only zones of exactly the name, so it is asked for all.
        zones = self._counted(context, call_moto_with_request(context, {}))["HostedZones"]
        found = sorted((order(z["Name"]), _zone_id(z["Id"]), i) for i, z in enumerate(zones))
        page = [zones[i] for name, zone_id, i in found if (name, zone_id) >= start]
        response = {"HostedZones": page[:size], "IsTruncated": len(page) > size, "MaxItems": str(size)}
        if len(page) > size:
            response |= {"NextDNSName": page[size]["Name"], "NextHostedZoneId": _zone_id(page[size]["Id"])}
        return response

    def list_tags_for_resource(self, context: RequestContext, resource_type, resource_id, **kwargs):
        if resource_type != "hostedzone":
            return call_moto(context)
        tags = [{"Key": k, "Value": v} for k, v in self._tags(context, resource_id).items()]
        return {"ResourceTagSet": {"ResourceType": resource_type, "ResourceId": resource_id, "Tags": tags}}

    def change_tags_for_resource(self, context: RequestContext, resource_type, resource_id, add_tags=None, remove_tag_keys=None, **kwargs):
        if resource_type != "hostedzone":
            return call_moto(context)
        tags = self._tags(context, resource_id)
        tags.update({t["Key"]: t.get("Value") or "" for t in add_tags or []})
        for key in remove_tag_keys or []:
            tags.pop(key, None)
        return {}

    def list_resource_record_sets(
        self, context: RequestContext, hosted_zone_id, start_record_name=None, start_record_type=None, start_record_identifier=None, max_items=None, **kwargs
    ):
        if start_record_type and not start_record_name:
            raise _error("InvalidInput", "The input is not valid: a record type was given without a record name.")
        size = min(int(max_items or MAX_PAGE), MAX_PAGE)
        with self._lock:
            page, following = self._sets(context, hosted_zone_id).page(start_record_name, start_record_type, start_record_identifier, size)
        response = {"ResourceRecordSets": page, "IsTruncated": following is not None, "MaxItems": str(size)}
        if following:
            response |= {"NextRecordName": following["Name"], "NextRecordType": following["Type"]}
            if following.get("SetIdentifier"):
                response["NextRecordIdentifier"] = following["SetIdentifier"]
        return response

    def change_resource_record_sets(self, context: RequestContext, hosted_zone_id, change_batch, **kwargs):
        changes = change_batch.get("Changes") or []
        try:
            RecordSets.check_form(changes, change_batch.get("Comment") or "")
        except MalformedChange as e:
            raise _error("InvalidInput", str(e)) from e
        with self._lock:
            sets = self._sets(context, hosted_zone_id)
            try:
                sets.apply(changes)
            except InvalidBatch as e:
                raise _error("InvalidChangeBatch", f"[{', '.join(e.messages)}]") from e
            return {"ChangeInfo": self._changes.add(sets.zone_id, change_batch)}

    def get_change(self, context: RequestContext, id, **kwargs):
        try:
            return {"ChangeInfo": self._changes.info(id.removeprefix("/change/"))}
        except KeyError:
            raise _error("NoSuchChange", f"Could not find resource with ID: {id}", 404) from None

    def _sets(self, context: RequestContext, zone_id: str) -> RecordSets:
        zone_id = _zone_id(zone_id)
        sets = self._zones.get((context.account_id, zone_id))
        if sets is None:
            raise _error("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)
        return sets

    def _tags(self, context: RequestContext, zone_id: str) -> dict[str, str]:
        """A zone's tags where Moto keeps them, for it does not add and remove in one call."""
        return route53_backends[context.account_id][context.partition].resource_tags[self._sets(context, zone_id).zone_id]

    def _counted(self, context: RequestContext, response: dict) -> dict:
        for zone in response["HostedZones"]:
            sets = self._zones.get((context.account_id, _zone_id(zone["Id"])))
            zone["ResourceRecordSetCount"] = len(sets) if sets else 0
        return response


def _error(code: str, message: str, status: int = 400) -> CommonServiceException:
    return CommonServiceException(code, message, status_code=status, sender_fault=True)


def _zone_id(text: str) -> str:
    return text.removeprefix("/hostedzone/")


def _name_servers(zone_id: str) -> list[str]:
    """Four name servers that no other zone has, named like AWS's."""
    digest = hashlib.sha256(zone_id.encode()).digest()
    servers = []
    for i, domain in enumerate(("com", "net", "org", "co.uk")):
        n = int.from_bytes(digest[2 * i : 2 * i + 2]) % 512
        servers.append(f"ns-{512 * i + n}.awsdns-{n // 8:02d}.{domain}")
    return servers


def service(changes: Changes) -> Service:
    """The service as LocalStack wants it."""
    return Service.for_provider(StrictRoute53(changes), dispatch_table_factory=MotoFallbackDispatcher)
