"""`opentelemetry-instrument CMD`: what the scenario shows, for the To-Do app and for programs that
were never told of it; and the program itself is as without."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from harness import (BIN, ROOT, Kolben, Program, children_of, free_port, get, is_alive, request,
                     wait_until)

AGENT = BIN / "opentelemetry-instrument"
CONSOLE = ["--traces_exporter", "console", "--metrics_exporter", "console", "--logs_exporter",
           "console", "--service_name", "todo"]
SERVER_SPAN_KEYS = ["name", "context", "kind", "parent_id", "start_time", "end_time", "status",
                    "attributes", "events", "links", "resource"]
SERVER_ATTRIBUTES = ["http.method", "http.server_name", "http.scheme", "net.host.name", "http.host",
                     "net.host.port", "http.target", "net.peer.ip", "net.peer.port",
                     "http.user_agent", "http.flavor", "http.route", "http.status_code"]


def json_objects(text):
    """The JSON objects that stand between other lines, in order, keys in order."""
    decoder = json.JSONDecoder()
    found, position = [], 0
    while True:
        position = text.find("{", position)
        if position < 0:
            return found
        try:
            value, end = decoder.raw_decode(text, position)
            found.append(value)
            position = end
        except json.JSONDecodeError:
            position += 1


def spans_of(text):
    return [value for value in json_objects(text) if list(value)[:2] == ["name", "context"]]


def server_spans(text):
    return [span for span in spans_of(text) if span["kind"] == "SpanKind.SERVER"]


def wait_listening(port, what):
    def answers():
        try:
            return request(port, "GET", "/", timeout=5).status
        except OSError:
            return None
    return wait_until(answers, f"{what} answers on {port}")


def wait_for_output(program):
    """Until nobody has the program's standard output open. The agent process of one that ends at once may not have its
    own name by then."""
    def writers():
        return [link for link in pathlib.Path("/proc").glob("[0-9]*/fd/1") if points_to(link, program.stdout_path)]
    wait_until(lambda: not writers(), "all of the output is written")


def points_to(link, path):
    try:
        return link.readlink() == path
    except OSError:
        return False


def agent_of(program):
    """Ids of the agent processes that serve the program: `kolben-agent ... --pid PID`."""
    listed = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines()
            if "kolben-agent" in line and f"--pid {program.pid}" in line]


def start_todo(tmp_path, programs, port, flags=(), env=None):
    program = programs(Program([AGENT, *flags, BIN / "todo", "run", "-p", str(port)], tmp_path,
                               "todo", env=env))
    wait_until(lambda: "Press CTRL+C" in program.stderr, "the app greets")
    return program


def check_console(text):
    spans = server_spans(text)
    by_name = {span["name"]: span for span in spans}
    assert {"GET /", "POST /add"} <= set(by_name)
    span = by_name["GET /"]
    assert list(span) == SERVER_SPAN_KEYS
    assert list(span["context"]) == ["trace_id", "span_id", "trace_state"]
    assert re.fullmatch(r"0x[0-9a-f]{32}", span["context"]["trace_id"])
    assert re.fullmatch(r"0x[0-9a-f]{16}", span["context"]["span_id"])
    assert span["context"]["trace_state"] == "[]"
    assert span["parent_id"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", span["start_time"])
    assert span["status"] == {"status_code": "UNSET"}
    assert list(span["attributes"]) == SERVER_ATTRIBUTES
    assert span["attributes"]["http.method"] == "GET"
    assert span["attributes"]["http.status_code"] == 200
    assert span["attributes"]["http.route"] == "/"
    assert span["events"] == [] and span["links"] == []
    assert list(span["resource"]) == ["attributes", "schema_url"]
    assert list(span["resource"]["attributes"])[:3] == [
        "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"]
    assert list(span["resource"]["attributes"])[-2:] == ["service.name", "telemetry.auto.version"]
    assert span["resource"]["attributes"]["service.name"] == "todo"
    assert by_name["POST /add"]["attributes"]["http.status_code"] == 302

    children = [child for child in spans_of(text) if child["name"] == "querying_tasks"]
    assert children and all(child["parent_id"] for child in children)
    parents = {(span["context"]["trace_id"], span["context"]["span_id"]) for span in spans}
    assert all((child["context"]["trace_id"], child["parent_id"]) in parents for child in children)

    with_host = [line for line in text.splitlines() if "http.host" in line]
    assert len(with_host) >= len(spans)
    metrics = [value for value in json_objects(text) if "resource_metrics" in value]
    names = {metric["name"] for value in metrics for resource in value["resource_metrics"]
             for scope in resource["scope_metrics"] for metric in scope["metrics"]}
    assert {"http.server.duration", "flask_app_requests_total"} <= names
    logs = [value for value in json_objects(text) if "severity_number" in value]
    fetched = [log for log in logs if "Fetched" in str(log["body"])]
    assert fetched and all(int(log["trace_id"], 16) for log in fetched)


@pytest.mark.parametrize("how", ["flags", "environment"])
def test_the_scenario_on_the_console(tmp_path, programs, how):
    env = {"OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true"}
    flags = CONSOLE
    if how == "environment":
        flags = []
        env = {"OTEL_SERVICE_NAME": "todo", "OTEL_TRACES_EXPORTER": "console",
               "OTEL_METRICS_EXPORTER": "console", "OTEL_LOG_EXPORTER": "console",
               "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "0.0.0.0:4317",
               "ELASTIC_APM_SERVER_ENDPOINT": "0.0.0.0:4317", "ELASTIC_APM_SECRET_TOKEN": "secret",
               "OTEL_EXPORTER_OTLP_INSECURE": "true"}
    port = free_port()
    program = start_todo(tmp_path, programs, port, flags, env)
    assert request(port, "GET", "/").status == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "POST", "/add", "task=buy+milk", form).status == 302
    assert "buy milk" in request(port, "GET", "/").text
    wait_until(lambda: len(server_spans(program.stdout)) >= 3, "three spans are printed")
    assert program.stop(signal.SIGINT) == 0
    wait_until(lambda: not agent_of(program), "the agent process ends", 5)
    check_console(program.stdout)
    assert re.search(r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] "GET / HTTP/1\.1" 200 -',
                     program.stderr)
    if how == "environment":
        assert "OTEL_LOG_EXPORTER" in program.stderr


def test_a_pipe_behind_the_program_ends_with_it(tmp_path):
    """`| tee output.log` must see the end of the output within 2 seconds after the program."""
    began = time.monotonic()
    line = f"{AGENT} --traces_exporter console --metrics_exporter console --logs_exporter console " \
           "sh -c 'echo out' | tee output.log"
    answer = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, timeout=20)
    assert time.monotonic() - began < 5
    assert answer.stdout.startswith(b"out\n")
    assert (tmp_path / "output.log").read_bytes() == answer.stdout


def test_without_a_collector_it_says_so_and_goes_on_until_one_comes(tmp_path, programs):
    grpc_port, port = free_port(), free_port()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{grpc_port}",
           "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    program = start_todo(tmp_path, programs, port, ["--service_name", "todo"], env)
    assert request(port, "GET", "/").status == 200
    wait_until(lambda: re.search(
        r"Transient error StatusCode\.UNAVAILABLE encountered while exporting traces to "
        rf"localhost:{grpc_port}, retrying in 1s\.", program.stderr), "the first retry is announced")
    wait_until(lambda: "retrying in 2s." in program.stderr, "the second as well")
    causes = [line for line in program.stderr.splitlines() if line.startswith("kolben agent: the error of ")]
    assert causes == [f"kolben agent: the error of localhost:{grpc_port} is: connecting to localhost:{grpc_port}: "
                      "Connection refused; does a collector run there (`kolben up`)?"], "once, whatever the signal"
    config = f"""
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc_port}"}},
                                   http: {{endpoint: "127.0.0.1:0"}}}}}}, zipkin: {{endpoint: "127.0.0.1:0"}}}}
