"""aiohttp's server: the resource that a URL has matched: /hello/{n}."""
from kolben_agent import routes
from kolben_agent.patching import replace


def patch(web_urldispatcher):
    def make_resolve(resolve):
        async def wrapper(self, request):
            match = await resolve(self, request)
            try:
                routes.tell(match.route.resource.canonical)
            except Exception:  # no resource: not found
                pass
            return match
        return wrapper

    replace(web_urldispatcher.UrlDispatcher, "resolve", make_resolve)
