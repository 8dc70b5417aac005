"""IAM's simulation of what a user or a role may do."""

from localstack.aws.api import RequestContext
from localstack.aws.api.iam import EvaluationResult, NoSuchEntityException, SimulatePolicyResponse, SimulatePrincipalPolicyRequest
from localstack.services.iam.resources.policy_simulator import IAMPolicySimulator

from fargatedirect_localstack.identities import Identity, of_arn
from fargatedirect_localstack.policies import ALLOW, DENY, Access, unknown_keys, verdict


class Simulator(IAMPolicySimulator):
    """Judges as the checks of calls do, but for what only a real call has: the
    policies of resources, and keys that the request does not tell."""

    def simulate_principal_policy(self, context: RequestContext, request: SimulatePrincipalPolicyRequest) -> SimulatePolicyResponse:
        arn = request["PolicySourceArn"]
        identity = of_arn(arn) if arn.count(":") >= 5 else None
        if identity is None:
            raise NoSuchEntityException(f"Policy source {arn} cannot be found.")
        told = {e["ContextKeyName"].lower(): list(e["ContextKeyValues"]) for e in request.get("ContextEntries") or []}
        results = [
            _result(identity, action, resource, {"aws:principalarn": [identity.principal], **identity.context, **told})
            for action in request["ActionNames"]
            for resource in request.get("ResourceArns") or ["*"]
        ]
        return SimulatePolicyResponse(EvaluationResults=results, IsTruncated=False)


def _result(identity: Identity, action: str, resource: str, context: dict[str, list[str]]) -> EvaluationResult:
    access = Access(action, (resource,), context)
    documents = [*identity.documents, *(limit for _, limit in identity.limits)]
    return EvaluationResult(
        EvalActionName=action,
        EvalResourceName=resource,
        EvalDecision=_decision(identity, access),
        MatchedStatements=[],
        MissingContextValues=sorted(set().union(*(unknown_keys(d, access) for d in documents))),
    )


def _decision(identity: Identity, access: Access) -> str:
    theirs = [verdict(document, access) for document in identity.documents]
    bounds = [verdict(limit, access) for _, limit in identity.limits]
    if DENY in theirs or DENY in bounds:
        return "explicitDeny"
    return "allowed" if ALLOW in theirs and all(b == ALLOW for b in bounds) else "implicitDeny"
