"""Starts the real programs on loopback, with ports that the system picks, and waits for conditions.

Nothing here sleeps for luck: wait_until() polls a condition and says what it saw when time is up.
"""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KOLBEN_BIN", ROOT / "build" / "bin"))
DATA = ROOT / "tests" / "data"

ANY_PORTS = """
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:0"}
      http: {endpoint: "127.0.0.1:0"}
  zipkin: {endpoint: "127.0.0.1:0"}
exporters:
  prometheus: {endpoint: "127.0.0.1:0"}
extensions:
  query: {endpoint: "127.0.0.1:0"}
  health_check: {endpoint: "127.0.0.1:0"}
  remote_sampling:
    http:
      endpoint: "127.0.0.1:0"
    grpc:
      endpoint: "127.0.0.1:0"
service:
  telemetry:
    metrics: {address: "127.0.0.1:0"}
"""


def wait_until(condition, what, seconds=15.0):
    """Returns the first true value of condition(); fails with `what` and the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}; last: {value!r}")
        time.sleep(0.02)


def free_port():
    """A port that was free a moment ago; only for programs that can't pick one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode(errors="replace")


def request(port, method, target, body=None, headers=None, timeout=20):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, target, body=body,
                           headers={"User-Agent": "kolben-tests", **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def get(port, target, **parameters):
    if parameters:
        target += ("&" if "?" in target else "?") + urllib.parse.urlencode(parameters, doseq=True)
    return request(port, "GET", target)


def post_json(port, target, value):
    return request(port, "POST", target, json.dumps(value), {"Content-Type": "application/json"})


class HttpServer:
    """Serves HTTP on a port that the system picks, or on the given one, while it is used: `answer(method, path,
    headers, body)` gives the status, and the body where there is one. A thread a connection."""

    def __init__(self, answer, port=0):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                status, *said = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(sum(map(len, said))))
                self.end_headers()
                self.wfile.write(b"".join(said))

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Program:
    """A process with its output in files; ended by its id when the test ends, and with it those that it
    has started, where it is given a session of its own (start_new_session)."""

    def __init__(self, command, directory, name, env=None, cwd=None, **options):
        self.name = name
        self.has_session = options.get("start_new_session", False)
        self.stdout_path = pathlib.Path(directory) / f"{name}.stdout"
        self.stderr_path = pathlib.Path(directory) / f"{name}.stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=cwd or directory, env={**os.environ, **(env or {})}, **options)

    @property
    def pid(self):
        return self.process.pid

    @property
    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def stop(self, with_signal=signal.SIGTERM, seconds=20):
        """Sends the signal and returns the exit code."""
        if self.is_running():
            self.process.send_signal(with_signal)
        return self.process.wait(seconds)

    def kill(self):
        if self.has_session:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        elif self.is_running():
            self.process.kill()
        self.process.wait(20)


class Kolben(Program):
    """`kolben up` (or another command) with every port 0."""

    def __init__(self, directory, *arguments, command="up", name="kolben", config=ANY_PORTS,
                 data="data", wait=True, **options):
        directory = pathlib.Path(directory)
        self.data = directory / data
        self.ports_path = directory / f"{name}.ports.json"
        self.ports_path.unlink(missing_ok=True)
        config_path = directory / f"{name}.yaml"
        config_path.write_text(config)
        line = [BIN / "kolben", command, "--config", config_path, "--ports-file", self.ports_path]
        if command == "up":
            line += ["--data", self.data]
        super().__init__([*line, *arguments], directory, name, **options)
        self.ports = {}
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.kill()
                raise

    def wait_ready(self):
        def read():
            assert self.is_running(), f"ended at its start:\n{self.stderr}"
            try:
                return json.loads(self.ports_path.read_text())["ports"]
            except (OSError, ValueError):
                return None
        self.ports = wait_until(read, "the ports file is there")
        return self

    def port(self, name):
        assert name in self.ports, f"no port {name!r} in {self.ports}"
        return self.ports[name]

    @property
    def ui(self):
        return self.port("query")

    @property
    def otlp_http(self):
        return self.port("otlp/http")

    @property
    def otlp_grpc(self):
        return self.port("otlp/grpc")

    def send_spans(self, *spans, service="test"):
        return post_json(self.otlp_http, "/v1/traces", trace_request(spans, service))

    def search(self, **parameters):
        return get(self.ui, "/api/kolben/search", **parameters).json()["traces"]


def attribute(key, value):
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": key, "value": {kind: value}}


def span(name, trace_id, span_id, parent="", start=None, micros=1000, kind=2, error=False,
         **attributes):
    """One OTLP JSON span; ids are integers."""
    start = time.time_ns() if start is None else start
    return {
        "traceId": f"{trace_id:032x}", "spanId": f"{span_id:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "", "name": name, "kind": kind,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + micros * 1000),
        "attributes": [attribute(key, value) for key, value in attributes.items()],
        "status": {"code": 2} if error else {},
    }


def trace_request(spans, service="test"):
    return {"resourceSpans": [{
        "resource": {"attributes": [attribute("service.name", service)]},
        "scopeSpans": [{"scope": {"name": "tests"}, "spans": list(spans)}],
    }]}


def fields(message):
    """Of a protobuf message: (number, value); varints as numbers, all else as its bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        key = varint()
        size = {0: 0, 1: 8, 5: 4}.get(key & 7)
        if size is None:
            size = varint()
        elif key & 7 == 0:
            yield key >> 3, varint()
            continue
        yield key >> 3, message[at:at + size]
        at += size


def children_of(pid):
    """Ids of the processes whose parent is `pid`."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in listed.stdout.split()]


def is_alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
