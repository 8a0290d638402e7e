"""Sends one of everything through the real Python SDK; run by test_sdk.py in its own venv.

    sdk_sender.py grpc|http ENDPOINT
"""
import logging
import sys
import time

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

protocol, endpoint = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    options = [{"endpoint": endpoint, "insecure": True}] * 3
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    options = [{"endpoint": f"{endpoint}/v1/{signal}"} for signal in ("traces", "metrics", "logs")]

resource = Resource.create({"service.name": f"sdk-{protocol}", "deployment": "test", "shards": [1, 2]})
tracer_provider = TracerProvider(resource=resource)
tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**options[0])))
meter_provider = MeterProvider(resource=resource, metric_readers=[
    PeriodicExportingMetricReader(OTLPMetricExporter(**options[1]))])
logger_provider = LoggerProvider(resource=resource)
logger_provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**options[2])))
logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
logger.addHandler(LoggingHandler(logger_provider=logger_provider))

tracer = tracer_provider.get_tracer("shop.tracer", "2.1")
meter = meter_provider.get_meter("shop.meter")
with tracer.start_as_current_span("checkout", kind=trace.SpanKind.SERVER, attributes={
        "text": "köln", "count": 7, "ratio": 0.5, "ok": True, "list": ["a", "b"]}) as span:
    span.add_event("paid", {"amount": 12})
    with tracer.start_as_current_span("charge", kind=trace.SpanKind.CLIENT,
                                      links=[trace.Link(span.get_span_context(), {"why": "test"})]):
        logger.warning("card of %s declined", "ann")
    span.set_status(trace.StatusCode.ERROR, "declined")
    print(format(span.get_span_context().trace_id, "032x"))
counter = meter.create_counter("orders", unit="1", description="Orders")
counter.add(3, {"kind": "book"})
meter.create_histogram("price", unit="EUR").record(12.5, {"kind": "book"})
meter.create_up_down_counter("open").add(-2)
meter.create_gauge("load").set(0.75)
tracer_provider.shutdown()
meter_provider.shutdown()
logger_provider.shutdown()
