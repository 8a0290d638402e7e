"""Where the agent sends what it sees: Zipkin, Prometheus, several at once; and the console prints what
the real SDK prints."""
import concurrent.futures
import gzip
import json
import os
import pathlib
import re
import subprocess

import grpc
import pytest

from harness import (ANY_PORTS, BIN, DATA, ROOT, HttpServer, Kolben, Program, fields, free_port, get, request,
                     wait_until)
from test_agent import AGENT, agent_of, json_objects, server_spans, start_todo, wait_listening

HERE = pathlib.Path(__file__).parent
SERVER = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1"]


def serve(tmp_path, programs, flags, env=None):
    port = free_port()
    program = programs(Program([AGENT, *flags, *SERVER, str(port)], tmp_path, "server", env=env))
    wait_listening(port, "the server")
    return program, port


# --- OTLP --------------------------------------------------------------------------------------------

TLS = DATA / "tls"
ASK = ("import sys, urllib.error, urllib.request\n"
       "try: urllib.request.urlopen(sys.argv[1]).read()\nexcept urllib.error.HTTPError: pass\n")


def ask_once(url, *flags):
    """A program that asks one thing: a span."""
    return subprocess.run([AGENT, *flags, "--metrics_exporter", "none", "--logs_exporter", "none",
                           "/usr/bin/python3", "-c", ASK, url], text=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "http/json"])
def test_each_protocol_within_tls_with_both_certificates(tmp_path, programs, protocol, compression):
    tls = f'tls: {{cert_file: "{TLS}/server.pem", key_file: "{TLS}/server-key.pem", client_ca_file: "{TLS}/ca.pem"}}'
    kolben = programs(Kolben(tmp_path, config=re.sub(r'((?:grpc|http): {endpoint: "127.0.0.1:0")', rf"\1, {tls}",
                                                     ANY_PORTS)))
    port = kolben.otlp_grpc if protocol == "grpc" else kolben.otlp_http
    flags = ["--service_name", "secure", "--exporter_otlp_protocol", protocol, "--exporter_otlp_compression",
             compression, "--exporter_otlp_endpoint", f"https://localhost:{port}", "--exporter_otlp_certificate",
             str(TLS / "ca.pem")]
    url = f"http://127.0.0.1:{kolben.ui}/nothing-here"
    refused = ask_once(url, *flags)
    assert refused.returncode == 0
    assert re.match(r"kolben agent: 1 span could not be exported to (https://)?localhost:", refused.stderr)
    shown = ask_once(url, *flags, "--exporter_otlp_client_certificate", str(TLS / "server.pem"),
                     "--exporter_otlp_client_key", str(TLS / "server-key.pem"))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert len(wait_until(lambda: kolben.search(service="secure"), "the trace is found")) == 1


@pytest.mark.parametrize("protocol, content_type", [("http/protobuf", "application/x-protobuf"),
                                                    ("http/json", "application/json")])
def test_headers_and_compression_are_as_said(protocol, content_type):
    came = []

    def answer(method, *asked):
        if method == "POST":
            came.append(asked)
        return (200,)
    with HttpServer(answer) as server:
        ran = ask_once(f"{server.url}/asked", "--exporter_otlp_protocol", protocol, "--exporter_otlp_compression",
                       "gzip", "--exporter_otlp_endpoint", server.url, "--exporter_otlp_headers",
                       "authorization=Bearer%20abc,x-team=a%3Db")
    assert (ran.returncode, ran.stderr) == (0, "")
    [(path, headers, body)] = came
    assert path == "/v1/traces"
    assert (headers["Authorization"], headers["X-Team"]) == ("Bearer abc", "a=b")
    assert (headers["Content-Type"], headers["Content-Encoding"]) == (content_type, "gzip")
    assert b"/asked" in gzip.decompress(body)
    if protocol == "http/json":
        [resource] = json.loads(gzip.decompress(body))["resourceSpans"]
        assert resource["scopeSpans"][0]["spans"][0]["kind"] == 3


