"""Writes the golden files of this folder with the real SDK: pip install opentelemetry-sdk==1.27.0. With a
newer one (1.44.0) it writes those that end in _newest.

src/agent/process/console_format_test.cc builds the same data and wants the same bytes.
"""

import pathlib

try:
    from opentelemetry.sdk._logs import LogRecord
    END = ".txt"
except ImportError:
    from opentelemetry._logs import LogRecord as ApiLogRecord
    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk.metrics._internal.exemplar import Exemplar
    END = "_newest.txt"

    def LogRecord(resource, **fields):
        return ReadableLogRecord(ApiLogRecord(**fields), resource)
from opentelemetry._logs.severity import SeverityNumber
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, MetricsData,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
)
from opentelemetry.sdk.metrics._internal.point import (
    Buckets, ExponentialHistogram, ExponentialHistogramDataPoint,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

HERE = pathlib.Path(__file__).parent
TIME = 1_730_121_633_123_456_789
RESOURCE = Resource({"telemetry.sdk.language": "cpp", "service.name": "todo"}, "")


def context(trace, span, state=None):
    return SpanContext(trace, span, False, TraceFlags(1), state)


def spans():
    plain = ReadableSpan(
        name="GET /", context=context(0xAB << 120, 0xCD), kind=SpanKind.SERVER, resource=RESOURCE,
        attributes={"http.method": "GET", "net.host.port": 5000, "ok": True, "half": 0.5},
        start_time=TIME, end_time=TIME + 5_250_000, status=Status(StatusCode.UNSET),
    )
    full = ReadableSpan(
        name='quote " back \\ tab \t caf\u00e9 \U0001f600 \x7f',
        context=context(1, 2, TraceState([("key", "k"), ("z", "1")])),
        parent=context(1, 3), kind=SpanKind.CLIENT, resource=RESOURCE, attributes={},
        events=[Event("exception", {"exception.type": "ValueError"}, TIME + 1)],
        links=[Link(context(5, 6), {"why": "ambiguous"})],
        start_time=TIME, end_time=1_700_000_000_999_999_999, status=Status(StatusCode.ERROR, "boom"),
    )
    return "".join(span.to_json() + "\n" for span in (plain, full))


def logs():
    def record(severity, text, attributes, trace, body):
        return LogRecord(
            timestamp=TIME, observed_timestamp=TIME + 1_000, trace_id=trace, span_id=trace,
            trace_flags=TraceFlags(1 if trace else 0), severity_text=text,
            severity_number=severity, body=body, attributes=attributes, resource=RESOURCE,
        )
    records = [
        record(SeverityNumber.WARN, "WARN", {"log.iostream": "stderr"}, 0xAB, "careful"),
        record(SeverityNumber.UNSPECIFIED, "", None, 0, " * Debug mode: off"),
        record(SeverityNumber.INFO2, "INFO2", None, 0, ""),
    ]
    return "".join(record.to_json() + "\n" for record in records)


def exemplars(*arguments):
    """As arguments of a point's class, whose 1.27 has no place for them."""
    return {} if END == ".txt" else {"exemplars": [Exemplar(*arguments)]}


def metrics():
    point = NumberDataPoint({"endpoint": "home"}, TIME, TIME + 1, 3,
                            **exemplars({}, 2, TIME, 0xCD << 56, 0xAB << 120))
    degrees = NumberDataPoint({}, TIME, TIME + 1, 1e-05, **exemplars(None, 1e-05, TIME, None, None))
    histogram = HistogramDataPoint({}, TIME, TIME + 1, 2, 7.5, [1, 0, 1], [0.005, 5.0], 0.001, 7.499)
    data = [
        Metric("requests", "", "", Sum([point], AggregationTemporality.CUMULATIVE, True)),
        Metric("temperature", "how hot", "Cel", Gauge([degrees])),
        Metric("duration", "d", "ms", Histogram([histogram], AggregationTemporality.DELTA)),
    ]
    return printed(data)


def more_metrics():
    """What the others leave: lists, truth values, sums that fall, deltas, exponential histograms."""
    attributes = {"list": ["a", "b"], "ok": True, "ratio": 0.25, "count": 7}
    falling = NumberDataPoint(attributes, TIME, TIME + 1, -2.5)
    exponential = ExponentialHistogramDataPoint(
        {}, TIME, TIME + 1, 4, 7.5, 3, 1, Buckets(-2, [1, 0, 1]), Buckets(0, [1]), 0, -1.5, 7.499)
    return printed([
        Metric("queue", "", "{item}", Sum([falling], AggregationTemporality.DELTA, False)),
        Metric("duration", "d", "s", ExponentialHistogram([exponential], AggregationTemporality.CUMULATIVE)),
    ])


def printed(data):
    scope = ScopeMetrics(InstrumentationScope("scope", "0.1.0", ""), data, "")
    return MetricsData([ResourceMetrics(RESOURCE, [scope], "")]).to_json() + "\n"


(HERE / ("console_spans" + END)).write_text(spans())
(HERE / ("console_logs" + END)).write_text(logs())
(HERE / ("console_metrics" + END)).write_text(metrics())
(HERE / ("console_metrics_more" + END)).write_text(more_metrics())
