"""The events by which ECS tells how tasks fare."""

import json
import logging
import queue
import random
import threading
from datetime import datetime

from localstack.aws.connect import connect_to

from fargatedirect_localstack.clock import Clock

LOG = logging.getLogger(__name__)

# How far apart shuffled events may be told.
SHUFFLE_SECONDS = 0.5


class Faults:
    """What goes wrong on request. AWS promises neither that events arrive once,
    nor in order, nor that DescribeTasks knows already what an event told."""

    def __init__(self):
        self.set({})

    def set(self, wanted: dict):
        """Replaces all faults; what is not named is off."""
        self.lag = float(wanted.get("lag_ms", 0)) / 1000
        self.repeat = int(wanted.get("repeat", 0))
        self.shuffle = bool(wanted.get("shuffle", False))


class Events:
    """Sends task state change events to the account's default event bus."""

    def __init__(self, faults: Faults):
        self._faults = faults
        self._clock = Clock("ecs-events-later")
        self._queue = queue.SimpleQueue()
        self._clients = {}
        threading.Thread(target=self._send, name="ecs-events", daemon=True).start()

    def tell(self, account: str, region: str, task: dict):
        """Tells the state of a task, as often and as late as the faults want."""
        detail = json.dumps(_detail(task))
        for _ in range(1 + self._faults.repeat):
            entry = (account, region, task["taskArn"], detail)
            if self._faults.shuffle:
                self._clock.after(random.uniform(0, SHUFFLE_SECONDS), lambda e=entry: self._queue.put(e))
            else:
                self._queue.put(entry)

    def _send(self):
        while True:
            batch = [self._queue.get()]
            while len(batch) < 10 and not self._queue.empty():
                batch.append(self._queue.get())
            for place in sorted({entry[:2] for entry in batch}):
                self._put(*place, [e for e in batch if e[:2] == place])

    def _put(self, account: str, region: str, batch: list[tuple]):
        events = self._clients.get((account, region))
        if events is None:
            events = self._clients[account, region] = connect_to(aws_access_key_id=account, region_name=region).events
        entries = [
            {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Resources": [arn], "Detail": detail}
            for _, _, arn, detail in batch
        ]
        try:
            events.put_events(Entries=entries)
        except Exception:
            LOG.exception("sending task events failed")


def _detail(task: dict) -> dict:
    """A task as its event tells it: other names for attachments, times as text."""
    detail = {k: v for k, v in task.items() if k != "tags"}
    detail["attachments"] = [{**a, "type": "eni"} for a in task["attachments"]]
    return json.loads(json.dumps(detail, default=_text))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value)} is not for events")
