"""Patches modules when the program imports them and not before: what is not imported costs nothing."""
import sys

# A module of the program -> ours, whose patch(module) is called once the program's has run.
PATCHES = {
    "aiohttp.web_urldispatcher": "routes_aiohttp",
    "anyio.to_thread": "pools_anyio",
    "asyncio.base_events": "loops",
    "asyncio.events": "callbacks",
    "concurrent.futures.thread": "pools",
    "django.core.handlers.base": "routes_django",
    "eventlet.greenthread": "greenlets",
    "eventlet.hubs.asyncio": "greenlets",
    "eventlet.hubs.hub": "greenlets",
    "flask.app": "routes_flask",
    "gevent": "greenlets",
    "gevent.hub": "greenlets",
    "greenlet": "greenlets",
    "gunicorn.workers.gthread": "servers_gunicorn",
    "logging": "records",
    "opentelemetry.context": "api_context",
    "opentelemetry.metrics._internal": "api_metrics",
    "opentelemetry.trace": "api_trace",
    "starlette.routing": "routes_starlette",
    "threading": "threads",
}


# Agents of others in the same process: what they patch is not patched twice.
OTHER_AGENTS = ("ddtrace", "elasticapm", "newrelic",
                "opentelemetry.instrumentation.auto_instrumentation")


class Finder:
    """First in sys.meta_path: lets the others find, and has the module patched when it has run."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in PATCHES:
            return None
        for finder in sys.meta_path:
            if isinstance(finder, Finder) or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = Loader(spec.loader)
                return spec
        return None


class Loader:
    """Stands for a module's loader until the module runs, then leaves no trace."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        patch(module)


class FallbackFinder:
    """Last in sys.meta_path: where the program has no opentelemetry API, it finds ours."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "opentelemetry" and not name.startswith("opentelemetry."):
            return None
        from kolben_agent import fallback, table

        return None if table.native is None else fallback.find_spec(name)


def patch(module):
    try:
        from kolben_agent import table

        if table.native is None:
            return
        ours = "kolben_agent." + PATCHES[module.__name__]
        __import__(ours)
        sys.modules[ours].patch(module)
    except Exception:  # an unknown version of it: the program goes on without
        pass


def watch():
    if any(name in sys.modules for name in OTHER_AGENTS):
        return
    sys.meta_path.insert(0, Finder())
    sys.meta_path.append(FallbackFinder())
    for name in PATCHES:
        if name in sys.modules:
            patch(sys.modules[name])
