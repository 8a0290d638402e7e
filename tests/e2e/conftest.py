import contextlib

import pytest

import harness


@pytest.fixture
def programs():
    """Collects what a test starts, and ends it afterwards."""
    with contextlib.ExitStack() as stack:
        def add(program):
            stack.callback(program.kill)
            return program
        yield add


@pytest.fixture
def kolben(tmp_path, programs):
    """A running `kolben up` of this test's own."""
    return programs(harness.Kolben(tmp_path))


@pytest.fixture(scope="module")
def shared_kolben(tmp_path_factory):
    """A running `kolben up` for the tests of one file that do not disturb one another."""
    program = harness.Kolben(tmp_path_factory.mktemp("kolben"))
    yield program
    program.kill()
