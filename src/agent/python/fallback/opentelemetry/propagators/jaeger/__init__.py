"""Jaeger's header `uber-trace-id`."""
import re

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.propagators import textmap
from opentelemetry.trace import format_span_id, format_trace_id

_FORM = re.compile(
    r"\s*([0-9a-fA-F]{1,32}):([0-9a-fA-F]{1,16})(?::[^:]*(?::([0-9a-fA-F]{1,2}))?)?\s*")


class JaegerPropagator(textmap.TextMapPropagator):
    TRACE_ID_KEY = "uber-trace-id"

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        context = get_current() if context is None else context
        found = getter.get(carrier, self.TRACE_ID_KEY)
        header = re.sub("%3[aA]", ":", found[0]) if found else ""
        match = _FORM.fullmatch(header)
        if match is None:
            return context
        trace_id, span_id, flags = match.groups()
        span_context = trace.SpanContext(int(trace_id, 16), int(span_id, 16), True,
                                         trace.TraceFlags(int(flags or "0", 16) & 1))
        if not span_context.is_valid:
            return context
        return trace.set_span_in_context(trace.NonRecordingSpan(span_context), context)

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        span_context = trace.get_current_span(context).get_span_context()
        if not span_context.is_valid:
            return
        setter.set(carrier, self.TRACE_ID_KEY, "{}:{}:0:{}".format(
            format_trace_id(span_context.trace_id), format_span_id(span_context.span_id),
            span_context.trace_flags & 1))

    @property
    def fields(self):
        return {self.TRACE_ID_KEY}
