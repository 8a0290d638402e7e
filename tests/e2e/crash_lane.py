"""A store, its senders and its murderer: one lane of test_crash.py, in a process of its own.

Each sender keeps a ledger: which spans it has sent, and which of them were acknowledged. What got
no answer it sends again, the same bytes, until there is one. The store's parts are tiny, so that
kills also hit what makes parts of the log and merges them.
"""
import http.client
import json
import pathlib
import random
import re
import signal
import subprocess
import threading
import time

from harness import ANY_PORTS, BIN, Kolben, get, span, trace_request, wait_until

SENDERS = 3
SPANS_PER_REQUEST = 8
CONFIG = ANY_PORTS.replace("exporters:", "exporters:\n  store: {parts: {rows: 120, merge: 2}}")
# Of the ends that a store finds: killed at work, killed at its start, killed while it stops.
AT_WORK, AT_START, AT_STOP = "at work", "at its start", "while it stopped"
SPAN_ID = re.compile(rb'"spanId":"([0-9a-f]{16})"')


class Sender(threading.Thread):
    """Sends numbered requests, one after the other, each until it is acknowledged."""

    def __init__(self, number, port):
        super().__init__(daemon=True)
        self.number = number
        self.port = port            # a callable: the port now, or None while nothing runs
        self.acknowledged = 0       # requests: the ledger is 1 .. acknowledged
        self.sent = 0
        self.resent = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        connection = None
        try:
            while not self.stopping.is_set():
                self.sent += 1
                body, attempts = self.body(self.sent), 0
                while not self.stopping.is_set():
                    connection, is_there = self.attempt(connection, body)
                    if is_there:
                        self.acknowledged = self.sent
                        self.resent += attempts > 0
                        break
                    attempts += 1
        except Exception as error:  # the lane looks at it
            self.failure = error
            raise

    def attempt(self, connection, body):
        """The connection to go on with, and whether the request was acknowledged."""
        port = self.port()
        if port is None or (connection is not None and connection.port != port):
            if connection is not None:
                connection.close()
            if port is None:
                time.sleep(0.001)
                return None, False
            connection = None
        connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.001)
            return None, False
        assert answer.status in (200, 429, 503), text
        return connection, answer.status == 200

    def span_id(self, sequence, index):
        return (self.number + 1) << 48 | sequence * SPANS_PER_REQUEST + index

    def body(self, sequence):
        """Half of its spans belong to the trace of the request before: merges reunite them."""
        trace_id = (self.number + 1) << 64 | sequence
        start = time.time_ns()
        return json.dumps(trace_request([
            span(f"op {index}", trace_id - index % 2, self.span_id(sequence, index), start=start + index,
                 **{"request.number": sequence})
            for index in range(SPANS_PER_REQUEST)], service=f"sender-{self.number}"))

    def spans_of(self, requests):
        return {self.span_id(sequence, index) for sequence in requests
                for index in range(SPANS_PER_REQUEST)}


class Lane:
    def __init__(self, number, directory, kills):
        self.chance = random.Random(20240917 + number)
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.kills = kills
        self.open_port = None
        self.senders = [Sender(number * SENDERS + i, lambda: self.open_port) for i in range(SENDERS)]
        self.ends = {AT_WORK: 0, AT_START: 0, AT_STOP: 0}
        self.parts_seen = 0         # the highest number that a part has had
        self.kolben = None

    def run(self):
        try:
            self.murder()
            return self.report()
        finally:
            if self.kolben:
                self.kolben.kill()

    def murder(self):
        self.start()
        for sender in self.senders:
            sender.start()
        for _ in range(self.kills):
            how = self.chance.choices((AT_WORK, AT_START, AT_STOP), (8, 1, 1))[0]
            self.ends[how] += 1
            if how == AT_START:
                self.end()          # the one that runs; the one that is hit is hit below
                self.kolben = Kolben(self.directory, config=CONFIG, wait=False)
                time.sleep(self.chance.uniform(0, 0.06))
            else:
                self.let_work()
                if how == AT_STOP:
                    self.kolben.process.send_signal(signal.SIGTERM)
                    time.sleep(self.chance.uniform(0, 0.02))
            self.end()
            self.start()
        self.let_work()
        for sender in self.senders:
            sender.stopping.set()
        for sender in self.senders:
            sender.join(30)
            assert sender.failure is None, sender.failure

    def start(self):
        self.kolben = Kolben(self.directory, config=CONFIG)
        self.open_port = self.kolben.otlp_http

    def let_work(self):
        """Until something was acknowledged, and a moment."""
        before = self.acknowledged()
        wait_until(lambda: self.acknowledged() > before, "something is acknowledged between two kills")
        time.sleep(self.chance.uniform(0, 0.03))

    def end(self):
        self.open_port = None
        self.kolben.kill()
        numbers = [int(path.name.split(".")[0]) for path in (self.kolben.data / "parts").glob("*.part")]
        self.parts_seen = max([self.parts_seen, *numbers])

    def acknowledged(self):
        return sum(sender.acknowledged for sender in self.senders)

    def report(self):
        """Asks the store that runs, and what `kolben store` reads when it does not."""
        wrong_traces = [sequence for sender in self.senders for sequence in
                        (self.chance.randint(1, sender.acknowledged - 1) for _ in range(20))
                        if not self.is_whole((sender.number + 1) << 64 | sequence)]
        assert self.kolben.stop() == 0, self.kolben.stderr
        found = self.exported("before.json")
        self.store("compact")
        merged = self.exported("after.json")
        self.store("check")
        acknowledged, sent = set(), set()
        for sender in self.senders:
            acknowledged |= sender.spans_of(range(1, sender.acknowledged + 1))
            sent |= sender.spans_of(range(1, sender.sent + 1))
        return {
            "acknowledged": len(acknowledged), "stored": len(found), "ends": self.ends,
            "resent": sum(sender.resent for sender in self.senders), "parts": self.parts_seen,
            "lost": sorted(acknowledged - set(found)), "invented": sorted(set(found) - sent),
            "doubled": sorted(one for one, times in found.items() if times > 1),
            "lost by compact": sorted(set(found) - set(merged)),
            "doubled after compact": sorted(one for one, times in merged.items() if times > 1),
            "wrong traces": wrong_traces,
        }

    def is_whole(self, trace_id):
        """Half of its spans came with its own request, half with the next."""
        answer = get(self.kolben.ui, f"/api/kolben/trace/{trace_id:032x}")
        spans = answer.json()["spanId"] if answer.status == 200 else []
        return len(spans) == len(set(spans)) == SPANS_PER_REQUEST

    def exported(self, name):
        """How many times each span is in the store."""
        path = self.directory / name
        self.store("export", "traces", path)
        times = {}
        with open(path, "rb") as lines:
            for line in lines:
                for text in SPAN_ID.findall(line):
                    number = int(text, 16)
                    times[number] = times.get(number, 0) + 1
        path.unlink()
        return times

    def store(self, verb, *arguments):
        done = subprocess.run([BIN / "kolben", "store", verb, "--data", self.kolben.data, *arguments],
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (verb, done.stdout, done.stderr)


def run_lane(number, directory, kills):
    return Lane(number, directory, kills).run()
