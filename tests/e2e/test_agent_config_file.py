"""OTEL_CONFIG_FILE: one file in place of the variables, for the agent process and for the library in
the program."""
import os
import subprocess

import pytest

from harness import Program, free_port, get, request, wait_until
from test_agent import AGENT, json_objects, server_spans, wait_listening
from test_agent_exporters import page_of

SERVER = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1"]
# Prints the headers of the request that it gets.
SHOW_HEADERS = """
import http.server, sys
class Show(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(self.headers).lower().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Show).serve_forever()
"""


def with_file(tmp_path, text, name="otel.yaml", **environment):
    """The variables of a program whose agent reads this file."""
    path = tmp_path / name
    path.write_text(text)
    return {**os.environ, "OTEL_CONFIG_FILE": str(path), **environment}


def run(env, *command, flags=()):
    return subprocess.run([AGENT, *flags, *command], env=env, text=True, capture_output=True,
                          timeout=30)


def test_one_file_says_it_all(kolben, tmp_path, programs):
    port, metrics_port = free_port(), free_port()
    env = with_file(tmp_path, f"""
file_format: "1.1"
resource:
  attributes:
    - {{name: service.name, value: "${{SHOP_NAME:-none}}"}}
    - {{name: shops, value: [a, b], type: string_array}}
propagator: {{composite: [{{tracecontext: }}, {{baggage: }}]}}
tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        exporter: {{otlp_http: {{endpoint: "http://127.0.0.1:{kolben.otlp_http}/v1/traces"}}}}
    - batch:
        schedule_delay: 100
        exporter: {{zipkin: {{endpoint: "http://127.0.0.1:{kolben.port("zipkin")}/api/v2/spans"}}}}
    - batch: {{schedule_delay: 100, exporter: {{console: }}}}
  limits: {{attribute_value_length_limit: 5}}
meter_provider:
  readers:
    - pull: {{exporter: {{prometheus/development: {{host: 127.0.0.1, port: {metrics_port}}}}}}}
    - periodic:
        interval: 300
        exporter: {{otlp_grpc: {{endpoint: "http://127.0.0.1:{kolben.otlp_grpc}"}}}}
logger_provider:
  processors: [{{simple: {{exporter: {{console: }}}}}}]
""", SHOP_NAME="shop", OTEL_TRACES_EXPORTER="none", OTEL_TRACES_SAMPLER="always_off")
    program = programs(Program([AGENT, *SERVER, str(port)], tmp_path, "server", env=env))
    wait_listening(port, "the server")
    assert request(port, "GET", "/long-path").status == 404
    printed = wait_until(lambda: [span for span in server_spans(program.stdout)
                                  if span["attributes"]["http.target"] == "/long"],
                         "the span is printed, its values cut")
    resource = printed[0]["resource"]["attributes"]
    assert resource["service.name"] == "shop"
    assert resource["shops"] == ["a", "b"]
    wait_until(lambda: kolben.search(service="shop", tag="http.target=/long"), "it is stored")
    wait_until(lambda: "http_server_duration_milliseconds_count" in page_of(metrics_port),
               "the page for Prometheus")
    wait_until(lambda: 'job="shop"' in get(kolben.port("prometheus"), "/metrics").text,
               "the metrics are sent")
    wait_until(lambda: any("severity_number" in value for value in json_objects(program.stdout)),
               "the lines are log records")
    [ignored] = [line for line in program.stderr.splitlines() if line.startswith("kolben agent")]
    assert ignored == (f"kolben agent: these settings have no effect, because {tmp_path}/otel.yaml is "
                       "read and does not name them: OTEL_TRACES_EXPORTER, OTEL_TRACES_SAMPLER")


