"""The HTTP interface by which a function gets its invocations.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_API = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Outcome:
    """What a function answered."""

    body: bytes
    is_error: bool


class RuntimeAPI:
    """Serves one process."""

    def __init__(self, timeout: int):
        self._timeout = timeout
        self._pending = queue.SimpleQueue()
        self._waiting = threading.Event()
        self._results = {}
        self.init_error = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """What belongs into AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def idle(self, seconds: float) -> bool:
        """Waits until the process asks for its next invocation; tells whether it does."""
        return self._waiting.wait(seconds)

    def begin(self, payload: dict) -> queue.SimpleQueue:
        """Hands the process an invocation; its Outcome will come into the queue."""
        self._waiting.clear()
        result = self._results[payload["invoke-id"]] = queue.SimpleQueue()
        self._pending.put(payload)
        return result

    def end(self, payload: dict):
        """Forgets an invocation: an answer that comes now is refused."""
        self._results.pop(payload["invoke-id"], None)

    def close(self):
        """Ends the server, and the request of a process that waits for work. It
        does not wait for the server's thread, which looks now and then only."""
        self._pending.put(None)
        threading.Thread(target=self._end, name="lambda-runtime-api-end", daemon=True).start()

    def _end(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Else the second of two writes waits 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def log_message(self, *args):
                """Says nothing: the log is the function's."""

            def do_GET(self):
                if self.path != f"{_API}/invocation/next":
                    return self._reply(404)
                api._waiting.set()
                payload = api._pending.get()
                if payload is None:
                    self.close_connection = True
                else:
                    self._send(payload)

            def do_POST(self):
                body = self._body()
                if self.path == f"{_API}/init/error":
                    api.init_error = body
                    return self._reply(202)
                request_id, _, outcome = self.path.removeprefix(f"{_API}/invocation/").partition("/")
                result = api._results.get(request_id)
                if result is None or outcome not in ("response", "error"):
                    return self._reply(404)
                result.put(Outcome(body, outcome == "error"))
                self._reply(202)

            def _send(self, payload: dict):
                body = payload["payload"].encode()
                self.send_response(200)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": len(body),
                    "Lambda-Runtime-Aws-Request-Id": payload["invoke-id"],
                    "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                    "Lambda-Runtime-Trace-Id": payload.get("trace-id", ""),
                    "Lambda-Runtime-Deadline-Ms": int((time.time() + api._timeout) * 1000),
                }.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def _reply(self, status: int):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Handler
