"""The environments of functions that have an invocation under way."""

import contextlib
import threading

_lock = threading.Lock()
_busy = set()


@contextlib.contextmanager
def busy(environment):
    """Tells that an environment has an invocation while the context lasts."""
    with _lock:
        _busy.add(environment)
    try:
        yield
    finally:
        with _lock:
            _busy.discard(environment)


def kill(account: str, function: str) -> int:
    """Kills the processes of a function that have an invocation, and counts them."""
    with _lock:
        chosen = [e for e in _busy if (e.function_version.id.account, e.function_version.id.function_name) == (account, function)]
    return sum(environment.kill_process() for environment in chosen)
