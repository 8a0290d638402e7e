"""The current context: values that go with the execution, across awaits and into tasks."""
import contextvars
import itertools

from opentelemetry.context.context import Context

__all__ = ["Context", "attach", "create_key", "detach", "get_current", "get_value", "set_value"]

_current = contextvars.ContextVar("opentelemetry", default=Context())
_numbers = itertools.count(1)


def create_key(keyname):
    """A key that nobody else has."""
    return "{}-{}".format(keyname, next(_numbers))


def get_current():
    return _current.get()


def get_value(key, context=None):
    return (get_current() if context is None else context).get(key)


def set_value(key, value, context=None):
    """A context with that value, too; the given one stays as it is."""
    return Context(get_current() if context is None else context, **{key: value})


def attach(context):
    """Makes it the current one, until detach() of what is returned."""
    return _current.set(context)


def detach(token):
    try:
        _current.reset(token)
    except (ValueError, RuntimeError):  # of another task, or used already
        pass


_SUPPRESS_INSTRUMENTATION_KEY = create_key("suppress_instrumentation")
_SUPPRESS_HTTP_INSTRUMENTATION_KEY = create_key("suppress_http_instrumentation")
