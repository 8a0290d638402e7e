"""Tells the agent which route of the program a request has taken: it names the request's span."""
from kolben_agent.table import table


def tell(route):
    native = table()
    if native is not None and route:
        native.request_route(native.text(route.encode("utf-8", "replace")))
