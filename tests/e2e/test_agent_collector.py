"""A collector under the agent, which receives the agent's exports itself and sends them on over gRPC and HTTP: its own
calls, and what it prints of them, must not come back to it as more of the same."""
import pytest

from harness import BIN, HttpServer, Program, free_port, post_json, span, trace_request, wait_until

AGENT = BIN / "opentelemetry-instrument"
CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{next_grpc}", tls: {{insecure: true}}}}
  otlp_http: {{endpoint: "{next_http}"}}
  debug: {{verbosity: detailed}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [otlp_grpc, otlp_http, debug]}}
    logs: {{receivers: [otlp], exporters: [otlp_grpc, otlp_http, debug]}}
"""
ROUNDS_MAX = 20
ROUNDS_ALIKE = 3


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_what_it_does_with_exports_is_not_told(tmp_path, programs, kolben, protocol):
    grpc, http = free_port(), free_port()
    with HttpServer(lambda *_: (200, b"")) as upstream:
        (tmp_path / "watched.yaml").write_text(CONFIG.format(grpc=grpc, http=http, next_grpc=kolben.otlp_grpc,
                                                             next_http=upstream.url))
        watched = programs(Program(
            [AGENT, "--service_name", "watched", "--metrics_exporter", "none", BIN / "kolben", "collector", "--config",
             tmp_path / "watched.yaml"], tmp_path, "watched", start_new_session=True,
            env={"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_BLRP_SCHEDULE_DELAY": "20",
                 "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{grpc if protocol == 'grpc' else http}"}))
        wait_until(lambda: "kolben: ready" in watched.stderr, "the collector runs")

        def printed():
            """How many spans of servers, and of clients, and log records it has received."""
            text = watched.stderr
            return (text.count("\n    Kind           : Server\n"),
                    (text.count("\n    Kind           : Client\n"), text.count("LogRecord #")))
        # Something may be told before it is known to be a collector; from then on each round is like the last.
        others = []
        while len(others) < ROUNDS_ALIKE or len(set(others[-ROUNDS_ALIKE:])) != 1:
            assert len(others) < ROUNDS_MAX, f"there is always more: {others}"
            number = len(others) + 1
            # Ours is a server's span, and so is what the agent sees of its coming.
            assert post_json(http, "/v1/traces", trace_request([span("x", number, number)])).status == 200
            others.append(wait_until(lambda: (counts := printed())[0] >= 2 * number and counts,
                                     "the agent has told of our request", 20)[1])
