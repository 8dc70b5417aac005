"""What a request to AWS needs to be allowed: actions, resources and condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from dataclasses import dataclass

from fargatedirect_localstack import objects
from fargatedirect_localstack.dnsnames import normalize
from fargatedirect_localstack.policies import Access

# How IAM calls services that LocalStack calls otherwise.
_PREFIXES = {"stepfunctions": "states"}

_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}

_SQS_ACTIONS = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}


@dataclass(frozen=True)
class Call:
    """A request as far as IAM cares."""

    service: str
    operation: str
    parameters: dict
    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional object of the caller's account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def queue(self) -> tuple[str, str, str]:
        """Account, region and name of the queue that the parameters name. A
        queue's URL is .../queue/<region>/<account>/<name>."""
        parts = (self.parameters.get("QueueUrl") or "").split("/")
        if len(parts) >= 4 and parts[-4] == "queue":
            return parts[-2], parts[-3], parts[-1]
        return self.account, self.region, self.parameters.get("QueueName") or parts[-1] or "*"


def accesses(call: Call) -> list[Access]:
    """All accesses that a request needs; it is denied if one of them is. Of
    services and operations that are not known here the resource is "*"."""
    known = {
        "s3": _s3,
        "ssm": _ssm,
        "sns": _sns,
        "sqs": _sqs,
        "route53": _route53,
        "ecs": _ecs,
        "logs": _logs,
        "kms": _kms,
        "secretsmanager": _secretsmanager,
        "sts": _sts,
        "events": _events,
        "cloudwatch": _cloudwatch,
        "lambda": _lambda,
        "iam": _iam,
    }
    if call.service in known:
        return known[call.service](call)
    return [_simple(call, "*")]


def _simple(call: Call, *resources: str, action: str = "", context: dict | None = None) -> Access:
    prefix = _PREFIXES.get(call.service, call.service)
    return Access(f"{prefix}:{action or call.operation}", resources, context or {})


def _s3(call: Call) -> list[Access]:
    p = call.parameters
    bucket = f"arn:{call.partition}:s3:::{p.get('Bucket', '')}"
    action = _S3_ACTIONS.get(call.operation, call.operation)
    if call.operation == "DeleteObjects":
        return [_s3_object(call, bucket, "DeleteObject", o["Key"], o.get("VersionId")) for o in p["Delete"]["Objects"]]
    if call.operation == "CopyObject":
        source = p["CopySource"] if isinstance(p["CopySource"], str) else f"{p['CopySource']['Bucket']}/{p['CopySource']['Key']}"
        source = source.removeprefix("/").split("?versionId=")[0]
        return [_simple(call, f"arn:{call.partition}:s3:::{source}", action="GetObject"), _s3_object(call, bucket, "PutObject", p["Key"], None)]
    if "Key" in p:
        needed = [_s3_object(call, bucket, action, p["Key"], p.get("VersionId"))]
        if p.get("Tagging") and call.operation in ("PutObject", "CreateMultipartUpload"):
            needed.append(_s3_object(call, bucket, "PutObjectTagging", p["Key"], None))
        return needed
    context = {}
    if action in ("ListBucket", "ListBucketVersions") and call.operation != "HeadBucket":
        given = {"s3:prefix": p.get("Prefix"), "s3:delimiter": p.get("Delimiter"), "s3:max-keys": p.get("MaxKeys")}
        context = {key: [str(value)] for key, value in given.items() if value is not None}
    needed = [_simple(call, bucket if "Bucket" in p else "*", action=action, context=context)]
    if call.operation == "CreateBucket":
        if (p.get("CreateBucketConfiguration") or {}).get("Tags"):
            needed.append(_simple(call, bucket, action="TagResource"))
        if p.get("ObjectOwnership"):
            needed.append(_simple(call, bucket, action="PutBucketOwnershipControls"))
    return needed


def _s3_object(call: Call, bucket: str, action: str, key: str, version: str | None) -> Access:
    if version and action in ("GetObject", "DeleteObject"):
        action += "Version"
    return _simple(call, f"{bucket}/{key}", action=action)


def knows_absence(call: Call) -> Access:
    """What S3 wants before it admits that an object is not there: to list the
    bucket with the object's key as prefix."""
    return Access("s3:ListBucket", (f"arn:{call.partition}:s3:::{call.parameters['Bucket']}",), {"s3:prefix": [call.parameters["Key"]]})


def _ssm(call: Call) -> list[Access]:
    p = call.parameters
    if call.operation == "DescribeParameters":
        return [_simple(call, "*")]
    names = p.get("Names") or [p.get("Name") or p.get("Path") or p.get("ResourceId") or "*"]
    arns = [name if name.startswith("arn:") else call.arn("ssm", "parameter/" + name.lstrip("/")) for name in names]
    tagging = [_simple(call, arn, action="AddTagsToResource") for arn in arns if call.operation == "PutParameter" and p.get("Tags")]
    return [*(_simple(call, arn) for arn in arns), *tagging]


