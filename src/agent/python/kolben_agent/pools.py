"""ThreadPoolExecutor, and so run_in_executor(): what was submitted works for whom the submitter worked."""
from kolben_agent import work
from kolben_agent.patching import replace


def patch(thread):
    def make_init(init):
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            self._kolben_work = work.current()
        return __init__

    def make_run(run):
        def wrapper(self, *args, **kwargs):
            pair = getattr(self, "_kolben_work", None)
            if pair is None:
                return run(self, *args, **kwargs)
            work.enter(pair)
            try:
                return run(self, *args, **kwargs)
            finally:
                work.leave()
        return wrapper

    replace(thread._WorkItem, "__init__", make_init)
    replace(thread._WorkItem, "run", make_run)
