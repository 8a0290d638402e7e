"""kill -9 during load: every acknowledged span is there, none twice, also where the sender sends
again what it got no answer for.

The ledger: each sender notes what was acknowledged; what was not, it sends again, the same bytes,
after the restart. At the end the store is asked for everything. KOLBEN_SOAK=1 kills 10,000 times.
"""
import json
import os
import random
import threading
import time

from harness import Kolben, get, request, span, trace_request, wait_until

KILLS = int(os.environ.get("KOLBEN_KILLS", 10_000 if os.environ.get("KOLBEN_SOAK") else 200))
SENDERS = 4
SPANS_PER_REQUEST = 8


class Sender(threading.Thread):
    """Sends numbered requests; keeps the ledger of what was acknowledged."""

    def __init__(self, number, ports):
        super().__init__(daemon=True)
        self.number = number
        self.ports = ports          # a callable: the port now, or None while nothing runs
        self.acknowledged = set()
        self.resent = 0
        self.stopping = threading.Event()

    def run(self):
        sequence = 0
        while not self.stopping.is_set():
            sequence += 1
            self.deliver(sequence)

    def deliver(self, sequence):
        trace_id = (self.number + 1) << 64 | sequence
        start = time.time_ns()
        body = json.dumps(trace_request(
            [span(f"s{index}", trace_id, sequence * 100 + index + 1, start=start + index)
             for index in range(SPANS_PER_REQUEST)], service=f"sender-{self.number}"))
        attempts = 0
        while True:
            port = self.ports()
            if port:
                try:
                    attempts += 1
                    answer = request(port, "POST", "/v1/traces", body,
                                     {"Content-Type": "application/json"}, timeout=10)
                    if answer.status == 200:
                        self.acknowledged.add(trace_id)
                        self.resent += attempts > 1
                        return
                    assert answer.status in (429, 503), answer.text
                except OSError:
                    pass
                except Exception as error:  # http.client: the answer was cut by the kill
                    if type(error).__module__ != "http.client":
                        raise
            if self.stopping.is_set():
                return          # never acknowledged: it may be there or not
            time.sleep(0.002)


def test_no_acknowledged_span_is_lost_or_doubled(tmp_path, programs):
    chance = random.Random(20240917)
    port = [None]
    senders = [Sender(number, lambda: port[0]) for number in range(SENDERS)]
    kolben = Kolben(tmp_path)
    port[0] = kolben.otlp_http
    for sender in senders:
        sender.start()
    for _ in range(KILLS):
        before = sum(len(sender.acknowledged) for sender in senders)
        wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) > before,
                   "something is acknowledged between two kills")
        time.sleep(chance.uniform(0, 0.03))
        port[0] = None
        kolben.kill()
        kolben = Kolben(tmp_path)
        port[0] = kolben.otlp_http
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.join(30)
    programs(kolben)
    assert sum(sender.resent for sender in senders) > 0, "no kill hit a request: the test is too kind"

    lost, doubled = [], []
    for sender in senders:
        for trace_id in sender.acknowledged:
            answer = get(kolben.ui, f"/api/kolben/trace/{trace_id:032x}")
            names = sorted(answer.json()["spanId"]) if answer.status == 200 else []
            if len(set(names)) < SPANS_PER_REQUEST:
                lost.append(f"{trace_id:032x}")
            if len(names) > SPANS_PER_REQUEST:
                doubled.append(f"{trace_id:032x}")
    total = sum(len(sender.acknowledged) for sender in senders)
    assert not lost, f"{len(lost)} of {total} acknowledged requests lost spans: {lost[:5]}"
    assert not doubled, f"{len(doubled)} of {total} acknowledged requests doubled: {doubled[:5]}"
    counted = get(kolben.ui, "/api/kolben/histogram", start=0, end=time.time_ns() + 10**12,
                  buckets=1).json()["total"]
    assert counted >= total * SPANS_PER_REQUEST
