"""Commands under the agent: a script and what it starts are one trace, with durations and exit codes;
servers have no such span. And the surroundings of programs that are not as one would like them."""
import http.server
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import pytest

from harness import BIN, HttpServer, Program, free_port, request, wait_until
from test_agent import AGENT, CONSOLE, FLASK_APP, json_objects, server_spans, spans_of, wait_listening

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
TRACES = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none"]
COMMAND_KEYS = ["process.executable.name", "process.executable.path", "process.pid",
                "process.exit.code"]


@pytest.fixture(autouse=True)
def as_by_default(monkeypatch):
    """Other tests look at calls alone (conftest.py)."""
    monkeypatch.delenv("KOLBEN_AGENT_COMMAND_SPANS", raising=False)
    for name in ("TRACEPARENT", "TRACESTATE", "BAGGAGE"):
        monkeypatch.delenv(name, raising=False)


class Upstream(HttpServer):
    """A server outside of the agent that keeps the headers of what it is asked."""

    def __init__(self):
        super().__init__(self.answer)
        self.asked = {}

    def answer(self, _method, path, headers, _body):
        self.asked[path] = {name.lower(): value for name, value in headers.items()}
        return (500 if path == "/broken" else 204,)


@pytest.fixture
def upstream():
    with Upstream() as server:
        yield server


def run(*command, flags=TRACES, **options):
    return subprocess.run([AGENT, *flags, *command], capture_output=True, text=True, timeout=30,
                          **options)


def named(text, name):
    return [span for span in spans_of(text) if span["name"] == name]


def one(text, name):
    found = named(text, name)
    assert len(found) == 1, (name, [span["name"] for span in spans_of(text)])
    return found[0]


def id_of(span):
    return span["context"]["span_id"]


def traces_of(text):
    return {span["context"]["trace_id"] for span in spans_of(text)}


def is_below(child, parent):
    return child["context"]["trace_id"] == parent["context"]["trace_id"] and \
        child["parent_id"] == id_of(parent) and \
        parent["start_time"] <= child["start_time"] <= child["end_time"] <= parent["end_time"]


