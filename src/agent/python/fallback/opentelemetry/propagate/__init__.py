"""The propagator of the program: that of OTEL_PROPAGATORS, or what it sets."""
import os

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import get_current
from opentelemetry.propagators import b3, composite, jaeger, textmap
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# The one whose context counts where several are found comes last, as the agent takes them.
_KNOWN = {"baggage": W3CBaggagePropagator, "jaeger": jaeger.JaegerPropagator,
          "b3multi": b3.B3MultiFormat, "b3": b3.B3SingleFormat,
          "tracecontext": TraceContextTextMapPropagator}
_DEFAULT = {"tracecontext", "baggage"}


def _of_environment():
    names = {name.strip().lower() for name in os.environ.get("OTEL_PROPAGATORS", "").split(",")}
    names &= {*_KNOWN, "none"}
    return composite.CompositePropagator(
        [known() for name, known in _KNOWN.items() if name in (names or _DEFAULT)])


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
