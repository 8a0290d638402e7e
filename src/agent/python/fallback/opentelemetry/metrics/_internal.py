"""Instruments, meters and their provider."""
import abc
from typing import Callable, Generator, Iterable, Union


class CallbackOptions:
    def __init__(self, timeout_millis=10_000):
        self.timeout_millis = timeout_millis


class Observation:
    """What a callback of an observable instrument has seen."""

    def __init__(self, value, attributes=None, context=None):
        self._value = value
        self._attributes = attributes

    @property
    def value(self):
        return self._value

    @property
    def attributes(self):
        return self._attributes

    def __eq__(self, other):
        return (isinstance(other, Observation) and self.value == other.value
                and self.attributes == other.attributes)

    def __repr__(self):
        return "Observation(value={}, attributes={})".format(self.value, self.attributes)


CallbackT = Union[Callable[[CallbackOptions], Iterable[Observation]],
                  Generator[Iterable[Observation], CallbackOptions, None]]


class Instrument(abc.ABC):
    def __init__(self, name, unit="", description=""):
        self.name, self.unit, self.description = name, unit, description


class Synchronous(Instrument):
    pass


class Asynchronous(Instrument):
    def __init__(self, name, callbacks=None, unit="", description=""):
        super().__init__(name, unit, description)


class Counter(Synchronous):
    @abc.abstractmethod
    def add(self, amount, attributes=None, context=None):
        pass


class UpDownCounter(Synchronous):
    @abc.abstractmethod
    def add(self, amount, attributes=None, context=None):
        pass


class Histogram(Synchronous):
    @abc.abstractmethod
    def record(self, amount, attributes=None, context=None):
        pass


class Gauge(Synchronous):
    @abc.abstractmethod
    def set(self, amount, attributes=None, context=None):
        pass


class ObservableCounter(Asynchronous):
    pass


class ObservableUpDownCounter(Asynchronous):
    pass


class ObservableGauge(Asynchronous):
    pass


class NoOpCounter(Counter):
    def add(self, amount, attributes=None, context=None):
        pass


class NoOpUpDownCounter(UpDownCounter):
    def add(self, amount, attributes=None, context=None):
        pass


class NoOpHistogram(Histogram):
    def record(self, amount, attributes=None, context=None):
        pass


class NoOpGauge(Gauge):
    def set(self, amount, attributes=None, context=None):
        pass


class NoOpObservableCounter(ObservableCounter):
    pass


class NoOpObservableUpDownCounter(ObservableUpDownCounter):
    pass


class NoOpObservableGauge(ObservableGauge):
    pass


class Meter(abc.ABC):
    def __init__(self, name, version=None, schema_url=None):
        self._name, self._version, self._schema_url = name, version, schema_url

    @property
    def name(self):
        return self._name

    @property
    def version(self):
        return self._version

    @property
    def schema_url(self):
        return self._schema_url

    @abc.abstractmethod
    def create_counter(self, name, unit="", description=""):
        pass

    @abc.abstractmethod
    def create_up_down_counter(self, name, unit="", description=""):
        pass

    @abc.abstractmethod
    def create_histogram(self, name, unit="", description="", *,
                         explicit_bucket_boundaries_advisory=None):
        pass

    @abc.abstractmethod
    def create_gauge(self, name, unit="", description=""):
        pass

    @abc.abstractmethod
    def create_observable_counter(self, name, callbacks=None, unit="", description=""):
        pass

    @abc.abstractmethod
    def create_observable_up_down_counter(self, name, callbacks=None, unit="", description=""):
        pass

    @abc.abstractmethod
    def create_observable_gauge(self, name, callbacks=None, unit="", description=""):
        pass


class NoOpMeter(Meter):
    def create_counter(self, name, unit="", description=""):
        return NoOpCounter(name, unit, description)

    def create_up_down_counter(self, name, unit="", description=""):
        return NoOpUpDownCounter(name, unit, description)

    def create_histogram(self, name, unit="", description="", *,
                         explicit_bucket_boundaries_advisory=None):
        return NoOpHistogram(name, unit, description)

    def create_gauge(self, name, unit="", description=""):
        return NoOpGauge(name, unit, description)

    def create_observable_counter(self, name, callbacks=None, unit="", description=""):
        return NoOpObservableCounter(name, callbacks, unit, description)

    def create_observable_up_down_counter(self, name, callbacks=None, unit="", description=""):
        return NoOpObservableUpDownCounter(name, callbacks, unit, description)

    def create_observable_gauge(self, name, callbacks=None, unit="", description=""):
        return NoOpObservableGauge(name, callbacks, unit, description)


class MeterProvider(abc.ABC):
    @abc.abstractmethod
    def get_meter(self, name, version=None, schema_url=None, attributes=None):
        pass


class NoOpMeterProvider(MeterProvider):
    def get_meter(self, name, version=None, schema_url=None, attributes=None):
        return NoOpMeter(name, version, schema_url)


class _ProxyMeterProvider(NoOpMeterProvider):
    """Until the program sets a provider. The agent puts its own in this one's place."""

    def on_set_meter_provider(self, provider):
        pass


_METER_PROVIDER = None
_PROXY_METER_PROVIDER = _ProxyMeterProvider()


def get_meter_provider():
    return _PROXY_METER_PROVIDER if _METER_PROVIDER is None else _METER_PROVIDER


def set_meter_provider(meter_provider):
    """Once; later calls change nothing."""
    global _METER_PROVIDER
    if _METER_PROVIDER is None:
        _METER_PROVIDER = meter_provider
        _PROXY_METER_PROVIDER.on_set_meter_provider(meter_provider)


def get_meter(name, version="", meter_provider=None, schema_url=None, attributes=None):
    provider = get_meter_provider() if meter_provider is None else meter_provider
    return provider.get_meter(name, version, schema_url, attributes)
