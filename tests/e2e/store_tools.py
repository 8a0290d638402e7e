"""`kolben store …` as an operator types it, and telemetry that has every field OTLP has.

Requests are OTLP JSON. Of what is compared, items_of() makes a list of lines, one an item with its
resource and scope: two stores hold the same when their lines are the same.
"""
import json
import os
import pty
import subprocess

from harness import BIN, attribute, post_json, span, trace_request

START = 1_700_000_000_000_000_000
# Where the items of a signal stand in a request: its resources, scopes and items.
FIELDS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
# Left out where empty; an attribute's empty string is no such field.
SILENT = ("parentSpanId", "status", "attributes")
METRIC_KINDS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")


def store(*arguments, timeout=60, **options):
    """Runs `kolben store ARGUMENTS`; its output is text."""
    options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run([BIN / "kolben", "store", *arguments], timeout=timeout, **options)


def store_on_terminal(*arguments, timeout=60):
    """The same with stderr being a terminal: exit code, stdout, stderr."""
    leader, follower = pty.openpty()
    with subprocess.Popen([BIN / "kolben", "store", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:     # EIO: nobody has the other end any more
                break
            if not piece:
                break
            seen += piece
        out = process.stdout.read()
        code = process.wait(timeout)
    os.close(leader)
    return code, out.decode(), seen.decode()


def send(kolben, signal, request):
    answer = post_json(kolben.otlp_http, f"/v1/{signal}", request)
    assert answer.status == 200, answer.text
    return answer


def requests_of(path):
    """The requests of a file that `export --format json` wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def items_of(signal, requests):
    """A sorted line for each span, log record or point, with all that belongs to it."""
    resources, scopes, items = FIELDS[signal]
    lines = []
    for request in requests:
        for resource in request[resources]:
            around = {key: value for key, value in resource.items() if key != scopes}
            for scope in resource[scopes]:
                inner = {key: value for key, value in scope.items() if key != items}
                for item in scope[items]:
                    parts = points_of(item) if signal == "metrics" else [item]
                    lines += [json.dumps(canonical([around, inner, part]), sort_keys=True)
                              for part in parts]
    return sorted(lines)


def canonical(value):
    """One spelling where JSON and OTLP allow several: of numbers, and of fields that say nothing."""
    if isinstance(value, dict):
        return {key: str(inner) if key == "intValue" else canonical(inner)
                for key, inner in value.items() if key not in SILENT or inner}
    if isinstance(value, list):
        return [canonical(inner) for inner in value]
    return float(value) if type(value) is int else value


def points_of(metric):
    """The metric once for each of its points, with that point alone."""
    kind = next(kind for kind in METRIC_KINDS if kind in metric)
    return [{**metric, kind: {**metric[kind], "dataPoints": [point]}}
            for point in metric[kind]["dataPoints"]]


ALL_VALUES = [
    {"key": "string", "value": {"stringValue": "grüße \u0001 \"quoted\""}},
    {"key": "empty", "value": {"stringValue": ""}},
    {"key": "bool", "value": {"boolValue": False}},
    {"key": "int", "value": {"intValue": "-9223372036854775808"}},
    {"key": "double", "value": {"doubleValue": 0.1}},
    {"key": "bytes", "value": {"bytesValue": "AP/+"}},
    {"key": "array", "value": {"arrayValue": {"values": [
        {"intValue": "1"}, {"stringValue": "two"}, {"arrayValue": {"values": [{"boolValue": True}]}}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [
        {"key": "inner", "value": {"doubleValue": -2.5}}, {"key": "inner", "value": {"intValue": "3"}}]}}},
    {"key": "nothing", "value": {}},
    {"key": "int", "value": {"stringValue": "the same key again"}},
]


def full_resource(service):
    return {"attributes": [attribute("service.name", service), attribute("host.cpus", 2)],
            "droppedAttributesCount": 7}


FULL_SCOPE = {"name": "lib", "version": "1.2", "attributes": [attribute("scope.kind", "test")],
              "droppedAttributesCount": 1}


def full_traces():
    """Spans with all fields, in two services."""
    whole = {
        **span("GET /{id}", 0xF0051, 0xA1, parent=0xA0, start=START + 1, micros=1234, kind=3, error=True),
        "traceState": "vendor=1,other=x", "flags": 257, "attributes": ALL_VALUES,
        "droppedAttributesCount": 1, "droppedEventsCount": 2, "droppedLinksCount": 3,
        "status": {"message": "boom", "code": 2},
        "events": [{"timeUnixNano": str(START + 500), "name": "exception", "attributes": ALL_VALUES[:3],
                    "droppedAttributesCount": 4},
                   {"timeUnixNano": str(START + 100), "name": "out of order"}],
        "links": [{"traceId": f"{0x99:032x}", "spanId": f"{0x98:016x}", "traceState": "a=b",
                   "attributes": ALL_VALUES[4:6], "droppedAttributesCount": 5, "flags": 1}],
    }
    root = span("root", 0xF0051, 0xA0, start=START, micros=5000)
    other = span("job", 0xF0052, 0xB0, start=START + 10**9, micros=0, kind=5, **{"job.id": 17})
    requests = []
    for service, spans in (("shop", [whole, root]), ("batch", [other])):
        requests.append({"resourceSpans": [{
            "resource": full_resource(service), "schemaUrl": "https://example.org/resource",
            "scopeSpans": [{"scope": FULL_SCOPE, "schemaUrl": "https://example.org/scope",
                            "spans": spans}]}]})
    return requests


def full_logs():
    records = [
        {"timeUnixNano": str(START + 5), "observedTimeUnixNano": str(START + 9), "severityNumber": 17,
         "severityText": "ERROR", "body": {"stringValue": "order 17 failed after 12 ms"},
         "attributes": ALL_VALUES, "droppedAttributesCount": 2, "flags": 1,
         "traceId": f"{0xF0051:032x}", "spanId": f"{0xA1:016x}", "eventName": "order.failed"},
        {"timeUnixNano": str(START + 6), "severityNumber": 9, "body": {"kvlistValue": {"values": [
            {"key": "user", "value": {"stringValue": "anna"}}]}}},
        {"observedTimeUnixNano": str(START + 7), "body": {"stringValue": "order 18 failed after 9 ms"}},
    ]
    return [{"resourceLogs": [{
        "resource": full_resource("shop"), "schemaUrl": "https://example.org/resource",
        "scopeLogs": [{"scope": FULL_SCOPE, "schemaUrl": "https://example.org/scope",
                       "logRecords": records}]}]}]


def full_metrics():
    times = {"startTimeUnixNano": str(START), "timeUnixNano": str(START + 60 * 10**9)}
    exemplar = {"timeUnixNano": str(START + 30), "asDouble": 1.5, "traceId": f"{0xF0051:032x}",
                "spanId": f"{0xA1:016x}", "filteredAttributes": [attribute("user", "anna")]}
    route = [attribute("route", "/"), attribute("code", 200)]
    metrics = [
        {"name": "load", "description": "one minute", "unit": "1", "gauge": {"dataPoints": [
            {**times, "attributes": route, "asDouble": 0.25},
            {"timeUnixNano": str(START + 61 * 10**9), "attributes": route, "asDouble": 0.5, "flags": 1}]}},
        {"name": "requests", "unit": "{request}", "sum": {
            "dataPoints": [{**times, "attributes": route, "asInt": "42", "exemplars": [exemplar]}],
            "aggregationTemporality": 2, "isMonotonic": True}},
        {"name": "latency", "unit": "s", "histogram": {
            "dataPoints": [{**times, "attributes": route, "count": "6", "sum": 1.5,
                            "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.1, 1.0],
                            "exemplars": [exemplar], "min": 0.05, "max": 2.0}],
            "aggregationTemporality": 1}},
        {"name": "size", "unit": "By", "exponentialHistogram": {
            "dataPoints": [{**times, "attributes": route, "count": "5", "sum": 12.0, "scale": -1,
                            "zeroCount": "1", "positive": {"offset": -2, "bucketCounts": ["1", "2"]},
                            "negative": {"offset": 3, "bucketCounts": ["1"]}, "min": -1.0, "max": 8.0,
                            "zeroThreshold": 0.001}],
            "aggregationTemporality": 2}},
        {"name": "old", "summary": {"dataPoints": [
            {**times, "attributes": route, "count": "3", "sum": 9.0, "quantileValues": [
                {"quantile": 0.5, "value": 2.5}, {"quantile": 1.0, "value": 4.0}]}]}},
    ]
    return [{"resourceMetrics": [{
        "resource": full_resource("shop"), "schemaUrl": "https://example.org/resource",
        "scopeMetrics": [{"scope": FULL_SCOPE, "schemaUrl": "https://example.org/scope",
                          "metrics": metrics}]}]}]


FULL = {"traces": full_traces, "logs": full_logs, "metrics": full_metrics}


def many_spans(traces, first=1, spans=2, service="many"):
    """Requests of a hundred traces each."""
    for begin in range(first, first + traces, 100):
        yield trace_request([
            span(f"op-{index}", trace, trace * 100 + index + 1, start=START + trace * 1000 + index,
                 **{"trace.number": trace})
            for trace in range(begin, min(begin + 100, first + traces)) for index in range(spans)],
            service=service)
