"""gunicorn's threads (gthread), which wait for each connection's bytes as an event loop does: each of them
serves the request that it has read until that is answered."""
from kolben_agent import work
from kolben_agent.patching import replace
from kolben_agent.table import native


def patch(gthread):
    def make_handle_request(handle_request):
        def wrapper(self, req, conn):
            work.enter((native.request(), 0))
            try:
                return handle_request(self, req, conn)
            finally:
                work.leave()
        return wrapper

    replace(gthread.ThreadWorker, "handle_request", make_handle_request)
