"""IAM policy documents and what they say of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import functools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

ALLOW = "Allow"
DENY = "Deny"


@dataclass(frozen=True)
class Access:
    """One thing that a request needs to be allowed."""

    action: str
    # Ways to write the one resource; a policy may name any of them.
    resources: tuple[str, ...]
    # Condition keys, in lower case, with all their values.
    context: dict[str, list[str]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Principal:
    """Who asks: the names under which a resource's policy may mean them."""

    kind: str  # AWS or Service
    names: tuple[str, ...]


class UnknownOperator(Exception):
    """A condition operator that is not implemented here."""


def verdict(document: str | dict, access: Access, principal: Principal | None = None) -> str | None:
    """DENY, ALLOW, or None if the policy says nothing of the access. The
    principal is needed for a resource's policy and for no other."""
    found = None
    policy = json.loads(document) if isinstance(document, str) else document
    for statement in _list(policy.get("Statement")):
        if not _applies(statement, access, principal):
            continue
        if statement["Effect"] == DENY:
            return DENY
        found = ALLOW
    return found


def unknown_keys(document: str, access: Access) -> set[str]:
    """The condition keys that a policy asks of the access but that are not known."""
    return {
        key
        for statement in _list(json.loads(document).get("Statement"))
        if _covers(statement, access)
        for keys in (statement.get("Condition") or {}).values()
        for key in keys
        if key.lower() not in access.context
    }


def _covers(statement: dict, access: Access) -> bool:
    return _chosen(statement, "Action", lambda pattern: _like(pattern.lower(), access.action.lower())) and _chosen(
        statement, "Resource", lambda pattern: any(_like(_filled(pattern, access.context), r) for r in access.resources)
    )


def _applies(statement: dict, access: Access, principal: Principal | None) -> bool:
    return (
        (principal is None or _means(statement, principal))
        and _covers(statement, access)
        and all(
            _holds(operator, key.lower(), [_filled(v, access.context) for v in _list(values)], access.context)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, values in keys.items()
        )
    )


def _chosen(statement: dict, what: str, matches) -> bool:
    if "Not" + what in statement:
        return not any(map(matches, _list(statement["Not" + what])))
    # The trust policy of a role names no resource.
    return what not in statement or any(map(matches, _list(statement[what])))


def _means(statement: dict, principal: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], principal)
    return _names(statement.get("Principal") or {}, principal)


def _names(named: str | dict, principal: Principal) -> bool:
    if named == "*":
        return True
    names = _list(named.get(principal.kind))
    if "*" in _list(named.get("AWS")):
        return True
    return any(name in principal.names for name in names)


def _holds(operator: str, key: str, wanted: list[str], context: dict[str, list[str]]) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    present = context.get(key)
    if plain == "Null":
        return (present is None) == (wanted[0].lower() == "true")
    if plain.endswith("IfExists"):
        if present is None:
            return True
        plain = plain.removesuffix("IfExists")
    negated, test = _test(plain)
    if quantifier == "ForAllValues":
        return all(_any(test, value, wanted) != negated for value in present or [])
    if quantifier == "ForAnyValue":
        return any(_any(test, value, wanted) != negated for value in present or [])
    if quantifier:
        raise UnknownOperator(operator)
    if present is None:
        return negated
    # A key with several values without a quantifier: any of them may match.
    return any(_any(test, value, wanted) for value in present) != negated


def _any(test, value: str, wanted: list[str]) -> bool:
    return any(test(w, value) for w in wanted)


def _test(operator: str):
    """Whether an operator negates, and its comparison of wanted and found."""
    equal = {
        "StringEquals": lambda w, v: w == v,
        "StringEqualsIgnoreCase": lambda w, v: w.lower() == v.lower(),
        "StringLike": _like,
        "ArnEquals": _arn_like,
        "ArnLike": _arn_like,
        "Bool": lambda w, v: w.lower() == v.lower(),
        "NumericEquals": lambda w, v: float(w) == float(v),
    }
    if operator in equal:
        return False, equal[operator]
    positive = operator.replace("Not", "", 1)
    if positive in equal and positive != operator:
        return True, equal[positive]
    numeric = {
        "NumericLessThan": lambda w, v: float(v) < float(w),
        "NumericLessThanEquals": lambda w, v: float(v) <= float(w),
        "NumericGreaterThan": lambda w, v: float(v) > float(w),
        "NumericGreaterThanEquals": lambda w, v: float(v) >= float(w),
    }
    if operator in numeric:
        return False, numeric[operator]
    raise UnknownOperator(operator)


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    """Each of the six parts for itself: no wildcard spans a colon."""
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(found) == 6 and all(map(_like, wanted, found))


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c) or re.escape(c) for c in pattern), re.DOTALL)


def _filled(text: str, context: dict[str, list[str]]) -> str:
    """A text with its policy variables replaced, such as ${aws:PrincipalAccount}."""
    if "${" not in text:
        return text
    return re.sub(r"\$\{([^}]+)\}", lambda m: context.get(m.group(1).lower(), [m.group(0)])[0], text)


def _list(value: object) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | dict) else [value]