def _sns(call: Call) -> list[Access]:
    p = call.parameters
    if call.operation == "CreateTopic":
        arn = call.arn("sns", p["Name"])
        return [_simple(call, arn), *([_simple(call, arn, action="TagResource")] if p.get("Tags") else [])]
    action = "Publish" if call.operation == "PublishBatch" else call.operation
    return [_simple(call, p.get("TopicArn") or p.get("TargetArn") or p.get("ResourceArn") or "*", action=action)]


def _sqs(call: Call) -> list[Access]:
    account, region, name = call.queue()
    arn = f"arn:{call.partition}:sqs:{region}:{account}:{name}"
    needed = [_simple(call, arn, action=_SQS_ACTIONS.get(call.operation, ""))]
    if call.operation == "CreateQueue" and call.parameters.get("tags"):
        needed.append(_simple(call, arn, action="TagQueue"))
    return needed


def _route53(call: Call) -> list[Access]:
    p = call.parameters
    prefix = f"arn:{call.partition}:route53:::"
    if call.operation == "GetChange":
        return [_simple(call, prefix + "change/" + p["Id"].removeprefix("/change/"))]
    zone = p.get("HostedZoneId") or p.get("Id") or (p.get("ResourceId") if p.get("ResourceType") == "hostedzone" else None)
    if zone is None:
        return [_simple(call, "*")]
    context = {}
    if call.operation == "ChangeResourceRecordSets":
        changes = p["ChangeBatch"]["Changes"]
        sets = [c["ResourceRecordSet"] for c in changes]
        context = {
            "route53:changeresourcerecordsetsnormalizedrecordnames": [normalize(s["Name"])[:-1] for s in sets],
            "route53:changeresourcerecordsetsrecordtypes": [s["Type"] for s in sets],
            "route53:changeresourcerecordsetsactions": [c["Action"] for c in changes],
        }
    return [_simple(call, prefix + "hostedzone/" + zone.removeprefix("/hostedzone/"), context=context)]


def _ecs(call: Call) -> list[Access]:
    p = call.parameters
    cluster = p.get("cluster") or "default"
    name = cluster.split("/")[-1]
    context = {"ecs:cluster": [cluster if ":" in cluster else call.arn("ecs", "cluster/" + name)]}
    if call.operation in ("DescribeTasks", "StopTask"):
        tasks = p.get("tasks") or [p.get("task", "")]
        return [_simple(call, t if ":" in t else call.arn("ecs", f"task/{name}/{t}"), context=context) for t in tasks]
    # The only resource that ListTasks can be limited to is a container instance.
    if call.operation == "ListTasks" and p.get("containerInstance"):
        instance = p["containerInstance"]
        return [_simple(call, instance if ":" in instance else call.arn("ecs", f"container-instance/{name}/{instance}"), context=context)]
    if call.operation == "DescribeClusters":
        clusters = p.get("clusters") or ["default"]
        return [_simple(call, call.arn("ecs", "cluster/" + c.split("/")[-1])) for c in clusters]
    return [_simple(call, "*", context=context)]


def _logs(call: Call) -> list[Access]:
    p = call.parameters
    if p.get("resourceArn"):
        return [_simple(call, p["resourceArn"])]
    group = p.get("logGroupName")
    if not group:
        return [_simple(call, "*")]
    group = call.arn("logs", "log-group:" + group)
    stream = p.get("logStreamName", "")
    if call.operation == "CreateLogGroup":
        tagging = [_simple(call, group, action="TagResource")] if p.get("tags") else []
        keyed = [_simple(call, f"{group}:log-stream:", action="AssociateKmsKey")] if p.get("kmsKeyId") else []
        return [_simple(call, f"{group}:log-stream:"), *tagging, *keyed]
    return [_simple(call, group, f"{group}:log-stream:{stream}")]


def _kms(call: Call) -> list[Access]:
    key = call.parameters.get("KeyId") or "*"
    return [_simple(call, key if key.startswith("arn:") or key == "*" else call.arn("kms", key if "/" in key else "key/" + key))]


def _secretsmanager(call: Call) -> list[Access]:
    p = call.parameters
    name = p.get("SecretId") or p.get("Name")
    if not name:
        return [_simple(call, "*")]
    # A secret's ARN ends in six characters that nobody knows before it exists.
    secret = objects.secret(call.account, call.region, name)
    arn = secret.arn if secret else name if name.startswith("arn:") else call.arn("secretsmanager", f"secret:{name}")
    return [_simple(call, arn), *([_simple(call, arn, action="TagResource")] if call.operation == "CreateSecret" and p.get("Tags") else [])]


def _sts(call: Call) -> list[Access]:
    if call.operation == "GetCallerIdentity":
        return []
    context = {"sts:externalid": [call.parameters["ExternalId"]]} if call.parameters.get("ExternalId") else {}
    return [_simple(call, call.parameters.get("RoleArn") or "*", context=context)]