def test_entities_of_the_environment_are_the_resources():
    came = []

    def answer(method, *asked):
        if method == "POST":
            came.append(asked)
        return (200,)
    with HttpServer(answer) as server:
        ran = subprocess.run(
            [AGENT, "--service_name", "old", "--exporter_otlp_protocol", "http/json", "--exporter_otlp_endpoint",
             server.url, "--metrics_exporter", "none", "--logs_exporter", "none",
             "/usr/bin/python3", "-c", ASK, f"{server.url}/asked"], text=True, capture_output=True, timeout=30,
            env={**os.environ, "OTEL_ENTITIES": "service{service.name=my%2Capp}[service.version=2]@urn:x;host{}"})
    assert ran.returncode == 0
    assert ran.stderr.splitlines() == [
        "kolben agent: OTEL_ENTITIES=host{}: nothing between { and } identifies it; this entity is left out",
        'kolben agent: OTEL_ENTITIES says service.name=my,app; it replaces "old"']
    [resource] = json.loads(came[-1][2])["resourceSpans"]
    assert resource["resource"]["entityRefs"] == [{
        "schemaUrl": "urn:x", "type": "service", "idKeys": ["service.name"],
        "descriptionKeys": ["service.version"]}]
    values = {item["key"]: item["value"] for item in resource["resource"]["attributes"]}
    assert values["service.name"] == {"stringValue": "my,app"}
    assert values["service.version"] == {"stringValue": "2"}


class GrpcCollector:
    """Takes whatever comes, and keeps which method was called with which metadata."""

    def __init__(self):
        self.came = []
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(1), handlers=[self])
        self.port = self.server.add_insecure_port("127.0.0.1:0")

    def service(self, details):
        self.came.append((details.method, dict(details.invocation_metadata)))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(None).wait(20)


@pytest.mark.parametrize("variables, wanted", [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:PORT",
      "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20abc,x-team=a%3Db"},
     {"authorization": "Bearer abc", "x-team": "a=b"}),
    ({"ELASTIC_APM_SERVER_ENDPOINT": "127.0.0.1:PORT", "ELASTIC_APM_SECRET_TOKEN": "secret",
      "OTEL_EXPORTER_OTLP_INSECURE": "true"}, {"authorization": "Bearer secret"})])
def test_headers_go_with_grpc_too(monkeypatch, variables, wanted):
    with GrpcCollector() as collector, HttpServer(lambda *asked: (200,)) as server:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("PORT", str(collector.port)))
        ran = ask_once(f"{server.url}/asked")
    assert (ran.returncode, ran.stderr) == (0, "")
    [(method, metadata)] = collector.came
    assert method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    assert {name: metadata.get(name) for name in wanted} == wanted


# --- Zipkin ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["zipkin", "zipkin_json"])
def test_spans_go_to_a_zipkin_server(kolben, tmp_path, programs, name):
    endpoint = f"http://127.0.0.1:{kolben.port('zipkin')}/api/v2/spans"
    program, port = serve(tmp_path, programs, [
        "--service_name", "shop", "--traces_exporter", name, "--exporter_zipkin_endpoint", endpoint,
        "--metrics_exporter", "none", "--logs_exporter", "none"])
    assert request(port, "GET", "/?x=1").status == 200
    [trace] = wait_until(lambda: kolben.search(service="shop", tag="http.target=/?x=1"),
                         "the trace is found")
    columns = get(kolben.ui, f"/api/kolben/trace/{trace['traceId']}").json()
    assert [columns["names"][name] for name in columns["name"]] == ["GET /"]
    assert columns["kind"] == [2]
    span = get(kolben.ui, f"/api/kolben/trace/{trace['traceId']}/span/{columns['spanId'][0]}").json()
    values = {row["key"]: row["value"] for row in span["attributes"]}
    assert values["http.method"] == "GET"
    assert values["http.status_code"] == "200"
    assert program.stderr.count("kolben agent") == 0


def test_a_zipkin_server_that_is_away_is_said_and_what_is_lost_counted():
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}/api/v2/spans"
    script = ("import http.server, threading, urllib.request\n"
              "s = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
              "threading.Thread(target=s.serve_forever, daemon=True).start()\n"
              "urllib.request.urlopen(f'http://127.0.0.1:{s.server_port}/').read()\n")
    answer = subprocess.run(
        [AGENT, "--traces_exporter", "zipkin", "--exporter_zipkin_endpoint", endpoint,
         "--metrics_exporter", "none", "--logs_exporter", "none", "/usr/bin/python3", "-c", script],
        text=True, capture_output=True, timeout=30)
    assert answer.returncode == 0
    lost = [line for line in answer.stderr.splitlines() if line.startswith("kolben agent")]
    assert len(lost) == 1, answer.stderr
    assert re.fullmatch(rf"kolben agent: 2 spans could not be exported to {re.escape(endpoint)}: "
                        r"UNAVAILABLE: .*does a collector run there \(`kolben up`\)\?", lost[0])


