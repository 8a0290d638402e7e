"""Flask: the rule that a URL has matched, as it stands in the program: /hello/<int:n>.

Each request comes through here, so that what is called is as little as can be: no proxies, and no
lists of arguments.
"""
import sys

from kolben_agent import routes
from kolben_agent.patching import replace
from kolben_agent.table import native


def patch(app):
    def make_dispatch(full_dispatch_request):
        current = _current_context()
        tell = native.request_route

        def wrapper(self):
            try:
                rule = current().request.url_rule
                if rule is not None:
                    tell(rule.rule.encode())
            except Exception:  # outside of a request
                pass
            return full_dispatch_request(self)

        def wrapper_of_other_versions(self, *args, **kwargs):
            try:
                rule = sys.modules["flask"].request.url_rule
                routes.tell(rule.rule if rule is not None else None)
            except Exception:
                pass
            return full_dispatch_request(self, *args, **kwargs)

        code = getattr(full_dispatch_request, "__code__", None)  # somebody's may have none
        is_known = current is not None and code is not None and code.co_argcount == 1
        return wrapper if is_known else wrapper_of_other_versions

    replace(app.Flask, "full_dispatch_request", make_dispatch)


def _current_context():
    """What flask.request looks into, from 2.2 on; None: another version."""
    variable = getattr(sys.modules.get("flask.globals"), "_cv_request", None)
    return getattr(variable, "get", None)
