"""opentelemetry.metrics: measurements of the program, told to the agent, which adds them up.

As with api_trace: the API stays, and once the program sets a provider of its own, all instruments measure
for that.
"""
from kolben_agent import observers
from kolben_agent.packing import attributes as pack
from kolben_agent.patching import concrete
from kolben_agent.table import native

COUNTER, UP_DOWN_COUNTER, HISTOGRAM, GAUGE = 1, 2, 3, 4
# Of meters, and of the instruments of one: what the agent tells apart. Beyond, each call makes a new one,
# which a provider that the program sets later does not get.
KEPT_MAX = 1024


def patch(api):
    api._METER_PROVIDER  # an API that keeps its provider elsewhere is left alone
    meters = {}  # by their arguments

    def instrument(kind, name, unit, description):
        texts = [str(text or "").encode("utf-8", "replace") for text in (name, unit, description)]
        return native.instrument(kind, *texts)

    class Measuring:
        """What Counter, UpDownCounter, Histogram and Gauge share."""

        def __init__(self, kind, name, unit, description):
            self.name, self.unit, self.description = name, unit, description
            self._handle = instrument(kind, name, unit, description)
            self._real = None

        def _measure(self, amount, attributes):
            if isinstance(amount, (int, float)):
                native.record_packed(self._handle, amount, pack(attributes))

    def measuring_class(base, verb):
        def measure(self, amount, attributes=None, *more, **named):
            if self._real is not None:
                return getattr(self._real, verb)(amount, attributes, *more, **named)
            return self._measure(amount, attributes)

        return concrete(
            type(base.__name__, (Measuring, base), {verb: measure, "__module__": __name__}))

    Counter = measuring_class(api.Counter, "add")
    UpDownCounter = measuring_class(api.UpDownCounter, "add")
    Histogram = measuring_class(api.Histogram, "record")

    def observed_class(base):
        def __init__(self, kind, name, callbacks, unit, description):
            self.name, self.unit, self.description = name, unit, description
            self._real = None
            observers.add(observers.Observed(
                instrument(kind, name, unit, description), kind != GAUGE,
                kind == COUNTER, callbacks,
                lambda: self._real is not None))

        return concrete(
            type(base.__name__, (base,), {"__init__": __init__, "__module__": __name__,
                                                   "observed": True}))

    ObservableCounter = observed_class(api.ObservableCounter)
    ObservableUpDownCounter = observed_class(api.ObservableUpDownCounter)
    ObservableGauge = observed_class(api.ObservableGauge)

    @concrete
    class Meter(api.Meter):
        def __init__(self, arguments):
            self._name, self._version, self._schema_url = (list(arguments) + [None, None])[:3]
            self._arguments = arguments
            self._real = None
            self._made = {}  # by kind and name: (instrument, the call that makes the real one)

        @property
        def name(self):
            return self._name

        @property
        def version(self):
            return self._version

        @property
        def schema_url(self):
            return self._schema_url

        def take_provider(self, provider):
            self._real = provider.get_meter(*self._arguments)
            for ours, make in self._made.values():
                ours._real = make(self._real)

        def _keep(self, kind, name, arguments, make):
            """An instrument is made once, however often the program asks for it; an observed one is
            another one each time, for it has callbacks of its own."""
            if self._real is not None:
                return make(self._real)
            key = kind, str(name).lower(), len(self._made) if hasattr(kind, "observed") else None
            if key in self._made:
                return self._made[key][0]
            ours = kind(*arguments)
            if len(self._made) < KEPT_MAX:
                self._made[key] = ours, make
            return ours

        def create_counter(self, name, unit="", description=""):
            return self._keep(Counter, name, (COUNTER, name, unit, description),
                              lambda real: real.create_counter(name, unit, description))

        def create_up_down_counter(self, name, unit="", description=""):
            return self._keep(UpDownCounter, name, (UP_DOWN_COUNTER, name, unit, description),
                              lambda real: real.create_up_down_counter(name, unit, description))

        def create_histogram(self, name, unit="", description="", **named):
            return self._keep(Histogram, name, (HISTOGRAM, name, unit, description),
                              lambda real: real.create_histogram(name, unit, description, **named))

        def create_observable_counter(self, name, callbacks=None, unit="", description=""):
            return self._keep(
                ObservableCounter, name, (COUNTER, name, callbacks, unit, description),
                lambda real: real.create_observable_counter(name, callbacks, unit, description))

        def create_observable_up_down_counter(self, name, callbacks=None, unit="", description=""):
            return self._keep(
                ObservableUpDownCounter, name, (UP_DOWN_COUNTER, name, callbacks, unit, description),
                lambda real: real.create_observable_up_down_counter(name, callbacks, unit,
                                                                    description))

        def create_observable_gauge(self, name, callbacks=None, unit="", description=""):
            return self._keep(
                ObservableGauge, name, (GAUGE, name, callbacks, unit, description),
                lambda real: real.create_observable_gauge(name, callbacks, unit, description))

    gauge = getattr(api, "Gauge", None) or getattr(api, "_Gauge", None)
    if gauge is not None:  # since 1.23
        Gauge = measuring_class(gauge, "set")

        def create_gauge(self, name, unit="", description=""):
            return self._keep(Gauge, name, (GAUGE, name, unit, description),
                              lambda real: real.create_gauge(name, unit, description))

        Meter.create_gauge = create_gauge

    @concrete
    class Provider(type(api._PROXY_METER_PROVIDER)):
        def get_meter(self, name, version=None, schema_url=None, attributes=None):
            if api._METER_PROVIDER is not None:
                return api._METER_PROVIDER.get_meter(name, version, schema_url)
            arguments = name, version, schema_url
            try:
                meter = meters.get(arguments) or Meter(arguments)
            except TypeError:  # a name that is no text, which nobody can ask for again
                return Meter(arguments)
            if len(meters) < KEPT_MAX:
                meters[arguments] = meter
            return meter

        def on_set_meter_provider(self, provider):
            for meter in meters.values():
                meter.take_provider(provider)

    api._PROXY_METER_PROVIDER = Provider()
