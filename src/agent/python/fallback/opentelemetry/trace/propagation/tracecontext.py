"""The W3C headers `traceparent` and `tracestate`."""
import re

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.propagators import textmap
from opentelemetry.trace import format_span_id, format_trace_id
from opentelemetry.trace.span import TraceState

_TRACEPARENT = re.compile(
    r"\s*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\s*")


class TraceContextTextMapPropagator(textmap.TextMapPropagator):
    _TRACEPARENT_HEADER_NAME = "traceparent"
    _TRACESTATE_HEADER_NAME = "tracestate"

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        context = get_current() if context is None else context
        found = getter.get(carrier, self._TRACEPARENT_HEADER_NAME)
        match = _TRACEPARENT.fullmatch(found[0]) if found else None
        if match is None:
            return context
        version, trace_id, span_id, flags, rest = match.groups()
        if version == "ff" or (version == "00" and rest):
            return context
        entries = getter.get(carrier, self._TRACESTATE_HEADER_NAME)
        span_context = trace.SpanContext(
            int(trace_id, 16), int(span_id, 16), True, trace.TraceFlags(int(flags, 16)),
            TraceState.from_header(entries) if entries else TraceState())
        if not span_context.is_valid:
            return context
        return trace.set_span_in_context(trace.NonRecordingSpan(span_context), context)

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        span_context = trace.get_current_span(context).get_span_context()
        if not span_context.is_valid:
            return
        setter.set(carrier, self._TRACEPARENT_HEADER_NAME, "00-{}-{}-{:02x}".format(
            format_trace_id(span_context.trace_id), format_span_id(span_context.span_id),
            span_context.trace_flags))
        if span_context.trace_state:
            setter.set(carrier, self._TRACESTATE_HEADER_NAME, span_context.trace_state.to_header())

    @property
    def fields(self):
        return {self._TRACEPARENT_HEADER_NAME, self._TRACESTATE_HEADER_NAME}
