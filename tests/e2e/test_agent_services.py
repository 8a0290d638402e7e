"""Programs under one agent with a service name of their own, as a Procfile's have: each exporter tells
of each under its own."""
import subprocess

import pytest

from harness import HttpServer, Program, free_port, get, request, wait_until
from test_agent import AGENT, json_objects, spans_of, wait_listening

# The shell has the launcher's name; `nonsense` is no attribute.
SCRIPT = """
OTEL_SERVICE_NAME=web curl -s {0}/a
OTEL_RESOURCE_ATTRIBUTES=zone=b,nonsense sh -c 'echo two; curl -s {0}/b' & wait
curl -s {0}/c
"""


@pytest.fixture
def upstream():
    with HttpServer(lambda *_: (204,)) as server:
        yield server


def run(upstream, *flags):
    answer = subprocess.run(
        [AGENT, "--service_name", "all", *flags, "sh", "-c", SCRIPT.format(upstream.url)],
        capture_output=True, text=True, timeout=30)
    assert answer.returncode == 0, answer.stderr
    return answer


def test_each_program_is_told_of_under_its_own_name_on_the_console(upstream, monkeypatch):
    monkeypatch.setenv("KOLBEN_AGENT_COMMAND_SPANS", "auto")
    answer = run(upstream, "--traces_exporter", "console", "--metrics_exporter", "console",
                 "--logs_exporter", "console")

    def service(resource):
        return resource["attributes"]["service.name"], resource["attributes"].get("zone")
    spans = spans_of(answer.stdout)
    calls = {span["attributes"]["http.url"][-2:]: service(span["resource"]) for span in spans
             if "http.url" in span["attributes"]}
    assert calls == {"/a": ("web", None), "/b": ("all", "b"), "/c": ("all", None)}
    # Of each its command as well: the outer shell, the inner one, three times curl.
    commands = sorted(str(service(span["resource"])) for span in spans
                      if "process.pid" in span["attributes"])
    assert commands == 2 * ["('all', 'b')"] + 2 * ["('all', None)"] + ["('web', None)"]
    assert len({span["context"]["trace_id"] for span in spans}) == 1
    objects = json_objects(answer.stdout)
    [line] = [one for one in objects if one.get("body") == "two"]
    assert service(line["resource"]) == ("all", "b")
    [metrics] = [one["resource_metrics"] for one in objects if "resource_metrics" in one]
    sums = {service(one["resource"]): sum(
        point["count"] for metric in one["scope_metrics"][0]["metrics"]
        for point in metric["data"]["data_points"]) for one in metrics}
    assert sums == {("all", None): 1, ("web", None): 1, ("all", "b"): 1}
    assert answer.stderr.count("nonsense") == 1 and "not key=value; left out" in answer.stderr


@pytest.mark.parametrize("exporter", ["otlp", "otlp_proto_http", "zipkin"])
def test_a_collector_gets_each_under_its_own_name(upstream, kolben, exporter):
    endpoint = kolben.otlp_grpc if exporter == "otlp" else kolben.otlp_http
    run(upstream, "--traces_exporter", exporter, "--metrics_exporter", "none", "--logs_exporter", "none",
        "--exporter_otlp_endpoint", f"http://127.0.0.1:{endpoint}", "--exporter_zipkin_endpoint",
        f"http://127.0.0.1:{kolben.port('zipkin')}/api/v2/spans")
    wait_until(lambda: len(kolben.search(service="web")) == 1 and
               len(kolben.search(service="all")) == 2, "a trace of web, two of the others")


SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_on_the_page_for_prometheus_the_others_have_a_job(tmp_path, programs):
    metrics_port, first, second = free_port(), free_port(), free_port()
    program = programs(Program(
        [AGENT, "--service_name", "all", "--metrics_exporter", "prometheus",
         "--exporter_prometheus_port", str(metrics_port), "--traces_exporter", "none",
         "--logs_exporter", "none", "sh", "-c",
         'OTEL_SERVICE_NAME=web python3 -c "$0" $1 & exec python3 -c "$0" $2', SERVER, str(second),
         str(first)], tmp_path, "servers", start_new_session=True))
    wait_listening(first, "the launched one")
    wait_listening(second, "the other one")

    def amounts():
        page = get(metrics_port, "/metrics").text
        lines = [line for line in page.split("\n") if line.startswith("http_server_duration") and
                 "_count" in line]
        return sorted(('job="web"' in line, line.rpartition(" ")[2]) for line in lines), page
    for _ in range(2):
        assert request(second, "GET", "/").status == 204
    _, page = wait_until(lambda: (found := amounts()) and
                         found[0] == [(False, "1"), (True, "3")] and found, "the sums of both")
    targets = [line for line in page.split("\n") if line.startswith("target_info{")]
    assert len(targets) == 2
    assert [('job="web"' in line, 'service_name="web"' in line) for line in sorted(targets)] == [
        (True, True), (False, False)]
    program.kill()
