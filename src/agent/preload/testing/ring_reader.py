#!/usr/bin/env python3
"""What the tests over real programs share: a ring with kolben-ring-dump as its reader, and servers.

Programs that the machine does not have are left out, and named at the end.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest


BINARIES = os.path.abspath(sys.argv.pop(1))
LIBRARY = os.path.join(BINARIES, "libkolben-agent.so")
LAUNCHER = os.path.join(BINARIES, "opentelemetry-instrument")
DUMP = os.path.join(BINARIES, "kolben-ring-dump")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADER = f"traceparent: 00-{TRACE}-{PARENT}-01"
DEADLINE = 20


def clean_environment():
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("OTEL_", "KOLBEN_", "LD_"))}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ring:
    """A ring with a reader; `with Ring() as ring:`, then ring.records() after it. With `count` the
    reader only counts, ring.totals(). With `logs`, a pattern, such files of ring.logs are named ones,
    and what the programs print is not told."""

    def __init__(self, count=False, logs=None):
        self.counts = ["count"] if count else []
        self.log_names = logs

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="kolben-test-")
        os.chmod(self.directory, 0o755)
        self.path = os.path.join(self.directory, "ring")
        self.out = os.path.join(self.directory, "records")
        self.logs = os.path.join(self.directory, "log")
        environment = dict(os.environ)
        environment.pop("KOLBEN_AGENT_LOG_FILES", None)
        if self.log_names is not None:
            os.mkdir(self.logs, 0o777)
            environment["KOLBEN_AGENT_LOG_FILES"] = os.path.join(self.logs, self.log_names)
        with open(self.out, "w") as out:
            self.reader = subprocess.Popen([DUMP, self.path, "create", "16384", *self.counts],
                                           stdin=subprocess.PIPE, stdout=out, env=environment)
        self.wait_for(lambda records: records)
        return self

    def read(self):
        with open(self.out) as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1]]

    def wait_for(self, condition):
        deadline = time.time() + DEADLINE
        while time.time() < deadline:
            if condition(self.read()):
                return
            time.sleep(0.01)
        raise AssertionError("not within the deadline: " + json.dumps(self.read())[-3000:])

    def environment(self, **more):
        return {**clean_environment(), "LD_PRELOAD": LIBRARY, "KOLBEN_AGENT_RING": self.path, **more}

    def run(self, *command, check=True, **options):
        environment = self.environment(**options.pop("env", {}))
        return subprocess.run(command, env=environment, check=check, capture_output=True,
                              timeout=DEADLINE, **options)

    def __exit__(self, *_):
        self.reader.stdin.close()
        self.reader.wait(DEADLINE)
        self.all = self.read()
        shutil.rmtree(self.directory)

    def records(self, kind):
        return [record for record in self.all if record["type"] == kind]

    def totals(self):
        return self.all[-1]


class Server:
    """A server under the library; stopped by SIGTERM at the end."""

    def __init__(self, ring, command, port, cwd=None, env=None):
        self.port = port
        self.process = subprocess.Popen(command, env=ring.environment(**(env or {})), cwd=cwd,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.time() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if time.time() > deadline:
                    raise
                time.sleep(0.02)

    def get(self, path="/", *arguments):
        return subprocess.run(["curl", "-s", "-m", "10", *arguments,
                               f"http://127.0.0.1:{self.port}{path}"], env=clean_environment(),
                              check=True, capture_output=True, text=True).stdout

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.output = self.process.communicate(timeout=DEADLINE)[0].decode()


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return unittest.skipIf(missing, f"not on this machine: {missing}")


def run_tests():
    """Those of the file that was started."""
    # Whoever runs the tests may ignore it (a shell's background jobs do), and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(verbosity=1)
