"""Several propagators as one."""
from opentelemetry.propagators import textmap


class CompositePropagator(textmap.TextMapPropagator):
    def __init__(self, propagators):
        self._propagators = propagators

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        for propagator in self._propagators:
            context = propagator.extract(carrier, context, getter=getter)
        return context

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        for propagator in self._propagators:
            propagator.inject(carrier, context, setter=setter)

    @property
    def fields(self):
        return {field for propagator in self._propagators for field in propagator.fields}


CompositeHTTPPropagator = CompositePropagator
