"""Amazon ECS for LocalStack community: moto's ECS plus the task state change events that ECS sends."""

import json
import logging
import threading
import time
import uuid
from datetime import datetime, timezone

from localstack.aws.connect import connect_to
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service

LOG = logging.getLogger(__name__)


def _run_task(context, request):
    network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    response = call_moto(context)
    clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
    for task in response.get("tasks", []):
        eni = _eni(task)
        if eni and network.get("assignPublicIp") == "ENABLED":
            allocation = clients.ec2.allocate_address(Domain="vpc")["AllocationId"]
            clients.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)
    threading.Thread(target=_send, args=(clients, context, response["tasks"], ["PROVISIONING", "PENDING", "RUNNING"], "RUNNING"), daemon=True).start()
    return response


def _stop_task(context, request):
    response = call_moto(context)
    clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
    threading.Thread(target=_send, args=(clients, context, [response["task"]], ["RUNNING", "DEPROVISIONING", "STOPPED"], "STOPPED"), daemon=True).start()
    return response


def _send(clients, context, tasks, statuses, desired):
    for n, status in enumerate(statuses, 1):
        entries = []
        for task in tasks:
            detail = json.loads(json.dumps(task, default=lambda v: v.isoformat() if hasattr(v, "isoformat") else str(v)))
            detail.update(lastStatus=status, desiredStatus=desired, version=n + (3 if desired == "STOPPED" else 0))
            for a in detail.get("attachments") or []:
                a["type"] = "eni"
            entries.append({"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Resources": [task["taskArn"]], "Detail": json.dumps(detail)})
        for i in range(0, len(entries), 10):
            clients.events.put_events(Entries=entries[i : i + 10])
        time.sleep(0.2)


def _eni(task):
    for attachment in task.get("attachments") or []:
        for detail in attachment.get("details") or []:
            if detail["name"] == "networkInterfaceId":
                return detail["value"]


def service() -> Service:
    model = load_service("ecs")
    table = {name: (lambda context, request: call_moto(context)) for name in model.operation_names}
    table["RunTask"] = _run_task
    table["StopTask"] = _stop_task
    return Service(name="ecs", skeleton=Skeleton(model, table))
