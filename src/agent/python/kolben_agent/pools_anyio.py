"""anyio's threads, where Starlette and FastAPI run what is not `async`: for whom the caller works."""
from kolben_agent import work
from kolben_agent.patching import replace


def patch(to_thread):
    def make_run_sync(run_sync):
        def wrapper(func, *args, **kwargs):
            pair = work.current()
            if pair is None:
                return run_sync(func, *args, **kwargs)

            def carrying(*arguments):
                work.enter(pair)
                try:
                    return func(*arguments)
                finally:
                    work.leave()
            return run_sync(carrying, *args, **kwargs)
        return wrapper

    replace(to_thread, "run_sync", make_run_sync)
