"""threading.Thread: a thread works for whom the one worked that started it."""
from kolben_agent import work
from kolben_agent.patching import replace


def patch(threading):
    def make_start(start):
        def wrapper(self):
            pair = work.current()
            if pair is not None:
                self._kolben_work = pair
            return start(self)
        return wrapper

    def make_bootstrap(bootstrap):
        def wrapper(self):
            pair = self.__dict__.pop("_kolben_work", None)
            if pair is not None:
                work.enter(pair)
            return bootstrap(self)
        return wrapper

    replace(threading.Thread, "start", make_start)
    replace(threading.Thread, "_bootstrap_inner", make_bootstrap)