def test_a_script_that_calls_curl_three_times_is_one_trace(tmp_path, upstream):
    (tmp_path / "script.sh").write_text(f"for i in 1 2 3; do curl -s {upstream.url}/$i; done; exit 4\n")
    answer = run("sh", "script.sh", cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (4, "")
    assert len(spans_of(answer.stdout)) == 7 and len(traces_of(answer.stdout)) == 1
    [shell] = [span for span in spans_of(answer.stdout) if span["parent_id"] is None]
    assert shell["name"] == os.path.basename(os.path.realpath("/bin/sh")) + " script.sh"
    assert shell["kind"] == "SpanKind.INTERNAL"
    assert list(shell["attributes"]) == [*COMMAND_KEYS, "error.type"]
    assert (shell["attributes"]["process.exit.code"], shell["attributes"]["error.type"]) == (4, "4")
    assert shell["status"] == {"status_code": "ERROR"}
    curls, calls = named(answer.stdout, "curl"), named(answer.stdout, "GET")
    assert len(curls) == len(calls) == 3
    for curl in curls:
        assert is_below(curl, shell)
        assert curl["status"] == {"status_code": "UNSET"}
        assert list(curl["attributes"]) == COMMAND_KEYS
        assert curl["attributes"]["process.exit.code"] == 0
        [call] = [call for call in calls if is_below(call, curl)]
        path = "/" + call["attributes"]["http.url"].rpartition("/")[2]
        assert upstream.asked[path]["traceparent"] == \
            f"00-{call['context']['trace_id'][2:]}-{id_of(call)[2:]}-01"
    assert len({curl["attributes"]["process.pid"] for curl in curls}) == 3


def test_a_program_that_is_killed_has_its_span():
    answer = run("sh", "-c", "sleep 0; sh -c 'sleep 0; kill -9 $$'; kill -TERM $$")
    assert answer.returncode == -signal.SIGTERM
    killed, ended = [span for span in spans_of(answer.stdout) if span["name"] != "sleep"]
    assert ended["status"] == {"status_code": "ERROR", "description": "killed by SIGTERM"}
    assert ended["attributes"]["error.type"] == "SIGTERM"
    assert ended["attributes"]["process.exit.code"] == 143
    # The agent process may not have run yet when this one died: its parent tells of it.
    assert killed["status"] == {"status_code": "ERROR", "description": "killed by SIGKILL"}
    assert killed["attributes"]["process.exit.code"] == 137
    assert is_below(killed, ended)


def test_what_does_nothing_has_no_span(tmp_path):
    assert spans_of(run("/bin/echo", "hi").stdout) == []
    assert spans_of(run("sh", "-c", "exit 3").stdout) == []
    [span] = spans_of(run("/bin/echo", "hi", env={**os.environ,
                                                  "KOLBEN_AGENT_COMMAND_SPANS": "always"}).stdout)
    assert span["name"] == "echo"


def test_never_means_never(upstream):
    answer = run("curl", "-s", upstream.url + "/a",
                 env={**os.environ, "KOLBEN_AGENT_COMMAND_SPANS": "never"})
    [call] = spans_of(answer.stdout)
    assert (call["name"], call["parent_id"]) == ("GET", None)
    answer = run("curl", "-s", upstream.url + "/a", env={
        **os.environ, "KOLBEN_AGENT_COMMAND_SPANS": "never", "TRACEPARENT": TRACEPARENT})
    [call] = spans_of(answer.stdout)
    assert (call["context"]["trace_id"], call["parent_id"]) == ("0x" + TRACE, "0x" + PARENT)


def test_a_word_that_is_none_of_the_three_is_said():
    answer = run("/bin/echo", "hi", env={**os.environ, "KOLBEN_AGENT_COMMAND_SPANS": "maybe"})
    assert answer.stdout == "hi\n"
    assert answer.stderr == "kolben agent: KOLBEN_AGENT_COMMAND_SPANS=maybe: unknown (known: auto, " \
                            "always, never); using auto\n"


def test_the_environment_names_the_parent(upstream):
    env = {**os.environ, "TRACEPARENT": TRACEPARENT, "TRACESTATE": "k=v", "BAGGAGE": "user=1"}
    answer = run("sh", "-c", f"curl -s {upstream.url}/a; exit 0", env=env)
    [shell] = [span for span in spans_of(answer.stdout) if span["parent_id"] == "0x" + PARENT]
    curl, call = one(answer.stdout, "curl"), one(answer.stdout, "GET")
    assert is_below(curl, shell) and is_below(call, curl)
    assert traces_of(answer.stdout) == {"0x" + TRACE}
    assert upstream.asked["/a"]["tracestate"] == "k=v"
    assert upstream.asked["/a"]["baggage"] == "user=1"
    env["TRACEPARENT"] = TRACEPARENT[:-1] + "0"  # not sampled
    answer = run("curl", "-s", upstream.url + "/b", env=env)
    assert spans_of(answer.stdout) == []
    assert upstream.asked["/b"]["traceparent"].startswith(f"00-{TRACE}-")
    assert upstream.asked["/b"]["traceparent"].endswith("-00")


def test_exec_goes_on_with_the_span(upstream):
    answer = run("sh", "-c", f"sleep 0.1; exec env A=1 curl -s {upstream.url}/a")
    curl = one(answer.stdout, "curl")
    assert curl["parent_id"] is None
    assert is_below(one(answer.stdout, "sleep"), curl)
    assert is_below(one(answer.stdout, "GET"), curl)
    assert len(spans_of(answer.stdout)) == 3


def test_a_job_in_the_background_that_outlives_its_shell(upstream):
    answer = run("sh", "-c", f"(sleep 0.3; curl -s {upstream.url}/late) & exit 0")
    assert "/late" in upstream.asked
    spans = spans_of(answer.stdout)
    ids = {id_of(span) for span in spans}
    assert {span["name"] for span in spans} >= {"sleep", "curl", "GET"}
    assert [span for span in spans if span["parent_id"] and span["parent_id"] not in ids] == []


def test_lines_that_a_command_prints_belong_to_its_span(upstream):
    answer = run("sh", "-c", f"curl -s {upstream.url}/a; echo done", flags=CONSOLE)
    [log] = [value for value in json_objects(answer.stdout) if value.get("body") == "done"]
    [shell] = [span for span in spans_of(answer.stdout) if span["parent_id"] is None]
    assert (log["trace_id"], log["span_id"]) == (shell["context"]["trace_id"], id_of(shell))


def test_lines_before_the_first_call_belong_to_it_too(upstream):
    code = ("import logging, sys, urllib.request\nlogging.basicConfig()\nprint('begins', flush=True)\n"
            "logging.warning('careful')\nurllib.request.urlopen(sys.argv[1]).read()\nprint('done')\n")
    answer = run("/usr/bin/python3", "-c", code, f"{upstream.url}/a", flags=CONSOLE)
    logs = {value["body"]: value for value in json_objects(answer.stdout) if "body" in value}
    [program] = [span for span in spans_of(answer.stdout) if span["parent_id"] is None]
    for body in ("begins", "careful", "done"):
        assert (logs[body]["trace_id"], logs[body]["span_id"]) == (program["context"]["trace_id"], id_of(program))


def test_lines_of_a_command_without_a_span_have_no_ids():
    answer = run("sh", "-c", "echo hello", flags=CONSOLE)
    [log] = [value for value in json_objects(answer.stdout) if value.get("body") == "hello"]
    assert int(log["trace_id"], 16) == 0
    assert spans_of(answer.stdout) == []


def test_a_script_is_named_and_arguments_are_not(tmp_path, upstream):
    (tmp_path / "ask.py").write_text("import sys, urllib.request\nurllib.request.urlopen(sys.argv[2]).read()\n")
    (tmp_path / "all.sh").write_text(f"/usr/bin/python3 -u ask.py secret {upstream.url}/a\n"
                                     f"/usr/bin/python3 -c 'exec(open(\"ask.py\").read())' secret {upstream.url}/b\n")
    answer = run("bash", "-e", "all.sh", cwd=tmp_path)
    python = pathlib.Path("/usr/bin/python3").resolve().name
    names = sorted(span["name"] for span in spans_of(answer.stdout) if span["kind"] == "SpanKind.INTERNAL")
    assert names == sorted(["bash all.sh", f"{python} ask.py", python])
    assert "secret" not in answer.stdout
    assert one(answer.stdout, f"{python} ask.py")["attributes"]["process.executable.name"] == python


# --- the agent's own programs -------------------------------------------------------------------------

def test_an_agent_within_an_agent_is_no_command(upstream):
    """The outer one sees the shell; what the inner one starts is the inner one's, in the same trace."""
    inner = f"{AGENT} --service_name inner --traces_exporter console curl -s {upstream.url}/a; exit 0"
    answer = run("sh", "-c", inner, flags=[*TRACES, "--service_name", "outer"])
    by_service = {}
    for span in spans_of(answer.stdout):
        by_service.setdefault(span["resource"]["attributes"]["service.name"], []).append(span["name"])
    shell = pathlib.Path("/bin/sh").resolve().name
    assert by_service == {"outer": [shell], "inner": ["GET", "curl"]}
    curl = one(answer.stdout, "curl")
    assert is_below(one(answer.stdout, "GET"), curl)
    assert is_below(curl, one(answer.stdout, shell))


def test_a_program_that_becomes_an_agent_keeps_its_span(upstream):
    answer = run("sh", "-c", f"exec {AGENT} --service_name inner curl -s {upstream.url}/b", flags=TRACES)
    shell = pathlib.Path("/bin/sh").resolve().name
    assert is_below(one(answer.stdout, "curl"), one(answer.stdout, shell))
    assert one(answer.stdout, shell)["attributes"]["process.exit.code"] == 0


def test_two_launchers_in_a_row_are_one_agent(upstream):
    answer = run(AGENT, "--service_name", "inner", "curl", "-s", f"{upstream.url}/c",
                 flags=[*TRACES, "--service_name", "outer", "--resource_attributes", "a=b"])
    assert answer.stderr == ""
    assert sorted(span["name"] for span in spans_of(answer.stdout)) == ["GET", "curl"]
    attributes = one(answer.stdout, "curl")["resource"]["attributes"]
    assert (attributes["service.name"], attributes["a"]) == ("inner", "b"), "options of the outer one, and then the inner"


def test_make_and_its_compilers_without_their_helpers(tmp_path):
    if not (shutil.which("make") and shutil.which("gcc")):
        pytest.skip("no make, or no gcc")
    (tmp_path / "a.c").write_text("int main() { return 0; }\n")
    (tmp_path / "Makefile").write_text("all:\n\tgcc -c a.c\n\tgcc -o a a.o\n\t./a\n\t-false\n")
    answer = run("make", cwd=tmp_path)
    assert answer.returncode == 0
    make = one(answer.stdout, "make")
    assert make["parent_id"] is None
    compilers = [span for span in spans_of(answer.stdout) if "gcc" in span["name"]]
    assert len(compilers) == 2 and all(is_below(span, make) for span in compilers)
    assert is_below(one(answer.stdout, "a"), make)
    assert one(answer.stdout, "false")["attributes"]["process.exit.code"] == 1
    names = {span["name"].rpartition("-")[2] for span in spans_of(answer.stdout)}
    assert names.isdisjoint({"cc1", "as", "collect2", "ld", "bfd"}), names
    assert len(traces_of(answer.stdout)) == 1


HANDLER = """
import http.server, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        command = ["/bin/sh", "-c", "sleep 0.01; exit 3"]
        how = self.path[1:]
        if how == "spawned":
            code = subprocess.run(command).returncode
        if how == "cleaned":
            code = subprocess.run(command, env={}, close_fds=False).returncode
        if how == "forked":
            import os
            child = os.fork()
            if child == 0:
                os.closerange(3, 1000)
                os.execv(command[0], command)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.send_response(200 + code)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
subprocess.run(["/bin/true"])
server.serve_forever()
"""


def test_programs_that_a_request_starts_are_below_it(tmp_path, programs):
    port = free_port()
    (tmp_path / "server.py").write_text(HANDLER)
    program = programs(Program([AGENT, *TRACES, "/usr/bin/python3", "server.py", str(port)], tmp_path,
                               "server"))
    def listens():
        try:
            return request(port, "GET", "/spawned").status
        except OSError:
            return None
    assert wait_until(listens, "the server answers") == 203
    assert request(port, "GET", "/forked").status == 203
    assert request(port, "GET", "/cleaned").status == 203
    wait_until(lambda: len(server_spans(program.stdout)) == 3, "the requests' spans")
    assert program.stop() == -signal.SIGTERM
    for served in server_spans(program.stdout):
        below = [span for span in spans_of(program.stdout) if span["parent_id"] == id_of(served)]
        assert [span["attributes"]["process.exit.code"] for span in below] == [3], served["name"]
        assert is_below(below[0], served)
    # Of the server itself there is none, nor of what it starts for no request.
    assert named(program.stdout, "true") == []
    assert [span for span in spans_of(program.stdout) if span["name"].startswith("python")] == []


def test_the_start_of_a_server_that_calls_others_first(tmp_path, programs, upstream):
    port = free_port()
    (tmp_path / "server.py").write_text(
        f"import urllib.request\nurllib.request.urlopen('{upstream.url}/settings').read()\n" + HANDLER)
    program = programs(Program([AGENT, *TRACES, "/usr/bin/python3", "server.py", str(port)], tmp_path,
                               "server"))
    start = wait_until(lambda: [span for span in spans_of(program.stdout)
                                if span["name"].startswith("python")], "its start is told")
    call = one(program.stdout, "GET")
    assert is_below(call, start[0])
    assert "process.exit.code" not in start[0]["attributes"]
    assert start[0]["status"] == {"status_code": "UNSET"}


@pytest.mark.parametrize("how", ["todo", "flask", "script"])
def test_servers_have_no_such_span(tmp_path, programs, how):
    port = free_port()
    command = [BIN / "todo", "run", "-p", str(port)]
    if how != "todo":
        (tmp_path / "app.py").write_text(FLASK_APP)
        command = ["/usr/bin/python3", "-m", "flask", "run", "-p", str(port)]
    if how == "script":
        (tmp_path / "start.sh").write_text('exec "$@"\n')
        command = ["sh", "start.sh", *command]
    program = programs(Program([AGENT, *CONSOLE, *command], tmp_path, "server"))
    wait_listening(port, how)
    wait_until(lambda: server_spans(program.stdout), "a request's span")
    program.stop(signal.SIGINT)
    wait_until(lambda: [value for value in json_objects(program.stdout) if "resource_metrics" in value],
               "the agent ends")
    calls = [span for span in spans_of(program.stdout) if span["kind"] == "SpanKind.CLIENT"]
    assert {span["attributes"]["db.system"] for span in calls} <= {"sqlite"}
    # What the app asks its database before it listens is below the span of its start, which ends there.
    starts = [span for span in spans_of(program.stdout) if "process.pid" in span["attributes"]]
    assert [span["name"] for span in starts] == ["todo"] * (how == "todo")
    assert all("process.exit.code" not in span["attributes"] and span["status"] == {"status_code": "UNSET"}
               for span in starts)
    assert all(span["parent_id"] is None for span in server_spans(program.stdout))
    logs = [value for value in json_objects(program.stdout) if "severity_number" in value]
    greeting = [log for log in logs if "Running on" in str(log["body"])]
    assert greeting and all(int(log["trace_id"], 16) == 0 for log in greeting)


# --- metrics of processes -------------------------------------------------------------------------

def process_points(text):
    """The names of the metrics of processes, each with the ids of its points."""
    return [(metric["name"], {point["attributes"]["process.pid"] for point in metric["data"]["data_points"]})
            for value in json_objects(text) if "resource_metrics" in value
            for resource in value["resource_metrics"] for scope in resource["scope_metrics"]
            for metric in scope["metrics"] if metric["name"].startswith("process.")]


def test_metrics_of_processes_on_request(tmp_path, programs):
    flags = ["--traces_exporter", "none", "--logs_exporter", "none", "--metrics_exporter", "console"]
    env = {"OTEL_METRIC_EXPORT_INTERVAL": "200"}
    program = programs(Program([AGENT, *flags, "sleep", "1.5"], tmp_path, "off", env=env))
    assert program.process.wait(20) == 0
    assert process_points(program.stdout) == []
    env["OTEL_INSTRUMENTATION_PROCESS_ENABLED"] = "true"
    program = programs(Program([AGENT, *flags, "sh", "-c", "sleep 30; true"], tmp_path, "on", env=env))

    def both():
        return [pids for _, pids in process_points(program.stdout) if len(pids) == 2]
    pids = wait_until(both, "both processes have points")[0]
    assert program.pid in pids
    assert {name for name, _ in process_points(program.stdout)} == {
        "process.cpu.time", "process.memory.usage", "process.memory.virtual", "process.thread.count",
        "process.unix.file_descriptor.count", "process.context_switches", "process.paging.faults",
        "process.uptime", "process.cpu.utilization",
        *(["process.disk.io"] if os.path.exists("/proc/self/io") else [])}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


# --- names of requests -------------------------------------------------------------------------------

def test_many_urls_have_few_names(tmp_path, programs):
    port = free_port()
    (tmp_path / "server.py").write_text(
        "import http.server, sys\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(404 if 'wp' in self.path else 204)\n"
        "        self.end_headers()\n"
        "    def log_message(self, *_): pass\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n")
    program = programs(Program([AGENT, *TRACES, "/usr/bin/python3", "server.py", str(port)], tmp_path,
                               "server"))
    wait_listening(port, "the server")
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [a + b for a in letters[:10] for b in letters]
    for i, name in enumerate(names):
        request(port, "GET", f"/users/{name}/orders/{i}x{i}?page={i}")
        request(port, "GET", f"/wp-{name}.php")
    wait_until(lambda: len(server_spans(program.stdout)) > 2 * len(names), "all are told", 30)
    spans = server_spans(program.stdout)
    users = {span["name"] for span in spans if span["name"].startswith("GET /users/")}
    assert "GET /users/*/orders/*" in users and len(users) == 65
    scanned = {span["name"] for span in spans if span["name"].startswith("GET /wp")}
    assert len(scanned) <= 32
    assert not any("http.route" in span["attributes"] for span in spans)


# --- surroundings ---------------------------------------------------------------------------------------

def test_a_full_disk_as_stdout_is_said_once(upstream):
    script = f"curl -s {upstream.url}/a; curl -s {upstream.url}/b; exit 5"
    with open("/dev/full", "w") as full:
        answer = subprocess.run([AGENT, *TRACES, "sh", "-c", script], stdout=full, text=True,
                                stderr=subprocess.PIPE, timeout=20)
        assert answer.returncode == 5
    assert answer.stderr == "kolben agent: 5 items were not printed: the standard output cannot be " \
                            "written (No space left on device)\n"


def test_twenty_files_are_enough(upstream):
    script = 'ulimit -n 20; exec "$0" "$@"'
    answer = subprocess.run(["sh", "-c", script, AGENT, *TRACES, "sh", "-c",
                             f"curl -s {upstream.url}/a; exit 6"], capture_output=True, text=True,
                            timeout=30)
    assert (answer.returncode, answer.stderr) == (6, "")
    assert len(spans_of(answer.stdout)) == 3


def test_twenty_files_and_a_collector(tmp_path, kolben, upstream):
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}"}
    answer = subprocess.run(
        ["sh", "-c", 'ulimit -n 20; exec "$0" "$@"', AGENT, "--service_name", "few", "sh", "-c",
         f"curl -s {upstream.url}/a; exit 6"], capture_output=True, text=True, timeout=30, env=env)
    assert answer.returncode == 6
    # Either it arrives, or somebody says that it does not.
    wait_until(lambda: kolben.search(service="few") or "could not be exported" in answer.stderr,
               "the trace, or a word")


def test_a_file_system_that_cannot_be_written(tmp_path):
    inner = "for place in /dev/shm /tmp \"$1\"; do mount -t tmpfs -o ro none $place || exit 99; done; " \
            "shift; exec \"$@\""
    command = ["unshare", "-m", "sh", "-c", inner, "sh", "/run", AGENT, *TRACES, "sh", "-c",
               "echo hello; exit 7"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=20,
                            env={**os.environ, "XDG_RUNTIME_DIR": "/run"}, cwd="/")
    if answer.returncode in (1, 99):
        pytest.skip("no mount namespaces here: " + answer.stderr)
    assert (answer.returncode, answer.stdout) == (7, "hello\n")
    assert answer.stderr == "opentelemetry-instrument: no shared memory for the agent: Read-only file " \
                            "system; there is no telemetry\n"


def test_a_program_of_another_user_who_may_write_nowhere(upstream):
    if os.geteuid() != 0:
        pytest.skip("not root")
    script = ("import os, subprocess, sys\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
              f"sys.exit(subprocess.run(['/usr/bin/curl', '-s', '{upstream.url}/a']).returncode)\n")
    answer = run("/usr/bin/python3", "-c", script)
    assert answer.returncode == 0
    assert "/a" in upstream.asked
