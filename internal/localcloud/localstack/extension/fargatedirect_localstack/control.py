"""Routes below /_fargatedirect/ by which tests steer and observe the emulator."""

from collections.abc import Callable

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from fargatedirect_localstack import environments
from fargatedirect_localstack.changes import Changes
from fargatedirect_localstack.failures import Failures
from fargatedirect_localstack.taskevents import Faults
from fargatedirect_localstack.tasksteps import Steps


class Control:
    """The routes, and what they read and set."""

    def __init__(self, changes: Changes, faults: Faults, steps: Steps, failures: Failures, events: Callable):
        self._changes = changes
        self._faults = faults
        self._steps = steps
        self._failures = failures
        self._events = events

    def add_routes(self):
        """Registers the routes with LocalStack's gateway."""
        for path, handler, method in (
            ("health", self.health, "GET"),
            ("route53/changes", self.list_changes, "GET"),
            ("route53/delay", self.set_delay, "POST"),
            ("ecs/faults", self.set_faults, "POST"),
            ("ecs/steps", self.set_steps, "POST"),
            ("failures", self.set_failures, "POST"),
            ("calls", self.list_calls, "GET"),
            ("lambda/kill", self.kill_function, "POST"),
            ("cloudwatch/evaluate", self.evaluate_alarms, "POST"),
            ("events/fire", self.fire_rule, "POST"),
        ):
            ROUTER.add(f"/_fargatedirect/{path}", handler, methods=[method])

    def health(self, request: Request) -> Response:
        """Tells that the extension is there."""
        return Response.for_json({"extension": "fargatedirect"})

    def list_changes(self, request: Request) -> Response:
        """Tells all batches of record set changes that were applied."""
        return Response.for_json(self._changes.batches())

    def set_delay(self, request: Request) -> Response:
        """Sets how long changes stay PENDING: {"ms": ...}."""
        self._changes.delay = float(request.get_json(force=True)["ms"]) / 1000
        return Response.for_json({})

    def set_faults(self, request: Request) -> Response:
        """Replaces the faults of ECS: {"lag_ms": ..., "repeat": ..., "shuffle": ...}."""
        self._faults.set(request.get_json(force=True))
        return Response.for_json({})

    def set_steps(self, request: Request) -> Response:
        """Sets how long an account's tasks stay in states: {"account": ..., "ms": {"PENDING": ...}}."""
        wanted = request.get_json(force=True)
        self._steps.set(wanted["account"], {status: ms / 1000 for status, ms in wanted["ms"].items()})
        return Response.for_json({})

    def set_failures(self, request: Request) -> Response:
        """Replaces the failures of an account: {"account": ..., "failures": [{"service": ..., ...}]}."""
        wanted = request.get_json(force=True)
        self._failures.set(wanted["account"], wanted["failures"])
        return Response.for_json({})

    def list_calls(self, request: Request) -> Response:
        """Tells the calls of an account: ?account=..."""
        return Response.for_json(self._failures.calls(request.args["account"]))

    def kill_function(self, request: Request) -> Response:
        """Kills a function in mid-invocation: {"account": ..., "function": ...}."""
        wanted = request.get_json(force=True)
        return Response.for_json({"killed": environments.kill(wanted["account"], wanted["function"])})

    def evaluate_alarms(self, request: Request) -> Response:
        """Evaluates all alarms: {"account": ..., "region": ...}."""
        from fargatedirect_localstack.cloudwatch import evaluate

        wanted = request.get_json(force=True)
        evaluate(wanted["account"], wanted["region"])
        return Response.for_json({})

    def fire_rule(self, request: Request) -> Response:
        """Makes the time of a scheduled rule come: {"account": ..., "region": ..., "rule": ...}."""
        wanted = request.get_json(force=True)
        self._events().fire(wanted["account"], wanted["region"], wanted["rule"])
        return Response.for_json({})
