"""OTEL_PYTHON_LOG_CORRELATION=true: the program's own log lines say which trace they belong to, as with
Python's own agent: four more attributes of each record, and a format that has them.
"""
from kolben_agent.table import native

ATTRIBUTES = ("otelTraceID", "otelSpanID", "otelServiceName", "otelTraceSampled")
FORMAT = ("%(asctime)s %(levelname)s [%(name)s] [%(filename)s:%(lineno)d] "
          "[trace_id=%(otelTraceID)s span_id=%(otelSpanID)s "
          "resource.service.name=%(otelServiceName)s trace_sampled=%(otelTraceSampled)s] "
          "- %(message)s")


def begin(logging, environment):
    if environment.get("OTEL_PYTHON_LOG_CORRELATION", "").strip().lower() != "true":
        return
    service = environment.get("OTEL_SERVICE_NAME", "")
    make = logging.getLogRecordFactory()

    def factory(*args, **kwargs):
        record = make(*args, **kwargs)
        found = native.traceparent()
        text = found.decode() if found else None
        record.otelTraceID = text[3:35] if text else "0"
        record.otelSpanID = text[36:52] if text else "0"
        record.otelTraceSampled = bool(text and int(text[53:], 16) & 1)
        record.otelServiceName = service
        return record

    logging.setLogRecordFactory(factory)
    logging.basicConfig(format=environment.get("OTEL_PYTHON_LOG_FORMAT") or FORMAT,
                        level=_level(logging, environment.get("OTEL_PYTHON_LOG_LEVEL", "")))


def _level(logging, name):
    level = getattr(logging, name.strip().upper(), None)
    return level if isinstance(level, int) else logging.INFO
