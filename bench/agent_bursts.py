#!/usr/bin/env python3
"""The agent's cost for the program under it, to a fifth of a microsecond: short bursts, many times.

    bench/agent_bursts.py build/bench/bin [--also OTHER/bin] [nginx] [node] [flask] [gunicorn]

Programs alike run on the first core, two of them without the agent, and get bursts of some
milliseconds in turn, in an order that is drawn for each round; so the machine's moods hit all. What
the one without the agent costs more than the other is the noise, and printed beside the rest. Who
asks runs on the same core, and neither it nor a program takes the processor from the other: a
program handles what has come and then waits, each time alike, and no core waits for another's
interrupt.

    paused   the agent process is stopped meanwhile: what the library itself takes
    running  it reads the ring and exports meanwhile, on the other core

Where in memory a program happens to lie makes more of a difference than the agent: therefore new
ones are started again and again. Of each set of programs the median of the rounds' differences
counts, and printed are the median of those and between which values it is in 95 % of what is drawn
again from the sets. Each request is exported and counted at a `kolben collector`; if one is lost the
bench fails. `--also`: more builds of the agent, measured in the same rounds.
"""
import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import agent_bench
from agent_bench import OTHER_CORE, PROGRAM_CORE, wait_until

GUNICORN = """import flask
app = flask.Flask(__name__)
@app.route("/")
def index():
    return "hello"
"""
CONNECTIONS = 16  # of servers that keep them
# Requests in a burst, and before the first one, for caches and compilers: Python's interpreter, too,
# makes its code faster on the way.
REQUESTS = {"nginx": 64, "node": 64, "flask": 16, "gunicorn": 16}
WARM_UP = {"nginx": 256, "node": 4096, "flask": 400, "gunicorn": 400}
ROUNDS = 16  # times REQUESTS: fewer than the ring has room for
SETS = {"nginx": 100, "node": 40, "flask": 40, "gunicorn": 40}
DRAWN = 2000
HOWS = ("paused", "running")
IDLE_SECONDS, IDLE_NANOS = 0.025, 500_000


def cpu_nanos(pid):
    """User and system time of a process with all threads that it ever had, by the scheduler."""
    return time.clock_gettime_ns(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it


def together(pid):
    """On the program's core, taking it from nobody who runs there."""
    for thread in agent_bench.threads_of(pid):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, {PROGRAM_CORE})
            os.sched_setscheduler(thread, os.SCHED_BATCH, os.sched_param(0))


def installed(binaries, directory):
    """The launcher of a copy of its own: where a file's pages lie in memory counts, too."""
    lib = os.path.join(binaries, "..", "lib", "kolben")
    if not os.path.isdir(lib):
        sys.exit(f"agent_bursts: {lib} is missing, so Python and Node would be seen less of")
    shutil.copytree(lib, os.path.join(directory, "lib", "kolben"))
    os.mkdir(os.path.join(directory, "bin"))
    for name in ("opentelemetry-instrument", "kolben-agent", "libkolben-agent.so"):
        shutil.copy(os.path.join(binaries, name), os.path.join(directory, "bin"))
    return os.path.join(directory, "bin", "opentelemetry-instrument")


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"  # whose parent takes its time
    except FileNotFoundError:
        return True


def command_of(kind, directory, port):
    if kind != "gunicorn":
        return agent_bench.server_command(kind, directory, port)
    with open(os.path.join(directory, "app.py"), "w") as file:
        file.write(GUNICORN)
    return ["/usr/bin/python3", "-m", "gunicorn", "--workers", "1", "--chdir", directory,
            "--bind", f"127.0.0.1:{port}", "app:app"]


