"""Runs Lambda functions as processes, where LocalStack would start Docker containers.

Only provided.* runtimes, whose `bootstrap` is a program for this machine. As
on Lambda a process is stopped between invocations, killed at the function's
timeout, and started anew for the next invocation if it is gone. There is no
limit on memory or CPU.
"""

import json
import logging
import os
import platform
import queue
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime

from localstack import config
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from fargatedirect_localstack import environments
from fargatedirect_localstack.processlog import ProcessLog
from fargatedirect_localstack.runtimeapi import Outcome, RuntimeAPI

LOG = logging.getLogger(__name__)

# How long a function may take before it asks for its first invocation.
INIT_SECONDS = 10

# How long an answer waits for the log stream to be made.
LOG_STREAM_SECONDS = 5

_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class ProcessExecutor(RuntimeExecutor):
    """One environment of a function: at most one process, one invocation at a time."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._api = None
        self._log = ProcessLog()
        self._process = None
        self._env = {}
        self._log_stream = None
        self._started = 0.0
        self._ready = False
        self._stopped = threading.Event()

    def start(self, env_vars):
        """Begins the function's initialization; how it ends, the first invocation tells."""
        code = self.function_version.config.code.get_unzipped_code_location()
        self._env = {k: str(v) for k, v in env_vars.items() if v is not None} | {
            "LAMBDA_TASK_ROOT": str(code),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",
        }
        self._log_stream = threading.Thread(target=self._make_log_stream, name="lambda-log-stream", daemon=True)
        self._log_stream.start()
        self._start_process()

    def stop(self):
        """Ends the process, and an invocation that may be under way."""
        self._stopped.set()
        self._kill()
        if self._api:
            self._api.close()

    def invoke(self, payload):
        """Makes one invocation and tells how it went, whatever happens."""
        with environments.busy(self):
            return self._invoke(payload)

    def kill_process(self) -> bool:
        """Kills the process as if its machine had failed; tells whether there was one."""
        process = self._process
        if process is None:
            return False
        process.kill()
        return True

    def _invoke(self, payload: dict) -> InvocationResult:
        outcome = self._initialize(payload)
        begun = time.monotonic()
        if outcome is None:
            outcome = self._answer(payload, begun + self.function_version.config.timeout)
        logs = self._report(payload["invoke-id"], outcome, time.monotonic() - begun)
        return InvocationResult(payload["invoke-id"], outcome.body, is_error=outcome.is_error, logs=logs)

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self):
        return self._log.peek()

    @classmethod
    def prepare_version(cls, function_version):
        """Unpacks the code. What fails here becomes the function's StateReason."""
        host = _ARCHITECTURES.get(platform.machine(), platform.machine())
        wanted = (function_version.config.architectures or ["x86_64"])[0]
        if wanted != host:
            raise RuntimeError(f"the local cloud runs functions as processes of this machine, whose architecture is {host}; this function's is {wanted}")
        if not function_version.config.code:
            return
        function_version.config.code.prepare_for_execution()
        bootstrap = os.path.join(function_version.config.code.get_unzipped_code_location(), "bootstrap")
        if os.path.exists(bootstrap):
            os.chmod(bootstrap, 0o755)

    @classmethod
    def cleanup_version(cls, function_version):
        """Nothing: LocalStack removes the code."""

    def _start_process(self):
        # Each process has an API of its own: a request of the one before may still
        # be on its way when that is dead, and would take this one's invocation.
        before, self._api = self._api, RuntimeAPI(self.function_version.config.timeout)
        if before:
            before.close()
        self._env["AWS_LAMBDA_RUNTIME_API"] = self._api.address
        self._started, self._ready = time.monotonic(), False
        code = self._env["LAMBDA_TASK_ROOT"]
        try:
            self._process = subprocess.Popen(
                [os.path.join(code, "bootstrap")], cwd=code, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as e:
            self._process = None
            self._log.add(f"starting bootstrap failed: {e}\n")
            return
        self._log.follow(self._process.stdout)

    def _kill(self):
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def _initialize(self, payload: dict) -> Outcome | None:
        """Waits until there is a process that asked for work; if that fails, tells why."""
        if self._process is None or self._ready and self._process.poll() is not None:
            self._start_process()
        while not self._ready and not self._api.idle(0.005):
            failure = self._init_failure(payload)
            if failure:
                self._kill()
                return failure
        self._ready = True
        return None

    def _init_failure(self, payload: dict) -> Outcome | None:
        if self._api.init_error is not None:
            return Outcome(self._api.init_error, True)
        if self._process is None:
            return _error("Runtime.InvalidEntrypoint", payload, "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
        if self._process.poll() is not None:
            return _error("Runtime.ExitError", payload, f"Error: Runtime exited{_manner(self._process.returncode)}")
        if time.monotonic() > self._started + INIT_SECONDS:
            return _error("Sandbox.Timedout", payload, f"Error: Task timed out after {INIT_SECONDS}.00 seconds")
        return None

    def _answer(self, payload: dict, deadline: float) -> Outcome:
        process = self._process
        self._log.add(self._line("start", payload["invoke-id"]))
        result = self._api.begin(payload)
        process.send_signal(signal.SIGCONT)
        try:
            while True:
                try:
                    outcome = result.get(timeout=0.05)
                    break
                except queue.Empty:
                    pass
                if self._stopped.is_set():
                    return _error("Runtime.ExitError", payload, "Error: the environment was stopped")
                if process.poll() is not None:
                    self._kill()
                    return _error("Runtime.ExitError", payload, f"Error: Runtime exited{_manner(process.returncode)}")
                if time.monotonic() > deadline:
                    self._kill()
                    return self._timed_out(payload)
        finally:
            self._api.end(payload)
        self._freeze(process)
        return outcome

    def _freeze(self, process: subprocess.Popen):
        """Stops a process that has answered, as soon as it asks for more."""
        deadline = time.monotonic() + 1
        while process.poll() is None and time.monotonic() < deadline:
            if self._api.idle(0.005):
                process.send_signal(signal.SIGSTOP)
                return

    def _timed_out(self, payload: dict) -> Outcome:
        text = f"Task timed out after {self.function_version.config.timeout:.2f} seconds"
        self._log.add(f"{_now()} {payload['invoke-id']} {text}\n")
        return _error("Sandbox.Timedout", payload, f"Error: {text}")

    def _report(self, request_id: str, outcome: Outcome, seconds: float) -> str:
        """The log of an invocation, with the lines that Lambda adds. What is
        returned is written to the log stream at once."""
        self._log_stream.join(LOG_STREAM_SECONDS)
        text = self._log.take()
        start = self._line("start", request_id)
        if start not in text:
            text = start + text
        return text + self._line("end", request_id) + self._line("report", request_id, outcome, seconds)

    def _line(self, what: str, request_id: str, outcome: Outcome | None = None, seconds: float = 0) -> str:
        if (self.function_version.config.logging_config or {}).get("LogFormat") == "JSON":
            record = {"requestId": request_id}
            if outcome:
                record |= {"status": "error" if outcome.is_error else "success", "metrics": {"durationMs": round(seconds * 1000, 3)}}
            types = {"start": "platform.start", "end": "platform.runtimeDone", "report": "platform.report"}
            return json.dumps({"type": types[what], "record": record}) + "\n"
        if what == "start":
            return f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
        if what == "end":
            return f"END RequestId: {request_id}\n"
        return (
            f"REPORT RequestId: {request_id}\tDuration: {seconds * 1000:.2f} ms\t"
            f"Billed Duration: {int(seconds * 1000) + 1} ms\tMemory Size: {self.function_version.config.memory_size} MB\n"
        )

    def _make_log_stream(self):
        """Makes the stream that LocalStack will write the log to, if the role
        may. The log group is made only if it is not there."""
        group, stream = self._env["AWS_LAMBDA_LOG_GROUP_NAME"], self._env["AWS_LAMBDA_LOG_STREAM_NAME"]
        logs = connect_to(
            aws_access_key_id=self._env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._env["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self._env["AWS_SESSION_TOKEN"],
            region_name=self._env["AWS_REGION"],
        ).logs
        try:
            try:
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
            except logs.exceptions.ResourceNotFoundException:
                logs.create_log_group(logGroupName=group)
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
        except Exception as e:
            LOG.info("the log of a function is lost: %s", e)


def _error(kind: str, payload: dict, text: str) -> Outcome:
    message = {"errorType": kind, "errorMessage": f"RequestId: {payload['invoke-id']} {text}"}
    return Outcome(json.dumps(message).encode(), True)


def _manner(returncode: int) -> str:
    """How a process ended, in Lambda's words."""
    if returncode == 0:
        return " without providing a reason"
    if returncode < 0:
        return f" with error: signal: {signal.strsignal(-returncode).lower()}"
    return f" with error: exit status {returncode}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
