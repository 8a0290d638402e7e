"""asyncio: a callback works for the request of its context.

A server's protocol reads a request in a callback of the loop, and what it schedules right there (a
task, or a waiting task that goes on) serves that request from then on, with all that comes of it:
contexts are copied into tasks, callbacks and asyncio.to_thread(). What is scheduled later, by work
for a request that was read elsewhere, keeps the context that it has: a queue's consumer works for
nobody we know.
"""
import _thread

from kolben_agent.patching import replace
from kolben_agent.table import native
from kolben_agent.work import NOTHING, own

# For which request the callback began that a thread runs now.
_now = _thread._local()


def patch(events):
    request_of_thread, work_for = native.request, native.work_for
    now, mine, nothing = _now, own, NOTHING

    def make_init(init):
        def __init__(self, callback, args, loop, context=None):
            init(self, callback, args, loop, context)
            request = request_of_thread()
            if request and request != getattr(now, "request", 0):
                _adopt(self._context, request)
        return __init__

    def make_run(run):
        def _run(self):
            request, span = self._context.get(mine, nothing)
            work_for(request, span)
            # A request that has ended is none.
            now.request = request_of_thread() if request else 0
            return run(self)
        return _run

    replace(events.Handle, "__init__", make_init)
    replace(events.Handle, "_run", make_run)


def _adopt(context, request):
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
    """An event loop begins to run in this thread: what it works for until then, for ends()."""
    before = (native.request(), own.get()[1], getattr(_now, "request", 0))
    _now.request = 0
    return before


def ends(before):
    """The loop has ended: the thread goes on with what it worked for."""
    request, span, _now.request = before
    native.work_for(request, span)
