"""The record sets of one hosted zone, changed as strictly as Route 53 does."""

import re
from ipaddress import IPv4Address, IPv6Address

from fargatedirect_localstack.dnsnames import normalize, order, plain, within

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
MAX_RECORDS_PER_BATCH = 1000
MAX_CHARACTERS_PER_BATCH = 32000
MAX_RECORDS_PER_SET = 400
MAX_SETS_PER_ZONE = 10000
MAX_TTL = 2147483647
MAX_LABEL = 63
MAX_COMMENT = 256

_START_OF_AUTHORITY = re.compile(r"\S+ \S+( \d{1,10}){5}")
_CHARACTER_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*')
_CHARACTER_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class InvalidBatch(Exception):
    """Why a batch is refused; nothing of it was applied."""

    def __init__(self, messages: list[str]):
        super().__init__(messages)
        self.messages = messages


class MalformedChange(Exception):
    """A change that Route 53 refuses before it looks at the zone."""


def _key(record_set: dict) -> tuple:
    return normalize(record_set["Name"]), record_set["Type"], record_set.get("SetIdentifier")


def _by_name(sets: dict) -> dict:
    """The keys of the sets of each name: a batch of 1000 changes for a zone of
    10000 sets must not go through all of them for each."""
    named = {}
    for key in sets:
        named.setdefault(key[0], set()).add(key)
    return named


def _values(record_set: dict) -> list[str]:
    return [r["Value"] for r in record_set.get("ResourceRecords") or []]


def _comparable(record_set: dict) -> dict:
    """What a DELETE must repeat; the order of values does not matter."""
    fields = {k: v for k, v in record_set.items() if k not in ("Name", "ResourceRecords") and v is not None}
    alias = fields.get("AliasTarget")
    if alias:
        fields["AliasTarget"] = {**alias, "DNSName": normalize(alias["DNSName"])}
    return {**fields, "values": sorted(_values(record_set))}


def _label(record_set: dict) -> str:
    identifier = record_set.get("SetIdentifier")
    also = f", set-identifier='{identifier}'" if identifier else ""
    return f"[name='{normalize(record_set['Name'])}', type='{record_set['Type']}'{also}]"


