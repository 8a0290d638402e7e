#!/usr/bin/env python3
"""Writes the golden OTLP requests of this folder with Google's own protobuf library:
NAME.bin, the bytes, and NAME.json, the same by the library's JSON mapping with what OTLP changes
in it (ids in hex, enums as integers).

Needs: pip install opentelemetry-proto. Run it in this folder; the files are committed.
"""

import base64
import json
import pathlib

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2

TRACE_ID = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
SPAN_ID = bytes.fromhex("00f067aa0ba902b7")
PARENT_ID = bytes.fromhex("b7ad6b7169203331")
TIME = 1_700_000_000_123_456_789
HEX_KEYS = {"traceId", "spanId", "parentSpanId"}


def attribute(key, **value):
    return common_pb2.KeyValue(key=key, value=common_pb2.AnyValue(**value))


def all_values():
    """An attribute of every type, nested ones included."""
    inner = common_pb2.AnyValue(
        kvlist_value=common_pb2.KeyValueList(
            values=[
                attribute("deep", array_value=common_pb2.ArrayValue(
                    values=[
                        common_pb2.AnyValue(string_value="größe ✓"),
                        common_pb2.AnyValue(),
                        common_pb2.AnyValue(int_value=-1),
                    ])),
            ]))
    return [
        attribute("string", string_value="text \"quoted\"\n\\"),
        attribute("empty string", string_value=""),
        attribute("true", bool_value=True),
        attribute("false", bool_value=False),
        attribute("int max", int_value=2**63 - 1),
        attribute("int min", int_value=-(2**63)),
        attribute("zero", int_value=0),
        attribute("double", double_value=0.1),
        attribute("minus zero", double_value=-0.0),
        attribute("infinity", double_value=float("inf")),
        attribute("bytes", bytes_value=b"\x00\xfe\xff"),
        attribute("array", array_value=common_pb2.ArrayValue(values=[inner])),
        attribute("empty array", array_value=common_pb2.ArrayValue()),
        attribute("empty map", kvlist_value=common_pb2.KeyValueList()),
        common_pb2.KeyValue(key="nothing", value=common_pb2.AnyValue()),
    ]


def fill_resource(resource):
    resource.attributes.extend([attribute("service.name", string_value="todo")])
    resource.dropped_attributes_count = 3
    entity = resource.entity_refs.add(schema_url="https://opentelemetry.io/schemas/1.30.0",
                                      type="service")
    entity.id_keys.append("service.name")
    entity.description_keys.extend(["service.version", ""])


def fill_scope(scope):
    scope.name = "todo-flask"
    scope.version = "1.2.3"
    scope.attributes.extend([attribute("scope.key", int_value=7)])
    scope.dropped_attributes_count = 300


def traces():
    request = trace_service_pb2.ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add(schema_url="https://resource/schema")
    fill_resource(resource_spans.resource)
    scope_spans = resource_spans.scope_spans.add(schema_url="https://scope/schema")
    fill_scope(scope_spans.scope)
    span = scope_spans.spans.add(
        trace_id=TRACE_ID, span_id=SPAN_ID, trace_state="a=b,c=d", parent_span_id=PARENT_ID,
        name="GET /todos/{id}", kind=2, start_time_unix_nano=TIME,
        end_time_unix_nano=TIME + 1_500_000, attributes=all_values(),
        dropped_attributes_count=1, dropped_events_count=2, dropped_links_count=2**32 - 1,
        flags=0x301)
    span.status.code = 2
    span.status.message = "boom"
    span.events.add(time_unix_nano=TIME + 5, name="exception", dropped_attributes_count=9,
                    attributes=[attribute("exception.type", string_value="ValueError")])
    span.events.add(name="empty")
    span.links.add(trace_id=TRACE_ID, span_id=PARENT_ID, trace_state="x=y", flags=1,
                   attributes=all_values()[:2], dropped_attributes_count=4)
    span.links.add()
    scope_spans.spans.add(trace_id=TRACE_ID, span_id=PARENT_ID, name="root")
    scope_spans.spans.add()
    request.resource_spans.add()
    return request


