"""gevent and eventlet: many greenlets share a thread and change places in it; each works for the request
that it has read itself, and what it has spawned for the same one.

A thread is followed from where its hub begins to run: there greenlet tells of each change. What the
program itself has be told (greenlet.settrace()) it is told still.
"""
import _thread
import sys

from kolben_agent import work
from kolben_agent.patching import replace
from kolben_agent.table import native

# Of a thread: whether it is followed, and the program's own function.
_now = _thread._local()


def patch(module):
    _PATCHES[module.__name__](module)


def _patch_greenlet(greenlet):
    def make_settrace(settrace):
        def wrapper(function):
            if not work.greenlets.are_followed:
                return settrace(function)
            if function is not None and not callable(function):
                raise TypeError("'%s' object is not callable" % type(function).__name__)
            before, _now.function = getattr(_now, "function", None), function
            return before
        return wrapper

    def make_gettrace(gettrace):
        def wrapper():
            return getattr(_now, "function", None) if work.greenlets.are_followed else gettrace()
        return wrapper

    if getattr(greenlet, "GREENLET_USE_CONTEXT_VARS", False):
        replace(greenlet, "settrace", make_settrace)
        replace(greenlet, "gettrace", make_gettrace)


def _patch_hub(kind):
    def make_run(run):
        def wrapper(self, *args, **kwargs):
            _follow()
            return run(self, *args, **kwargs)
        return wrapper

    replace(kind, "run", make_run)


def _patch_gevent(gevent):
    """Of its own classes nothing can be replaced: they are compiled."""
    for name in ("spawn", "spawn_later"):
        replace(gevent, name, _make_spawn)


def _make_spawn(spawn):
    def wrapper(*args, **kwargs):
        return _inherits(spawn(*args, **kwargs))
    return wrapper


def _patch_gevent_pool(pool):
    def make_start(start):
        def wrapper(self, greenlet, *args, **kwargs):
            return start(self, _inherits(greenlet), *args, **kwargs)
        return wrapper

    replace(pool.Group, "start", make_start)
    replace(pool.Pool, "start", make_start)


def _patch_eventlet_threads(greenthread):
    def make_init(init):
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            _inherits(self)
        return __init__

    replace(greenthread.GreenThread, "__init__", make_init)


_PATCHES = {
    "eventlet.greenthread": _patch_eventlet_threads,
    "eventlet.hubs.asyncio": lambda module: _patch_hub(module.Hub),
    "eventlet.hubs.hub": lambda module: _patch_hub(module.BaseHub),
    "gevent": _patch_gevent,
    "gevent.hub": lambda module: _patch_hub(module.Hub),
    "gevent.pool": _patch_gevent_pool,
    "greenlet": _patch_greenlet,
}


def _inherits(greenlet):
    """A new greenlet works for whom this one does."""
    if work.greenlets.are_followed:
        pair = work.current()
        if pair is not None:
            greenlet.__dict__["_kolben_inherits"] = pair
    return greenlet


def _follow():
    """The hub of this thread begins."""
    settrace = getattr(sys.modules.get("greenlet"), "settrace", None)
    original = getattr(settrace, "__wrapped__", None)
    if original is None or work.greenlets.are_followed:
        return
    try:
        native.follow_greenlets()
        _now.function = original(_changed)
        work.greenlets.are_followed = True
    except Exception:  # an unknown version of it
        pass


def _changed(event, greenlets):
    """In the context of the second one, which goes on."""
    try:
        left, entered = greenlets
        left.__dict__["_kolben_request"] = native.request()
        pair = entered.__dict__.pop("_kolben_inherits", None)
        if pair is None:
            native.work_for(entered.__dict__.get("_kolben_request", 0), work.own.get()[1])
        else:
            work.enter(pair)
    except Exception:  # greenlet would tell us no more
        native.work_for(0, 0)
    function = getattr(_now, "function", None)
    if function is not None:
        function(event, greenlets)
