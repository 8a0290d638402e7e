"""Spans and what identifies them."""
import abc
import re
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from opentelemetry.trace.status import Status, StatusCode

INVALID_SPAN_ID = 0
INVALID_TRACE_ID = 0
TRACE_STATE_ENTRIES_MAX = 32

_KEY = re.compile(r"[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13}")
_VALUE = re.compile(r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")


def format_trace_id(trace_id):
    return format(trace_id, "032x")


def format_span_id(span_id):
    return format(span_id, "016x")


class TraceFlags(int):
    DEFAULT = 0x00
    SAMPLED = 0x01

    @classmethod
    def get_default(cls):
        return cls(cls.DEFAULT)

    @property
    def sampled(self):
        return bool(self & TraceFlags.SAMPLED)


class TraceState(Mapping):
    """The W3C header `tracestate`: entries of the systems that a trace has passed."""

    def __init__(self, entries=None):
        self._entries = OrderedDict()
        for key, value in list(entries or ())[:TRACE_STATE_ENTRIES_MAX]:
            if self._is_valid(key, value) and key not in self._entries:
                self._entries[key] = value

    @staticmethod
    def _is_valid(key, value):
        return (isinstance(key, str) and isinstance(value, str) and _KEY.fullmatch(key) is not None
                and _VALUE.fullmatch(value) is not None)

    def __contains__(self, key):
        return key in self._entries

    def __getitem__(self, key):
        return self._entries[key]

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __repr__(self):
        return str(["{{key={}, value={}}}".format(*entry) for entry in self._entries.items()])

    def _with(self, entries):
        return type(self)(list(entries.items()))

    def add(self, key, value):
        if not self._is_valid(key, value) or key in self._entries:
            return self
        if len(self._entries) >= TRACE_STATE_ENTRIES_MAX:
            return self
        return self._with(OrderedDict([(key, value), *self._entries.items()]))

    def update(self, key, value):
        if not self._is_valid(key, value):
            return self
        others = [entry for entry in self._entries.items() if entry[0] != key]
        return self._with(OrderedDict([(key, value), *others]))

    def delete(self, key):
        if key not in self._entries:
            return self
        return self._with(OrderedDict(entry for entry in self._entries.items() if entry[0] != key))

    def to_header(self):
        return ",".join(key + "=" + value for key, value in self._entries.items())

    @classmethod
    def from_header(cls, header_list):
        pairs = OrderedDict()
        for header in header_list:
            for member in re.split(r"[ \t]*,[ \t]*", header):
                key, equals, value = member.partition("=")
                if not member:
                    continue
                if not equals or not cls._is_valid(key, value) or key in pairs:
                    return cls()
                pairs[key] = value
        return cls(list(pairs.items()))

    @classmethod
    def get_default(cls):
        return cls()


DEFAULT_TRACE_OPTIONS = TraceFlags.get_default()
DEFAULT_TRACE_STATE = TraceState.get_default()
_Fields = namedtuple("_Fields", "trace_id span_id is_remote trace_flags trace_state is_valid")


class SpanContext(_Fields):
    __slots__ = ()

    def __new__(cls, trace_id, span_id, is_remote, trace_flags=DEFAULT_TRACE_OPTIONS,
                trace_state=DEFAULT_TRACE_STATE):
        is_valid = 0 < trace_id < 1 << 128 and 0 < span_id < 1 << 64
        return super().__new__(
            cls, trace_id, span_id, is_remote,
            DEFAULT_TRACE_OPTIONS if trace_flags is None else trace_flags,
            DEFAULT_TRACE_STATE if trace_state is None else trace_state, is_valid)

    def __getnewargs__(self):
        return self[:5]

    def __repr__(self):
        return ("SpanContext(trace_id=0x{}, span_id=0x{}, trace_flags=0x{:02x}, trace_state={!r}, "
                "is_remote={})").format(format_trace_id(self.trace_id), format_span_id(self.span_id),
                                        self.trace_flags, self.trace_state, self.is_remote)


class Span(abc.ABC):
    """Something that a program does, from its begin to its end."""

    @abc.abstractmethod
    def end(self, end_time=None):
        pass

    @abc.abstractmethod
    def get_span_context(self):
        pass

    @abc.abstractmethod
    def set_attributes(self, attributes):
        pass

    @abc.abstractmethod
    def set_attribute(self, key, value):
        pass

    @abc.abstractmethod
    def add_event(self, name, attributes=None, timestamp=None):
        pass

    def add_link(self, context, attributes=None):
        pass

    @abc.abstractmethod
    def update_name(self, name):
        pass

    @abc.abstractmethod
    def is_recording(self):
        pass

    @abc.abstractmethod
    def set_status(self, status, description=None):
        pass

    @abc.abstractmethod
    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace_back):
        self.end()


class NonRecordingSpan(Span):
    """Only a context: of a span elsewhere, or of none."""

    def __init__(self, context):
        self._context = context

    def get_span_context(self):
        return self._context

    def is_recording(self):
        return False

    def end(self, end_time=None):
        pass

    def set_attributes(self, attributes):
        pass

    def set_attribute(self, key, value):
        pass

    def add_event(self, name, attributes=None, timestamp=None):
        pass

    def add_link(self, context, attributes=None):
        pass

    def update_name(self, name):
        pass

    def set_status(self, status, description=None):
        pass

    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        pass

    def __repr__(self):
        return "NonRecordingSpan({!r})".format(self._context)


INVALID_SPAN_CONTEXT = SpanContext(INVALID_TRACE_ID, INVALID_SPAN_ID, False)
INVALID_SPAN = NonRecordingSpan(INVALID_SPAN_CONTEXT)