class RecordSets:
    """All record sets of a zone, and the rules for changing them."""

    def __init__(self, zone_id: str, zone_name: str, name_servers: list[str]):
        self.zone_id = zone_id
        self.zone = normalize(zone_name)
        self._sets = {}
        soa = f"{name_servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        self._put(self._sets, {"Name": self.zone, "Type": "NS", "TTL": 172800, "ResourceRecords": [{"Value": n + "."} for n in name_servers]})
        self._put(self._sets, {"Name": self.zone, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": soa}]})

    def __len__(self) -> int:
        return len(self._sets)

    def only_required(self) -> bool:
        """Whether nothing is left but what a zone must have."""
        return all(name == self.zone and kind in ("NS", "SOA") for name, kind, _ in self._sets)

    def page(self, name: str | None, kind: str | None, identifier: str | None, size: int) -> tuple[list[dict], dict | None]:
        """The sets from a position on, in Route 53's order, and the one after them."""
        start = (order(name) if name else "", kind or "", identifier or "")
        found = sorted((k for k in map(self._position, self._sets) if k[0] >= start))
        sets = [self._sets[key] for _, key in found[: size + 1]]
        return sets[:size], sets[size] if len(sets) > size else None

    @staticmethod
    def check_form(changes: list[dict], comment: str):
        """Raises MalformedChange for what is no batch, in whatever zone."""
        if not changes:
            raise MalformedChange(
                "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete. "
                "One of '{\"https://route53.amazonaws.com/doc/2013-04-01/\":Change}' is expected."
            )
        if len(comment) > MAX_COMMENT:
            raise MalformedChange(
                f"Invalid XML ; cvc-maxLength-valid: Value '{comment}' with length = '{len(comment)}' is not facet-valid "
                f"with respect to maxLength '{MAX_COMMENT}' for type 'ResourceDescription'."
            )
        for change in changes:
            RecordSets._check_change_form(change)

    def apply(self, changes: list[dict]):
        """Makes all changes, or raises InvalidBatch and makes none."""
        self._check_names(changes)
        self._check_limits(changes)
        messages = self._check_repetition(changes)
        after = dict(self._sets)
        named = _by_name(after)
        for change in changes:
            messages += self._check_and_make(after, named, change["Action"], change["ResourceRecordSet"])
        messages += self._check_zone(after)
        if messages:
            raise InvalidBatch(messages)
        self._sets = after

    @staticmethod
    def _position(key: tuple) -> tuple:
        name, kind, identifier = key
        return (order(name), kind, identifier or ""), key

    @staticmethod
    def _put(sets: dict, record_set: dict):
        sets[_key(record_set)] = {**record_set, "Name": normalize(record_set["Name"])}

    @staticmethod
    def _check_change_form(change: dict):
        action, record_set = change.get("Action"), change.get("ResourceRecordSet") or {}
        if action not in ("CREATE", "DELETE", "UPSERT"):
            raise MalformedChange(
                f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to enumeration "
                "'[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."
            )
        alias, ttl, values = record_set.get("AliasTarget"), record_set.get("TTL"), _values(record_set)
        found = "none" if not alias and (ttl is None or not values) else "more than one" if alias and (ttl is not None or values) else None
        if found:
            raise MalformedChange(
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], "
                f"but found {found} in Change with [Action={action}, Name={normalize(record_set['Name'])}, "
                f"Type={record_set['Type']}, SetIdentifier={record_set.get('SetIdentifier') or 'null'}]"
            )
        if ttl is not None and not 0 <= int(ttl) <= MAX_TTL:
            facet, limit = ("minInclusive", 0) if int(ttl) < 0 else ("maxInclusive", MAX_TTL)
            raise MalformedChange(f"Invalid XML ; cvc-{facet}-valid: Value '{ttl}' is not facet-valid with respect to {facet} '{limit}' for type 'TTL'.")

    @staticmethod
    def _check_names(changes: list[dict]):
        """Route 53 tells only of the first that cannot be a name, and of a label alone if that is too long."""
        for change in changes:
            name = change["ResourceRecordSet"]["Name"]
            for label in plain(name)[:-1].split("."):
                if not label:
                    raise InvalidBatch([f"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '{name}'"])
                if len(label) > MAX_LABEL:
                    raise InvalidBatch([f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{label}'"])

    @staticmethod
    def _check_limits(changes: list[dict]):
        records = characters = 0
        for change in changes:
            values = _values(change["ResourceRecordSet"])
            times = 2 if change["Action"] == "UPSERT" else 1
            records += times * len(values)
            characters += times * sum(map(len, values))
        if records > MAX_RECORDS_PER_BATCH:
            raise InvalidBatch([f"Number of records limit of {MAX_RECORDS_PER_BATCH} exceeded."])
        if characters > MAX_CHARACTERS_PER_BATCH:
            raise InvalidBatch([f"RDATA character limit of {MAX_CHARACTERS_PER_BATCH} exceeded."])

    @staticmethod
    def _check_repetition(changes: list[dict]) -> list[str]:
        """A set may be changed once, or be replaced by a DELETE and then a CREATE."""
        actions = {}
        for change in changes:
            actions.setdefault(_key(change["ResourceRecordSet"]), []).append(change["Action"])
        return [
            f"The request contains an invalid set of changes for a resource record set '{kind} {name}'"
            for (name, kind, _), made in actions.items()
            if len(made) > 1 and made != ["DELETE", "CREATE"]
        ]

    def _check_and_make(self, sets: dict, named: dict, action: str, record_set: dict) -> list[str]:
        if not within(record_set["Name"], self.zone):
            return [f"RRSet with DNS name {normalize(record_set['Name'])} is not permitted in zone {self.zone}"]
        present = sets.get(_key(record_set))
        if action == "DELETE":
            if present is None:
                return [f"Tried to delete resource record set {_label(record_set)} but it was not found"]
            if _comparable(present) != _comparable(record_set):
                return [f"Tried to delete resource record set {_label(record_set)} but the values provided do not match the current values"]
            del sets[_key(record_set)]
            named[_key(record_set)[0]].discard(_key(record_set))
            return []
        messages = _check_values(record_set) + self._check_others(named, record_set)
        if action == "CREATE" and present is not None:
            messages.append(f"Tried to create resource record set {_label(record_set)} but it already exists")
        if not messages:
            self._put(sets, record_set)
            named.setdefault(_key(record_set)[0], set()).add(_key(record_set))
        return messages

    def _check_others(self, named: dict, record_set: dict) -> list[str]:
        """A CNAME record tolerates no other record of its name, a plain set none of its type."""
        name, kind, identifier = _key(record_set)
        present = named.get(name, ())
        others = {k for _, k, _ in present if k != kind}
        same = {i for _, k, i in present if k == kind}
        if kind == "CNAME" and name == self.zone:
            return [f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {self.zone}"]
        if kind == "CNAME" and others:
            return [f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {self.zone}"]
        if "CNAME" in others:
            return [
                f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME "
                f"with the same DNS name already exists in zone {self.zone}"
            ]
        if identifier is None and same - {None}:
            return [f"RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type."]
        if identifier is not None and None in same:
            return [
                f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier} cannot be created because "
                "a non multivalue answer rrset exists with the same name and type."
            ]
        return []

    def _check_zone(self, sets: dict) -> list[str]:
        messages = []
        if (self.zone, "NS", None) not in sets:
            messages.append("A HostedZone must contain at least one NS record for the zone itself.")
        if len(_values(sets.get((self.zone, "SOA", None)) or {})) != 1:
            messages.append("A HostedZone must contain exactly one SOA record.")
        if len(sets) > MAX_SETS_PER_ZONE:
            messages.append(f"Exceeded limit MAX_RRSETS_BY_ZONE for zone: {self.zone_id}")
        return messages


def _check_values(record_set: dict) -> list[str]:
    kind, values = record_set["Type"], _values(record_set)
    if len(values) > MAX_RECORDS_PER_SET:
        return [f"Cannot have more than {MAX_RECORDS_PER_SET} records in a RRSet."]
    messages = [f"Duplicate Resource Record: '{v}'" for v in sorted({v for v in values if values.count(v) > 1})]
    for value in values:
        problem = _problem(kind, value)
        if problem:
            messages.append(f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''")
    return messages


def _problem(kind: str, value: str) -> str | None:
    if kind == "A" and not _parses(IPv4Address, value):
        return "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
    if kind == "AAAA" and ("%" in value or not _parses(IPv6Address, value)):
        return "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
    if kind == "SOA" and not _START_OF_AUTHORITY.fullmatch(value):
        return "SOARRDATAInvalid (Value is not of the form: server mailbox serial refresh retry expire minimum)"
    if kind != "TXT":
        return None
    if not _CHARACTER_STRINGS.fullmatch(value):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    if any(len(s) > 255 for s in _CHARACTER_STRING.findall(value)):
        return "CharacterStringTooLong (Value is too long)"
    return None


def _parses(address: type, value: str) -> bool:
    try:
        address(value)
    except ValueError:
        return False
    return True
