"""Flask: the rule that a URL has matched, as it stands in the program: /hello/<int:n>."""
import sys

from kolben_agent import routes
from kolben_agent.patching import replace


def patch(app):
    def make_dispatch(full_dispatch_request):
        def wrapper(self, *args, **kwargs):
            try:
                rule = sys.modules["flask"].request.url_rule
                routes.tell(rule.rule if rule is not None else None)
            except Exception:  # outside of a request
                pass
            return full_dispatch_request(self, *args, **kwargs)
        return wrapper

    replace(app.Flask, "full_dispatch_request", make_dispatch)
