"""One run of a server: started, asked, ended by a signal; what it did and said."""
import dataclasses
import difflib
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import BIN, Program, wait_until

from . import calls
from .normal import normal

AGENT = BIN / "opentelemetry-instrument"


@dataclasses.dataclass
class Run:
    code: int
    stdout: bytes
    stderr: bytes
    answers: list
    exchanges: list  # of HTTP
    calls: list

    def unlike(self, other):
        """In what somebody who uses the program can tell the two runs apart."""
        yield from [f"exit code {self.code} instead of {other.code}"] * (self.code != other.code)
        for name, own, others in (("stdout", self.stdout, other.stdout), ("stderr", self.stderr, other.stderr)):
            lines = [text.decode(errors="replace").splitlines() for text in (others, own)]
            yield from (f"{name}: {line}" for line in difflib.ndiff(*lines) if not line.startswith("  "))
        for number, (own, others) in enumerate(itertools.zip_longest(self.answers, other.answers)):
            if own != others:
                yield f"answer {number}: {own[:300]!r} instead of {others[:300]!r}"


def listens(program, port):
    assert program.is_running(), f"{program.name} ended at its start:\n{program.stderr}{program.stdout}"
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


def is_idle(program):
    """Its first thread waits, and does so in the same place a little later: a signal finds it there."""
    path = pathlib.Path(f"/proc/{program.pid}/syscall")
    first = path.read_text()
    time.sleep(0.02)
    return first == path.read_text() and first != "running\n"


def agent_has_ended(program):
    """The agent process tells the rest after its program's end."""
    listed = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True).stdout
    return not any("kolben-agent" in line and f"--pid {program.pid} " in f"{line} "
                   for line in listed.splitlines())


def end_group(program):
    """Also workers whose master is gone."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    program.kill()


def run(server, directory, port, flags=None, traced=False, end=signal.SIGTERM, size="whole"):
    """`flags`: of the agent; None: without it. Output goes to the same files in each run."""
    directory = pathlib.Path(directory)
    log = directory / "strace.log"
    server.prepare()
    watched = flags is not None
    command = [*([*calls.STRACE, log] if traced else []), *([AGENT, *flags] if watched else []), *server.command]
    program = Program(command, directory, server.name, env=server.env, start_new_session=True, **server.options)
    try:
        wait_until(lambda: listens(program, port), f"{server.name} listens")
        workload = server.workload(port, server)
        workload.run(size)
        wait_until(lambda: is_idle(program), f"{server.name} waits")
        code = program.stop(end)
        if watched:
            wait_until(lambda: agent_has_ended(program), "the agent process ends", 20)
    finally:
        end_group(program)
    seen = []
    if traced:
        calls.wait_for_end(log)
        seen = calls.of_program(calls.parse(log.read_text(errors="replace")), watched)
    stdout, stderr = (normal(path.read_bytes(), port) for path in (program.stdout_path, program.stderr_path))
    if server.is_threaded:  # whose lines come in the order of its threads
        stdout, stderr = (b"".join(sorted(text.splitlines(True))) for text in (stdout, stderr))
    return Run(code, stdout, stderr, [normal(answer, port) for answer in workload.answers],
               workload.exchanges, seen)