class Load:
    """Asks a server, by connections that stay or by one a request."""

    def __init__(self, kind, port):
        self.address = ("127.0.0.1", port)
        self.request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self.connections = []
        if kind in ("nginx", "node"):
            self.connections = [socket.create_connection(self.address) for _ in range(CONNECTIONS)]
            for connection in self.connections:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.answer_size = self.first_answer_size()

    def first_answer_size(self):
        connection, answer = self.connections[0], b""
        connection.sendall(self.request)
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536) or sys.exit("agent_bursts: the server hung up")
        head, _, body = answer.partition(b"\r\n\r\n")
        chunked = b"chunked" in head
        length = re.search(rb"content-length: *(\d+)", head.lower())
        while not body.endswith(b"0\r\n\r\n") if chunked else len(body) < int(length[1]):
            body += connection.recv(65536)
        return len(head) + 4 + len(body)

    def ask(self, requests):
        if not self.connections:
            for _ in range(requests):
                with socket.create_connection(self.address) as connection:
                    connection.sendall(self.request)
                    answer = bytearray()
                    while piece := connection.recv(65536):
                        answer += piece
                    assert answer.startswith(b"HTTP/1.") and answer.endswith(b"hello"), answer
            return
        for _ in range(requests // CONNECTIONS):
            for connection in self.connections:
                connection.send(self.request)
            for connection in self.connections:
                answer = connection.recv(self.answer_size, socket.MSG_WAITALL)
                assert len(answer) == self.answer_size and answer[9:12] == b"200", answer


class Program:
    def __init__(self, kind, binaries, collector):
        self.kind, self.collector = kind, collector if binaries else None
        self.directory, port = tempfile.mkdtemp(prefix="kolben-bench-"), agent_bench.free_port()
        command, environment = command_of(kind, self.directory, port), dict(os.environ)
        if binaries:
            command = [installed(binaries, self.directory), *command]
            environment = collector.environment()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the server runs")
        self.agent = None
        if binaries:
            self.agent = wait_until(lambda: agent_bench.agent_process_of(self.process.pid),
                                    "the agent process runs")
            agent_bench.move(self.agent, OTHER_CORE)
        self.load = Load(kind, port)
        self.load.ask(WARM_UP[kind])
        self.asked = WARM_UP[kind] + len(self.load.connections[:1])
        self.programs = agent_bench.with_descendants(self.process.pid)
        if self.agent in self.programs:
            self.programs.remove(self.agent)
        for pid in self.programs:
            together(pid)

    def cpu_nanos(self):
        return sum(map(cpu_nanos, self.programs))

    def burst(self):
        """CPU nanoseconds a request."""
        requests = REQUESTS[self.kind]
        begin = self.cpu_nanos()
        self.load.ask(requests)
        self.asked += requests
        return (self.cpu_nanos() - begin) / requests

    @contextlib.contextmanager
    def agent_is(self, how):
        """`paused` or `running`; afterwards it works until it has nothing more to do."""
        if self.agent and how == "paused":
            os.kill(self.agent, signal.SIGSTOP)
        try:
            yield
        finally:
            if self.agent:
                os.kill(self.agent, signal.SIGCONT)
                self.wait_for_export()

    def wait_for_export(self):
        others = (self.agent, self.collector.process.pid)
        before = sum(map(cpu_nanos, others))
        for _ in range(100):
            time.sleep(IDLE_SECONDS)
            now = sum(map(cpu_nanos, others))
            if now - before < IDLE_NANOS:
                return
            before = now

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.directory)
        if self.agent:
            wait_until(lambda: has_ended(self.agent), "the agent process ends")


def rounds(programs, how):
    """The median of what each costs more than the first one, and the first one's own."""
    costs = {name: [] for name in programs}
    with contextlib.ExitStack() as agents:
        for program in programs.values():
            agents.enter_context(program.agent_is(how))
        for _ in range(ROUNDS):
            for name in random.sample(list(programs), len(programs)):
                costs[name].append(programs[name].burst())
    plain = costs.pop("plain")
    return statistics.median(plain), {
        (name, how): statistics.median(one - other for one, other in zip(cost, plain))
        for name, cost in costs.items()}


def one_set(kind, builds, collector):
    spans_before, programs = collector.spans(), {}
    try:
        for name, binaries in builds.items():
            programs[name] = Program(kind, binaries, collector)
        # Which of them is first is drawn: programs go on to get warmer.
        bares, differences = [], {}
        for how in random.sample(HOWS, len(HOWS)):
            bare, more = rounds(programs, how)
            bares.append(bare)
            differences.update(more)
    finally:
        for program in programs.values():
            program.stop()
    asked = sum(program.asked for program in programs.values() if program.agent)
    counted = collector.spans() - spans_before
    if counted != asked:
        sys.exit(f"agent_bursts: {asked} requests were answered, {counted} spans reached the "
                 "collector")
    return statistics.mean(bares), differences


def compare(kind, arguments, collector):
    builds = {"plain": None, "plain again": None, "agent": arguments.binaries}
    builds.update((binaries, binaries) for binaries in arguments.also)
    count = arguments.sets or SETS[kind]
    sets = [one_set(kind, builds, collector) for _ in range(count)]
    bare = statistics.median(bare for bare, _ in sets) / 1000
    print(f"{kind}: {bare:.2f} us CPU a request without; {count} sets of programs, all requests "
          "counted", flush=True)
    for arm in sorted(sets[0][1], key=lambda arm: HOWS.index(arm[1])):
        values = [differences[arm] / 1000 for _, differences in sets]
        more = statistics.median(values)
        drawn = sorted(statistics.median(random.choices(values, k=count)) for _ in range(DRAWN))
        print(f"  {' '.join(arm)}: {more:+.2f} us (95 %: {drawn[DRAWN // 40]:+.2f} to "
              f"{drawn[-DRAWN // 40]:+.2f}), {more / bare * 100:+.1f} %", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries")
    parser.add_argument("what", nargs="*", default=list(REQUESTS))
    parser.add_argument("--also", action="append", default=[], help="other programs to compare with")
    parser.add_argument("--sets", type=int, help="of programs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kolben-bench-") as directory:
        collector = agent_bench.Collector(arguments.binaries, directory)
        together(os.getpid())
        try:
            for kind in arguments.what:
                compare(kind, arguments, collector)
        finally:
            collector.stop()


if __name__ == "__main__":
    main()
