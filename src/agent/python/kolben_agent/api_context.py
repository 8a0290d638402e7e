"""opentelemetry.context: which span is the current one is told to the agent's library, too, so that
what goes over sockets, and what is logged, is below it."""
from kolben_agent import work
from kolben_agent.patching import replace


def _no_span(_context):
    return 0


# The handle of a context's span if it is one of ours; api_trace knows.
handle_of = _no_span


def patch(context):
    def make_attach(attach):
        def wrapper(context):
            token = attach(context)
            _follow(context)
            return token
        return wrapper

    def make_detach(detach):
        def wrapper(token):
            detach(token)
            _follow(context.get_current())
        return wrapper

    replace(context, "attach", make_attach)
    replace(context, "detach", make_detach)


def _follow(context):
    try:
        span = handle_of(context)
        if span != work.own.get()[1]:
            work.set_span(span)
    except Exception:  # no context of the API's
        pass
