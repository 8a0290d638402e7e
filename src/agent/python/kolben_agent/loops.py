"""asyncio.run() in the midst of a request (an async view of a threaded server): it goes on afterwards."""
from kolben_agent import callbacks
from kolben_agent.patching import replace


def patch(base_events):
    def make_run_forever(run_forever):
        def wrapper(self):
            before = callbacks.begins()
            try:
                return run_forever(self)
            finally:
                callbacks.ends(before)
        return wrapper

    replace(base_events.BaseEventLoop, "run_forever", make_run_forever)
