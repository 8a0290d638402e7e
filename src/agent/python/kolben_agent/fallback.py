"""Finds modules of the `opentelemetry` API in ../fallback, for programs that have none of their own."""
import importlib.util
import os

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fallback")


def find_spec(name):
    place = os.path.join(FOLDER, *name.split("."))
    package = os.path.join(place, "__init__.py")
    if os.path.isfile(package):
        return importlib.util.spec_from_file_location(name, package,
                                                      submodule_search_locations=[place])
    if os.path.isfile(place + ".py"):
        return importlib.util.spec_from_file_location(name, place + ".py")
    return None
