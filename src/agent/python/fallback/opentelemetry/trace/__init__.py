"""Spans: what a program does, and below what."""
import abc
from contextlib import contextmanager
from enum import Enum

from opentelemetry import context as context_api
from opentelemetry.trace import propagation
from opentelemetry.trace.propagation import get_current_span, set_span_in_context
from opentelemetry.trace.span import (
    DEFAULT_TRACE_OPTIONS, DEFAULT_TRACE_STATE, INVALID_SPAN, INVALID_SPAN_CONTEXT, INVALID_SPAN_ID,
    INVALID_TRACE_ID, NonRecordingSpan, Span, SpanContext, TraceFlags, TraceState, format_span_id,
    format_trace_id)
from opentelemetry.trace.status import Status, StatusCode

__all__ = [
    "DEFAULT_TRACE_OPTIONS", "DEFAULT_TRACE_STATE", "INVALID_SPAN", "INVALID_SPAN_CONTEXT",
    "INVALID_SPAN_ID", "INVALID_TRACE_ID", "Link", "NonRecordingSpan", "Span", "SpanContext",
    "SpanKind", "Status", "StatusCode", "TraceFlags", "TraceState", "Tracer", "TracerProvider",
    "format_span_id", "format_trace_id", "get_current_span", "get_tracer", "get_tracer_provider",
    "set_span_in_context", "set_tracer_provider", "use_span",
]


class SpanKind(Enum):
    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    PRODUCER = 3
    CONSUMER = 4


class _LinkBase(abc.ABC):
    def __init__(self, context):
        self._context = context

    @property
    def context(self):
        return self._context


class Link(_LinkBase):
    """From a span to another one that has to do with it."""

    def __init__(self, context, attributes=None):
        super().__init__(context)
        self._attributes = dict(attributes or {})

    @property
    def attributes(self):
        return self._attributes

    @property
    def dropped_attributes(self):
        return 0


class Tracer(abc.ABC):
    @abc.abstractmethod
    def start_span(self, name, context=None, kind=SpanKind.INTERNAL, attributes=None, links=None,
                   start_time=None, record_exception=True, set_status_on_exception=True):
        """A span that is not the current one."""

    @abc.abstractmethod
    def start_as_current_span(self, name, context=None, kind=SpanKind.INTERNAL, attributes=None,
                              links=None, start_time=None, record_exception=True,
                              set_status_on_exception=True, end_on_exit=True):
        """For `with`, or as a decorator."""


class NoOpTracer(Tracer):
    def start_span(self, name, context=None, kind=SpanKind.INTERNAL, attributes=None, links=None,
                   start_time=None, record_exception=True, set_status_on_exception=True):
        above = get_current_span(context).get_span_context()
        return NonRecordingSpan(above) if above.is_valid else INVALID_SPAN

    @contextmanager
    def start_as_current_span(self, name, context=None, kind=SpanKind.INTERNAL, attributes=None,
                              links=None, start_time=None, record_exception=True,
                              set_status_on_exception=True, end_on_exit=True):
        yield self.start_span(name, context)


class TracerProvider(abc.ABC):
    @abc.abstractmethod
    def get_tracer(self, instrumenting_module_name, instrumenting_library_version=None,
                   schema_url=None, attributes=None):
        pass


class NoOpTracerProvider(TracerProvider):
    def get_tracer(self, instrumenting_module_name, instrumenting_library_version=None,
                   schema_url=None, attributes=None):
        return NoOpTracer()


class ProxyTracerProvider(NoOpTracerProvider):
    """Until the program sets a provider. The agent puts its own in this one's place."""


_TRACER_PROVIDER = None
_PROXY_TRACER_PROVIDER = ProxyTracerProvider()


def get_tracer_provider():
    return _PROXY_TRACER_PROVIDER if _TRACER_PROVIDER is None else _TRACER_PROVIDER


def set_tracer_provider(tracer_provider):
    """Once; later calls change nothing."""
    global _TRACER_PROVIDER
    if _TRACER_PROVIDER is None:
        _TRACER_PROVIDER = tracer_provider


def get_tracer(instrumenting_module_name, instrumenting_library_version=None, tracer_provider=None,
               schema_url=None, attributes=None):
    provider = get_tracer_provider() if tracer_provider is None else tracer_provider
    return provider.get_tracer(instrumenting_module_name, instrumenting_library_version, schema_url,
                               attributes)


@contextmanager
def use_span(span, end_on_exit=False, record_exception=True, set_status_on_exception=True):
    """The span is the current one within the block."""
    try:
        token = context_api.attach(set_span_in_context(span))
        try:
            yield span
        finally:
            context_api.detach(token)
    except Exception as error:
        if isinstance(span, Span) and span.is_recording():
            if record_exception:
                span.record_exception(error)
            if set_status_on_exception:
                span.set_status(Status(StatusCode.ERROR,
                                       "{}: {}".format(type(error).__name__, error)))
        raise
    finally:
        if end_on_exit:
            span.end()
