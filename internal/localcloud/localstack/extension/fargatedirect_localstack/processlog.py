"""What a process prints."""

import os
import select
import threading
import time
from typing import IO

# What is kept of an invocation's log; a function that prints more loses the beginning.
MOST = 1 << 20

# How long the last words of a process are waited for.
SETTLE_SECONDS = 0.2


class ProcessLog:
    """Collects the output of one process after another."""

    def __init__(self):
        self._lock = threading.Lock()
        self._text = bytearray()
        self._descriptor = None

    def follow(self, pipe: IO[bytes]):
        """Collects from a new process from now on."""
        self._descriptor = pipe.fileno()
        threading.Thread(target=self._read, args=(pipe,), name="lambda-log", daemon=True).start()

    def add(self, line: str):
        """Adds a line of our own."""
        with self._lock:
            self._text += line.encode()

    def peek(self) -> str:
        """What was collected since the last take."""
        with self._lock:
            return self._text.decode(errors="replace")

    def take(self) -> str:
        """All that was printed until now; it is forgotten here."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._unread() and time.monotonic() < deadline:
            time.sleep(0.001)
        with self._lock:
            text, self._text = self._text, bytearray()
        return text.decode(errors="replace")

    def _unread(self) -> bool:
        """Whether the pipe holds something that the reader has not got yet."""
        with self._lock:
            if self._descriptor is None:
                return False
            return _readable(self._descriptor, 0)

    def _read(self, pipe: IO[bytes]):
        descriptor = pipe.fileno()
        while True:
            _readable(descriptor)
            with self._lock:
                chunk = os.read(descriptor, 65536)
                self._text += chunk
                del self._text[:-MOST]
                if not chunk:
                    if self._descriptor == descriptor:
                        self._descriptor = None
                    pipe.close()
                    return


def _readable(descriptor: int, milliseconds: int | None = None) -> bool:
    """Waits until there is something to read, or the end. (select would fail
    for the descriptors above 1023 of a busy LocalStack.)"""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(milliseconds))
