"""The policies of resources, found where LocalStack keeps them."""

import dataclasses

from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.s3.models import S3Bucket, s3_stores
from localstack.services.sns.models import sns_stores
from localstack.services.sqs.models import sqs_stores

from fargatedirect_localstack import objects
from fargatedirect_localstack.accesses import Call

# What services do to a target on behalf of a rule or a topic.
DELIVERIES = {("sqs", "SendMessage"), ("sns", "Publish"), ("lambda", "Invoke")}


def policy(call: Call) -> str | dict | None:
    """The policy of the resource that a request is about, if it has one."""
    if call.service == "s3":
        bucket = _bucket(call.parameters.get("Bucket"))
        return bucket.policy if bucket else None
    if call.service == "sqs":
        return _queue_policy(call)
    if call.service == "sns":
        return _topic_policy(call.parameters.get("TopicArn") or call.parameters.get("TargetArn") or "")
    if call.service == "lambda":
        return _function_policy(call.parameters.get("FunctionName") or "", call.parameters.get("Qualifier"))
    if call.service == "secretsmanager":
        secret = objects.secret(call.account, call.region, call.parameters.get("SecretId") or "")
        return secret.policy if secret else None
    return None


def object_exists(parameters: dict) -> bool:
    """Whether GetObject would find the object. Of a bucket that is not there
    it need not be known."""
    bucket = _bucket(parameters.get("Bucket"))
    if bucket is None:
        return True
    try:
        bucket.get_object(parameters["Key"], version_id=parameters.get("VersionId"))
    except Exception:
        return False
    return True


def _bucket(name: str | None) -> S3Bucket | None:
    for regions in dict(s3_stores).values():
        for store in dict(regions).values():
            if name in store.buckets:
                return store.buckets[name]
    return None


def _queue_policy(call: Call) -> str | None:
    account, region, name = call.queue()
    queue = sqs_stores[account][region].queues.get(name)
    return queue.attributes.get("Policy") if queue else None


def _topic_policy(arn: str) -> str | None:
    if arn.count(":") != 5:
        return None
    _, _, _, region, account, _ = arn.split(":")
    topic = sns_stores[account][region].topics.get(arn)
    return topic["attributes"].get("Policy") if topic else None


def _function_policy(arn: str, qualifier: str | None) -> dict | None:
    parts = arn.split(":")
    if len(parts) < 7:
        return None
    function = lambda_stores[parts[4]][parts[3]].functions.get(parts[6])
    permissions = function.permissions.get(qualifier or (parts[7] if len(parts) > 7 else "$LATEST")) if function else None
    return dataclasses.asdict(permissions.policy) if permissions else None
