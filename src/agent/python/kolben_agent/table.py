"""The agent's functions, from the library that is in the process already: it is an extension module of
Python as well (agent/preload/python_module.cc). `native` is None without the agent.
"""
import os
import sys


class _Spec:
    name = "kolben_native"
    origin = None


def _load():
    # Builds with another layout of objects: free-threaded, and such as trace references.
    if "t" in getattr(sys, "abiflags", "") or hasattr(sys, "getobjects"):
        return None
    import _imp

    spec = _Spec()
    spec.origin = _find_library(os.environ.get("LD_PRELOAD", ""))
    module = _imp.create_dynamic(spec)
    return module if module.is_on() else None


def _find_library(preload):
    """Its path, as the loader has it."""
    return [entry for entry in preload.replace(" ", ":").split(":")
            if entry.endswith("libkolben-agent.so")][0]


try:
    native = _load()
except Exception:  # an interpreter that shares no extension modules, say
    native = None
