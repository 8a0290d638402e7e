"""The scenario's ways out work at once: our page, Prometheus, Zipkin."""
import json

from harness import ANY_PORTS, Kolben, Program, free_port, get, request, span, wait_until


def test_prometheus_scrapes_8889_and_8888_and_shows_the_apps_counters(kolben, tmp_path, programs):
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: otel-collector
  honor_labels: true
  static_configs:
  - targets: ["127.0.0.1:{kolben.port('prometheus')}", "127.0.0.1:{kolben.port('telemetry')}"]
""")
    (tmp_path / "tsdb").mkdir()
    programs(Program(["/usr/bin/prometheus", f"--config.file={tmp_path}/prometheus.yml",
                      f"--storage.tsdb.path={tmp_path}/tsdb",
                      f"--web.listen-address=127.0.0.1:{port}"], tmp_path, "prometheus"))

    def metric(name, kind, point):
        return {"name": name, **{kind: {"aggregationTemporality": 2, "dataPoints": [
            {"startTimeUnixNano": "1", "timeUnixNano": "2", **point}],
            **({"isMonotonic": True} if kind == "sum" else {})}}}
    body = {"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "todo"}}]},
        "scopeMetrics": [{"metrics": [
            metric("flask_app_requests_total", "sum", {"asInt": "5", "attributes": [
                {"key": "endpoint", "value": {"stringValue": "home"}}]}),
            {**metric("http.server.duration", "histogram",
                      {"count": "4", "sum": 20, "explicitBounds": [5, 10],
                       "bucketCounts": ["1", "2", "1"]}), "unit": "ms"}]}]}]}
    assert request(kolben.otlp_http, "POST", "/v1/metrics", json.dumps(body),
                   {"Content-Type": "application/json"}).status == 200

    def query(expression):
        try:
            answer = get(port, "/api/v1/query", query=expression)
        except OSError:
            return None
        rows = answer.json()["data"]["result"] if answer.status == 200 else []
        return float(rows[0]["value"][1]) if rows else None
    assert wait_until(lambda: query('flask_app_requests_total{job="todo",endpoint="home"}'),
                      "Prometheus shows the counter", 30) == 5
    assert query('histogram_quantile(0.5, http_server_duration_milliseconds_bucket{job="todo"})') > 0
    assert wait_until(lambda: query("sum(otelcol_receiver_accepted_metric_points)"),
                      "and the program's own metrics", 30) == 2
    assert query("sum(up)") == 2


def test_zipkin_in_and_out(tmp_path, programs):
    """A pipeline that exports Zipkin into another Kolben's own 9411."""
    target = programs(Kolben(tmp_path, name="target", data="target-data"))
    config = ANY_PORTS.replace("exporters:", f"""exporters:
  zipkin: {{endpoint: "http://127.0.0.1:{target.port('zipkin')}/api/v2/spans"}}""").replace(
        "service:", "service:\n  pipelines: {traces: {exporters: [store, zipkin]}}")
    source = programs(Kolben(tmp_path, config=config))
    source.send_spans(span("GET /pay", 0x21b, 1, error=True, **{"http.host": "localhost:5000"}),
                      span("db", 0x21b, 2, parent=1, kind=3), service="shop")
    [trace] = wait_until(lambda: target.search(service="shop"), "the trace came through Zipkin")
    assert trace["spans"] == 2 and trace["errors"] == 1
    columns = get(target.ui, f"/api/kolben/trace/{0x21b:032x}").json()
    assert columns["parent"] == [-1, 0]
    assert columns["kind"] == [2, 3]
    detail = get(target.ui, f"/api/kolben/trace/{0x21b:032x}/span/{1:016x}").json()
    assert {"key": "http.host", "type": "string", "value": "localhost:5000"} in detail["attributes"]


def test_zipkins_own_format_is_taken(kolben):
    spans = [{"traceId": "00000000000021bb", "id": "0000000000000001", "kind": "CLIENT",
              "name": "get", "timestamp": 1_700_000_000_000_000, "duration": 1500,
              "localEndpoint": {"serviceName": "front"}, "tags": {"http.path": "/"}}]
    answer = request(kolben.port("zipkin"), "POST", "/api/v2/spans", json.dumps(spans),
                     {"Content-Type": "application/json"})
    assert answer.status == 202
    columns = get(kolben.ui, f"/api/kolben/trace/{0x21bb:032x}").json()
    assert columns["services"] == ["front"]
    assert columns["durationsMicros"] == [1500]


def test_jaegers_apis_answer(kolben):
    kolben.send_spans(span("GET /", 0xae6e4, 1, **{"http.host": "localhost:5000", "n": 7}),
                      span("query", 0xae6e4, 2, parent=1, kind=3), service="todo")
    assert get(kolben.ui, "/api/services").json()["data"] == ["todo"]
    assert get(kolben.ui, "/api/services/todo/operations").json()["data"] == ["GET /", "query"]
    found = get(kolben.ui, "/api/traces", service="todo", tags='{"http.host":"localhost:5000"}').json()
    assert [len(trace["spans"]) for trace in found["data"]] == [2]
    assert get(kolben.ui, "/api/traces", service="todo", tags='{"n":"8"}').json()["data"] == []
    assert get(kolben.ui, f"/api/traces/{0xdead:032x}").status == 404
    assert get(kolben.ui, "/api/v3/services").json() == {"services": ["todo"]}
    trace = get(kolben.ui, f"/api/v3/traces/{0xae6e4:032x}").json()
    assert len(trace["result"]["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 2
    assert get(kolben.ui, f"/api/v3/traces/{0xdead:032x}").status == 404
    assert get(kolben.ui, "/api/nothing").status == 404
