"""Who waits for a program under the agent, and what it is to the system: captured output, namespaces of
process numbers, other rights, few files."""
import os
import resource
import shutil
import subprocess
import sys
import time

import pytest

from test_agent import AGENT, server_spans, spans_of
from test_agent_commands import TRACES, as_by_default, is_below, named, one, run  # noqa: F401

CAN_UNSHARE = shutil.which("unshare") is not None and subprocess.run(
    ["unshare", "-p", "-f", "--mount-proc", "true"], capture_output=True).returncode == 0
needs_namespaces = pytest.mark.skipif(not CAN_UNSHARE, reason="no rights to make a namespace")


def test_whoever_captures_the_output_does_not_wait_for_daemons():
    began = time.monotonic()
    answer = run("sh", "-c", "setsid sleep 20 >/dev/null 2>&1 </dev/null & echo $!")
    took = time.monotonic() - began
    os.kill(int(answer.stdout.split()[0]), 9)
    assert took < 10, "the pipe was open as long as the daemon ran"
    assert one(answer.stdout, os.path.basename(os.path.realpath("/bin/sh")))  # what has ended is told


def test_a_daemon_that_has_the_output_itself_is_waited_for():
    answer = run("sh", "-c", "setsid sh -c 'sleep 1; echo late' & echo early")
    assert 0 <= answer.stdout.find("early") < answer.stdout.find("late")


@needs_namespaces
def test_as_process_1_a_program_waits_until_all_is_exported():
    answer = subprocess.run(["unshare", "-p", "-f", "--mount-proc", AGENT, *TRACES,
                             "sh", "-c", "ls / >/dev/null; exit 3"],
                            capture_output=True, text=True, timeout=30)
    assert answer.returncode == 3
    assert is_below(one(answer.stdout, "ls"), one(answer.stdout, os.path.basename(os.path.realpath("/bin/sh"))))


@needs_namespaces
def test_process_numbers_of_another_namespace_are_not_taken_for_ours():
    answer = run("unshare", "-pf", "sh", "-c", "ls / >/dev/null; echo hi")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert is_below(one(answer.stdout, "ls"), one(answer.stdout, os.path.basename(os.path.realpath("/bin/sh"))))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_a_program_that_becomes_one_with_other_rights_is_named():
    answer = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/echo", "hi")
    assert answer.stdout.startswith("hi\n")
    assert answer.stderr == ("kolben agent: the program became another one with other rights, which is not seen "
                             "(docs/agent.md)\n")


def test_bash_hands_its_span_on_as_others_do():
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    answer = run("bash", "-c", "ls / >/dev/null; exec sleep 0")
    assert is_below(one(answer.stdout, "ls"), one(answer.stdout, "sleep"))
    assert named(answer.stdout, "bash") == []


def test_a_program_that_ends_without_the_c_library_has_an_exit_code(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    raw = tmp_path / "raw"
    subprocess.run(["gcc", "-x", "c", "-", "-o", raw], text=True, check=True, input=(
        "int main(void) { __asm__ volatile(\"syscall\" : : \"a\"(231), \"D\"(3) : \"rcx\", \"r11\"); }"))
    answer = run("sh", "-c", f"{raw}; ls / >/dev/null; exit 0")
    span = one(answer.stdout, "raw")
    assert span["attributes"]["process.exit.code"] == 3
    assert span["attributes"]["error.type"] == "3"


def test_statements_of_a_command_are_below_it():
    answer = run("/usr/bin/python3", "-c", "import sqlite3; c = sqlite3.connect(':memory:');"
                                           "c.execute('select 1').fetchall(); c.execute('select 2').fetchall()")
    [command] = [span for span in spans_of(answer.stdout) if span["parent_id"] is None]
    assert command["name"].startswith("python3")
    assert [is_below(span, command) for span in named(answer.stdout, "select")] == [True, True]


def test_more_programs_than_the_agent_process_may_have_files():
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (70, 70))
    answer = subprocess.run([AGENT, *TRACES, "sh", "-c",
                             "i=0; while [ $i -lt 80 ]; do sleep 1 & i=$((i+1)); done; wait"],
                            capture_output=True, text=True, timeout=60, preexec_fn=few_files)
    assert (answer.returncode, answer.stderr) == (0, "")
    sleeps = named(answer.stdout, "sleep")
    assert len(sleeps) == 80
    assert {span["status"]["status_code"] for span in sleeps} == {"UNSET"}


ASK = """
import os, signal, socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
def asked(path):
    client = socket.create_connection(listener.getsockname())
    client.sendall(f"GET {path} HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n".encode())
    return client, listener.accept()[0]
"""


@pytest.mark.parametrize("closes_first", [True, False])
def test_a_request_that_a_child_answers_is_one_span(closes_first):
    answer = run(sys.executable, "-c", ASK + f"""
client, server = asked("/forked")
server.recv(65536)
again, go = os.pipe()
if os.fork() == 0:
    os.read(again, 1)
    server.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    os._exit(0)
if {closes_first}: server.close()
os.write(go, b"x")
os.wait()
print(client.recv(65536)[-2:])
""")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("b'ok'\n")
    span, = server_spans(answer.stdout)
    assert span["attributes"]["http.status_code"] == 200
    assert span["status"]["status_code"] == "UNSET"


def test_a_request_that_nobody_answers_after_a_fork_is_told_at_the_end():
    answer = run(sys.executable, "-c", ASK + """
client, server = asked("/left")
server.recv(65536)
if os.fork() == 0: os._exit(0)
os.wait()
server.close()
""")
    span, = server_spans(answer.stdout)
    assert span["status"]["status_code"] == "ERROR"


def test_the_open_requests_of_three_hundred_processes_that_are_killed():
    answer = run(sys.executable, "-c", ASK + """
begun, begins = os.pipe()
children = []
for i in range(300):
    client, server = asked("/open")
    pid = os.fork()
    if pid == 0:
        server.recv(65536)
        os.write(begins, b"x")
        signal.pause()
    client.close()  # the child has its own
    server.close()
    children.append(pid)
for _ in children: os.read(begun, 1)
for pid in children: os.kill(pid, signal.SIGKILL)
for _ in children: os.wait()
""")
    assert (answer.returncode, answer.stderr) == (0, "")
    found = server_spans(answer.stdout)
    assert len(found) == 300
    assert {span["status"]["description"] for span in found} == {"the process ended"}
