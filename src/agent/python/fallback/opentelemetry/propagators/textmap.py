"""How a context is read from and written into headers and the like."""
import abc
import typing

CarrierT = typing.TypeVar("CarrierT")
CarrierValT = typing.Union[typing.List[str], str]


class Getter(abc.ABC, typing.Generic[CarrierT]):
    @abc.abstractmethod
    def get(self, carrier, key):
        """All values of the key, or None."""

    @abc.abstractmethod
    def keys(self, carrier):
        pass


class Setter(abc.ABC, typing.Generic[CarrierT]):
    @abc.abstractmethod
    def set(self, carrier, key, value):
        pass


class DefaultGetter(Getter):
    """Of mappings."""

    def get(self, carrier, key):
        value = carrier.get(key)
        if value is None:
            return None
        is_list = isinstance(value, typing.Iterable) and not isinstance(value, str)
        return list(value) if is_list else [value]

    def keys(self, carrier):
        return list(carrier.keys())


class DefaultSetter(Setter):
    def set(self, carrier, key, value):
        carrier[key] = value


default_getter = DefaultGetter()
default_setter = DefaultSetter()


class TextMapPropagator(abc.ABC):
    @abc.abstractmethod
    def extract(self, carrier, context=None, getter=default_getter):
        """The context with what the carrier has."""

    @abc.abstractmethod
    def inject(self, carrier, context=None, setter=default_setter):
        pass

    @property
    @abc.abstractmethod
    def fields(self):
        """The keys that inject() sets."""
