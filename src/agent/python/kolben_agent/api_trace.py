"""opentelemetry.trace: spans of the program, told to the agent.

The API stays the program's own (or ../fallback). Only what it answers while no SDK is set up becomes
ours; once the program sets a provider of its own, everything goes there, from tracers that it got
before as well.
"""
from kolben_agent import api_context
from kolben_agent.spans import define


def patch(trace):
    trace._TRACER_PROVIDER  # an API that keeps its provider elsewhere is left alone
    propagation = trace.propagation
    current_span_of = propagation.get_current_span
    spans = define(trace, current_span_of)

    def get_current_span(context=None):
        span = current_span_of(context)
        if trace._TRACER_PROVIDER is None and not span.get_span_context().is_valid:
            if spans.may_be_served(context):
                return spans.served_span() or span
        return span

    get_current_span.__doc__ = current_span_of.__doc__
    propagation.get_current_span = trace.get_current_span = get_current_span
    api_context.handle_of = lambda context: getattr(current_span_of(context), "_kolben_handle", 0)
    trace._PROXY_TRACER_PROVIDER = spans.Provider()