exporters: {{prometheus: {{endpoint: "127.0.0.1:0"}}}}
extensions: {{query: {{endpoint: "127.0.0.1:0"}}, health_check: {{endpoint: "127.0.0.1:0"}},
              remote_sampling: {{http: {{endpoint: "127.0.0.1:0"}}, grpc: {{endpoint: "127.0.0.1:0"}}}}}}
service: {{telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}}}
"""
    kolben = programs(Kolben(tmp_path, config=config))
    assert request(port, "GET", "/").status == 200
    wait_until(lambda: any(trace["rootName"] == "GET /" for trace in kolben.search(service="todo")),
               "later spans arrive", 20)
    wait_until(lambda: re.search(rf"^kolben agent: localhost:{grpc_port} takes telemetry again after [\d.]+ s: "
                                 r"\d+ spans? sent late$", program.stderr, re.M), "that it is over is said")
    assert program.stderr.count("takes telemetry again") == 1


def test_without_a_collector_a_short_command_says_at_its_end_what_is_lost():
    port = free_port()
    answer = subprocess.run([AGENT, "--metrics_exporter", "none", "/bin/echo", "hi"], text=True,
                            capture_output=True, timeout=20, env={
                                **os.environ,
                                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{port}"})
    assert (answer.returncode, answer.stdout) == (0, "hi\n")
    said = [line for line in answer.stderr.splitlines()
            if not line.startswith(("Transient error", "kolben agent: the error of "))]
    assert said == [f"kolben agent: 1 log record could not be exported to localhost:{port}: "
                    f"UNAVAILABLE: connecting to localhost:{port}: Connection refused; "
                    "does a collector run there (`kolben up`)?"]


@pytest.mark.parametrize("command", [["/bin/echo", "hi"], ["/bin/uname"], ["/bin/ls", "/proc/self/fd/1"]])
def test_what_a_small_program_prints_becomes_log_records(command):
    answer = subprocess.run([AGENT, "--traces_exporter", "console", "--logs_exporter", "console",
                             "--metrics_exporter", "none", *command], text=True,
                            capture_output=True, timeout=20)
    printed, _, records = answer.stdout.partition("\n")
    assert [record["body"] for record in json_objects(records)] == [printed]


def test_spans_metrics_and_logs_arrive_in_the_store(tmp_path, programs, kolben):
    port = free_port()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}",
           "OTEL_METRIC_EXPORT_INTERVAL": "500"}
    start_todo(tmp_path, programs, port, ["--service_name", "todo"], env)
    began = time.monotonic()
    request(port, "GET", "/")
    [trace] = wait_until(lambda: kolben.search(service="todo", tag=f"http.host=127.0.0.1:{port}"),
                         "the trace is found by its tag")
    assert time.monotonic() - began < 2
    columns = get(kolben.ui, f"/api/kolben/trace/{trace['traceId']}").json()
    names = [columns["names"][name] for name in columns["name"]]
    assert names == ["GET /", "querying_tasks", "SELECT"]  # which SQLite executes
    logs = wait_until(lambda: get(kolben.ui, f"/api/kolben/trace/{trace['traceId']}/logs").json()["logs"],
                      "the request's log lines are there")
    assert any("Fetched 0 tasks" in log["body"] for log in logs)
    prometheus = kolben.port("prometheus")
    wait_until(lambda: 'flask_app_requests_total{' in get(prometheus, "/metrics").text,
               "the counter is on 8889")
    histogram = get(kolben.ui, "/api/kolben/histogram", service="todo", buckets=10).json()
    assert histogram["total"] >= 1


# --- programs that were never told -----------------------------------------------------------------

def run_server(tmp_path, programs, name, command, port, env=None, cwd=None):
    program = programs(Program([AGENT, *CONSOLE, *command], tmp_path, name, env=env, cwd=cwd))
    wait_listening(port, name)
    assert request(port, "GET", "/hello?x=1").status in (200, 404)
    spans = wait_until(
        lambda: [span for span in server_spans(program.stdout)
                 if span["attributes"].get("http.target") == "/hello?x=1"],
        f"a server span of {name}")
    assert len(spans) == 1
    assert spans[0]["attributes"]["http.method"] == "GET"
    return program


@pytest.fixture
def open_directory():
    """A directory that the unprivileged worker of a server may read, too."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield pathlib.Path(directory)