def test_spans_go_to_a_zipkin_server_as_protobuf():
    came = []

    def answer(method, *asked):
        if method == "POST":
            came.append(asked)
        return (202,)
    with HttpServer(answer) as server:
        ran = ask_once(f"{server.url}/asked", "--service_name", "shop", "--traces_exporter", "zipkin_proto",
                       "--exporter_zipkin_endpoint", f"{server.url}/api/v2/spans")
    assert (ran.returncode, ran.stderr) == (0, "")
    bodies = [body for path, headers, body in came
              if (path, headers["Content-Type"]) == ("/api/v2/spans", "application/x-protobuf")]
    assert len(bodies) == len(came) > 0
    spans = [list(fields(span)) for body in bodies for number, span in fields(body) if number == 1]
    [asked] = [span for span in spans if (4, 1) in span]  # of the kind CLIENT; the other one is the command's
    values = dict(asked)
    assert values[5] == b"GET"
    assert (len(values[1]), len(values[3])) == (16, 8)
    assert 0 < values[7] < 30_000_000 < 1.7e15 < int.from_bytes(values[6], "little")
    assert (1, b"shop") in fields(values[8])
    tags = {dict(fields(entry))[1]: dict(fields(entry))[2] for number, entry in asked if number == 11}
    assert tags[b"http.url"] == f"{server.url}/asked".encode()
    assert tags[b"http.status_code"] == b"202"


def test_a_zipkin_server_that_takes_no_protobuf_is_said_with_what_helps(kolben):
    ran = ask_once(f"http://127.0.0.1:{kolben.ui}/nothing-here", "--traces_exporter", "zipkin_proto",
                   "--exporter_zipkin_endpoint", f"http://127.0.0.1:{kolben.port('zipkin')}/api/v2/spans")
    assert ran.returncode == 0
    assert "HTTP status 415" in ran.stderr
    assert "it takes no protobuf; the exporter zipkin_json sends JSON" in ran.stderr


# --- Prometheus --------------------------------------------------------------------------------------

