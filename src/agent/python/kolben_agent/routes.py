"""Tells the agent which route of the program a request has taken: it names the request's span."""
from kolben_agent.table import native


def tell(route):
    if route:
        native.request_route(route.encode("utf-8", "replace"))
