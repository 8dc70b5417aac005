"""Who may ask: roles' sessions and users, with the policies that say what they may do."""

import functools
from dataclasses import dataclass, field

from moto.iam.models import IAMBackend, ManagedPolicy, Role, User, iam_backends
from moto.sts.models import AssumedRole, sts_backends

# How the ids of access keys begin, with LocalStack's own prefixes: of sessions,
# and of users.
TEMPORARY = ("ASIA", "LSIA")
PERMANENT = ("AKIA", "LKIA")

_NOTHING = '{"Statement": []}'


@dataclass(frozen=True)
class Identity:
    """A caller."""

    # How messages name it, what policies call aws:PrincipalArn, and its kind.
    arn: str
    principal: str
    kind: str
    # What allows and denies.
    documents: tuple[str, ...] = ()
    # What must allow as well: a name for messages, and the document.
    limits: tuple[tuple[str, str], ...] = ()
    # Condition keys that all its requests have.
    context: dict[str, list[str]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.principal.split(":")[4]

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the policy of a resource may mean it."""
        root = ":".join([*self.principal.split(":")[:2], "iam", "", self.account, "root"])
        return (self.principal, self.arn, self.account, root)


def of_key(key: str | None, account: str, partition: str) -> Identity | None:
    """The caller with an access key; None if it is nobody that we know, as
    LocalStack's ordinary credentials are."""
    if key and key.startswith(TEMPORARY):
        sessions = sts_backends[account][partition]
        session = _session(sessions, key, len(sessions.assumed_roles))
        return _of_session(session) if session else None
    if key and key.startswith(PERMANENT):
        backend = iam_backends[account][partition]
        user = next((u for u in backend.users.values() if any(k.access_key_id == key for k in u.access_keys)), None)
        return _of_user(backend, user) if user else None
    return None


def of_arn(arn: str) -> Identity | None:
    """The user or role of an ARN, as IAM simulates it."""
    _, partition, _, _, account, resource = arn.split(":", 5)
    backend = iam_backends[account][partition]
    if resource.startswith("user/"):
        user = next((u for u in backend.users.values() if u.arn == arn), None)
        return _of_user(backend, user) if user else None
    role = role_of(arn)
    return Identity(arn, arn, "AssumedRole", _role_documents(role), _role_limits(role)) if role else None


def role_of(arn: str) -> Role | None:
    """The role of an ARN."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    roles = iam_backends[account][partition].roles.values()
    return next((r for r in roles if r.arn == arn), None)


@functools.lru_cache(maxsize=1024)
def _session(sessions, key: str, count: int) -> AssumedRole | None:
    """The session of a key. The number of sessions makes the cache forget a miss."""
    return sessions.get_assumed_role_from_access_key(key)


def _of_session(session: AssumedRole) -> Identity:
    role = role_of(session.role_arn)
    if role is None:
        # A deleted role allows nothing, whatever the policies of resources say.
        return Identity(session.arn, session.role_arn, "AssumedRole", (), (("identity-based policy", _NOTHING),))
    limits = _role_limits(role)
    if session.policy:
        limits += (("session policy", session.policy),)
    return Identity(session.arn, session.role_arn, "AssumedRole", _role_documents(role), limits)


def _of_user(backend: IAMBackend, user: User) -> Identity:
    documents = [*user.policies.values(), *map(_default, user.managed_policies.values())]
    for group in backend.get_groups_for_user(user.name):
        documents += [*group.policies.values(), *map(_default, group.managed_policies.values())]
    return Identity(user.arn, user.arn, "User", tuple(documents), (), {"aws:username": [user.name]})


def _role_documents(role: Role) -> tuple[str, ...]:
    return (*role.policies.values(), *map(_default, role.managed_policies.values()))


def _role_limits(role: Role) -> tuple[tuple[str, str], ...]:
    if not role.permissions_boundary_arn:
        return ()
    policy = iam_backends[role.account_id][role.partition].managed_policies.get(role.permissions_boundary_arn)
    return (("permissions boundary", _default(policy) if policy else _NOTHING),)


def _default(policy: ManagedPolicy) -> str:
    """The document of the version of a managed policy that is in force."""
    return next(v.document for v in policy.versions if v.version_id == policy.default_version_id)
