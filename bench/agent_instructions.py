#!/usr/bin/env python3
"""The agent's cost in instructions, by callgrind: the same on every machine, however busy it is.

    bench/agent_instructions.py build/bench/bin [nginx] [flask]

Instructions of user space that the program executes for a request, without and with the agent, and
that the agent process executes for a span of it; one request after another. What the kernel does,
and what one core's cache waits for another's, is for agent_bench.py. Not Node: what its compiler
does meanwhile is more than the agent.
"""
import argparse
import glob
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

import agent_bench

WARM_UP, REQUESTS = {"nginx": 100, "flask": 30}, {"nginx": 500, "flask": 150}
SPANS_WARM_UP, SPANS = 1000, 3000
VALGRIND = ["valgrind", "--tool=callgrind", "--trace-children=yes",
            "--trace-children-skip=*kolben-agent*"]
# One process, whose instructions are counted.
agent_bench.NGINX = agent_bench.NGINX.replace("daemon off;", "daemon off; master_process off;")


def read_answer(connection):
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536) or sys.exit("agent_instructions: the server hung up")
    head, _, body = answer.partition(b"\r\n\r\n")
    missing = int(re.search(rb"content-length: *(\d+)", head.lower())[1]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))


def ask(kind, port, count):
    # Flask's own server closes each connection.
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    connections = count if kind == "flask" else 1
    for _ in range(connections):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for _ in range(count // connections):
                connection.sendall(request)
                read_answer(connection)
            while kind == "flask" and connection.recv(65536):
                pass


def control(pid, command):
    subprocess.run(["callgrind_control", command, str(pid)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def instructions(directory, pid):
    """Of the part that was told to be written last."""
    with open(max(glob.glob(f"{directory}/out.{pid}.*"), key=os.path.getmtime)) as file:
        return int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M)[1])


class Program:
    """A server, itself or its agent process under callgrind."""

    def __init__(self, kind, directory, prefix, environment):
        self.directory, self.port = directory, agent_bench.free_port()
        command = agent_bench.server_command(kind, directory, self.port)
        with open(f"{directory}/messages", "w") as messages:
            self.process = subprocess.Popen([*prefix, *command], env=environment,
                                            stdout=subprocess.DEVNULL, stderr=messages)
        agent_bench.wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0,
                               "the server runs", 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def of_program(kind, launcher, environment):
    with tempfile.TemporaryDirectory(prefix="kolben-bench-") as directory:
        prefix = [*VALGRIND, f"--callgrind-out-file={directory}/out.%p", *launcher]
        with Program(kind, directory, prefix, environment) as program:
            ask(kind, program.port, WARM_UP[kind])
            control(program.process.pid, "-z")
            ask(kind, program.port, REQUESTS[kind])
            control(program.process.pid, "-d")
            return instructions(directory, program.process.pid) / REQUESTS[kind]


def of_agent_process(kind, binaries, collector):
    with tempfile.TemporaryDirectory(prefix="kolben-bench-") as directory:
        binary = f"{directory}/agent"
        with open(binary, "w") as script:
            script.write("#!/bin/sh\nexec valgrind -q --tool=callgrind "
                         f"--callgrind-out-file={directory}/out.%p {binaries}/kolben-agent \"$@\"\n")
        os.chmod(binary, 0o755)
        environment = dict(collector.environment(), KOLBEN_AGENT_BINARY=binary)
        launcher = [f"{binaries}/opentelemetry-instrument"]
        with Program(kind, directory, launcher, environment) as program:
            agent = agent_bench.wait_until(lambda: agent_bench.agent_process_of(program.process.pid),
                                           "the agent process runs", 60)
            counted = 0
            for count in (SPANS_WARM_UP, SPANS):
                before = collector.spans()
                control(agent, "-z")
                for _ in range(0, count, 500):  # no faster than it reads
                    ask(kind, program.port, 500)
                    time.sleep(0.5)
                agent_bench.wait_until(lambda: collector.spans() - before >= count,
                                       "all spans are at the collector", 60)
                control(agent, "-d")
                counted = collector.spans() - before
            return instructions(directory, agent) / counted


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries")
    parser.add_argument("what", nargs="*", default=["nginx", "flask"])
    arguments = parser.parse_args()
    binaries = os.path.abspath(arguments.binaries)
    with tempfile.TemporaryDirectory(prefix="kolben-bench-") as directory:
        collector = agent_bench.Collector(binaries, directory)
        try:
            for kind in arguments.what:
                bare = of_program(kind, [], dict(os.environ))
                more = of_program(kind, [f"{binaries}/opentelemetry-instrument"],
                                  collector.environment()) - bare
                print(f"{kind}: program {bare:.0f} instructions a request without, {more:+.0f} "
                      f"({more / bare * 100:+.1f} %) with; agent process "
                      f"{of_agent_process(kind, binaries, collector):.0f} a span", flush=True)
        finally:
            collector.stop()


if __name__ == "__main__":
    main()
