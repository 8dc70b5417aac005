"""What Route 53 remembers of changes."""

import secrets
import string
import threading
import time
from datetime import UTC, datetime

from fargatedirect_localstack.dnsnames import normalize


class Changes:
    """All changes ever submitted. Each is PENDING for a while."""

    def __init__(self, delay: float):
        self.delay = delay
        self._lock = threading.Lock()
        self._changes = {}

    def add(self, zone: str, batch: dict) -> dict:
        """Remembers a change that was just made and returns its ChangeInfo."""
        alphabet = string.ascii_uppercase + string.digits
        change_id = "C" + "".join(secrets.choice(alphabet) for _ in range(20))
        with self._lock:
            self._changes[change_id] = {
                "zone": zone,
                "batch": batch,
                "submitted": datetime.now(UTC),
                "in_sync": time.monotonic() + self.delay,
            }
        return self.info(change_id)

    def info(self, change_id: str) -> dict:
        """The ChangeInfo of a change; KeyError if there is none."""
        change = self._changes[change_id]
        info = {
            "Id": "/change/" + change_id,
            "Status": "INSYNC" if time.monotonic() >= change["in_sync"] else "PENDING",
            "SubmittedAt": change["submitted"],
        }
        if change["batch"].get("Comment"):
            info["Comment"] = change["batch"]["Comment"]
        return info

    def batches(self) -> list[dict]:
        """All batches applied to record sets, oldest first, for tests to look at."""
        with self._lock:
            return [
                {
                    "id": change_id,
                    "zone": change["zone"],
                    "comment": change["batch"].get("Comment", ""),
                    "changes": [
                        {
                            "action": c["Action"],
                            "name": normalize(c["ResourceRecordSet"]["Name"]),
                            "type": c["ResourceRecordSet"]["Type"],
                            "ttl": c["ResourceRecordSet"].get("TTL", 0),
                            "values": [r["Value"] for r in c["ResourceRecordSet"].get("ResourceRecords") or []],
                        }
                        for c in change["batch"]["Changes"]
                    ],
                }
                for change_id, change in self._changes.items()
                if "Changes" in change["batch"]
            ]