def metrics():
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add(schema_url="https://resource/schema")
    fill_resource(resource_metrics.resource)
    scope_metrics = resource_metrics.scope_metrics.add(schema_url="https://scope/schema")
    fill_scope(scope_metrics.scope)
    labels = [attribute("route", string_value="/todos")]
    common = {"attributes": labels, "start_time_unix_nano": TIME, "time_unix_nano": TIME + 10,
              "flags": 1}

    def exemplars(point):
        point.exemplars.add(time_unix_nano=TIME, as_double=1.5, span_id=SPAN_ID,
                            trace_id=TRACE_ID, filtered_attributes=labels)
        point.exemplars.add(as_int=-3)
        point.exemplars.add(as_double=0.0)

    gauge = scope_metrics.metrics.add(name="gauge", description="a gauge", unit="By",
                                      metadata=[attribute("from", string_value="here")])
    exemplars(gauge.gauge.data_points.add(as_double=0.0, **common))
    gauge.gauge.data_points.add(as_int=-(2**63))
    gauge.gauge.data_points.add(flags=1)

    total = scope_metrics.metrics.add(name="sum").sum
    total.aggregation_temporality = 2
    total.is_monotonic = True
    exemplars(total.data_points.add(as_int=0, **common))
    scope_metrics.metrics.add(name="empty sum").sum.SetInParent()

    histogram = scope_metrics.metrics.add(name="histogram").histogram
    histogram.aggregation_temporality = 1
    exemplars(histogram.data_points.add(
        count=2**64 - 1, sum=-0.5, bucket_counts=[0, 1, 2**64 - 1], explicit_bounds=[0.0, 1.5],
        min=0.0, max=12.25, **common))
    histogram.data_points.add(count=1)

    exponential = scope_metrics.metrics.add(name="exponential").exponential_histogram
    exponential.aggregation_temporality = 2
    point = exponential.data_points.add(
        count=10, sum=0.0, scale=-3, zero_count=4, min=-1.0, max=0.0, zero_threshold=1e-9,
        **common)
    exemplars(point)
    point.positive.offset = -7
    point.positive.bucket_counts.extend([0, 300, 2**63])
    point.negative.SetInParent()
    exponential.data_points.add(scale=20)

    summary = scope_metrics.metrics.add(name="summary").summary
    point = summary.data_points.add(count=5, sum=12.5, **common)
    point.quantile_values.add(quantile=0.0, value=-1.0)
    point.quantile_values.add(quantile=0.99, value=float("inf"))
    scope_metrics.metrics.add(name="nothing")
    return request


def logs():
    request = logs_service_pb2.ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add(schema_url="https://resource/schema")
    fill_resource(resource_logs.resource)
    scope_logs = resource_logs.scope_logs.add(schema_url="https://scope/schema")
    fill_scope(scope_logs.scope)
    scope_logs.log_records.add(
        time_unix_nano=TIME, observed_time_unix_nano=TIME + 1, severity_number=17,
        severity_text="ERROR", body=common_pb2.AnyValue(string_value="it broke"),
        attributes=all_values(), dropped_attributes_count=2, flags=1, trace_id=TRACE_ID,
        span_id=SPAN_ID, event_name="app.broke")
    scope_logs.log_records.add(body=all_values()[-4].value)
    scope_logs.log_records.add()
    return request


def to_otlp_json(node, key=None):
    """Ids: base64 to hex."""
    if isinstance(node, dict):
        return {k: to_otlp_json(v, k) for k, v in node.items()}
    if isinstance(node, list):
        return [to_otlp_json(item, key) for item in node]
    if key in HEX_KEYS:
        return base64.b64decode(node).hex()
    return node


def main():
    for name, request in (("traces", traces()), ("metrics", metrics()), ("logs", logs())):
        pathlib.Path(name + ".bin").write_bytes(request.SerializeToString(deterministic=True))
        tree = json_format.MessageToDict(request, use_integers_for_enums=True)
        text = json.dumps(to_otlp_json(tree), ensure_ascii=False, indent=1)
        pathlib.Path(name + ".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
