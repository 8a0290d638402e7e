#!/usr/bin/env python3
"""Real programs under the preload library: connections that a parent and its children have at the same
time, answers whose begin only the kernel sees, and lengths that are none. Each exchange is told once."""
import socket
import subprocess
import threading
import unittest

from ring_reader import DEADLINE, Ring, free_port, run_tests

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
COMPLETE, UNSEEN = 0, 6  # EndReason

# What all programs here begin with.
BEGIN = f"""
import os, socket, sys, time
ANSWER = {ANSWER!r}
def has(end, file):
    got = b''
    while end not in got:
        bytes = os.read(file, 1000)
        if not bytes: return False
        got += bytes
    return True
def in_child(does, waits=True):
    child = os.fork()
    if child == 0:
        does()
        os._exit(0)
    if waits: os.waitpid(child, 0)
    return child
"""
SERVER = BEGIN + """
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('listens', flush=True)
connection = listener.accept()[0]
file = connection.fileno()
asked = lambda: has(b'\\r\\n\\r\\n', file)
"""
CLIENT = BEGIN + """
connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
file = connection.fileno()
ask = lambda n: os.write(file, b'GET /%d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' % n)
answered = lambda: has(b'hello', file)
"""


def ask(peer, path, header=""):
    """One request; what comes, up to the answer's body or the end."""
    peer.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
    got = b""
    while not got.endswith(b"hello"):
        more = peer.recv(4096)
        if not more:
            break
        got += more
    return got


