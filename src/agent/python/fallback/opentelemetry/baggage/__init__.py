"""Names and values that go along with a request."""
from types import MappingProxyType

from opentelemetry.context import create_key, get_value, set_value

_BAGGAGE_KEY = create_key("baggage")


def get_all(context=None):
    return MappingProxyType(dict(get_value(_BAGGAGE_KEY, context=context) or {}))


def get_baggage(name, context=None):
    return get_all(context).get(name)


def set_baggage(name, value, context=None):
    return _with({**get_all(context), name: value}, context)


def remove_baggage(name, context=None):
    return _with({key: value for key, value in get_all(context).items() if key != name}, context)


def clear(context=None):
    return _with({}, context)


def _with(entries, context):
    return set_value(_BAGGAGE_KEY, entries, context=context)
