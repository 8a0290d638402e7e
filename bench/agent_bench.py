#!/usr/bin/env python3
"""The agent's cost for the program under it: nginx, Flask and Node under wrk, with and without.

    bench/agent_bench.py build/bench/bin [--pairs N] [--seconds S] [nginx] [flask] [node] [start]

The program runs twice, without and with the agent, and gets short bursts of load in turn: a pair is
a burst each, so that the machine's mood hits both; what is printed is the median over the pairs. The
programs run on the first core; load, agent process and collector on the last. With the agent every
request is exported by OTLP/gRPC to a running `kolben collector`, and counted there: if one is lost
the bench fails.

    program     user + system time of the program's own processes, a request
    agent       user + system time of the agent process, a span; its largest resident memory
    start-up    wall time of /bin/true
"""
import argparse
import contextlib
import json
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
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
PROGRAM_CORE, OTHER_CORE = 0, os.cpu_count() - 1

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
NODE = "require('http').createServer((q, s) => s.end('hello')).listen({port}, '127.0.0.1')"

COLLECTOR = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: basic}}
service:
  telemetry: {metrics: {level: basic, address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
    logs: {receivers: [otlp], exporters: [debug]}
"""
CONNECTIONS = {"nginx": 16, "flask": 4, "node": 16}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"agent_bench: after {seconds} s still not: {what}")
        time.sleep(0.01)
    return value


def threads_of(pid):
    try:
        return [int(thread) for thread in os.listdir(f"/proc/{pid}/task")]
    except FileNotFoundError:
        return []


def move(pid, core):
    """The process with all its threads to a core, before everything else there where that is allowed;
    threads to come inherit it."""
    for thread in threads_of(pid):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, {core})
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, thread, -20)


def with_descendants(pid):
    found = [pid]
    for thread in threads_of(pid):
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                for child in file.read().split():
                    found += with_descendants(int(child))
    return found


def cpu_nanos(pids, exact=False):
    """User and system time. `exact`: to the nanosecond, but without threads that have ended."""
    total = 0
    for pid in pids:
        if exact:
            for thread in threads_of(pid):
                with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                    total += int(file.read().split()[0])
        else:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS * 1e9
    return total


def agent_process_of(pid):
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/cmdline") as file:
                words = file.read().split("\0")
            if "--ring" in words and words[words.index("--pid") + 1] == str(pid):
                return int(name)
    return None


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}")


class Collector:
    """`kolben collector` on the other core, which counts what reaches it."""

    def __init__(self, binaries, directory):
        config = os.path.join(directory, "collector.yaml")
        ports = os.path.join(directory, "ports.json")
        with open(config, "w") as file:
            file.write(COLLECTOR)
        self.process = subprocess.Popen(
            [os.path.join(binaries, "kolben"), "collector", "--config", config, "--ports-file", ports],
            stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(ports) and os.path.getsize(ports), "the collector runs")
        with open(ports) as file:
            self.ports = json.load(file)["ports"]
        move(self.process.pid, OTHER_CORE)

    def spans(self):
        url = f"http://127.0.0.1:{self.ports['telemetry']}/metrics"
        with urllib.request.urlopen(url) as answer:
            found = re.search(r"^otelcol_receiver_accepted_spans\S* (\d+)$", answer.read().decode(),
                              re.M)
        return int(found[1]) if found else 0

    def environment(self):
        # Traces, metrics and logs, as without any setting.
        return dict(os.environ, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{self.ports['otlp/grpc']}")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def server_command(kind, directory, port):
    if kind == "nginx":
        with open(os.path.join(directory, "nginx.conf"), "w") as file:
            file.write(NGINX.format(dir=directory, port=port))
        with open(os.path.join(directory, "index.html"), "w") as file:
            file.write("x" * 612)
        os.chmod(directory, 0o755)
        return ["nginx", "-e", f"{directory}/error.log", "-c", f"{directory}/nginx.conf"]
    if kind == "node":
        return ["node", "-e", NODE.format(port=port)]
    with open(os.path.join(directory, "app.py"), "w") as file:
        file.write(FLASK.format(port=port))
    return ["/usr/bin/python3", f"{directory}/app.py"]


def wrk(kind, port, seconds):
    """How many requests were answered."""
    load = subprocess.Popen(["wrk", "-t1", f"-c{CONNECTIONS[kind]}", f"-d{seconds}",
                             f"http://127.0.0.1:{port}/"], stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: move(os.getpid(), OTHER_CORE))
    text = load.communicate()[0]
    if "Non-2xx" in text or "Socket errors" in text and "read 0" not in text:
        print(text, file=sys.stderr)
    return int(re.search(r"(\d+) requests in", text)[1])


class Server:
    """The program, with the agent or without, on its core; bursts of load are measured one by one."""

    def __init__(self, kind, binaries, collector):
        self.kind, self.collector = kind, collector
        self.directory, self.port = tempfile.mkdtemp(prefix="kolben-bench-"), free_port()
        command, environment = server_command(kind, self.directory, self.port), dict(os.environ)
        if collector is not None:
            command = [os.path.join(binaries, "opentelemetry-instrument"), *command]
            environment, self.spans_before = collector.environment(), collector.spans()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.answered, self.bursts = 0, 0
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0,
                   "the server runs")
        self.programs = with_descendants(self.process.pid)
        for pid in self.programs:
            move(pid, PROGRAM_CORE)
        if collector is not None:
            self.agent = wait_until(lambda: agent_process_of(self.process.pid),
                                    "the agent process runs")
            move(self.agent, OTHER_CORE)
        self.burst(1)
        if collector is not None:
            self.agent_cpu, self.agent_spans = cpu_nanos([self.agent]), collector.spans()

    def burst(self, seconds):
        """CPU nanoseconds a request, and requests a second."""
        # Threads of Flask come and go: only the coarse clock has their time.
        exact = self.kind != "flask"
        begin = cpu_nanos(self.programs, exact)
        requests = wrk(self.kind, self.port, seconds)
        self.answered += requests
        self.bursts += 1
        return (cpu_nanos(self.programs, exact) - begin) / requests, requests / seconds

    def agent_cost(self):
        """CPU nanoseconds of the agent process a span, and its largest resident MiB."""
        time.sleep(0.5)  # what is on its way belongs to it
        spans = self.collector.spans() - self.agent_spans
        with open(f"/proc/{self.agent}/status") as file:
            memory = int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) / 1024
        return (cpu_nanos([self.agent]) - self.agent_cpu) / max(1, spans), memory

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.directory)
        if self.collector is None or failure is not None:
            return
        wait_until(lambda: not is_alive(self.agent), "the agent process ends")
        counted = self.collector.spans() - self.spans_before
        # wrk forgets what it was waiting for at its end.
        forgotten = self.bursts * CONNECTIONS[self.kind]
        if not self.answered <= counted <= self.answered + forgotten:
            sys.exit(f"agent_bench: {self.answered} requests were answered to wrk, "
                     f"{counted} spans reached the collector")


def compare(kind, binaries, collector, arguments):
    with Server(kind, binaries, None) as plain, Server(kind, binaries, collector) as traced:
        pairs = []
        for i in range(arguments.pairs):
            first, second = (plain, traced) if i % 2 == 0 else (traced, plain)
            one, two = first.burst(arguments.seconds), second.burst(arguments.seconds)
            pairs.append((one, two) if first is plain else (two, one))
            if arguments.verbose:
                print(f"  {pairs[-1][0][0]:.0f} ns without, {pairs[-1][1][0]:.0f} ns with", flush=True)
        agent_cpu, agent_memory = traced.agent_cost()
    bare = statistics.median(without[0] for without, _ in pairs)
    differences = [with_agent[0] - without[0] for without, with_agent in pairs]
    more = statistics.median(differences)
    low, _, high = statistics.quantiles(differences, n=4)
    rate = statistics.median(with_agent[1] / without[1] for without, with_agent in pairs)
    print(f"{kind}: program {bare / 1000:.2f} us a request without, {more / 1000:+.2f} us "
          f"({more / bare * 100:+.1f} %; quartiles {low / 1000:+.2f}, {high / 1000:+.2f}) with; "
          f"agent process {agent_cpu / 1000:.2f} us a span, {agent_memory:.1f} MiB; "
          f"{statistics.median(without[1] for without, _ in pairs):.0f} requests a second without, "
          f"{(rate - 1) * 100:+.1f} % with; all {traced.answered} counted at the collector",
          flush=True)


def start_up(binaries, collector, runs):
    """Milliseconds of /bin/true, without and with; each agent process ends before the next run."""
    launcher = os.path.join(binaries, "opentelemetry-instrument")
    times = {False: [], True: []}
    for _ in range(runs):
        for traced in (False, True):
            begin = time.perf_counter()
            process = subprocess.Popen([launcher, "/bin/true"] if traced else ["/bin/true"],
                                       env=collector.environment())
            process.wait()
            times[traced].append((time.perf_counter() - begin) * 1000)
            wait_until(lambda: agent_process_of(process.pid) is None, "the agent process ends")
    without, with_agent = (statistics.median(times[traced]) for traced in (False, True))
    print(f"start-up: {without:.2f} ms without, {with_agent - without:+.2f} ms with")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries")
    parser.add_argument("what", nargs="*", default=["nginx", "flask", "node", "start"])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    binaries = os.path.abspath(arguments.binaries)
    with tempfile.TemporaryDirectory(prefix="kolben-bench-") as directory:
        collector = Collector(binaries, directory)
        try:
            for kind in arguments.what:
                if kind == "start":
                    start_up(binaries, collector, arguments.pairs * 2)
                else:
                    compare(kind, binaries, collector, arguments)
        finally:
            collector.stop()


if __name__ == "__main__":
    main()
