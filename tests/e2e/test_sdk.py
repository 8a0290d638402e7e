"""A real SDK (Python's, from PyPI, in a venv of the tests' own): everything arrives field by field,
and what it propagates to and from a program under the agent joins one trace."""
import pathlib
import subprocess

import pytest

from harness import (ROOT, Program, free_port, get, post_json, span, trace_request,
                     wait_until)
from test_agent import AGENT, wait_listening
from test_collector import SCENARIO, collector, make_certificate

HERE = pathlib.Path(__file__).parent


def values(attributes):
    return {row["key"]: row["value"] for row in attributes}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_everything_arrives_field_by_field(kolben, sdk_python, protocol):
    port = kolben.otlp_grpc if protocol == "grpc" else kolben.otlp_http
    sent = subprocess.run([sdk_python, HERE / "sdk_sender.py", protocol, f"http://127.0.0.1:{port}"],
                          capture_output=True, text=True, timeout=60)
    assert sent.returncode == 0, sent.stderr
    trace_id = sent.stdout.strip()

    columns = get(kolben.ui, f"/api/kolben/trace/{trace_id}").json()
    assert [columns["names"][name] for name in columns["name"]] == ["checkout", "charge"]
    assert columns["parent"] == [-1, 0]
    assert columns["kind"] == [2, 3]
    assert columns["status"] == [2, 0]
    assert columns["services"] == [f"sdk-{protocol}"]
    root = get(kolben.ui, f"/api/kolben/trace/{trace_id}/span/{columns['spanId'][0]}").json()
    assert values(root["attributes"]) == {"text": "köln", "count": "7", "ratio": 0.5, "ok": True,
                                          "list": ["a", "b"]}
    resource = values(root["resource"])
    assert resource["service.name"] == f"sdk-{protocol}"
    assert resource["deployment"] == "test"
    assert root["scope"]["name"] == "shop.tracer" and root["scope"]["version"] == "2.1"
    assert root["statusMessage"] == "declined"
    assert root["events"][0]["name"] == "paid"
    assert values(root["events"][0]["attributes"]) == {"amount": "12"}
    child = get(kolben.ui, f"/api/kolben/trace/{trace_id}/span/{columns['spanId'][1]}").json()
    assert child["links"][0]["spanId"] == columns["spanId"][0]
    assert values(child["links"][0]["attributes"]) == {"why": "test"}

    [log] = get(kolben.ui, f"/api/kolben/trace/{trace_id}/logs").json()["logs"]
    assert log["body"] == "card of ann declined"
    assert log["severity"] == 13
    assert log["spanId"] == columns["spanId"][1]

    text = get(kolben.port("prometheus"), "/metrics").text
    job = f'job="sdk-{protocol}"'
    for wanted in ("orders_total{", "price_EUR_bucket{", "price_EUR_count{", "open{", "load{"):
        assert any(line.startswith(wanted) and job in line for line in text.splitlines()), wanted
    assert any(line.startswith("orders_total{") and line.endswith(" 3") and 'kind="book"' in line
               for line in text.splitlines())


def test_an_sdk_client_and_a_program_under_the_agent_join_one_trace(kolben, tmp_path, programs,
                                                                     sdk_python):
    """SDK -> (traceparent) -> program under the agent -> (injected traceparent) -> SDK server."""
    upstream_port, port = free_port(), free_port()
    exporter = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}"}
    (tmp_path / "upstream.py").write_text(UPSTREAM)
    programs(Program([sdk_python, "upstream.py", str(upstream_port)], tmp_path, "upstream",
                     env=exporter))
    wait_listening(upstream_port, "the upstream")
    (tmp_path / "middle.py").write_text(MIDDLE)
    programs(Program([AGENT, "--service_name", "middle", "/usr/bin/python3", "middle.py", str(port),
                      str(upstream_port)], tmp_path, "middle", env=exporter))
    wait_until(lambda: (tmp_path / "middle.ready").exists(), "the program in the middle listens")
    (tmp_path / "client.py").write_text(CLIENT)
    sent = subprocess.run([sdk_python, "client.py", f"http://127.0.0.1:{port}/"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", **exporter})
    assert sent.returncode == 0, sent.stderr
    trace_id = sent.stdout.strip()

    def columns():
        answer = get(kolben.ui, f"/api/kolben/trace/{trace_id}")
        if answer.status != 200:
            return None
        found = answer.json()
        rows = [(found["services"][service], found["kind"][row], found["parent"][row])
                for row, service in enumerate(found["service"])]
        return rows if len(rows) >= 4 else None
    rows = wait_until(columns, "the trace has its four spans")
    # client (SDK) -> middle, server -> middle, client -> upstream (SDK), server: each the child of
    # the one before.
    assert rows == [("client", 3, -1), ("middle", 2, 0), ("middle", 3, 1), ("upstream", 2, 2)]


SDK_SETUP = """
from opentelemetry import trace, propagate
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

def tracer(name):
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(insecure=True)))
    return provider.get_tracer("test")
"""

UPSTREAM = SDK_SETUP + """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
spans = tracer("upstream")

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        context = propagate.extract({key.lower(): value for key, value in self.headers.items()})
        if "traceparent" in self.headers:
            with spans.start_as_current_span("GET /up", context=context, kind=trace.SpanKind.SERVER):
                pass
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"up")

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

MIDDLE = """
import http.client
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        upstream = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]))
        upstream.request("GET", "/up")
        body = upstream.getresponse().read()
        upstream.close()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
open("middle.ready", "w").close()
server.serve_forever()
"""

CLIENT = SDK_SETUP + """
import sys
import urllib.request
with tracer("client").start_as_current_span("GET", kind=trace.SpanKind.CLIENT) as span:
    headers = {}
    propagate.inject(headers)
    answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers)).read()
    assert answer == b"up", answer
    print(format(span.get_span_context().trace_id, "032x"))
"""


def test_the_token_reaches_an_independent_tls_server(tmp_path, programs, sdk_python):
    """The scenario's otlp/elastic exporter against Python's grpc server, which checks the header."""
    key, certificate = make_certificate(tmp_path)
    (tmp_path / "server.py").write_text(TOKEN_SERVER)
    server = programs(Program([sdk_python, "server.py", key, certificate], tmp_path, "server"))
    port = int(wait_until(lambda: server.stdout.strip(), "the server prints its port").split()[0])
    program = programs(collector(
        tmp_path, SCENARIO.replace("EXTRA", f'tls: {{ca_file: "{certificate}"}}'),
        env={"ELASTIC_APM_SERVER_ENDPOINT": f"localhost:{port}",
             "ELASTIC_APM_SECRET_TOKEN": "secret"}))
    post_json(program.otlp_http, "/v1/traces", trace_request([span("GET /", 1, 1)]))
    wait_until(lambda: "Bearer secret" in server.stdout, "the server saw the token")
    assert "spans 1" in server.stdout


TOKEN_SERVER = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services

class Service(services.TraceServiceServicer):
    def Export(self, request, context):
        print("authorization", dict(context.invocation_metadata()).get("authorization"), flush=True)
        print("spans", sum(len(scope.spans) for resource in request.resource_spans
                           for scope in resource.scope_spans), flush=True)
        return messages.ExportTraceServiceResponse()

server = grpc.server(ThreadPoolExecutor(2))
services.add_TraceServiceServicer_to_server(Service(), server)
key, certificate = (open(path, "rb").read() for path in sys.argv[1:])
port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, certificate)]))
server.start()
print(port, flush=True)
server.wait_for_termination()
"""
