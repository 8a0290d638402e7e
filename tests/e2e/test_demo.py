"""`tools/demo`, which `make demo` ends in: starts everything, says where, stops everything."""
import json
import os
import pty
import signal
import socket
import subprocess
from pathlib import Path

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


def demo_command(directory, todo_port):
    """The command and its environment, with ports that the system picks."""
    config = directory / "ports.yaml"
    config.write_text(ANY_PORTS)
    return ([str(ROOT / "tools" / "demo"), "--config", str(config)],
            {"TODO_PORT": str(todo_port), "DEMO_STATE": str(directory / "state")})


def test_the_demo_runs_and_leaves_nothing(tmp_path, programs):
    todo_port = free_port()
    state = tmp_path / "state"
    command, env = demo_command(tmp_path, todo_port)
    demo = programs(Program(command, tmp_path, "demo", env=env, start_new_session=True))
    wait_until(lambda: "Kolben runs." in demo.stdout, "the demo says that it runs", 30)
    assert f"http://localhost:{todo_port}" in demo.stdout
    started = descendants(demo.pid)
    ports = json.loads((state / "ports.json").read_text())["ports"]
    assert request(todo_port, "GET", "/").status == 200
    before = (state / "kolben.log").read_bytes()
    second = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True,
                            timeout=20)
    assert second.returncode == 1
    assert second.stderr == (f"demo: another demo runs on {state}; "
                             "Ctrl-C in its terminal stops it\n")
    assert second.stdout == ""
    assert (state / "kolben.log").read_bytes().startswith(before)
    wait_until(lambda: get(ports["query"], "/api/kolben/search", service="todo").json()["traces"],
               "the request's trace is found")
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.process.wait(20) == 0
    wait_until(lambda: not any(is_alive(pid) for pid in started), "no process is left", 5)
    listed = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True).stdout
    assert str(state) not in listed


def test_ctrl_c_in_a_terminal_stops_it(tmp_path):
    """The terminal sends SIGINT to the process group that holds it: that must still be the demo's."""
    command, env = demo_command(tmp_path, free_port())
    command = ["sh", "-c", '"$@"; exit $?', "sh", *command]  # as under make: not the group's leader
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**os.environ, **env})
    os.set_blocking(terminal, False)
    shown = b""

    def shows(text):
        nonlocal shown
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # nothing to read now, or the other end is closed
            pass
        return text in shown

    try:
        wait_until(lambda: shows(b"Ctrl-C stops everything"), "the demo says that it runs", 30)
        started = descendants(pid)
        os.write(terminal, b"\x03")
        wait_until(lambda: shows(b"stopped; what was collected stays in"), "it stops", 20)
        os.waitpid(pid, 0)  # the shell's end by SIGINT
        wait_until(lambda: not any(is_alive(each) for each in started), "no process is left", 5)
    finally:
        os.close(terminal)
        for each in (pid, *descendants(pid)):
            if is_alive(each):
                os.kill(each, signal.SIGTERM)


def test_a_port_that_is_taken_is_named_with_its_holder(tmp_path, programs):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        command, env = demo_command(tmp_path, port)
        demo = programs(Program(command, tmp_path, "demo", env=env))
        assert demo.process.wait(30) == 1
    name = Path("/proc/self/comm").read_text().strip()
    assert f"port {port} is in use by {name} (pid {os.getpid()})" in demo.stderr
    assert "stopped;" in demo.stdout