def _events(call: Call) -> list[Access]:
    p = call.parameters
    if call.operation == "PutEvents":
        return [
            _simple(
                call,
                _bus(call, entry.get("EventBusName") or "default"),
                context={"events:source": [entry.get("Source", "")], "events:detail-type": [entry.get("DetailType", "")]},
            )
            for entry in p.get("Entries") or []
        ]
    if p.get("ResourceARN"):
        return [_simple(call, p["ResourceARN"])]
    name = p.get("Rule") or p.get("Name")
    if call.operation.endswith(("EventBus", "Permission")) and call.operation != "ListEventBuses":
        arn = _bus(call, name or p.get("EventBusName") or "default")
        tagged = call.operation == "CreateEventBus" and p.get("Tags")
    else:
        # The rules of a bus that is not the default one bear its name.
        bus = (p.get("EventBusName") or "default").split("/")[-1]
        arn = call.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}") if name else "*"
        tagged = call.operation == "PutRule" and p.get("Tags")
    return [_simple(call, arn), *([_simple(call, arn, action="TagResource")] if tagged else [])]


def _bus(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn("events", "event-bus/" + name)


def _cloudwatch(call: Call) -> list[Access]:
    p = call.parameters
    if p.get("ResourceARN"):
        return [_simple(call, p["ResourceARN"])]
    if call.operation == "PutMetricData":
        return [_simple(call, "*", context={"cloudwatch:namespace": [p["Namespace"]]})]
    if call.operation == "DescribeAlarms":
        # Whatever alarms are asked for, all may be described or none.
        return [_simple(call, call.arn("cloudwatch", "alarm:*"))]
    alarms = p.get("AlarmNames") or ([p["AlarmName"]] if p.get("AlarmName") else [])
    if alarms:
        actions = [arn for kind in ("AlarmActions", "OKActions", "InsufficientDataActions") for arn in p.get(kind) or []]
        context = {"cloudwatch:alarmactions": actions} if actions else {}
        needed = [_simple(call, call.arn("cloudwatch", "alarm:" + name), context=context) for name in alarms]
        return [*needed, *(_simple(call, *a.resources, action="TagResource") for a in needed if p.get("Tags"))]
    boards = p.get("DashboardNames") or ([p["DashboardName"]] if p.get("DashboardName") else [])
    # A dashboard belongs to no region.
    return [_simple(call, f"arn:{call.partition}:cloudwatch::{call.account}:dashboard/{name}") for name in boards] or [_simple(call, "*")]


def _lambda(call: Call) -> list[Access]:
    p = call.parameters
    if call.operation.endswith(("EventSourceMapping", "EventSourceMappings")):
        return _mapping(call)
    if p.get("Resource"):
        return [_simple(call, p["Resource"])]
    arn = _function(call, p.get("FunctionName") or "*", p.get("Qualifier"))
    action = {"Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction"}.get(call.operation, "")
    needed = [_simple(call, arn, action=action)]
    if call.operation == "CreateFunction" and p.get("Tags"):
        needed.append(_simple(call, arn, action="TagResource"))
    if call.operation in ("CreateFunction", "UpdateFunctionConfiguration") and p.get("Role"):
        needed.append(Access("iam:PassRole", (p["Role"],), {"iam:passedtoservice": ["lambda.amazonaws.com"]}))
    return needed


def _function(call: Call, name: str, qualifier: str | None = None) -> str:
    arn = name if name.startswith("arn:") else call.arn("lambda", "function:" + name)
    return f"{arn}:{qualifier}" if qualifier and not arn.endswith(":" + qualifier) else arn


def _mapping(call: Call) -> list[Access]:
    """Mappings have ids of Lambda's own, so policies limit them by their function."""
    p = call.parameters
    if call.operation == "ListEventSourceMappings":
        return [_simple(call, "*")]
    if call.operation == "CreateEventSourceMapping":
        context = {"lambda:functionarn": [_function(call, p["FunctionName"])]}
        tagging = [_simple(call, call.arn("lambda", "event-source-mapping:*"), action="TagResource")] if p.get("Tags") else []
        return [_simple(call, "*", context=context), *tagging]
    function = objects.mapped_function(call.account, call.region, p["UUID"])
    return [_simple(call, call.arn("lambda", "event-source-mapping:" + p["UUID"]), context={"lambda:functionarn": [function]} if function else {})]


def _iam(call: Call) -> list[Access]:
    p = call.parameters
    if p.get("PolicySourceArn"):
        return [_simple(call, p["PolicySourceArn"])]
    if not p.get("RoleName"):
        return [_simple(call, "*")]
    role = objects.role(call.account, call.partition, p["RoleName"])
    # The path of a role that does not exist is known only to who creates it.
    path = role.path if role else p.get("Path") or "/"
    arn = f"arn:{call.partition}:iam::{call.account}:role{path}{p['RoleName']}"
    boundary = p.get("PermissionsBoundary") or (role.permissions_boundary_arn if role else None)
    context = {"iam:permissionsboundary": [boundary]} if boundary else {}
    return [_simple(call, arn, context=context), *([_simple(call, arn, action="TagRole")] if call.operation == "CreateRole" and p.get("Tags") else [])]
