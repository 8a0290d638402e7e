"""What the SDK for Python 1.27 prints for the objects on standard input, which a console exporter has
printed: both texts are to be the same, byte for byte."""
import json
import re
import sys
from datetime import datetime, timezone

from opentelemetry._logs.severity import SeverityNumber
from opentelemetry.sdk._logs import LogRecord
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, MetricsData,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def nanos(text):
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    since = moment - EPOCH
    return ((since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def context(printed):
    state = TraceState(re.findall(r"\{key=([^,]*), value=([^}]*)\}", printed["trace_state"]))
    return SpanContext(int(printed["trace_id"], 16), int(printed["span_id"], 16), False,
                       TraceFlags(1), state)


def resource(printed):
    return Resource(printed["attributes"], printed["schema_url"])


def span(printed):
    own = context(printed["context"])
    parent = None
    if printed["parent_id"] is not None:
        parent = SpanContext(own.trace_id, int(printed["parent_id"], 16), True)
    return ReadableSpan(
        name=printed["name"], context=own, parent=parent, resource=resource(printed["resource"]),
        kind=SpanKind[printed["kind"].split(".")[1]], attributes=printed["attributes"],
        start_time=nanos(printed["start_time"]), end_time=nanos(printed["end_time"]),
        status=Status(StatusCode[printed["status"]["status_code"]],
                      printed["status"].get("description")),
        events=[Event(event["name"], event["attributes"], nanos(event["timestamp"]))
                for event in printed["events"]],
        links=[Link(context(link["context"]), link["attributes"]) for link in printed["links"]],
    ).to_json()


def log(printed):
    number = int(re.search(r": (\d+)>", printed["severity_number"])[1])
    return LogRecord(
        timestamp=nanos(printed["timestamp"]), observed_timestamp=nanos(printed["observed_timestamp"]),
        trace_id=int(printed["trace_id"], 16), span_id=int(printed["span_id"], 16),
        trace_flags=TraceFlags(printed["trace_flags"]), severity_text=printed["severity_text"],
        severity_number=SeverityNumber(number), body=printed["body"],
        attributes=printed["attributes"], resource=resource(printed["resource"])).to_json()


def data(printed):
    points = printed["data_points"]
    if "explicit_bounds" in points[0]:
        return Histogram([HistogramDataPoint(**point) for point in points],
                         AggregationTemporality(printed["aggregation_temporality"]))
    numbers = [NumberDataPoint(**point) for point in points]
    if "is_monotonic" not in printed:
        return Gauge(numbers)
    return Sum(numbers, AggregationTemporality(printed["aggregation_temporality"]),
               printed["is_monotonic"])


def metrics(printed):
    return MetricsData([
        ResourceMetrics(resource(owner["resource"]), [
            ScopeMetrics(InstrumentationScope(scope["scope"]["name"], scope["scope"]["version"],
                                              scope["scope"]["schema_url"]),
                         [Metric(metric["name"], metric["description"], metric["unit"],
                                 data(metric["data"])) for metric in scope["metrics"]],
                         scope["schema_url"])
            for scope in owner["scope_metrics"]], owner["schema_url"])
        for owner in printed["resource_metrics"]]).to_json()


for printed in json.load(sys.stdin):
    make = metrics if "resource_metrics" in printed else log if "severity_number" in printed else span
    print(make(printed))
