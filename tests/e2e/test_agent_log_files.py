"""Files that the configuration names: their lines are log records below the request that wrote them,
once each, from the program to the collector; and the program and its files are as without."""
import concurrent.futures
import json
import os
import subprocess
import threading

import pytest

from harness import Program, free_port, get, request, wait_until
from test_agent import AGENT, CONSOLE, agent_of, json_objects, spans_of, wait_for_output, wait_listening

PYTHON = "/usr/bin/python3"
LOGS = ["--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "console"]

# Each request is told by `logging`, which has the file and stderr as handlers, and by a line that
# the application writes itself.
FLASK = """
import logging, sys
from flask import Flask
app = Flask(__name__)
shop = logging.getLogger("shop")
shop.addHandler(logging.FileHandler("log/shop.log"))
shop.addHandler(logging.StreamHandler())
@app.route("/buy/<what>")
def buy(what):
    shop.warning("bought %s", what)
    with open("log/audit.log", "a") as audit:
        print("AUDIT ERROR", what, file=audit)
    return "done"
app.run(port=int(sys.argv[1]), threaded=True)
"""

NODE = """
const fs = require('fs');
const stream = fs.createWriteStream('log/stream.log', {flags: 'a'});
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
require('http').createServer(async (request, response) => {
  const name = request.url.slice(1);
  fs.appendFileSync('log/app.log', `${name} came\\n`);
  await wait(Number(name) % 7);
  fs.appendFileSync('log/app.log', `${name} waited\\n`);
  stream.write(`${name} streams\\n`);
  await fs.promises.appendFile('log/app.log', `${name} goes\\n`);
  response.setHeader('x-name', name);
  response.end(name);
}).listen(Number(process.argv[2]), '127.0.0.1');
"""


def logs_of(text):
    return [value for value in json_objects(text) if "severity_number" in value]


def run(tmp_path, *command, flags=LOGS, **environment):
    """The log records of the program, which has ended well."""
    program = Program([AGENT, *flags, *command], tmp_path, "program", cwd=tmp_path, env=environment)
    assert program.process.wait(60) == 0, program.stderr
    wait_for_output(program)
    run.stderr = program.stderr
    return logs_of(program.stdout)


def files_of(logs):
    """(name of the file, line), of those that are of a file."""
    return [(log["attributes"]["log.file.name"], log["body"]) for log in logs
            if "log.file.name" in log["attributes"]]


def test_a_request_and_what_it_writes_into_files(tmp_path, programs, kolben):
    (tmp_path / "log").mkdir()
    (tmp_path / "app.py").write_text(FLASK)
    port = free_port()
    programs(Program([AGENT, "--service_name", "shop", "--log_files", "log/*.log", PYTHON, "app.py",
                      str(port)], tmp_path, "app", cwd=tmp_path,
                     env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}"}))
    wait_listening(port, "Flask")
    threads = [threading.Thread(target=get, args=(port, f"/buy/{i}")) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def traces():
        found = get(kolben.ui, "/api/traces", service="shop", operation="GET /buy/<what>",
                    limit=100).json()["data"]
        return found if len(found) == 10 else None
    for trace in wait_until(traces, "ten traces"):
        [span] = trace["spans"]
        what = {tag["key"]: tag["value"] for tag in span["tags"]}["http.target"].split("/")[-1]
        logs = wait_until(
            lambda: (lambda all: all if len(all) >= 2 else None)(
                get(kolben.ui, f"/api/kolben/trace/{trace['traceID']}/logs").json()["logs"]),
            "the request's lines")
        told = {log["body"]: log for log in logs if "buy" not in log["body"]}
        assert set(told) == {f"bought {what}", f"AUDIT ERROR {what}"}, "once each, of this request"
        assert len(logs) - len(told) <= 1, "and the line that Flask prints"
        audit = told[f"AUDIT ERROR {what}"]
        attributes = {item["key"]: item["value"] for item in audit["attributes"]}
        assert attributes["log.file.path"] == os.path.realpath(tmp_path / "log" / "audit.log")
        assert attributes["log.file.name"] == "audit.log"
        assert "log.iostream" not in attributes
        assert audit["spanId"] == span["spanID"] and audit["severity"] == 17
    assert len((tmp_path / "log" / "shop.log").read_text().splitlines()) == 10


def test_lines_are_told_once_wherever_they_go(tmp_path):
    """The program's own output goes into the file that is named, and so does what it starts."""
    script = """echo by the shell >> app.log; /bin/echo by a program >> app.log; echo printed
                (cd /; env -i /bin/echo elsewhere >> "$OLDPWD/app.log"); printf half >> app.log"""
    with open(tmp_path / "app.log", "w") as out:
        answer = subprocess.run([AGENT, "--traces_exporter", "none", "--metrics_exporter", "none",
                                 "--logs_exporter", "console", "--log_files", "app.log", "sh", "-c",
                                 script], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE,
                                timeout=60, text=True)
    assert answer.returncode == 0 and answer.stderr == ""
    wait_until(lambda: len(logs_of((tmp_path / "app.log").read_text())) == 5, "all is exported")
    text = (tmp_path / "app.log").read_text()
    assert sorted(log["body"] for log in logs_of(text)) == ["by a program", "by the shell",
                                                            "elsewhere", "half", "printed"]


def test_who_names_the_files(tmp_path):
    """An option, a variable, the configuration file; what is wrong is said."""
    command = ["sh", "-c", "echo a > a.log; echo b > b.log; mkdir -p sub; echo c > sub/c.log"]
    assert files_of(run(tmp_path, *command)) == []
    (tmp_path / "link").symlink_to("sub")
    for names, want in (("?.log", {"a.log", "b.log"}), ("link/*", {"c.log"}),
                        (f"{tmp_path}/b.log , */c.log", {"b.log", "c.log"})):
        logs = files_of(run(tmp_path, *command, KOLBEN_AGENT_LOG_FILES=names))
        assert {name for name, _ in logs} == want and len(logs) == len(want), names
        assert run.stderr == ""
    logs = files_of(run(tmp_path, *command, flags=[*LOGS, "--log_files", "a.log"],
                        KOLBEN_AGENT_LOG_FILES="b.log"))
    assert logs == [("a.log", "a")]
    logs = files_of(run(tmp_path, *command, KOLBEN_AGENT_LOG_FILES="x" * 600 + ",a.log"))
    assert logs == [("a.log", "a")] and "KOLBEN_AGENT_LOG_FILES" in run.stderr
    (tmp_path / "otel.yaml").write_text("""
file_format: "1.1"
logger_provider: {processors: [{simple: {exporter: {console: }}}]}
distribution: {kolben: {log_files: [b.log]}, other: {log_files: [a.log]}}
""")
    logs = files_of(run(tmp_path, *command, flags=(), OTEL_CONFIG_FILE="otel.yaml",
                        KOLBEN_AGENT_LOG_FILES="a.log"))
    assert logs == [("b.log", "b")]
    assert "have no effect" in run.stderr and "KOLBEN_AGENT_LOG_FILES" in run.stderr


def test_a_file_that_is_never_written_and_one_that_cannot_be(tmp_path):
    (tmp_path / "full.log").symlink_to("/dev/full")
    (tmp_path / "none.log").symlink_to("/dev/null")
    command = ["sh", "-c", "(echo x > full.log) 2>/dev/null; echo $?; echo nothing > none.log"]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    logs = run(tmp_path, *command, KOLBEN_AGENT_LOG_FILES="full.log,none.log,never.log,/dev/full")
    assert [log["body"] for log in logs if "log.iostream" in log["attributes"]] == \
        plain.stdout.splitlines()
    assert files_of(logs) == [], "what goes to /dev/null is nobody's log, and a failed write none"
    assert run.stderr == plain.stderr


def test_gunicorns_access_log_comes_once(tmp_path, programs):
    (tmp_path / "app.py").write_text(
        "def app(environ, start):\n    start('200 OK', [('Content-Length', '2')])\n"
        "    return [b'ok']\n")
    port = free_port()
    program = programs(Program(
        [AGENT, *CONSOLE, "--log_files", "access.log", "gunicorn", "-w", "2", "-b",
         f"127.0.0.1:{port}", "--access-logfile", "access.log", "app:app"], tmp_path, "gunicorn",
        cwd=tmp_path))
    wait_listening(port, "gunicorn")
    for i in range(5):
        assert get(port, f"/of/{i}").text == "ok"
    assert program.stop() == 0
    wait_until(lambda: not agent_of(program), "the agent process ends")
    objects = json_objects(program.stdout)
    lines = [log for log in objects if "severity_number" in log and "/of/" in str(log["body"])]
    assert len(lines) == 5
    spans = {value["context"]["span_id"] for value in objects
             if "context" in value and "/of/" in json.dumps(value["attributes"])}
    assert {log["span_id"] for log in lines} == spans and len(spans) == 5
    assert len((tmp_path / "access.log").read_text().splitlines()) >= 5


def test_no_line_of_node_belongs_to_another_request(tmp_path, programs):
    (tmp_path / "log").mkdir()
    (tmp_path / "app.js").write_text(NODE)
    port = free_port()
    program = programs(Program([AGENT, *CONSOLE, "--log_files", "log/*.log", "node", "app.js",
                                str(port)], tmp_path, "node", cwd=tmp_path))
    wait_listening(port, "Node")
    threads = [threading.Thread(target=get, args=(port, f"/{i}")) for i in range(100, 140)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(200, 205):  # alone
        request(port, "GET", f"/{i}")
    program.stop()
    wait_until(lambda: not agent_of(program), "the agent process ends")
    objects = json_objects(program.stdout)
    spans = {value["attributes"]["http.target"][1:]: value["context"]["span_id"] for value in objects
             if "context" in value}
    lines = [log for log in objects if "severity_number" in log and log["body"][:1] in "12"]
    written = [line for name in ("app", "stream")
               for line in (tmp_path / "log" / f"{name}.log").read_text().splitlines()
               if line[:1] in "12"]
    assert sorted(log["body"] for log in lines) == sorted(written) and len(written) == 4 * 45
    for log in lines:
        assert log["span_id"] in ("0x0000000000000000", spans[log["body"].split()[0]]), log
    alone = [log for log in lines if log["body"].startswith("2") and log["body"].endswith("came")]
    assert {log["span_id"] for log in alone} == {spans[str(i)] for i in range(200, 205)}


def test_nginxs_lines_about_a_server_that_is_not_there_are_their_requests(tmp_path, programs):
    port = free_port()
    (tmp_path / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
  fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{free_port()}; }} }}
}}
""")
    program = programs(Program([AGENT, *CONSOLE, "--log_files", "error.log", "/usr/sbin/nginx", "-c",
                                tmp_path / "nginx.conf", "-p", tmp_path], tmp_path, "nginx", cwd=tmp_path))
    wait_listening(port, "nginx")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(lambda n: get(port, f"/ask/{n}"), range(40))} == {502}

    def told():
        found = {}
        for log in logs_of(program.stdout):
            if "connect() failed" in log["body"] and "/ask/" in log["body"]:
                found[log["body"].split("GET ")[1].split()[0]] = (log["trace_id"], log["span_id"])
        return found if len(found) == 40 else None
    lines = wait_until(told, "each line is told", 20)
    servers = {span["attributes"]["http.target"]: (span["context"]["trace_id"], span["context"]["span_id"])
               for span in spans_of(program.stdout) if span["kind"] == "SpanKind.SERVER"}
    assert lines == {path: ids for path, ids in servers.items() if path != "/"}


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_what_a_shell_says_on_stderr_is_told_as_that(tmp_path, shell):
    logs = run(tmp_path, shell, "-c", "echo printed; echo said >&2; { echo both; echo ways >&2; } 2>&1; echo end")
    told = {log["body"]: log["attributes"]["log.iostream"] for log in logs}
    assert told == {"printed": "stdout", "said": "stderr", "both": "stdout", "ways": "stdout", "end": "stdout"}
    assert run.stderr == "said\n"
