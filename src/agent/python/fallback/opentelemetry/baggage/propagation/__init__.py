"""The W3C header `baggage`."""
from urllib.parse import quote, unquote

from opentelemetry import baggage
from opentelemetry.context import get_current
from opentelemetry.propagators import textmap


class W3CBaggagePropagator(textmap.TextMapPropagator):
    _MAX_HEADER_LENGTH = 8192
    _MAX_PAIR_LENGTH = 4096
    _MAX_PAIRS = 180
    _BAGGAGE_HEADER_NAME = "baggage"

    def extract(self, carrier, context=None, getter=textmap.default_getter):
        context = get_current() if context is None else context
        found = getter.get(carrier, self._BAGGAGE_HEADER_NAME)
        header = found[0] if found else ""
        if not header or len(header) > self._MAX_HEADER_LENGTH:
            return context
        for entry in header.split(",")[:self._MAX_PAIRS]:
            name, equals, value = entry.partition(";")[0].partition("=")
            if equals and name.strip() and len(entry) <= self._MAX_PAIR_LENGTH:
                context = baggage.set_baggage(unquote(name.strip()), unquote(value.strip()), context)
        return context

    def inject(self, carrier, context=None, setter=textmap.default_setter):
        pairs = [quote(str(name)) + "=" + quote(str(value), safe="")
                 for name, value in list(baggage.get_all(context).items())[:self._MAX_PAIRS]]
        if pairs:
            setter.set(carrier, self._BAGGAGE_HEADER_NAME, ",".join(pairs))

    @property
    def fields(self):
        return {self._BAGGAGE_HEADER_NAME}
