"""The tasks of ECS: a table of its own, moved along as events tell."""

import copy
import threading
import time
import uuid
from datetime import UTC, datetime

from fargatedirect_localstack import interfaces
from fargatedirect_localstack.clock import Clock
from fargatedirect_localstack.taskevents import Events, Faults
from fargatedirect_localstack.tasksteps import Steps

# How long stopped tasks are remembered.
REMEMBERED_SECONDS = 3600

_STARTING = ("PENDING", "ACTIVATING", "RUNNING")
_STOPPING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")


class Task:
    """One task with all that was ever told of it."""

    def __init__(self, account: str, region: str, description: dict, network: dict | None):
        self.account = account
        self.region = region
        self.now = description
        self.network = network
        self.told = []
        self.upcoming = list(_STARTING)
        # Counts what is planned; a step of an older plan is not made.
        self.plan = 0
        self.stopped_at = None

    @property
    def arn(self) -> str:
        return self.now["taskArn"]

    def as_of(self, moment: float) -> dict | None:
        """The task as it was told at that time, if it was."""
        known = [description for told_at, description in self.told if told_at <= moment]
        return known[-1] if known else None


class Tasks:
    """All tasks of all accounts, regions and clusters."""

    def __init__(self, events: Events, faults: Faults, steps: Steps):
        self._events = events
        self._faults = faults
        self._steps = steps
        self._clock = Clock("ecs-tasks")
        self._lock = threading.RLock()
        self._tasks = {}

    def run(self, account: str, region: str, description: dict, network: dict | None) -> dict:
        """Starts a task and returns its first description."""
        task = Task(account, region, description, network)
        with self._lock:
            self._tasks[task.arn] = task
            if network:
                description["attachments"] = [
                    {
                        "id": str(uuid.uuid4()),
                        "type": "ElasticNetworkInterface",
                        "status": "PRECREATED",
                        "details": [{"name": "subnetId", "value": network["subnets"][0]}],
                    }
                ]
            self._tell(task)
            self._plan(task)
            return task.told[-1][1]

    def stop(self, arn: str, reason: str) -> dict:
        """Starts to stop a task; KeyError if there is none."""
        with self._lock:
            task = self._tasks[arn]
            if task.now["desiredStatus"] == "STOPPED":
                return task.told[-1][1]
            running = task.now["lastStatus"] == "RUNNING"
            task.upcoming = list(_STOPPING if running else _STOPPING[2:])
            task.now.update(desiredStatus="STOPPED", stoppedReason=reason, stopCode="UserInitiated", stoppingAt=datetime.now(UTC))
            self._tell(task)
            self._plan(task)
            return task.told[-1][1]

    def describe(self, arn: str) -> dict | None:
        """A task as DescribeTasks knows it, which may lag behind the events."""
        with self._lock:
            task = self._tasks.get(arn)
            if task is None:
                return None
            if task.stopped_at is not None and time.monotonic() - task.stopped_at > REMEMBERED_SECONDS:
                del self._tasks[arn]
                return None
            return task.as_of(time.monotonic() - self._faults.lag)

    def of_cluster(self, cluster_arn: str) -> list[dict]:
        """All tasks of a cluster that DescribeTasks knows, oldest first."""
        with self._lock:
            known = [self.describe(arn) for arn, task in list(self._tasks.items()) if task.now["clusterArn"] == cluster_arn]
        return [d for d in known if d is not None]

    def _plan(self, task: Task):
        """Plans the next step of a task in place of any that was planned."""
        if not task.upcoming:
            return
        task.plan += 1
        plan = task.plan
        self._clock.after(self._steps.after(task.account, task.now["lastStatus"]), lambda: self._step(task, plan))

    def _step(self, task: Task, plan: int):
        with self._lock:
            if plan != task.plan:
                return
            status = task.upcoming.pop(0)
            task.now["lastStatus"] = status
            self._enter(task, status)
            self._tell(task)
            self._plan(task)

    def _enter(self, task: Task, status: str):
        now = datetime.now(UTC)
        if status == "PENDING":
            self._attach(task)
            task.now.update(connectivity="CONNECTED", connectivityAt=now, pullStartedAt=now)
        if status == "ACTIVATING":
            task.now.update(pullStoppedAt=now)
        if status == "RUNNING":
            task.now.update(startedAt=now)
        if status == "STOPPING":
            task.now.update(executionStoppedAt=now)
        if status == "DEPROVISIONING":
            self._detach(task)
        if status == "STOPPED":
            task.now.update(stoppedAt=now)
            task.stopped_at = time.monotonic()
        for container in task.now["containers"]:
            container["lastStatus"] = _container_status(status)
            if status == "STOPPED":
                container["exitCode"] = 0

    def _attach(self, task: Task):
        if not task.network:
            return
        attachment = task.now["attachments"][0]
        interface = interfaces.create(
            task.account,
            task.region,
            task.network["subnets"][0],
            task.network.get("securityGroups") or [],
            task.arn.rsplit(":task/")[0] + ":attachment/" + attachment["id"],
            task.network.get("assignPublicIp") == "ENABLED",
        )
        attachment["status"] = "ATTACHED"
        attachment["details"] = [
            {"name": "subnetId", "value": task.network["subnets"][0]},
            {"name": "networkInterfaceId", "value": interface.id},
            {"name": "macAddress", "value": interface.mac_address},
            {"name": "privateIPv4Address", "value": interface.private_ip_address},
        ]
        addresses = {"privateIpv4Address": interface.private_ip_address}
        if interface.ipv6_addresses:
            addresses["ipv6Address"] = interface.ipv6_addresses[0]
        for container in task.now["containers"]:
            container["networkInterfaces"] = [{"attachmentId": attachment["id"], **addresses}]

    @staticmethod
    def _detach(task: Task):
        for attachment in task.now["attachments"]:
            attachment["status"] = "DELETED"
            for detail in attachment["details"]:
                if detail["name"] == "networkInterfaceId":
                    interfaces.delete(task.account, task.region, detail["value"])

    def _tell(self, task: Task):
        task.now["version"] = task.now.get("version", 0) + 1
        task.now["updatedAt"] = datetime.now(UTC)
        told = copy.deepcopy(task.now)
        task.told.append((time.monotonic(), told))
        self._events.tell(task.account, task.region, told)


def _container_status(status: str) -> str:
    if status in ("RUNNING", "DEACTIVATING", "STOPPING"):
        return "RUNNING"
    return "STOPPED" if status in ("DEPROVISIONING", "STOPPED") else "PENDING"
