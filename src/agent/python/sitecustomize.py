"""Every Python under the agent imports this at its start: the agent's library puts this folder on
PYTHONPATH (agent/preload/python_start.cc).

It looks out for a few modules that the program may import later (kolben_agent/imports.py), makes
way for the program's own sitecustomize, and takes this folder off sys.path and the environment.
Where the agent's library is not in the process, and for whatever goes wrong, nothing else happens.
"""
import os
import sys


def _watch_imports():
    if "KOLBEN_AGENT_RING" not in os.environ:
        return
    if "libkolben-agent.so" not in os.environ.get("LD_PRELOAD", ""):
        return
    try:
        from kolben_agent import imports

        imports.watch()
    except Exception:  # telemetry is never worth a program
        pass


def _put_back_path():
    folder = os.path.dirname(__file__)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    first, _, rest = os.environ.get("PYTHONPATH", "").partition(":")
    if first == folder:
        os.environ["KOLBEN_AGENT_PYTHON"] = folder
        if rest:
            os.environ["PYTHONPATH"] = rest
        else:
            del os.environ["PYTHONPATH"]


def _run_the_programs_own():
    for finder in sys.meta_path:
        spec = finder.find_spec("sitecustomize", None) if hasattr(finder, "find_spec") else None
        if spec is not None and hasattr(spec.loader, "exec_module"):
            break
    else:
        return
    import _frozen_importlib

    own = sys.modules[__name__]
    module = _frozen_importlib.module_from_spec(spec)
    sys.modules[__name__] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules[__name__] = own
        raise  # `site` tells of it, as it would without us


_watch_imports()
_put_back_path()
_run_the_programs_own()