@pytest.mark.parametrize("variable", ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE", "flag"])
def test_the_file_is_named_by_a_variable_or_a_flag(tmp_path, variable):
    path = tmp_path / "otel.json"
    path.write_text('{"file_format": "1.0", "logger_provider": {"processors": [{"batch": {"exporter": '
                    '{"console": {}}}}]}}')
    flags = ["--config_file", "otel.json"] if variable == "flag" else []
    env = dict(os.environ) if flags else {**os.environ, variable: str(path)}
    answer = subprocess.run([AGENT, *flags, "/bin/echo", "hello"], env=env, cwd=tmp_path, text=True,
                            capture_output=True, timeout=30)
    assert answer.returncode == 0 and answer.stderr == ""
    printed, _, records = answer.stdout.partition("\n")
    assert printed == "hello"
    assert [record["body"] for record in json_objects(records)] == ["hello"]


SAMPLING = """
file_format: "1.1"
propagator: {composite_list: "%s"}
tracer_provider:
  processors: [{batch: {exporter: {console: }}}]
  sampler: {%s: }
"""


@pytest.mark.parametrize("propagators, sampler, wanted, unwanted", [
    ("b3multi", "always_on", ["x-b3-traceid: ", "x-b3-sampled: 1"], ["traceparent"]),
    ("tracecontext", "always_off", ["traceparent: 00-", "-00\n"], ["b3:"]),
    ("none", "always_on", [], ["traceparent", "b3:", "uber-trace-id"])])
def test_sampler_and_propagators_reach_the_program(tmp_path, programs, propagators, sampler, wanted,
                                                   unwanted):
    port = free_port()
    (tmp_path / "show.py").write_text(SHOW_HEADERS)
    programs(Program(["/usr/bin/python3", "show.py", str(port)], tmp_path, "show"))
    wait_listening(port, "the server that shows headers")
    env = with_file(tmp_path, SAMPLING % (propagators, sampler),
                    OTEL_PROPAGATORS="jaeger", OTEL_TRACES_SAMPLER="always_on")
    answer = run(env, "/usr/bin/curl", "-s", f"http://127.0.0.1:{port}/")
    headers = "".join(line + "\n" for line in answer.stdout.splitlines() if not line.startswith(" "))
    for words in wanted:
        assert words in headers
    for words in unwanted:
        assert words not in headers
    spans = [value for value in json_objects(answer.stdout) if "parent_id" in value]
    assert len(spans) == (0 if sampler == "always_off" else 1)


def test_a_mistake_has_its_place_and_the_program_runs_without_the_agent(tmp_path):
    env = with_file(tmp_path, "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch:\n"
                              "        exporter:\n          otlp_htp: {}\n")
    answer = run(env, "sh", "-c", "echo \"preload: $LD_PRELOAD\"; exit 7")
    assert answer.returncode == 7
    assert answer.stdout == "preload: \n"
    assert answer.stderr.splitlines() == [
        f"kolben agent: {tmp_path}/otel.yaml:6:11: tracer_provider::processors::0::batch::exporter: "
        'unknown "otlp_htp" (did you mean "otlp_http"?); want one of otlp_http, otlp_grpc, otlp, '
        "console, zipkin",
        "kolben agent: the program runs without telemetry"]


def test_a_file_that_is_not_there_is_said(tmp_path):
    answer = run({**os.environ, "OTEL_CONFIG_FILE": f"{tmp_path}/none.yaml"}, "/bin/echo", "hello")
    assert (answer.returncode, answer.stdout) == (0, "hello\n")
    assert answer.stderr.splitlines() == [
        f"kolben agent: reading {tmp_path}/none.yaml: No such file or directory",
        "kolben agent: the program runs without telemetry"]


def test_disabled_is_as_without_the_agent(tmp_path):
    env = with_file(tmp_path, 'file_format: "1.1"\ndisabled: ${OFF}\n', OFF="true")
    answer = run(env, "sh", "-c", "echo \"preload: $LD_PRELOAD\"")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "preload: \n", "")


def test_the_file_counts_and_not_the_variable_that_disables(tmp_path):
    env = with_file(tmp_path, 'file_format: "1.1"\nlogger_provider: {processors: [{batch: {exporter: '
                              '{console: }}}]}\n', OTEL_SDK_DISABLED="true")
    answer = run(env, "/bin/echo", "hello")
    assert answer.returncode == 0
    assert [value["body"] for value in json_objects(answer.stdout)] == ["hello"]
    assert "OTEL_SDK_DISABLED" in answer.stderr


def test_an_agent_process_that_says_nothing_costs_telemetry_only(tmp_path):
    env = with_file(tmp_path, 'file_format: "1.1"\n', KOLBEN_AGENT_BINARY="/bin/true")
    answer = run(env, "sh", "-c", "echo \"preload: $LD_PRELOAD\"; exit 3")
    assert (answer.returncode, answer.stdout) == (3, "preload: \n")
    assert answer.stderr == ("opentelemetry-instrument: the agent process did not read the "
                             "configuration file; there is no telemetry\n")