class Shared(unittest.TestCase):
    def serve(self, program, requests, talk=None):
        """The server records of a program that accepts one connection, on which so much is asked."""
        port = free_port()
        with Ring() as ring:
            server = subprocess.Popen(["/usr/bin/python3", "-c", SERVER + program, str(port)],
                                      env=ring.environment(), stdout=subprocess.PIPE)
            self.assertEqual(server.stdout.readline(), b"listens\n")
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as peer:
                if talk is not None:
                    talk(peer)
                for i in range(requests):
                    self.assertTrue(ask(peer, f"/{i}").endswith(b"hello"), i)
            server.communicate(timeout=DEADLINE)
            self.assertEqual(server.returncode, 0)
        self.ring = ring
        return ring.records("server")

    def ask_server(self, program, answer=ANSWER):
        """The client records of a program, and the heads that a server without the library got."""
        heads = []
        with socket.create_server(("127.0.0.1", 0)) as listener, Ring() as ring:
            def answer_all():
                with listener.accept()[0] as peer:
                    got = b""
                    while True:
                        while b"\r\n\r\n" not in got:
                            more = peer.recv(4096)
                            if not more:
                                return
                            got += more
                        head, got = got.split(b"\r\n\r\n", 1)
                        heads.append(head.decode())
                        peer.sendall(answer)
            thread = threading.Thread(target=answer_all)
            thread.start()
            ring.run("/usr/bin/python3", "-c", CLIENT + program, str(listener.getsockname()[1]))
            thread.join(DEADLINE)
        self.ring = ring
        return ring.records("client"), heads

    def expect(self, records, count, ends=(COMPLETE,), status=200):
        self.assertEqual(sorted(r["request"].split()[1] for r in records),
                         sorted(f"/{i}" for i in range(count)), records)
        self.assertEqual(len({r["span"] for r in records}), count, "each is a span of its own")
        for record in records:
            self.assertIn(record["end"], ends)
            self.assertEqual(record["status"], status)
            self.assertLess(record["micros"], DEADLINE * 1_000_000)
        self.assertEqual(self.ring.totals()["active"], 0)

    # --- a parent and its children ------------------------------------------------------------------

    def test_the_parent_reads_each_request_and_a_child_answers(self):
        records = self.serve("while asked(): in_child(lambda: os.write(file, ANSWER))", 20)
        self.expect(records, 20)

    def test_or_answers_itself(self):
        records = self.serve("""
while asked():
    os.write(file, ANSWER)
    if not asked(): break
    in_child(lambda: os.write(file, ANSWER))
""", 6)
        self.expect(records, 6)

    def test_the_parent_does_not_wait(self):
        """A child that is not waited for may tell late: it is told by whoever tells, and once."""
        records = self.serve("while asked(): in_child(lambda: os.write(file, ANSWER), False)", 10)
        answered = [r for r in records if r["status"] == 200]
        self.expect(answered, 10)
        # What is left by the parent the agent process leaves out, for the child has told of it.
        spans = {r["span"] for r in answered}
        self.assertTrue(all(r["end"] == 5 and r["span"] in spans
                            for r in records if r["status"] == 0), records)

    def test_a_child_that_was_there_before_the_requests_answers(self):
        records = self.serve("""
reads, writes = os.pipe()
answered, answers = os.pipe()
def answer():
    os.close(writes)
    while os.read(reads, 1):
        os.write(file, ANSWER)
        os.write(answers, b'x')
child = in_child(answer, False)
while asked():
    os.write(writes, b'x')
    os.read(answered, 1)
os.close(writes)
os.waitpid(child, 0)
""", 40)
        self.expect(records, 40)

    def test_the_parent_writes_the_rest(self):
        records = self.serve("""
while asked():
    in_child(lambda: os.write(file, ANSWER[:20]))
    os.write(file, ANSWER[20:])
""", 3)
        self.expect(records, 3, (UNSEEN,))

    def test_the_parent_asks_and_a_child_reads_the_answer(self):
        records, heads = self.ask_server("""
for i in range(5):
    ask(i)
    in_child(answered)
""")
        self.expect(records, 5)
        self.assertEqual(sum("traceparent: " in head for head in heads), 5)

    def test_a_child_asks_and_the_parent_reads_the_answer(self):
        """Nobody knows of both: a span without a status."""
        records, heads = self.ask_server("""
for i in range(5):
    in_child(lambda: ask(i))
    answered()
""")
        self.expect(records, 5, (UNSEEN,), 0)
        self.assertEqual(sum("traceparent: " in head for head in heads), 5)

    def test_each_asks_for_itself(self):
        records, _ = self.ask_server("""
for i in range(0, 6, 2):
    ask(i)
    answered()
    in_child(lambda: (ask(i + 1), answered()))
""")
        self.expect(records, 6)

    def test_a_child_that_is_killed_within_its_answer(self):
        """Only the agent process can tell of it, from the child's place in the open table."""
        def talk(peer):
            self.assertEqual(ask(peer, "/killed"), ANSWER[:20])
        records = self.serve("""
asked()
reads, writes = os.pipe()
child = in_child(lambda: (os.write(file, ANSWER[:20]), os.write(writes, b'x'), time.sleep(60)), False)
os.read(reads, 1)
os.kill(child, 9)
os.waitpid(child, 0)
""", 0, talk)
        process_ended = 2
        self.assertEqual([r["end"] for r in records], [process_ended], "what the child's place says")
        self.assertEqual(self.ring.totals()["active"], 1)

    # --- answers whose begin the kernel alone sees ----------------------------------------------------

    def test_answers_by_sendfile(self):
        records = self.serve("""
name = '/dev/shm/kolben-%d' % os.getpid()
stored = os.open(name, os.O_CREAT | os.O_RDWR)
os.unlink(name)
os.write(stored, ANSWER)
while asked(): os.sendfile(file, stored, 0, len(ANSWER))
""", 4)
        self.expect(records, 4, (UNSEEN,), 0)

    def test_answers_by_splice_among_others(self):
        records = self.serve("""
reads, writes = os.pipe()
while asked():
    os.write(writes, ANSWER)
    os.splice(reads, file, 20)
    os.splice(reads, file, len(ANSWER) - 20)
    if not asked(): break
    os.write(file, ANSWER)
""", 6)
        for record in records:
            is_seen = int(record["request"].split()[1][1:]) % 2 == 1
            self.assertEqual((record["status"], record["end"]),
                             (200, COMPLETE) if is_seen else (0, UNSEEN))
        self.assertEqual(len(records), 6)

    def test_answers_that_a_client_moves_away(self):
        records, heads = self.ask_server(f"""
reads, writes = os.pipe()
for i in range(4):
    ask(i)
    left = {len(ANSWER)}
    while left: left -= os.splice(file, writes, left)
""")
        self.expect(records, 4, (UNSEEN,), 0)
        self.assertEqual(sum("traceparent: " in head for head in heads), 4)

    # --- lengths that are none --------------------------------------------------------------------------

    def test_answers_with_a_length_that_is_none(self):
        for length, is_followed in (("5, 5", True), ("+5", False), ("", False), ("-1", False),
                                    ("1" * 20, False)):
            answer = f"HTTP/1.1 200 OK\\r\\nContent-Length: {length}\\r\\n\\r\\nhello"
            records = self.serve(f"while asked(): os.write(file, b'{answer}')", 3)
            self.expect(records, 3 if is_followed else 1)
            self.assertEqual(self.ring.totals()["untraced"], 0 if is_followed else 1, length)
            records, _ = self.ask_server("for i in range(3): (ask(i), answered())",
                                         f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello"
                                         .encode())
            self.expect(records, 3 if is_followed else 1)
            self.assertEqual(self.ring.totals()["untraced"], 0 if is_followed else 1, length)

    def test_requests_with_a_length_that_is_none(self):
        for length in ("+5", "", "-1", "5, 6", "1" * 20):
            def talk(peer):
                self.assertTrue(ask(peer, "/0", f"Content-Length: {length}\r\n").endswith(b"hello"))
            records = self.serve("asked()\n"
                                 "os.write(file, ANSWER.replace(b'200 OK', b'400 Bad Request'))", 0, talk)
            self.expect(records, 1, status=400)
            self.assertEqual(self.ring.totals()["untraced"], 0, length)


if __name__ == "__main__":
    run_tests()
