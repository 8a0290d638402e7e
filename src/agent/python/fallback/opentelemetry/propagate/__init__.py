"""The propagator of the program: that of OTEL_PROPAGATORS, or what it sets."""
import os

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import get_current
from opentelemetry.propagators import composite, textmap
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_KNOWN = {"tracecontext": TraceContextTextMapPropagator, "baggage": W3CBaggagePropagator}


def _of_environment():
    names = os.environ.get("OTEL_PROPAGATORS") or "tracecontext,baggage"
    return composite.CompositePropagator(
        [_KNOWN[name.strip()]() for name in names.split(",") if name.strip() in _KNOWN])


_propagator = _of_environment()


def extract(carrier, context=None, getter=textmap.default_getter):
    found = get_global_textmap().extract(carrier, context, getter=getter)
    return get_current() if found is None else found


def inject(carrier, context=None, setter=textmap.default_setter):
    get_global_textmap().inject(carrier, context, setter=setter)


def get_global_textmap():
    return _propagator


def set_global_textmap(http_text_format):
    global _propagator
    _propagator = http_text_format
