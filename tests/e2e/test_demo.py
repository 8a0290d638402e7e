"""`tools/demo`, which `make demo` ends in: starts everything, says where, stops everything."""
import json
import os
import signal
import subprocess

from harness import ANY_PORTS, ROOT, Program, free_port, get, is_alive, request, wait_until


def descendants(pid):
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listed.splitlines())}
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def test_the_demo_runs_and_leaves_nothing(tmp_path, programs):
    config = tmp_path / "ports.yaml"
    config.write_text(ANY_PORTS)
    todo_port = free_port()
    state = tmp_path / "state"
    demo = programs(Program([ROOT / "tools" / "demo", "--config", config], tmp_path, "demo",
                            env={"TODO_PORT": str(todo_port), "DEMO_STATE": str(state)}, start_new_session=True))
    wait_until(lambda: "Kolben runs." in demo.stdout, "the demo says that it runs", 30)
    assert f"http://localhost:{todo_port}" in demo.stdout
    started = descendants(demo.pid)
    ports = json.loads((state / "ports.json").read_text())["ports"]
    assert request(todo_port, "GET", "/").status == 200
    wait_until(lambda: get(ports["query"], "/api/kolben/search", service="todo").json()["traces"],
               "the request's trace is found")
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.process.wait(20) == 0
    wait_until(lambda: not any(is_alive(pid) for pid in started), "no process is left", 5)
    listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True).stdout
    assert str(state) not in listed
