"""Calls of AWS that fail on request, and what was called."""

import collections
import random
import threading
import time
from datetime import UTC, datetime

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

# How many calls of an account are remembered.
REMEMBERED_CALLS = 20000

# How the name servers mark their calls.
NAME_SERVER = "app/fargatedirect-name-server"


class Failure:
    """One way in which calls fail, until it has met enough of them or its time is over."""

    def __init__(self, wanted: dict):
        self._service = wanted["service"]
        self._operation = wanted.get("operation") or ""
        self._share = wanted.get("share") or 1
        self._calls = wanted.get("calls") or float("inf")
        self._end = time.monotonic() + wanted["for_ms"] / 1000 if wanted.get("for_ms") else float("inf")
        self._delay = wanted.get("delay_ms", 0) / 1000
        self._code = wanted.get("code") or ""
        self._message = wanted.get("message") or ""
        self._status = wanted.get("status") or 400
        self._lost = bool(wanted.get("lost"))

    def take(self, service: str, operation: str) -> bool:
        """Whether it meets a call, which is then counted."""
        meets = service == self._service and self._operation in ("", operation)
        if not meets or self._calls <= 0 or time.monotonic() >= self._end or random.random() >= self._share:
            return False
        self._calls -= 1
        return True

    def meet(self, context: RequestContext):
        """Delays the call, and refuses it or marks it to lose its answer."""
        time.sleep(self._delay)
        context.loses_answer = self._lost
        if self._code and not self._lost:
            raise CommonServiceException(self._code, self._message, status_code=self._status, sender_fault=self._status < 500)


class Failures:
    """The failures that accounts want, and the calls that they made."""

    def __init__(self):
        self._lock = threading.Lock()
        self._wanted = {}
        self._calls = collections.defaultdict(lambda: collections.deque(maxlen=REMEMBERED_CALLS))

    def set(self, account: str, wanted: list[dict]):
        """Replaces an account's failures. Of several that meet a call the first does."""
        with self._lock:
            self._wanted[account] = [Failure(w) for w in wanted]

    def calls(self, account: str) -> list[dict]:
        """The calls of an account, oldest first."""
        with self._lock:
            return list(self._calls[account])

    def before(self, chain, context: RequestContext, response: Response):
        """Is asked before a call reaches its service. What services ask of one
        another on behalf of nobody never fails, and name servers are Route 53's."""
        if context.operation is None or context.is_internal_call:
            return
        if NAME_SERVER in context.request.headers.get("User-Agent", ""):
            return
        context.called_at = datetime.now(UTC)
        with self._lock:
            failures = self._wanted.get(context.account_id) or ()
            failure = next((f for f in failures if f.take(context.service.service_name, context.operation.name)), None)
        if failure is not None:
            failure.meet(context)

    def after(self, chain, context: RequestContext, response: Response):
        """Sees each answer."""
        if getattr(context, "called_at", None) is None:
            return
        if getattr(context, "loses_answer", False):
            response.status_code = 500
            response.set_response(b"")
        code = getattr(context.service_exception, "code", "") if context.service_exception else ""
        with self._lock:
            self._calls[context.account_id].append(
                {
                    "at": context.called_at.isoformat(),
                    "service": context.service.service_name,
                    "operation": context.operation.name,
                    "status": response.status_code,
                    "code": code,
                }
            )
