"""Which span a context has."""
from opentelemetry.context import create_key, get_value, set_value
from opentelemetry.trace.span import INVALID_SPAN, Span

SPAN_KEY = "current-span"
_SPAN_KEY = create_key("current-span")


def set_span_in_context(span, context=None):
    return set_value(_SPAN_KEY, span, context=context)


def get_current_span(context=None):
    span = get_value(_SPAN_KEY, context=context)
    return span if isinstance(span, Span) else INVALID_SPAN
