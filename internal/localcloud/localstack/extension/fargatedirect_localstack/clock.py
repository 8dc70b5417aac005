"""Things to do later."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Clock:
    """Calls functions at their time, one after another, in a thread of its own."""

    def __init__(self, name: str):
        self._due = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def after(self, seconds: float, call: Callable[[], None]):
        """Calls later; what is due at one time is called in the order given."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), call))
            self._changed.notify()

    def _run(self):
        while True:
            call = self._next()
            try:
                call()
            except Exception:
                LOG.exception("something to do later failed")

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(self._due[0][0] - now if self._due else None)
