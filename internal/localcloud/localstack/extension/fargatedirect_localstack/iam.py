"""Checks calls against the policies of IAM.

Ordinary credentials may do anything, as in LocalStack. A role's temporary
credentials and a user's access key may do what AWS would let them do, and a
service that acts for a rule or a topic what the policy of the queue, topic or
function lets it do.
"""

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from fargatedirect_localstack import resourcepolicies
from fargatedirect_localstack.accesses import Call, accesses, knows_absence
from fargatedirect_localstack.identities import Identity, of_key, role_of
from fargatedirect_localstack.policies import ALLOW, DENY, Access, Principal, verdict

# The codes of "access denied", with their HTTP status. The others are
# AccessDeniedException with 400.
_CODES = {
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "route53": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "sts": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "lambda": ("AccessDeniedException", 403),
}


class Denied(Exception):
    """Why an access is denied."""


def check(context: RequestContext):
    """Raises what AWS would answer, if that is a refusal."""
    call = Call(
        service=context.service.service_name,
        operation=context.operation.name,
        parameters=context.service_request or {},
        partition=context.partition,
        region=context.region,
        account=context.account_id,
    )
    internal = context.internal_request_params or {}
    key = extract_access_key_id_from_auth_header(context.request.headers)
    identity = of_key(key, context.account_id, context.partition)
    try:
        if identity is not None:
            _check_identity(call, identity)
        elif internal.get("service_principal"):
            _check_service(call, internal["service_principal"], internal.get("source_arn") or "")
    except Denied as e:
        code, status = _CODES.get(call.service, ("AccessDeniedException", 400))
        raise CommonServiceException(code, str(e), status_code=status, sender_fault=True) from e


def _check_identity(call: Call, identity: Identity):
    for access in accesses(call):
        _check_access(call, identity, _completed(access, call, identity))
    if call.service == "s3" and call.operation in ("GetObject", "HeadObject") and not resourcepolicies.object_exists(call.parameters):
        _check_access(call, identity, _completed(knows_absence(call), call, identity))
    if call.service == "sts" and call.operation == "AssumeRole":
        _check_trust(call, Principal("AWS", identity.names))


def _completed(access: Access, call: Call, identity: Identity) -> Access:
    """An access with the keys that every request has. Of TLS we say yes: the
    local endpoint has none, but the product would use it."""
    return Access(
        access.action,
        access.resources,
        {
            **access.context,
            **identity.context,
            "aws:principalarn": [identity.principal],
            "aws:principalaccount": [identity.account],
            "aws:principaltype": [identity.kind],
            "aws:principalisawsservice": ["false"],
            "aws:requestedregion": [call.region],
            "aws:securetransport": ["true"],
        },
    )


def _check_access(call: Call, identity: Identity, access: Access):
    asker = f"User: {identity.arn} is not authorized to perform: {access.action}"
    if call.service not in ("ec2",) and access.resources[0] != "*":
        asker += f" on resource: {access.resources[0]}"
    if call.service == "ec2":
        asker = f"You are not authorized to perform this operation. {asker}"
    theirs = [verdict(document, access) for document in identity.documents]
    if DENY in theirs:
        raise Denied(f"{asker} with an explicit deny in an identity-based policy")
    resource = resourcepolicies.policy(call)
    granted = verdict(resource, access, Principal("AWS", identity.names)) if resource else None
    if granted == DENY:
        raise Denied(f"{asker} with an explicit deny in a resource-based policy")
    for name, limit in identity.limits:
        if verdict(limit, access) != ALLOW:
            raise Denied(f"{asker} because no {name} allows the {access.action} action")
    if ALLOW not in theirs and granted != ALLOW:
        raise Denied(f"{asker} because no identity-based policy allows the {access.action} action")


def _check_service(call: Call, service: str, source: str):
    """What a service does on behalf of a rule or a topic needs the target's permission."""
    if call.service == "sts" and call.operation == "AssumeRole":
        _check_trust(call, Principal("Service", (f"{service}.amazonaws.com",)))
        return
    if service not in ("events", "sns") or (call.service, call.operation) not in resourcepolicies.DELIVERIES:
        return
    keys = {
        "aws:sourcearn": [source],
        "aws:sourceaccount": [source.split(":")[4]] if source.count(":") >= 5 else [],
        "aws:securetransport": ["true"],
        "aws:principalisawsservice": ["true"],
    }
    principal = Principal("Service", (f"{service}.amazonaws.com",))
    for needed in accesses(call):
        access = Access(needed.action, needed.resources, {**needed.context, **keys})
        policy = resourcepolicies.policy(call)
        if policy is None or verdict(policy, access, principal) != ALLOW:
            raise Denied(f"{service}.amazonaws.com is not authorized to perform: {access.action} on resource: {access.resources[0]} for {source}")


def _check_trust(call: Call, principal: Principal):
    target = call.parameters.get("RoleArn", "")
    role = role_of(target) if target.count(":") >= 5 else None
    needed = accesses(call)[0]
    asker = {"aws:principalarn": [principal.names[0]], "aws:principalaccount": [principal.names[0].split(":")[4]]} if principal.kind == "AWS" else {}
    access = Access(needed.action, needed.resources, {**needed.context, **asker})
    if role is None or verdict(role.assume_role_policy_document, access, principal) != ALLOW:
        raise Denied(f"{principal.names[0]} is not authorized to perform: sts:AssumeRole on resource: {target}")
