"""Starlette, and so FastAPI: the path of the route that a URL has matched: /hello/{n}."""
from kolben_agent import routes
from kolben_agent.patching import replace


def patch(routing):
    def make_handle(handle):
        async def wrapper(self, scope, receive, send):
            try:
                routes.tell(scope.get("root_path", "") + self.path)
            except Exception:  # another version
                pass
            await handle(self, scope, receive, send)
        return wrapper

    replace(routing.Route, "handle", make_handle)