def samples(text):
    """{name: [(labels, value)]} of Prometheus' text format."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
        found.setdefault(name, []).append((pairs, float(value)))
    return found


def page_of(port):
    """Empty while the agent process does not listen yet: it begins after the program."""
    try:
        return get(port, "/metrics").text
    except OSError:
        return ""


def test_the_page_for_prometheus_has_the_names_of_pythons(tmp_path, programs):
    metrics_port, port = free_port(), free_port()
    program = start_todo(tmp_path, programs, port, [
        "--service_name", "todo", "--resource_attributes", "deployment.environment=test",
        "--metrics_exporter", "prometheus", "--exporter_prometheus_port", str(metrics_port),
        "--traces_exporter", "none", "--logs_exporter", "none"])
    for _ in range(3):
        assert request(port, "GET", "/").status == 200
    page = wait_until(
        lambda: "http_server_duration_milliseconds_count" in (text := page_of(metrics_port)) and
        samples(text)["http_server_duration_milliseconds_count"][0][1] == 3 and text,
        "the three requests are on the page")
    found = samples(page)
    [(labels, count)] = found["http_server_duration_milliseconds_count"]
    assert labels["http_method"] == "GET" and labels["http_status_code"] == "200"
    assert labels["otel_scope_name"] == "kolben.agent.http"
    buckets = found["http_server_duration_milliseconds_bucket"]
    assert [one["le"] for one, _ in buckets][0] == "0" and buckets[-1][0]["le"] == "+Inf"
    assert buckets[-1][1] == count
    assert found["flask_app_requests_total"][0][1] >= 3
    assert "# TYPE flask_app_requests_total counter" in page
    assert "# TYPE http_server_active_requests gauge" in page
    [(target, one)] = found["target_info"]
    assert one == 1
    assert target["service_name"] == "todo" and target["deployment_environment"] == "test"
    assert "job" not in target
    # What is measured is seen at once, without an interval.
    assert request(port, "GET", "/").status == 200
    wait_until(lambda: samples(page_of(metrics_port))
               ["http_server_duration_milliseconds_count"][0][1] == 4, "the fourth", 3)
    assert program.stop() == 0


def test_prometheus_scrapes_the_agent(tmp_path, programs):
    metrics_port, prometheus_port = free_port(), free_port()
    _, port = serve(tmp_path, programs, [
        "--service_name", "shop", "--metrics_exporter", "prometheus", "--exporter_prometheus_port",
        str(metrics_port), "--traces_exporter", "none", "--logs_exporter", "none"])
    assert request(port, "GET", "/").status == 200
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: agent\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{metrics_port}']}}]\n")
    (tmp_path / "tsdb").mkdir()
    programs(Program(["/usr/bin/prometheus", f"--config.file={tmp_path}/prometheus.yml",
                      f"--storage.tsdb.path={tmp_path}/tsdb",
                      f"--web.listen-address=127.0.0.1:{prometheus_port}"], tmp_path, "prometheus"))

    def query(text):
        try:
            return get(prometheus_port, "/api/v1/query", query=text).json()["data"]["result"]
        except (OSError, KeyError, ValueError):
            return []
    [joined] = wait_until(lambda: query(
        'http_server_duration_milliseconds_count * on(job, instance) group_left(service_name) '
        'target_info'), "Prometheus has the series, and joins the target's", 30)
    assert joined["metric"]["job"] == "agent"
    assert joined["metric"]["service_name"] == "shop"
    assert float(joined["value"][1]) >= 1
    assert query("up")[0]["value"][1] == "1"


def test_a_port_in_use_is_said_once_and_the_program_runs(tmp_path, programs):
    with_page = free_port()
    flags = ["--metrics_exporter", "prometheus,console", "--exporter_prometheus_port", str(with_page),
             "--traces_exporter", "none", "--logs_exporter", "none"]
    (tmp_path / "first").mkdir()
    serve(tmp_path / "first", programs, flags)
    wait_until(lambda: page_of(with_page), "the first has the page")
    second, port = serve(tmp_path, programs, flags)
    assert request(port, "GET", "/").status == 200
    wait_until(lambda: "there is no page for Prometheus" in second.stderr, "it is said")
    [line] = [line for line in second.stderr.splitlines() if "Prometheus" in line]
    assert f"port {with_page} is in use" in line
    assert "OTEL_EXPORTER_PROMETHEUS_PORT moves it" in line
    second.stop()
    wait_until(lambda: any("resource_metrics" in value for value in json_objects(second.stdout)),
               "the console has them at the end")


# --- several at once ---------------------------------------------------------------------------------

def test_each_exporter_of_a_list_gets_everything(kolben, tmp_path, programs):
    metrics_port = free_port()
    program, port = serve(tmp_path, programs, [
        "--service_name", "shop", "--traces_exporter", "console,otlp,zipkin",
        "--exporter_otlp_endpoint", f"http://127.0.0.1:{kolben.otlp_grpc}",
        "--exporter_zipkin_endpoint", f"http://127.0.0.1:{kolben.port('zipkin')}/api/v2/spans",
        "--metrics_exporter", "otlp,prometheus,console", "--metric_export_interval", "500",
        "--exporter_otlp_metrics_temporality_preference", "delta",
        "--exporter_otlp_metrics_default_histogram_aggregation", "base2_exponential_bucket_histogram",
        "--exporter_prometheus_port", str(metrics_port), "--logs_exporter", "none"])
    assert request(port, "GET", "/once").status == 404
    wait_until(lambda: [span for span in server_spans(program.stdout)
                        if span["attributes"]["http.target"] == "/once"], "it is printed")
    # By both ways the same span: the store has it twice, or once where it sees that it is the same.
    [trace] = wait_until(lambda: kolben.search(service="shop", tag="http.target=/once"), "it is stored")
    assert trace["rootName"].startswith("GET")

    def counted(text):
        return sum(value for labels, value in samples(text).get(
            "http_server_duration_milliseconds_count", []) if labels["http_status_code"] == "404")
    assert wait_until(lambda: counted(page_of(metrics_port)), "the agent's page") == 1
    # What was sent as delta to the collector is on its page, once too.
    assert wait_until(lambda: counted(get(kolben.port("prometheus"), "/metrics").text),
                      "the collector's page") == 1

    def printed():
        for value in json_objects(program.stdout):
            for owner in value.get("resource_metrics", []):
                for scope in owner["scope_metrics"]:
                    for metric in scope["metrics"]:
                        if metric["name"] == "http.server.duration":
                            return metric["data"]
        return None
    data = wait_until(printed, "the console's metrics")
    assert data["aggregation_temporality"] == 2, "the console gets them cumulative"
    assert "explicit_bounds" in data["data_points"][0]


# --- what is left out --------------------------------------------------------------------------------

def test_excluded_urls_are_neither_spans_nor_measured(tmp_path, programs):
    metrics_port = free_port()
    program, port = serve(tmp_path, programs, [
        "--traces_exporter", "console", "--metrics_exporter", "prometheus",
        "--exporter_prometheus_port", str(metrics_port), "--logs_exporter", "none"],
        {"OTEL_PYTHON_EXCLUDED_URLS": "/health$, [a-z]+"})
    for path in ("/health", "/health", "/healthy"):
        assert request(port, "GET", path).status == 404
    wait_until(lambda: [span for span in server_spans(program.stdout)
                        if span["attributes"]["http.target"] == "/healthy"], "the last is printed")
    assert not [span for span in server_spans(program.stdout)
                if span["attributes"]["http.target"] == "/health"]
    counts = samples(page_of(metrics_port))["http_server_duration_milliseconds_count"]
    assert [value for labels, value in counts if labels["http_status_code"] == "404"] == [1]
    assert "OTEL_PYTHON_EXCLUDED_URLS=[a-z]+: not understood" in program.stderr


def test_sizes_of_bodies_on_request(tmp_path, programs):
    sizes = {"KOLBEN_AGENT_HTTP_BODY_SIZES": "true", "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    port = free_port()
    (tmp_path / "page.txt").write_text("x" * 4321)
    server = programs(Program([AGENT, "--traces_exporter", "console", "--metrics_exporter", "console",
                               "--logs_exporter", "none", *SERVER, str(port)], tmp_path, "server", env=sizes))
    wait_listening(port, "the server")
    code = ("import sys, urllib.error, urllib.request\n"
            "assert len(urllib.request.urlopen(sys.argv[1]).read()) == 4321\n"
            "try: urllib.request.urlopen(sys.argv[1], b'x' * 99).read()\nexcept urllib.error.HTTPError: pass\n")
    asked = subprocess.run([AGENT, "--traces_exporter", "console", "--metrics_exporter", "console",
                            "--logs_exporter", "none", "--http_body_sizes", "/usr/bin/python3", "-c", code,
                            f"http://127.0.0.1:{port}/page.txt"], env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN":
                                                                       "http"}, capture_output=True, text=True, timeout=30)
    assert asked.returncode == 0, asked.stderr

    def told(text):
        return [(span["attributes"].get("http.request.body.size"), span["attributes"].get("http.response.body.size"))
                for span in json_objects(text) if span.get("kind") in ("SpanKind.SERVER", "SpanKind.CLIENT")]
    [get_sizes, post_sizes] = told(asked.stdout)
    assert get_sizes == (None, 4321)
    assert post_sizes[0] == 99
    server.stop()
    wait_until(lambda: not agent_of(server), "the agent has ended")
    assert [size for size in told(server.stdout) if size[1] == 4321] == [(None, 4321)]
    for text, side in ((asked.stdout, "client"), (server.stdout, "server")):
        assert f'"name": "http.{side}.request.body.size"' in text
        assert f'"name": "http.{side}.response.body.size"' in text


@pytest.mark.parametrize("protocol, scheme, is_secure, words", [
    ("grpc", "https", False, "does it speak TLS? Without, the endpoint begins with http://"),
    ("grpc", "http", True, "with TLS the endpoint begins with https://"),
    ("grpc", "https", True, "OTEL_EXPORTER_OTLP_CERTIFICATE names a file"),
    ("http/protobuf", "https", False, "does it speak TLS? Without, the endpoint begins with http://"),
    ("http/protobuf", "http", True, "with TLS the endpoint begins with https://"),
    ("http/protobuf", "https", True, "OTEL_EXPORTER_OTLP_CERTIFICATE names a file"),
])
def test_why_a_collector_takes_nothing_is_said(tmp_path, programs, protocol, scheme, is_secure, words):
    tls = f'tls: {{cert_file: "{TLS}/server.pem", key_file: "{TLS}/server-key.pem"}}'
    config = re.sub(r'((?:grpc|http): {endpoint: "127.0.0.1:0")', rf"\1, {tls}", ANY_PORTS) if is_secure else ANY_PORTS
    kolben = programs(Kolben(tmp_path, config=config))
    port = kolben.otlp_grpc if protocol == "grpc" else kolben.otlp_http
    asks = programs(Program([AGENT, "--metrics_exporter", "none", "--logs_exporter", "none", "--exporter_otlp_protocol", protocol,
                             "--exporter_otlp_endpoint", f"{scheme}://localhost:{port}", "/usr/bin/python3", "-c",
                             f"{ASK}print('asked', flush=True)\nimport time\ntime.sleep(60)",
                             f"http://127.0.0.1:{kolben.ui}/nothing-here"], tmp_path, "asks"))
    wait_until(lambda: words in asks.stderr, "the cause is said")
    asks.stop()
    wait_until(lambda: not agent_of(asks), "the agent has ended")
    # Once when it happens, for to try again will not help, and once with what is lost.
    said = asks.stderr.splitlines()
    assert len(said) == 2, said
    assert said[0].startswith("kolben agent: the error of ") and words in said[0]
    assert words in said[1] and "could not be exported" in said[1]


@pytest.mark.parametrize("protocol, words", [
    ("grpc", "is it the port of OTLP over HTTP (mostly 4318)? OTEL_EXPORTER_OTLP_PROTOCOL says which is spoken"),
    ("http/protobuf", "is it the port of OTLP over gRPC (mostly 4317)? OTEL_EXPORTER_OTLP_PROTOCOL says which"),
])
def test_a_port_of_the_other_protocol_is_one_line(kolben, protocol, words):
    port = kolben.otlp_http if protocol == "grpc" else kolben.otlp_grpc
    ran = subprocess.run([AGENT, "--exporter_otlp_protocol", protocol, "--exporter_otlp_endpoint",
                          f"http://localhost:{port}", "/usr/bin/python3", "-c",
                          f"{ASK}print('asked', flush=True)\nimport time\ntime.sleep(2)",
                          f"http://127.0.0.1:{kolben.ui}/nothing-here"], text=True, capture_output=True, timeout=30)
    said = ran.stderr.splitlines()
    assert len(said) == 2 and all(words in line for line in said), said
    assert re.match(r"kolben agent: [\w, ]*1 span\b.* could not be exported to ", said[1])


def test_what_a_server_answers_is_shown_and_the_path_asked_after():
    with HttpServer(lambda *_: (404, b"no such \x1b[31mpath\x07\nand more")) as server:
        said = ask_once(f"{server.url}/x", "--exporter_otlp_protocol", "http/protobuf", "--exporter_otlp_endpoint",
                        server.url).stderr.splitlines()
    assert "HTTP status 404: no such path" in said[0] and "and more" not in said[0]
    # Once when it happens, once with what is lost.
    assert len(said) == 2 and all("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" in line for line in said), said


def test_headers_that_are_named_become_attributes(tmp_path, programs):
    variables = {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_" + name: value for name, value in {
        "SERVER_REQUEST": "x-.*,authorization", "SERVER_RESPONSE": "content-type",
        "SANITIZE_FIELDS": "auth"}.items()}
    program, port = serve(tmp_path, programs, [
        "--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none"],
        variables)
    assert request(port, "GET", "/?named", headers={
        "X-Request-Id": "7", "Authorization": "Bearer secret", "Cookie": "secret"}).status == 200
    [span] = wait_until(lambda: [span for span in server_spans(program.stdout)
                                 if span["attributes"]["http.target"] == "/?named"], "its span")
    headers = {key: value for key, value in span["attributes"].items() if ".header." in key}
    assert headers == {"http.request.header.x_request_id": ["7"],
                       "http.request.header.authorization": ["[REDACTED]"],
                       "http.response.header.content_type": ["text/html; charset=utf-8"]}
    assert "secret" not in program.stdout


# --- the console -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def sdk_of_1_27():
    """The interpreter of a venv with the SDK whose output the console exporter promises."""
    venv = ROOT / "build" / "test" / "venv-1.27"
    python = venv / "bin" / "python"
    if not (venv / "complete").exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", venv], check=True, timeout=120)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                        "opentelemetry-sdk==1.27.0"], check=True, timeout=300)
        (venv / "complete").touch()
    return python


def pieces_of(text):
    """The texts of the JSON objects that stand between other lines."""
    decoder = json.JSONDecoder()
    found, position = [], 0
    while (position := text.find("{\n", position)) >= 0:
        try:
            _, end = decoder.raw_decode(text, position)
            found.append(text[position:end])
            position = end
        except json.JSONDecodeError:
            position += 1
    return found


def test_the_console_prints_what_the_sdk_prints(tmp_path, programs, sdk_of_1_27):
    port = free_port()
    program = start_todo(tmp_path, programs, port, [
        "--service_name", "todo", "--traces_exporter", "console", "--metrics_exporter", "console",
        "--logs_exporter", "console", "--resource_attributes", "città=Köln,a=%22b%22"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "GET", "/", headers={"tracestate": "k=v,z=y", "traceparent":
                   "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}).status == 200
    assert request(port, "POST", "/add", "task=m%C3%BCll", form).status == 302
    assert request(port, "GET", "/nope", headers={"User-Agent": "caf\u00e9 \"x\""}).status == 404
    wait_until(lambda: len(server_spans(program.stdout)) >= 3, "the spans are printed")
    assert program.stop() == 0
    wait_until(lambda: not agent_of(program), "the agent process ends", 5)
    pieces = pieces_of(program.stdout)
    kinds = {"resource_metrics" if "resource_metrics" in piece else
             "log" if "severity_number" in piece else "span" for piece in pieces}
    assert kinds == {"resource_metrics", "log", "span"}
    sdk = subprocess.run([sdk_of_1_27, HERE / "sdk_console.py"], input="[" + ",".join(pieces) + "]",
                         text=True, capture_output=True, timeout=60)
    assert sdk.returncode == 0, sdk.stderr
    assert sdk.stdout.splitlines() == "\n".join(pieces).splitlines()


def test_a_metric_leads_to_a_trace(tmp_path, programs):
    port = free_port()
    program = start_todo(tmp_path, programs, port, [
        "--traces_exporter", "console", "--metrics_exporter", "console", "--logs_exporter", "none",
        "--console_format", "newest"])
    assert request(port, "GET", "/").status == 200
    wait_until(lambda: server_spans(program.stdout), "the span is printed")
    assert program.stop() == 0
    wait_until(lambda: not agent_of(program), "the agent process ends", 5)
    [span] = server_spans(program.stdout)
    told = [metric for value in json_objects(program.stdout) if "resource_metrics" in value
            for scope in value["resource_metrics"][0]["scope_metrics"] for metric in scope["metrics"]
            if metric["name"] == "http.server.duration"]
    [exemplar] = told[-1]["data"]["data_points"][0]["exemplars"]
    assert f"0x{exemplar['trace_id']:032x}" == span["context"]["trace_id"]
    assert f"0x{exemplar['span_id']:016x}" == span["context"]["span_id"]


def test_the_console_prints_as_the_newest_sdk_too(tmp_path):
    def printed(*flags):
        answer = subprocess.run([AGENT, "--traces_exporter", "none", "--metrics_exporter", "none",
                                 "--logs_exporter", "console", *flags, "sh", "-c", "echo careful >&2"],
                                text=True, capture_output=True, timeout=30)
        assert answer.returncode == 0, answer.stderr
        [record] = json_objects(answer.stdout)
        return record
    old, newest = printed(), printed("--console_format", "newest")
    assert "event_name" not in old
    assert list(newest)[-1] == "event_name" and newest["severity_number"] == 0
    assert old["severity_number"] == "<SeverityNumber.UNSPECIFIED: 0>"
