"""Django: the pattern that a URL has matched: /articles/<int:year>/."""
from kolben_agent import routes
from kolben_agent.patching import replace


def patch(base):
    def make_resolve(resolve_request):
        def wrapper(self, request):
            match = resolve_request(self, request)
            try:
                routes.tell("/" + match.route)
            except Exception:  # Django before 2.2
                pass
            return match
        return wrapper

    replace(base.BaseHandler, "resolve_request", make_resolve)
