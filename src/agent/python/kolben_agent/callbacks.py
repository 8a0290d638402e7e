"""asyncio: a callback works for the request of its context.

A server's protocol reads a request in a callback of the loop, and what it schedules right there (a task,
or a waiting task that goes on) serves that request from then on, with all that comes of it: contexts are
copied into tasks, callbacks and asyncio.to_thread(). What is scheduled later, by work for a request that
was read elsewhere, keeps the context that it has: a queue's consumer works for nobody we know.
"""
import _thread

from kolben_agent.patching import replace
from kolben_agent.table import table
from kolben_agent.work import NOTHING, own

# For which request the callback began that a thread runs now.
_now = _thread._local()


def patch(events):
    def make_init(init):
        def __init__(self, callback, args, loop, context=None):
            init(self, callback, args, loop, context)
            native = table()
            if native is not None:
                request = native.request()
                if request and request != getattr(_now, "request", 0):
                    _adopt(native, self._context, request)
        return __init__

    def make_run(run):
        def _run(self):
            native = table()
            if native is None:
                return run(self)
            request, span = self._context.get(own, NOTHING)
            native.work_for(request, span)
            # A request that has ended is none.
            _now.request = native.request() if request else 0
            return run(self)
        return _run

    replace(events.Handle, "__init__", make_init)
    replace(events.Handle, "_run", make_run)


def _adopt(native, context, request):
    """The context serves the request that was just read, unless its own is still open."""
    before, span = context.get(own, NOTHING)
    if before == request:
        return
    if before:
        ours = own.get()[1]
        native.work_for(before, 0)
        is_open = native.request() == before
        native.work_for(request, ours)
        if is_open:
            return
    try:
        context.run(own.set, (request, span))
    except RuntimeError:  # it is the one that runs now
        own.set((request, span))


def begins():
    """An event loop begins to run in this thread: what the thread works for until then, for ends()."""
    native = table()
    if native is None:
        return None
    before = (native.request(), own.get()[1], getattr(_now, "request", 0))
    _now.request = 0
    return before


def ends(before):
    """The loop has ended: the thread goes on with what it worked for."""
    if before is not None:
        request, span, _now.request = before
        table().work_for(request, span)
