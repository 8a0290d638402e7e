import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

import harness

# Whoever runs the tests may ignore it (a shell's background jobs do), and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Most tests look at single calls; test_agent_commands.py is about what stands above them.
os.environ["KOLBEN_AGENT_COMMAND_SPANS"] = "never"

HERE = pathlib.Path(__file__).parent


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


@pytest.fixture(scope="session")
def sdk_python():
    """The interpreter of a venv with the pinned SDK; made once, kept under build/test."""
    venv = harness.ROOT / "build" / "test" / "venv"
    python = venv / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text()
    marker = venv / "requirements.txt"
    if not marker.exists() or marker.read_text() != wanted:
        subprocess.run(["/usr/bin/python3", "-m", "venv", venv], check=True, timeout=120)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r",
                        HERE / "requirements.txt"], check=True, timeout=300)
        marker.write_text(wanted)
    return python
