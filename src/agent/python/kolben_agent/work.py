"""What a thread works for: a request that it serves, and a span of the program below that.

The agent's library knows it for each thread: who reads a request from a socket serves it. Where work
goes on in another thread, or in a callback of an event loop, it is taken along from here. It is a
pair of numbers of the library's: the request's and the span's, 0 for none.
"""
import _thread
import sys
from contextvars import ContextVar

from kolben_agent.table import native

NOTHING = (0, 0)

# What belongs to this context: the request that a task serves (0 in a plain thread, where the
# library knows better), and the span that the program made the current one.
own = ContextVar("kolben_work", default=NOTHING)
# The span that was taken along into this context; what the program's own spans are put on top of.
carried = ContextVar("kolben_carried_span", default=0)


class Greenlets(_thread._local):
    """Of a thread: whether the agent is told when they change places in it."""
    are_followed = False


greenlets = Greenlets()


def current():
    """What is to be taken along from here; None: nothing."""
    pair = (native.request(), own.get()[1])
    return None if pair == NOTHING else pair


def tell(request, span):
    """Where greenlets of gevent and eventlet change places unseen, what one of them works for is not what
    the thread does."""
    # In this order: what is of a thread costs each new thread something.
    if ("gevent" not in sys.modules and "eventlet" not in sys.modules) or greenlets.are_followed:
        native.work_for(request, span)


def enter(pair):
    """This thread works for that from now on."""
    tell(*pair)
    own.set(pair)
    carried.set(pair[1])


def leave():
    enter(NOTHING)


def set_span(span):
    """The program made `span` its current one in this context; 0: none."""
    request = native.request()
    span = span or carried.get()
    own.set((request, span))
    tell(request, span)
