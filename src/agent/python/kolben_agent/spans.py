"""Spans, tracers and their provider, as classes of the API's types.

A span keeps its data until it ends, and then tells all of it at once; the agent's library holds its ids
meanwhile, so that calls and log lines of the thread are put below it.
"""
import sys
import time
import traceback

from kolben_agent import packing
from kolben_agent.managers import Manager, describe
from kolben_agent.patching import concrete
from kolben_agent.table import native

KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
STATUSES = {"UNSET": 0, "OK": 1, "ERROR": 2}
EVENTS_MAX = 128  # as many as the agent keeps
LINKS_MAX = 128
REQUEST_BYTES_MAX = 1024  # of attributes, as the library keeps them


def type_name(kind):
    module = kind.__module__
    return kind.__qualname__ if module in (None, "builtins") else module + "." + kind.__qualname__


def format_traceparent(context):
    return b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags & 3)


def define(trace, current_span_of):
    """The classes over this API; as attributes of the result."""
    context_api = sys.modules["opentelemetry.context"]

    def parse(traceparent, is_remote=False, state=None):
        text = traceparent.decode()
        return trace.SpanContext(int(text[3:35], 16), int(text[36:52], 16), is_remote,
                                 trace.TraceFlags(int(text[53:55], 16)), state)

    def may_be_served(context):
        """Whether a context without a span stands for what the thread does. Context() stands for none."""
        return context is None or bool(context) or context is context_api.get_current()

    def parent_of(context):
        """The traceparent of a new span's parent, or None; and its trace state."""
        above = current_span_of(context).get_span_context()
        if not above.is_valid:
            return native.traceparent() if may_be_served(context) else None, None
        if above.is_remote:
            # Of the request's headers: its server's span is between the two.
            served = native.traceparent()
            if served is not None and int(served[3:35], 16) == above.trace_id:
                return served, above.trace_state
        return format_traceparent(above), above.trace_state

    @concrete
    class Span(trace.Span):
        def __init__(self, scope, name, kind, attributes, links, start_time, context,
                     records_exceptions, sets_status):
            parent, state = parent_of(context)
            started = native.span_start(parent or b"")
            self._traceparent = started[:55]
            self._kolben_handle = int.from_bytes(started[55:], sys.byteorder)
            self._is_open = self._kolben_handle != 0
            self._is_recording = self._is_open and int(self._traceparent[-1:], 16) & 1 == 1
            self._state = state
            self._context = None
            self._scope = scope
            self.parent = parse(parent) if parent else None
            self.name = name
            self.kind = kind
            self.start_time = start_time or time.time_ns()
            self.end_time = None
            self.status = trace.Status(trace.StatusCode.UNSET)
            self.attributes = dict(attributes) if attributes else {}
            self._events = []
            self._links = []
            self._dropped_events = 0
            self._dropped_links = 0
            self._records_exceptions = records_exceptions
            self._sets_status = sets_status
            for link in links or ():
                self.add_link(link.context, link.attributes)

        def get_span_context(self):
            if self._context is None:
                if self._kolben_handle:
                    self._context = parse(self._traceparent, state=self._state)
                else:  # no room for it: what is below it goes to its parent
                    self._context = self.parent or trace.INVALID_SPAN_CONTEXT
            return self._context

        def is_recording(self):
            return self._is_recording

        def set_attribute(self, key, value):
            if self._is_recording:
                self.attributes[key] = value

        def set_attributes(self, attributes):
            if self._is_recording and attributes:
                self.attributes.update(attributes)

        def add_event(self, name, attributes=None, timestamp=None):
            if not self._is_recording:
                return
            if len(self._events) < EVENTS_MAX:
                self._events.append(packing.event(name, timestamp or time.time_ns(), attributes))
            else:
                self._dropped_events += 1

        def add_link(self, context, attributes=None):
            if not self._is_recording or context is None:
                return
            if len(self._links) < LINKS_MAX:
                self._links.append(packing.link(context.trace_id, context.span_id, attributes))
            else:
                self._dropped_links += 1

        def update_name(self, name):
            if self._is_recording:
                self.name = name

        def set_status(self, status, description=None):
            if not isinstance(status, trace.Status):
                status = trace.Status(status, description)
            is_final = self.status.status_code is trace.StatusCode.OK
            if self._is_recording and not is_final and not status.is_unset:
                self.status = status

        def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
            if not self._is_recording:
                return
            found = {
                "exception.type": type_name(type(exception)),
                "exception.message": str(exception),
                "exception.stacktrace": "".join(traceback.format_exception(
                    type(exception), exception, exception.__traceback__)),
                "exception.escaped": str(escaped),
            }
            found.update(attributes or {})
            self.add_event("exception", found, timestamp)

        def end(self, end_time=None):
            if not self._is_open:
                return
            self._is_open = False
            self.end_time = end_time or time.time_ns()
            if not self._is_recording:
                native.span_finish(self._kolben_handle)
                return
            self._is_recording = False
            scope, version = self._scope
            packed = packing.span(
                self.name, KINDS.get(self.kind.name, 1), self.start_time, self.end_time,
                STATUSES[self.status.status_code.name], self.status.description or "", scope, version,
                self.attributes, self._events, self._links, self._dropped_events,
                self._dropped_links)
            native.span_finish(self._kolben_handle, packed)

        def __exit__(self, kind, error, trace_back):
            if isinstance(error, Exception):
                if self._records_exceptions:
                    self.record_exception(error)
                if self._sets_status:
                    self.set_status(trace.StatusCode.ERROR, describe(error))
            self.end()

        def __del__(self):
            # Dropped without an end, it is not told; its place in the library is free again.
            try:
                if self._is_open:
                    native.span_finish(self._kolben_handle)
            except Exception:  # the interpreter ends, and has taken things away
                pass

    @concrete
    class ServedSpan(trace.Span):
        """The span of the request that the thread serves, which the agent makes itself."""

        def __init__(self, traceparent):
            self._context = parse(traceparent)
            self._request = native.request()

        def get_span_context(self):
            return self._context

        def is_recording(self):
            return self._request != 0

        def set_attributes(self, attributes):
            if self._request and self._request == native.request():
                native.request_packed(packing.attributes(attributes, REQUEST_BYTES_MAX))

        def set_attribute(self, key, value):
            self.set_attributes({key: value})

        # What else happens to it the agent sees on the wire.
        def end(self, end_time=None):
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

    def served_span():
        traceparent = native.traceparent()
        return ServedSpan(traceparent) if traceparent else None

    @concrete
    class Tracer(trace.Tracer):
        def __init__(self, provider, arguments):
            name, version = (list(arguments) + [""])[:2]
            self._scope = str(name or ""), str(version or "")
            self._arguments = arguments
            self._real = None

        def _forward(self):
            """The tracer of the provider that the program has set; None: there is none."""
            if self._real is None and trace._TRACER_PROVIDER is not None:
                self._real = trace._TRACER_PROVIDER.get_tracer(*self._arguments)
            return self._real

        def start_span(self, name, context=None, kind=trace.SpanKind.INTERNAL, attributes=None,
                       links=None, start_time=None, record_exception=True,
                       set_status_on_exception=True):
            real = self._forward()
            if real is not None:
                return real.start_span(name, context, kind, attributes, links, start_time,
                                       record_exception, set_status_on_exception)
            return Span(self._scope, name, kind, attributes, links, start_time, context,
                        record_exception, set_status_on_exception)

        def start_as_current_span(self, name, context=None, kind=trace.SpanKind.INTERNAL,
                                  attributes=None, links=None, start_time=None, record_exception=True,
                                  set_status_on_exception=True, end_on_exit=True):
            arguments = (name, context, kind, attributes, links, start_time, record_exception,
                         set_status_on_exception)
            real = self._forward()
            if real is not None:
                return real.start_as_current_span(*arguments, end_on_exit)
            return Manager(trace, lambda: self.start_span(*arguments), end_on_exit, record_exception,
                           set_status_on_exception)

    @concrete
    class Provider(trace.ProxyTracerProvider):
        def get_tracer(self, instrumenting_module_name, instrumenting_library_version=None, *more,
                       **named):
            if trace._TRACER_PROVIDER is not None:
                return trace._TRACER_PROVIDER.get_tracer(
                    instrumenting_module_name, instrumenting_library_version, *more, **named)
            return Tracer(self, (instrumenting_module_name, instrumenting_library_version))

    class Definitions:
        pass

    Definitions.Provider = Provider
    Definitions.may_be_served = staticmethod(may_be_served)
    Definitions.served_span = staticmethod(served_span)
    return Definitions
