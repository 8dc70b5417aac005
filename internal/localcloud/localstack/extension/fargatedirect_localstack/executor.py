"""Run LocalStack's provided.* Lambda functions as plain processes.

LocalStack starts Lambda functions in Docker. On a machine without a Docker
engine this executor starts the function's `bootstrap` as a child process and
speaks the Lambda Runtime API to it. Select it with
LAMBDA_RUNTIME_EXECUTOR=process.
"""

import collections
import logging
import os
import queue
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

LOG = logging.getLogger(__name__)
API = "/2018-06-01/runtime"


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._pending = queue.Queue()
        self._results = {}
        self._payloads = {}
        self._ready = threading.Event()
        self._init_error = None
        self._log = collections.deque(maxlen=2000)
        self._process = None
        self._server = None

    def start(self, env_vars):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        code = self.function_version.config.code.get_unzipped_code_location()
        env = {k: str(v) for k, v in env_vars.items() if v is not None}
        env.update(
            AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{self._server.server_port}",
            LAMBDA_TASK_ROOT=str(code),
            PATH="/usr/local/bin:/usr/bin:/bin",
            HOME="/tmp",
        )
        self._process = subprocess.Popen(
            [os.path.join(code, "bootstrap")],
            cwd=code,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read_log, daemon=True).start()
        deadline = time.monotonic() + 10
        while not self._ready.wait(0.01):
            if self._init_error or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"bootstrap did not start: {self._init_error or self.get_logs()}")

    def stop(self):
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        for result in list(self._results.values()):
            result.put((b'{"errorType":"Runtime.ExitError","errorMessage":"environment stopped"}', True))

    def invoke(self, payload):
        request_id = payload["invoke-id"]
        result = self._results[request_id] = queue.Queue(1)
        self._log.clear()
        self._pending.put(payload)
        while True:
            try:
                body, is_error = result.get(timeout=0.5)
                break
            except queue.Empty:
                if self._process.poll() is not None:
                    body = b'{"errorType":"Runtime.ExitError","errorMessage":"RequestId: %s Error: Runtime exited"}' % request_id.encode()
                    is_error = True
                    break
        del self._results[request_id]
        return InvocationResult(request_id, body, is_error=is_error, logs=self.get_logs())

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self):
        return "".join(self._log)

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()
            path = os.path.join(function_version.config.code.get_unzipped_code_location(), "bootstrap")
            os.chmod(path, 0o755)

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    def _read_log(self):
        for line in self._process.stdout:
            self._log.append(line)

    def _handler(self):
        executor = self

        class RuntimeAPI(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                if self.path != f"{API}/invocation/next":
                    return self._reply(404)
                executor._ready.set()
                payload = executor._pending.get()
                timeout = executor.function_version.config.timeout
                body = payload["payload"].encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Lambda-Runtime-Aws-Request-Id", payload["invoke-id"])
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", payload["invoked-function-arn"])
                self.send_header("Lambda-Runtime-Trace-Id", payload.get("trace-id", ""))
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + timeout) * 1000)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self._body()
                if self.path == f"{API}/init/error":
                    executor._init_error = body.decode()
                    return self._reply(202)
                request_id, _, outcome = self.path.removeprefix(f"{API}/invocation/").partition("/")
                result = executor._results.get(request_id)
                if result is None or outcome not in ("response", "error"):
                    return self._reply(404)
                result.put((body, outcome == "error"))
                self._reply(202)

            def _body(self):
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def _reply(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return RuntimeAPI