def test_nginx(open_directory, programs):
    """Its worker gives up root after the agent's library was loaded."""
    tmp_path, port = open_directory, free_port()
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "hello").write_text("hello")
    (tmp_path / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
  fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
  server {{ listen 127.0.0.1:{port}; root {tmp_path}/html; }} }}
""")
    nginx = run_server(tmp_path, programs, "nginx",
                       ["/usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path], port)
    assert nginx.stop() == 0  # it ends its worker, which a kill would leave behind


FLASK_APP = "from flask import Flask\napp = Flask(__name__)\n\n@app.route('/hello')\n" \
            "def hello():\n    return 'hello'\n"


def test_flask_run_as_it_is_typed(tmp_path, programs):
    """The literal `flask run -p PORT`, also where flask is a shell script that ends in exec."""
    port = free_port()
    (tmp_path / "app.py").write_text(FLASK_APP)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "flask"
    script.write_text('#!/bin/sh\nexec /usr/bin/python3 -m flask "$@"\n')
    script.chmod(0o755)
    program = run_server(tmp_path, programs, "flask", ["flask", "run", "-p", str(port)], port,
                         env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert "Running on http://127.0.0.1" in program.stderr


def test_gunicorn(tmp_path, programs):
    port = free_port()
    (tmp_path / "app.py").write_text(FLASK_APP)
    program = run_server(tmp_path, programs, "gunicorn", [
        "/usr/bin/python3", "/usr/bin/gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2",
        "app:app"], port)
    assert program.stop() == 0


def test_node(tmp_path, programs):
    port = free_port()
    (tmp_path / "server.js").write_text(
        "require('http').createServer((request, response) => response.end('hello'))"
        f".listen({port}, '127.0.0.1')\n")
    run_server(tmp_path, programs, "node", ["node", "server.js"], port)


def test_the_flask_example(tmp_path, programs):
    port = free_port()
    example = ROOT / "examples" / "todo-flask"
    program = programs(Program([AGENT, *CONSOLE, "/usr/bin/python3", "-m", "flask", "--app",
                                example / "app.py", "run", "-p", str(port)], tmp_path, "flask"))
    wait_listening(port, "the example")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "POST", "/add", "task=<b>milk</b>", form).status == 302
    assert "&lt;b&gt;milk" in request(port, "GET", "/").text
    wait_until(lambda: {"POST /add", "GET /"} <= {s["name"] for s in server_spans(program.stdout)},
               "its spans are printed")


# --- the program is as without -----------------------------------------------------------------------

def instrumented(*command, flags=("--traces_exporter", "none", "--metrics_exporter", "none",
                                  "--logs_exporter", "none"), **options):
    return subprocess.run([AGENT, *flags, *command], capture_output=True, timeout=30, **options)


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_programs(code):
    assert instrumented("sh", "-c", f"exit {code}").returncode == code


def test_death_by_signal_is_the_programs():
    assert instrumented("sh", "-c", "kill -SEGV $$").returncode == -signal.SIGSEGV


def test_a_program_that_is_killed_leaves_its_open_requests_as_errors(tmp_path, programs):
    port = free_port()
    (tmp_path / "slow.py").write_text(
        "import http.server, time\n"
        "class Slow(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        if self.path == '/slow':\n"
        "            open('begun', 'w').close()\n"
        "            time.sleep(60)\n"
        "        self.send_response(204)\n"
        "        self.end_headers()\n"
        f"http.server.ThreadingHTTPServer(('127.0.0.1', {port}), Slow).serve_forever()\n")
    program = programs(Program([AGENT, *CONSOLE, "/usr/bin/python3", "slow.py"], tmp_path, "slow"))

    def spans_named(name):
        return [span for span in server_spans(program.stdout) if span["name"] == name]

    wait_listening(port, "the server")
    for _ in range(3):
        assert request(port, "GET", "/fast").status == 204
    # Told already: nothing of them is open when the program dies.
    wait_until(lambda: len(spans_named("GET /fast")) == 3, "the fast requests are told")
    with socket.create_connection(("127.0.0.1", port)) as hanging:
        hanging.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until((tmp_path / "begun").exists, "it is being served")
        program.kill()
    slow = wait_until(lambda: spans_named("GET /slow"), "the open request is told", 5)
    assert len(slow) == 1
    assert slow[0]["status"] == {"status_code": "ERROR", "description": "the process ended"}
    assert "http.status_code" not in slow[0]["attributes"]
    fast = spans_named("GET /fast")
    assert [span["status"] for span in fast] == [{"status_code": "UNSET"}] * 3


def test_a_command_that_crashes_again_and_again_is_left_alone(tmp_path):
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = ("sh", "-c", "kill -SEGV $$")
    marks = tmp_path / "kolben" / "crashes"

    def count():
        return sum(file.stat().st_size for file in marks.iterdir()) if marks.exists() else 0
    for crash in range(3):
        answer = instrumented(*command, env=environment)
        assert (answer.returncode, answer.stderr) == (-signal.SIGSEGV, b"")
        if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15):
            pytest.skip("this kernel does not tell how a process ended")
        wait_until(lambda: count() == crash + 1, "the crash is noted", 5)
    answer = instrumented(*command, env=environment)
    assert answer.returncode == -signal.SIGSEGV
    assert b"crashed at its start 3 times under the agent" in answer.stderr
    assert instrumented("sh", "-c", "true", env=environment).stderr == b"", "others are as before"


def test_the_pid_is_the_launchers(tmp_path, programs):
    program = programs(Program([AGENT, *CONSOLE, "sh", "-c", "echo $$; exec sleep 30"], tmp_path,
                               "sleep"))
    pid = wait_until(lambda: program.stdout.strip(), "the shell prints its pid")
    assert int(pid.split()[0]) == program.pid
    assert children_of(program.pid) == [], "the agent process is no child of the program"
    agents = wait_until(lambda: agent_of(program), "the agent process runs")
    assert os.getpgid(agents[0]) != os.getpgid(program.pid), "Ctrl-C does not reach it"
    assert program.stop() == -signal.SIGTERM
    wait_until(lambda: not any(is_alive(agent) for agent in agents), "it ends with the program", 4)


def test_output_is_the_same_with_and_without():
    script = "printf 'a\\nb'; printf 'c\\n' >&2; cat"
    plain = subprocess.run(["sh", "-c", script], input=b"from stdin\n", capture_output=True)
    watched = instrumented("sh", "-c", script, input=b"from stdin\n")
    assert (watched.stdout, watched.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize("command, code, words", [
    ("no-such-command-anywhere", 127, b"cannot find the command no-such-command-anywhere"),
    ("/no/such/file", 127, b"cannot find the command /no/such/file"),
    ("/etc/passwd", 126, b"cannot run /etc/passwd: Permission denied"),
    ("/etc", 126, b"cannot run /etc: Permission denied")])
def test_a_command_that_cannot_run_gets_the_exit_code_of_shells_and_a_sentence(command, code, words):
    answer = instrumented(command)
    assert answer.returncode == code
    assert words in answer.stderr


@pytest.mark.parametrize("limit", ["-f 0", "-n 6", "-v 100000", "-s 64"])
def test_tight_limits_cost_telemetry_at_most(limit):
    answer = subprocess.run(["sh", "-c", f'ulimit {limit}; exec "$0" "$@"', AGENT, *CONSOLE, "sh", "-c",
                             "echo hello; exit 7"], capture_output=True, timeout=20)
    assert answer.returncode == 7
    assert b"hello" in answer.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(closed):
    command = f'exec "$0" "$@" {closed}'
    answer = subprocess.run(["sh", "-c", command, AGENT, *CONSOLE, "sh", "-c", "exit 7"],
                            capture_output=True, timeout=20)
    assert answer.returncode == 7


def test_an_agent_process_that_is_killed_leaves_the_program_unharmed(tmp_path, programs):
    port = free_port()
    program = programs(Program([AGENT, *CONSOLE, BIN / "todo", "run", "-p", str(port)], tmp_path, "todo"))
    wait_listening(port, "todo")
    for agent in wait_until(lambda: agent_of(program), "the agent process"):
        os.kill(agent, signal.SIGKILL)
    # More than the ring holds: what finds no room is dropped.
    assert all(request(port, "GET", "/").status == 200 for _ in range(2000))
    assert program.stop() == 0


@pytest.mark.parametrize("flags, words", [
    ([], b"command"), (["--bogus", "x"], b"--bogus"), (["--service_name"], b"--service_name"),
    (["--exporter_otlp_m", "x", "true"], b"ambiguous"),
    (["--traces_exporter", "foo", "true"], b'unknown exporter "foo" (known: console, otlp'),
    (["--metrics_exporter", "zipkin", "true"], b'has no exporter "zipkin" for metrics')])
def test_wrong_flags_get_exit_code_2(flags, words):
    answer = subprocess.run([AGENT, *flags], capture_output=True, timeout=20)
    assert answer.returncode == 2
    assert words in answer.stderr


def test_the_launcher_links_libc_alone():
    listed = subprocess.run(["ldd", AGENT], capture_output=True, text=True).stdout
    libraries = [line.split()[0] for line in listed.splitlines()]
    assert all(re.match(r"linux-vdso|libc\.so|/lib.*/ld-linux", name) for name in libraries), listed


def test_a_run_without_agent_does_nothing(tmp_path, programs):
    port = free_port()
    program = programs(Program([BIN / "todo", "run", "-p", str(port)], tmp_path, "plain"))
    wait_listening(port, "todo")
    assert program.stop(signal.SIGINT) == 0
    assert "trace_id" not in program.stdout
