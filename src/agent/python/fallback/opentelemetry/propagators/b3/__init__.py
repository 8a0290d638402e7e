"""Zipkin's headers, in one and in several."""
import re

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.propagators import textmap
from opentelemetry.trace import format_span_id, format_trace_id

_SINGLE = re.compile(r"([0-9a-fA-F]{1,32})-([0-9a-fA-F]{1,16})(?:-([^-]*)(?:-.*)?)?")
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")
_SPAN_ID = re.compile(r"[0-9a-fA-F]{1,16}")


def _first(getter, carrier, key):
    """Headers' names have no case; a mapping's may."""
    found = getter.get(carrier, key) or getter.get(carrier, key.lower())
    return found[0].strip() if found else ""


def _with_span(context, trace_id, span_id, sampled):
    # What says nothing of it leaves it to us, and we follow who asks.
    is_sampled = (sampled or "1").lower() in ("1", "d", "true")
    span_context = trace.SpanContext(int(trace_id, 16), int(span_id, 16), True,
                                     trace.TraceFlags(1 if is_sampled else 0))
    if not span_context.is_valid:
        return context
    return trace.set_span_in_context(trace.NonRecordingSpan(span_context), context)


class B3SingleFormat(textmap.TextMapPropagator):
    SINGLE_HEADER_KEY = "b3"

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        context = get_current() if context is None else context
        match = _SINGLE.fullmatch(_first(getter, carrier, self.SINGLE_HEADER_KEY))
        return context if match is None else _with_span(context, *match.groups())

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        span_context = trace.get_current_span(context).get_span_context()
        if not span_context.is_valid:
            return
        setter.set(carrier, self.SINGLE_HEADER_KEY, "{}-{}-{}".format(
            format_trace_id(span_context.trace_id), format_span_id(span_context.span_id),
            span_context.trace_flags & 1))

    @property
    def fields(self):
        return {self.SINGLE_HEADER_KEY}


class B3MultiFormat(textmap.TextMapPropagator):
    TRACE_ID_KEY = "X-B3-TraceId"
    SPAN_ID_KEY = "X-B3-SpanId"
    SAMPLED_KEY = "X-B3-Sampled"

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        context = get_current() if context is None else context
        trace_id = _first(getter, carrier, self.TRACE_ID_KEY)
        span_id = _first(getter, carrier, self.SPAN_ID_KEY)
        if not _TRACE_ID.fullmatch(trace_id) or not _SPAN_ID.fullmatch(span_id):
            return context
        return _with_span(context, trace_id, span_id, _first(getter, carrier, self.SAMPLED_KEY))

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        span_context = trace.get_current_span(context).get_span_context()
        if not span_context.is_valid:
            return
        setter.set(carrier, self.TRACE_ID_KEY, format_trace_id(span_context.trace_id))
        setter.set(carrier, self.SPAN_ID_KEY, format_span_id(span_context.span_id))
        setter.set(carrier, self.SAMPLED_KEY, str(span_context.trace_flags & 1))

    @property
    def fields(self):
        return {self.TRACE_ID_KEY, self.SPAN_ID_KEY, self.SAMPLED_KEY}
