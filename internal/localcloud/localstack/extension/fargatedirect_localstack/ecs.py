"""Amazon ECS: moto's clusters and task definitions with tasks of our own."""

import uuid
from datetime import UTC, datetime

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ecs.models import Cluster, ecs_backends

from fargatedirect_localstack import interfaces
from fargatedirect_localstack.taskevents import Events, Faults
from fargatedirect_localstack.tasks import Tasks
from fargatedirect_localstack.tasksteps import Steps

MAX_PAGE = 100


class Operations:
    """The operations that are ours; all others are moto's."""

    def __init__(self, tasks: Tasks):
        self._tasks = tasks

    def run_task(self, context: RequestContext, request: dict) -> dict:
        backend = ecs_backends[context.account_id][context.region]
        cluster = _cluster(context, request.get("cluster"))
        if cluster.status != "ACTIVE":
            raise _error("ClusterNotFoundException", "Cluster not found.")
        definition = backend.describe_task_definition(request["taskDefinition"])
        count = request.get("count") or 1
        if not 1 <= count <= 10:
            raise _error("InvalidParameterException", "count should be between 1 and 10")
        launch_type, provider = _launch_type(request)
        network = _network(context, request, definition.network_mode, launch_type)
        started = []
        for _ in range(count):
            description = _description(context, request, cluster, definition, launch_type, provider)
            started.append(_shown(self._tasks.run(context.account_id, context.region, description, network), ["TAGS"]))
        return {"tasks": started, "failures": []}

    def describe_tasks(self, context: RequestContext, request: dict) -> dict:
        cluster = _cluster(context, request.get("cluster"))
        wanted = request.get("tasks") or []
        if not wanted:
            raise _error("InvalidParameterException", "Tasks cannot be empty.")
        if len(wanted) > MAX_PAGE:
            raise _error("InvalidParameterException", f"Tasks list size should be at most {MAX_PAGE}.")
        tasks, failures = [], []
        for arn in [_task_arn(cluster, task) for task in wanted]:
            task = self._tasks.describe(arn)
            if task is None or task["clusterArn"] != cluster.arn:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                tasks.append(_shown(task, request.get("include") or []))
        return {"tasks": tasks, "failures": failures}

    def list_tasks(self, context: RequestContext, request: dict) -> dict:
        cluster = _cluster(context, request.get("cluster"))
        wanted = {
            "desiredStatus": request.get("desiredStatus") or "RUNNING",
            "launchType": request.get("launchType"),
            "startedBy": request.get("startedBy"),
            "group": f"service:{request['serviceName'].split('/')[-1]}" if request.get("serviceName") else None,
        }
        arns = sorted(
            task["taskArn"]
            for task in self._tasks.of_cluster(cluster.arn)
            if all(value is None or task.get(field) == value for field, value in wanted.items())
            and (not request.get("family") or _family(task) == request["family"])
        )
        size = min(request.get("maxResults") or MAX_PAGE, MAX_PAGE)
        # The token is the last name given: what comes and goes meanwhile moves nothing.
        arns = [arn for arn in arns if arn > (request.get("nextToken") or "")]
        response = {"taskArns": arns[:size]}
        if len(arns) > size:
            response["nextToken"] = arns[size - 1]
        return response

    def stop_task(self, context: RequestContext, request: dict) -> dict:
        cluster = _cluster(context, request.get("cluster"))
        arn = _task_arn(cluster, request["task"])
        try:
            return {"task": _shown(self._tasks.stop(arn, request.get("reason") or "Task stopped by user"), ["TAGS"])}
        except KeyError:
            raise _error("InvalidParameterException", "The referenced task was not found.") from None

    def delete_cluster(self, context: RequestContext, request: dict) -> dict:
        cluster = _cluster(context, request.get("cluster"))
        if any(task["lastStatus"] != "STOPPED" for task in self._tasks.of_cluster(cluster.arn)):
            raise _error("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        return call_moto(context)


def _description(context: RequestContext, request: dict, cluster: Cluster, definition, launch_type: str, provider: str | None) -> dict:
    task_id = uuid.uuid4().hex
    arn = cluster.arn.replace(":cluster/", ":task/") + "/" + task_id
    subnets = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration", {}).get("subnets") or []
    zone = ec2_backends[context.account_id][context.region].get_subnet(subnets[0]).availability_zone if subnets else context.region + "a"
    description = {
        "attachments": [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": zone,
        "clusterArn": cluster.arn,
        "containers": [
            {
                "containerArn": arn.replace(":task/", ":container/") + "/" + str(uuid.uuid4()),
                "taskArn": arn,
                "name": container["name"],
                "image": container.get("image", ""),
                "lastStatus": "PENDING",
                "networkInterfaces": [],
                "healthStatus": "UNKNOWN",
                "cpu": str(container.get("cpu", 0)),
            }
            for container in definition.container_definitions
        ],
        "cpu": str(definition.cpu or "256"),
        "createdAt": datetime.now(UTC),
        "desiredStatus": "RUNNING",
        "enableExecuteCommand": bool(request.get("enableExecuteCommand")),
        "group": request.get("group") or f"family:{definition.family}",
        "healthStatus": "UNKNOWN",
        "lastStatus": "PROVISIONING",
        "launchType": launch_type,
        "memory": str(definition.memory or "512"),
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **(request.get("overrides") or {})},
        "tags": request.get("tags") or [],
        "taskArn": arn,
        "taskDefinitionArn": definition.arn,
    }
    if launch_type == "FARGATE":
        description["platformVersion"] = "1.4.0"
        description["platformFamily"] = "Linux"
    if provider:
        description["capacityProviderName"] = provider
    if request.get("startedBy"):
        description["startedBy"] = request["startedBy"]
    return description


def _launch_type(request: dict) -> tuple[str, str | None]:
    strategy = request.get("capacityProviderStrategy")
    if strategy and request.get("launchType"):
        raise _error("InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
    if strategy:
        provider = strategy[0]["capacityProvider"]
        return ("FARGATE" if provider.startswith("FARGATE") else "EC2"), provider
    return request.get("launchType") or "EC2", None


def _network(context: RequestContext, request: dict, mode: str | None, launch_type: str) -> dict | None:
    network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if mode != "awsvpc":
        if launch_type == "FARGATE":
            raise _error("ClientException", "Fargate only supports network mode 'awsvpc'.")
        if network:
            raise _error("InvalidParameterException", f"Network Configuration is not valid for the given networkMode of this task definition: {mode or 'bridge'}")
        return None
    if not network:
        raise _error("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if launch_type != "FARGATE" and network.get("assignPublicIp") == "ENABLED":
        raise _error("InvalidParameterException", "Assign public IP is not supported for this launch type.")
    for subnet in network["subnets"]:
        try:
            ec2_backends[context.account_id][context.region].get_subnet(subnet)
        except InvalidSubnetIdError:
            raise _error("InvalidParameterException", f"The subnet ID '{subnet}' does not exist") from None
    return network


def _cluster(context: RequestContext, name: str | None) -> Cluster:
    backend = ecs_backends[context.account_id][context.region]
    cluster = backend.clusters.get((name or "default").split("/")[-1])
    if cluster is None or (name and ":" in name and name != cluster.arn):
        raise _error("ClusterNotFoundException", "Cluster not found.")
    return cluster


def _task_arn(cluster: Cluster, task: str) -> str:
    task_id = task.split("/")[-1]
    if len(task_id) not in (32, 36):
        raise _error("InvalidParameterException", "taskId length should be one of [32,36]")
    return task if ":" in task else cluster.arn.replace(":cluster/", ":task/") + "/" + task_id


def _shown(task: dict, include: list[str]) -> dict:
    """A task as the API shows it: only events tell when it was updated."""
    shown = {k: v for k, v in task.items() if k != "updatedAt"}
    return shown | {"tags": task["tags"] if "TAGS" in include else []}


def _family(task: dict) -> str:
    return task["taskDefinitionArn"].split("/")[-1].split(":")[0]


def _error(code: str, message: str) -> CommonServiceException:
    return CommonServiceException(code, message, status_code=400, sender_fault=True)


def service(faults: Faults, steps: Steps) -> Service:
    """The service as LocalStack wants it."""
    interfaces.make_strict()
    operations = Operations(Tasks(Events(faults), faults, steps))
    model = load_service("ecs")
    table = {name: (lambda context, request: call_moto(context)) for name in model.operation_names}
    table |= {
        "RunTask": operations.run_task,
        "DescribeTasks": operations.describe_tasks,
        "ListTasks": operations.list_tasks,
        "StopTask": operations.stop_task,
        "DeleteCluster": operations.delete_cluster,
    }
    return Service(name="ecs", skeleton=Skeleton(model, table))
