"""`kolben collector --config FILE`: the scenario's configuration as it stands, and what such files
commonly hold; clear refusals for what is wrong."""
import subprocess

import pytest

from harness import Kolben, free_port, get, post_json, span, trace_request, wait_until

# The configuration of the scenario, but for the addresses to listen on.
SCENARIO = """
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:0
      http:
        endpoint: 127.0.0.1:0
processors:
  batch:
  memory_limiter:
    check_interval: 1s
    limit_mib: 2000
exporters:
  debug:
    verbosity: detailed
  otlp/elastic:
    endpoint: "${env:ELASTIC_APM_SERVER_ENDPOINT}"
    headers:
      Authorization: "Bearer ${env:ELASTIC_APM_SECRET_TOKEN}"
    EXTRA
service:
  telemetry:
    metrics: {address: "127.0.0.1:0"}
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug, otlp/elastic]
      processors: [batch, memory_limiter]
    metrics:
      receivers: [otlp]
      exporters: [debug, otlp/elastic]
      processors: [batch, memory_limiter]
    logs:
      receivers: [otlp]
      exporters: [debug, otlp/elastic]
      processors: [batch, memory_limiter]
"""

# A collector that stands for the backend: its own pipeline ends in a store that can be asked.
BACKEND = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0" TLS}}}
exporters:
  debug: {verbosity: basic}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
"""


def collector(directory, config, name="collector", env=None, wait=True):
    return Kolben(directory, command="collector", config=config, name=name, env=env, wait=wait)


def make_certificate(directory):
    """A key and a self-signed certificate for localhost."""
    key, certificate = directory / "key.pem", directory / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True,
                   timeout=60)
    return key, certificate


def test_the_scenarios_configuration_runs_and_prints_spans(tmp_path, programs):
    port = free_port()
    program = programs(collector(tmp_path, SCENARIO.replace("EXTRA", "tls: {insecure: true}"),
                                 env={"ELASTIC_APM_SERVER_ENDPOINT": f"127.0.0.1:{port}",
                                      "ELASTIC_APM_SECRET_TOKEN": "secret"}))
    request = trace_request([span("GET /", 7, 7, **{"http.host": "localhost:5000"})], "todo")
    assert post_json(program.otlp_http, "/v1/traces", request).status == 200
    wait_until(lambda: "Span #0" in program.stderr, "the debug exporter prints the span")
    assert "     -> http.host: Str(localhost:5000)" in program.stderr
    assert "     -> service.name: Str(todo)" in program.stderr
    assert program.stop() == 0


def test_the_token_reaches_a_backend_behind_tls(tmp_path, programs):
    """Through TLS into a collector of our own; the header itself is checked by an independent
    server, Python's grpc, in test_sdk.py."""
    key, certificate = make_certificate(tmp_path)
    backend = programs(collector(
        tmp_path, BACKEND.replace("TLS", f', tls: {{cert_file: "{certificate}", key_file: "{key}"}}'),
        name="backend"))
    program = programs(collector(
        tmp_path, SCENARIO.replace("EXTRA", f'tls: {{ca_file: "{certificate}"}}'),
        env={"ELASTIC_APM_SERVER_ENDPOINT": f"localhost:{backend.otlp_grpc}",
             "ELASTIC_APM_SECRET_TOKEN": "secret"}))
    request = trace_request([span("over tls", 8, 8)])
    assert post_json(program.otlp_http, "/v1/traces", request).status == 200
    wait_until(lambda: '"spans": 1' in backend.stderr, "the backend got the span")


def test_an_untrusted_certificate_is_refused(tmp_path, programs):
    key, certificate = make_certificate(tmp_path)
    backend = programs(collector(
        tmp_path, BACKEND.replace("TLS", f', tls: {{cert_file: "{certificate}", key_file: "{key}"}}'),
        name="backend"))
    program = programs(collector(
        tmp_path, SCENARIO.replace("EXTRA", "retry_on_failure: {enabled: false}"),
        env={"ELASTIC_APM_SERVER_ENDPOINT": f"localhost:{backend.otlp_grpc}",
             "ELASTIC_APM_SECRET_TOKEN": "secret"}))
    post_json(program.otlp_http, "/v1/traces", trace_request([span("x", 9, 9)]))
    metrics = program.port("telemetry")
    wait_until(lambda: 'otelcol_exporter_send_failed_spans{exporter="otlp/elastic"} 1'
               in get(metrics, "/metrics").text, "the failure is counted")
    assert '"spans"' not in backend.stderr


def test_common_keys_are_understood(tmp_path, programs):
    config = """
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:0", max_recv_msg_size_mib: 16}
      http: {endpoint: "127.0.0.1:0", max_request_body_size: 20971520}
exporters:
  otlp_grpc:
    endpoint: localhost:1
    compression: none
    timeout: 2s
    headers: {x-token: a}
    tls: {insecure: true, insecure_skip_verify: false}
    sending_queue: {enabled: true, queue_size: 10, num_consumers: 2, block_on_overflow: false,
                    wait_for_result: false}
    retry_on_failure: {enabled: true, initial_interval: 1s, max_interval: 2s, max_elapsed_time: 3s}
service:
  telemetry:
    logs: {level: warn}
    metrics: {level: normal, address: "127.0.0.1:0"}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
"""
    program = programs(collector(tmp_path, config))
    assert " info " not in program.stderr
    assert program.stop() == 0


MISTAKES = [
    ("receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: {verbosty: basic}}\n"
     "service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n",
     ["collector.yaml:2:", "verbosty", "verbosity"]),
    ("receivers: {otlpp: {protocols: {grpc: }}}\nexporters: {debug: }\n"
     "service: {pipelines: {traces: {receivers: [otlpp], exporters: [debug]}}}\n",
     ["collector.yaml:1:", "otlpp", "otlp"]),
    ("receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\n"
     "service:\n  pipelines:\n    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}\n",
     ["collector.yaml:5:", "batch", "not configured"]),
    ("receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\n"
     "service:\n  pipelines:\n    traces: {receivers: [otlp]}\n",
     ["collector.yaml:5:", "exporter"]),
    ("receivers: {otlp: {protocols: {grpc: {endpont: 'localhost:0'}}}}\nexporters: {debug: }\n"
     "service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n",
     ["collector.yaml:1:", "endpont", "endpoint"]),
    ("receivers:\n  otlp: [\n", ["collector.yaml:"]),
    ("recievers: {otlp: }\n", ["collector.yaml:1:1", "recievers", "receivers"]),
]


@pytest.mark.parametrize("config, words", MISTAKES, ids=[
    "wrong-key", "unknown-component", "not-configured", "no-exporter", "nested-key", "no-yaml",
    "top-level"])
def test_mistakes_are_refused_with_their_place(tmp_path, programs, config, words):
    program = programs(collector(tmp_path, config, wait=False))
    assert program.process.wait(20) == 1
    for word in words:
        assert word in program.stderr, program.stderr
