"""threading.Thread: a thread works for whom the one worked that started it.

A server may start a thread for each request: where there is nothing to take along, there is no more
than a question at its start.
"""
from kolben_agent import work
from kolben_agent.patching import replace
from kolben_agent.table import native


def patch(threading):
    request_of_thread, own_work = native.request, work.own.get

    def make_start(start):
        def wrapper(self):
            request = request_of_thread()
            span = own_work()[1]
            if request or span:
                _take_along(self, (request, span))
            return start(self)
        return wrapper

    replace(threading.Thread, "start", make_start)


def _take_along(thread, pair):
    """What the thread calls first is looked up at itself before its class."""
    def begin():
        thread.__dict__.pop("_bootstrap_inner", None)
        work.enter(pair)
        return thread._bootstrap_inner()

    thread._bootstrap_inner = begin
