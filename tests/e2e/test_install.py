"""`make install`: what it copies finds its parts where they then are, whatever is on PATH."""
import os
import subprocess

import pytest

from harness import ROOT

PYTHON = ROOT / "src" / "agent" / "python"
FILES = {"bin/kolben", "bin/opentelemetry-instrument", "bin/todo", "lib/libkolben-agent.so",
         "lib/kolben/kolben-agent", "lib/kolben/node/agent.cjs",
         "include/kolben/abi.h", "include/kolben/telemetry.hpp",
         *(f"lib/kolben/python/{path.relative_to(PYTHON)}" for path in PYTHON.rglob("*.py")
           if path.parent.name != "testing")}


def make_install(*arguments):
    done = subprocess.run(["make", "-C", ROOT, "install", *arguments], capture_output=True, text=True,
                          timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    place = tmp_path_factory.mktemp("installed") / "usr"
    make_install(f"PREFIX={place}")
    return place


def files_under(place):
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def test_everything_is_under_the_prefix(prefix):
    assert files_under(prefix) == FILES


def test_a_package_is_staged_under_destdir(tmp_path):
    make_install(f"DESTDIR={tmp_path}", "PREFIX=/opt/kolben")
    assert files_under(tmp_path / "opt" / "kolben") == FILES


@pytest.mark.parametrize("way", ["path", "link"])
def test_the_launcher_finds_the_library_and_kolben(prefix, tmp_path, way):
    launcher = prefix / "bin" / "opentelemetry-instrument"
    if way == "link":
        (tmp_path / "instrument").symlink_to(launcher)
        launcher = tmp_path / "instrument"
    done = subprocess.run(
        [launcher, "--logs_exporter", "console", "--traces_exporter", "none", "--metrics_exporter",
         "none", "sh", "-c", "echo out; exit 3"], capture_output=True, text=True, timeout=30,
        cwd=tmp_path, env={**os.environ, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("out\n") and '"body": "out"' in done.stdout
    assert done.stderr == ""


def test_the_launcher_finds_the_python_side(prefix, tmp_path):
    done = subprocess.run(
        [prefix / "bin" / "opentelemetry-instrument", "--traces_exporter", "console",
         "--logs_exporter", "none", "--metrics_exporter", "none", "/usr/bin/python3", "-c",
         "import kolben_agent; print(kolben_agent.__file__)"], capture_output=True, text=True,
        timeout=30, cwd=tmp_path, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.stdout == f"{prefix}/lib/kolben/python/kolben_agent/__init__.py\n", done.stderr


def test_the_installed_kolben_runs(prefix):
    done = subprocess.run([prefix / "bin" / "kolben", "version"], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0 and done.stdout.startswith("kolben ")
