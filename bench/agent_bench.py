#!/usr/bin/env python3
"""The agent's cost for the program under it: nginx and Flask under wrk, with and without.

    bench/agent_bench.py build/bin [--pairs N] [--seconds S] [nginx] [flask] [start]

Prints the CPU time (user + system, of the program's own processes) that a request costs, as the
median over pairs of runs, one without and one with the agent, so that the machine's mood hits both.
With the `kolben` binary in the folder the launcher and the agent process are used; without it the
library alone with a test reader behind it.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; keepalive_requests 100000000; sendfile on;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ root {dir}; }} }} }}
"""
FLASK = """import flask, logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = flask.Flask(__name__)
@app.route("/")
def index():
    return "hello"
app.run(port={port})
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid):
    """The process and its descendants."""
    found = [pid]
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                for child in file.read().split():
                    found += children(int(child))
        except FileNotFoundError:
            continue  # the thread has ended
    return found


def cpu_nanos(pid, exact):
    """User and system time. `exact`: to the nanosecond, but without threads that have ended."""
    total = 0
    for process in children(pid):
        if exact:
            with open(f"/proc/{process}/schedstat") as file:
                total += int(file.read().split()[0])
        else:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS * 1e9
    return total


class Agent:
    """The command and environment that put a program under the agent."""

    def __init__(self, binaries, directory):
        self.binaries = binaries
        self.directory = directory
        self.reader = None
        self.ring = os.path.join("/dev/shm", f"kolben-bench-{os.getpid()}")
        self.whole = os.path.exists(os.path.join(binaries, "kolben"))

    def start(self, command):
        environment = dict(os.environ)
        if self.whole:
            environment.update(OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="none",
                               OTEL_TRACES_EXPORTER="none")
            return [os.path.join(self.binaries, "opentelemetry-instrument"), *command], environment
        self.reader = subprocess.Popen(
            [os.path.join(self.binaries, "kolben-ring-dump"), self.ring, "create", "16384", "count"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert "ready" in self.reader.stdout.readline()
        environment.update(LD_PRELOAD=os.path.join(self.binaries, "libkolben-agent.so"),
                           KOLBEN_AGENT_RING=self.ring, OTEL_LOGS_EXPORTER="none")
        return command, environment

    def stop(self):
        if self.reader is None:
            return ""
        self.reader.stdin.close()
        totals = self.reader.stdout.read()
        self.reader.wait()
        self.reader = None
        os.unlink(self.ring)
        return totals


def wait_for(port):
    deadline = time.time() + 20
    while time.time() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server did not start")


def run(kind, arguments, agent, seconds):
    """Nanoseconds of CPU for a request, and requests a second."""
    directory = tempfile.mkdtemp(prefix="kolben-bench-")
    port = free_port()
    if kind == "nginx":
        with open(os.path.join(directory, "nginx.conf"), "w") as file:
            file.write(NGINX.format(dir=directory, port=port))
        with open(os.path.join(directory, "index.html"), "w") as file:
            file.write("x" * 612)
        os.chmod(directory, 0o755)
        command = ["nginx", "-e", f"{directory}/error.log", "-c", f"{directory}/nginx.conf"]
    else:
        with open(os.path.join(directory, "app.py"), "w") as file:
            file.write(FLASK.format(port=port))
        command = ["/usr/bin/python3", f"{directory}/app.py"]
    environment = dict(os.environ)
    if agent is not None:
        command, environment = agent.start(command)
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(
                                  0, {0}))
    totals = ""
    try:
        wait_for(port)
        load = ["taskset", "-c", str(os.cpu_count() - 1), "wrk", "-t1",
                f"-c{16 if kind == 'nginx' else 4}", f"http://127.0.0.1:{port}/"]
        subprocess.run([*load, "-d1"], check=True, capture_output=True)
        before = cpu_nanos(server.pid, kind == "nginx")
        result = subprocess.run([*load, f"-d{seconds}"], check=True, capture_output=True,
                                text=True).stdout
        after = cpu_nanos(server.pid, kind == "nginx")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        if agent is not None:
            totals = agent.stop()
        shutil.rmtree(directory)
    requests = int(re.search(r"(\d+) requests in", result).group(1))
    if arguments.verbose:
        print(f"  {kind} {'with' if agent else 'without'}: {(after - before) / requests:.0f} ns, "
              f"{requests / seconds:.0f} requests/s {totals.strip()}", flush=True)
    return (after - before) / requests, requests / seconds


def start_up(binaries, pairs):
    """Milliseconds of /bin/true, without and with."""
    launcher = os.path.join(binaries, "opentelemetry-instrument")
    environment = dict(os.environ, OTEL_TRACES_EXPORTER="none", OTEL_METRICS_EXPORTER="none",
                       OTEL_LOGS_EXPORTER="none")
    if not os.path.exists(os.path.join(binaries, "kolben")):
        environment["KOLBEN_BINARY"] = "/bin/true"
    times = {False: [], True: []}
    for _ in range(pairs * 20):
        for traced in (False, True):
            begin = time.perf_counter()
            subprocess.run([launcher, "/bin/true"] if traced else ["/bin/true"], env=environment,
                           check=True)
            times[traced].append((time.perf_counter() - begin) * 1000)
    if environment.get("KOLBEN_BINARY"):
        for name in os.listdir("/dev/shm"):
            if name.startswith("kolben-agent-"):
                os.unlink(os.path.join("/dev/shm", name))
    without, with_agent = (statistics.median(times[traced]) for traced in (False, True))
    print(f"start-up: {without:.2f} ms without, {with_agent:.2f} ms with the agent, "
          f"+{with_agent - without:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries")
    parser.add_argument("what", nargs="*", default=["nginx", "flask", "start"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    binaries = os.path.abspath(arguments.binaries)
    for kind in arguments.what:
        if kind == "start":
            start_up(binaries, arguments.pairs)
            continue
        agent = Agent(binaries, None)
        differences, without, ratios = [], [], []
        for _ in range(arguments.pairs):
            plain, plain_rate = run(kind, arguments, None, arguments.seconds)
            traced, traced_rate = run(kind, arguments, agent, arguments.seconds)
            differences.append(traced - plain)
            without.append(plain)
            ratios.append(traced_rate / plain_rate)
        plain, more = statistics.median(without), statistics.median(differences)
        print(f"{kind}: {plain / 1000:.2f} us CPU a request without, {more / 1000:+.2f} us "
              f"({more / plain * 100:+.1f} %) with the agent; throughput "
              f"{(statistics.median(ratios) - 1) * 100:+.1f} %")


if __name__ == "__main__":
    main()
