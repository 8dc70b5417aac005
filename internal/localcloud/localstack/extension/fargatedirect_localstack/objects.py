"""What LocalStack knows of objects that a request only names."""

from localstack.services.lambda_.invocation.models import lambda_stores
from moto.iam.models import Role, iam_backends
from moto.secretsmanager.models import FakeSecret, secretsmanager_backends


def role(account: str, partition: str, name: str) -> Role | None:
    """The role of a name."""
    return next((r for r in iam_backends[account][partition].roles.values() if r.name == name), None)


def mapped_function(account: str, region: str, uuid: str) -> str | None:
    """The ARN of the function of an event source mapping."""
    mapping = lambda_stores[account][region].event_source_mappings.get(uuid)
    return mapping.get("FunctionArn") if mapping else None


def secret(account: str, region: str, name_or_arn: str) -> FakeSecret | None:
    """The secret of a name or an ARN."""
    name = name_or_arn.split(":", 6)[6][:-7] if name_or_arn.count(":") >= 6 else name_or_arn
    return next((s for s in list(secretsmanager_backends[account][region].secrets.values()) if s.name == name), None)
