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


def _patch_hub(kind, run_soon):
    """`run_soon` has a hub call something before long."""
    def make_run(run):
        def wrapper(self, *args, **kwargs):
            _follow(lambda function: run_soon(self, function))
            return run(self, *args, **kwargs)
        return wrapper

    replace(kind, "run", make_run)


def _patch_gevent(gevent):
    """Of its own classes nothing can be replaced, they are compiled: they tell of what is started."""
    gevent.Greenlet.add_spawn_callback(_inherits)


def _patch_gevent_hub(hub):
    def make_spawn(spawn):
        def wrapper(*args, **kwargs):
            return _inherits(spawn(*args, **kwargs))
        return wrapper

    _patch_hub(hub.Hub, lambda self, function: self.loop.run_callback(function))
    replace(hub, "spawn_raw", make_spawn)


def _patch_eventlet_hub(kind):
    _patch_hub(kind, lambda self, function: self.schedule_call_global(0, function))


def _patch_eventlet_threads(greenthread):
    def make_spawn_n(spawn_n):
        def wrapper(*args, **kwargs):
            timer, greenlet = spawn_n(*args, **kwargs)
            return timer, _inherits(greenlet)
        return wrapper

    replace(greenthread, "_spawn_n", make_spawn_n)

    def make_init(init):
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            _inherits(self)
        return __init__

    replace(greenthread.GreenThread, "__init__", make_init)


_PATCHES = {
    "eventlet.greenthread": _patch_eventlet_threads,
    "eventlet.hubs.asyncio": lambda module: _patch_eventlet_hub(module.Hub),
    "eventlet.hubs.hub": lambda module: _patch_eventlet_hub(module.BaseHub),
    "gevent": _patch_gevent,
    "gevent.hub": _patch_gevent_hub,
    "greenlet": _patch_greenlet,
}


def _inherits(greenlet):
    """A new greenlet works for whom this one does."""
    if work.greenlets.are_followed:
        pair = work.current()
        if pair is not None:
            greenlet.__dict__["_kolben_inherits"] = pair
    return greenlet


def _follow(run_soon):
    """The hub of this thread begins."""
    settrace = getattr(sys.modules.get("greenlet"), "settrace", None)
    original = getattr(settrace, "__wrapped__", None)
    if original is None or work.greenlets.are_followed:
        return
    def follow_again():
        original(_changed)
        native.work_for(0, 0)  # in between it worked for whom nobody knows

    try:
        native.follow_greenlets()
        _now.function = original(_changed)
        _now.follow_again = lambda: run_soon(follow_again)
        work.greenlets.are_followed = True
    except Exception:  # an unknown version of it
        pass


def _follow_again():
    try:
        _now.follow_again()
    except Exception:
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
    if function is None:
        return
    try:
        function(event, greenlets)
    except BaseException:  # for the program; greenlet tells neither of us any more
        _now.function = None
        _follow_again()
        raise
