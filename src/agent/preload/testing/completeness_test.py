#!/usr/bin/env python3
"""Of each runtime: the bytes that strace sees going through its connections are those that the library
tells of, request by request.

A record of HTTP tells the sizes of bodies; heads, and what frames chunks, are counted by the other end."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../tests/e2e"))
from harness import Program, wait_until  # noqa: E402
from ring_reader import LIBRARY, Ring, clean_environment, free_port  # noqa: E402
from runtimes import calls, clients, databases, difference, servers  # noqa: E402
from runtimes.client import BODY  # noqa: E402
from runtimes.runs import end_group, is_idle, listens  # noqa: E402
from runtimes.upstream import Upstream  # noqa: E402
from runtimes.workload import Workload  # noqa: E402


def traced(ring, log, command):
    """The library is the program's, not strace's."""
    return [*calls.STRACE, log, "-E", f"LD_PRELOAD={LIBRARY}", "-E", f"KOLBEN_AGENT_RING={ring.path}", *command]


def bytes_of_connections(seen, port, is_client=False):
    """{port of the peer: (bytes received, bytes sent)}, of the server's connections; of a client's by its own
    port."""
    server, other = rf"127\.0\.0\.1\]?:{port}", r"\[?\[?(?:::ffff:)?127\.0\.0\.1\]?:(\d+)"
    pattern = rf"{other}->.*{server}\]" if is_client else rf"{server}->{other}\]"
    totals = collections.defaultdict(lambda: [0, 0])
    for direction, names in enumerate((difference.RECEIVE, difference.SEND)):
        for file, count in difference.moved(seen, names).items():
            if found := re.search(pattern, file):
                totals[int(found[1])][direction] += count
    return {peer: tuple(counts) for peer, counts in totals.items()}


class Traced(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="kolben-test-"))
        self.directory.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.port = free_port()

    def calls_in(self, log, ring):
        calls.wait_for_end(log)
        self.assertEqual(ring.totals()["dropped"], 0)
        seen = calls.of_program(calls.parse(log.read_text(errors="replace")), False)
        self.assertEqual([call.name for call in seen if call.name.startswith("io_uring")], [])
        return seen

    def run_client(self, command, **options):
        """What it printed, what the library told, and its calls."""
        log = self.directory / "client.log"
        with Ring() as ring:
            ran = subprocess.run([str(word) for word in traced(ring, log, command)], env=clean_environment(),
                                 cwd=self.directory, capture_output=True, timeout=60, check=True, **options)
        return ran.stdout, ring, self.calls_in(log, ring)


class Servers(Traced):
    def ask(self, name):
        """What was asked of the server, the library's records of it, and the server's calls."""
        server = servers.ALL[name](self.directory, self.port)
        log = self.directory / "strace.log"
        with Ring() as ring:
            program = Program(traced(ring, log, server.command), self.directory, name, start_new_session=True,
                              env=server.env)
            try:
                wait_until(lambda: listens(program, self.port), f"{name} listens")
                workload = Workload(self.port, server)
                workload.run("whole")
                wait_until(lambda: is_idle(program), f"{name} waits")
                program.stop()
            finally:
                end_group(program)
        return workload.exchanges, ring.records("server"), self.calls_in(log, ring)

    def check(self, name):
        exchanges, records, seen = self.ask(name)
        by_target = collections.defaultdict(list)
        for record in records:
            by_target[record["request"].split()[1]].append(record)
        told = collections.defaultdict(lambda: [0, 0])
        for exchange in exchanges:
            answer = exchange.answer
            record, = by_target.pop(exchange.target)
            self.assertEqual(
                (record["end"], record["status"], record["request_body"], record["response_body"]),
                (0, answer.status, exchange.sent_content, len(answer.content)), exchange.target)
            self.assertEqual(record["peer"].rpartition(":")[2], str(exchange.peer))
            told[exchange.peer][0] += exchange.sent - exchange.sent_content + record["request_body"]
            told[exchange.peer][1] += len(answer.raw) - len(answer.content) + record["response_body"]
        self.assertEqual([target for target in by_target if not target.startswith("/inner")], [])
        moved = bytes_of_connections(seen, self.port)
        self.assertEqual({peer: moved[peer] for peer in told},
                         {peer: tuple(counts) for peer, counts in told.items()})


class Clients(Traced):
    def check(self, name):
        with Upstream() as upstream:
            _, ring, seen = self.run_client(clients.ALL[name](self.directory, upstream.port))
            conversations = upstream.take()
        records = {record["request"].split()[1]: record for record in ring.records("client")}
        self.assertEqual(len(ring.records("client")), clients.COUNT)
        self.assertEqual(sum(len(each.requests) for each in conversations), clients.COUNT)
        for conversation in conversations:
            for _, target, head, request_body, response_body in conversation.requests:
                record = records[target]
                self.assertEqual(
                    (record["end"], record["status"], record["request_body"], record["response_body"]),
                    (0, 404 if "/missing" in target else 200, request_body, response_body), target)
                self.assertEqual(re.findall(rb"(?i)traceparent: (.*)\r\n", head),
                                 [f"00-{record['trace']}-{record['span']}-01".encode()])
        moved = bytes_of_connections(seen, upstream.port, is_client=True)
        self.assertEqual({each.peer: moved[each.peer] for each in conversations},
                         {each.peer: (each.sent, each.received) for each in conversations})


    def check_threads(self, **environment):
        """Without strace, under which the one thread has always come back from its write before. A request
        at which both were at a time may be missing, and is counted then; none has another one's answer."""
        with Upstream() as upstream, Ring() as ring:
            command = [*clients.java(self.directory, upstream.port), "300"]
            subprocess.run([str(word) for word in command], env=ring.environment(**environment), timeout=60,
                           check=True)
        asked = [request for conversation in upstream.take() for request in conversation.requests]
        self.assertEqual(len(asked), 300)
        records = {record["request"].split()[1]: record for record in ring.records("client")}
        self.assertEqual(len(records), len(ring.records("client")))
        for _, target, _, _, response_body in asked:
            record = records.get(target)
            if record is not None:
                self.assertEqual((record["end"], record["status"], record["response_body"]),
                                 (0, 404 if "/missing" in target else 200, response_body), target)
        missing = 300 - len(records)
        self.assertLessEqual(missing, min(15, ring.totals()["untraced"]))
        return asked, records

    def test_answers_that_another_thread_reads(self):
        asked, records = self.check_threads()
        for _, target, head, _, _ in asked:
            if target in records:
                self.assertIn(records[target]["span"].encode(), head)

    def test_answers_that_another_thread_reads_where_nothing_is_written_into_requests(self):
        self.check_threads(OTEL_PROPAGATORS="none")


class Databases(Traced):
    def check(self, name, command, script):
        server = databases.ALL[name](self.directory, self.port)
        server.prepare()
        program = Program(server.command, self.directory, name, start_new_session=True, **server.options)
        try:
            wait_until(lambda: listens(program, self.port), f"{name} listens")
            said, ring, seen = self.run_client(command, input=script)
        finally:
            program.stop()
            end_group(program)
        told = collections.defaultdict(lambda: [0, 0])
        for piece in ring.records("stream_piece"):
            told[piece["stream"]][1 - piece["direction"]] += piece["bytes"]
        moved = bytes_of_connections(seen, self.port, is_client=True)
        self.assertEqual(sorted(map(tuple, told.values())), sorted(moved.values()))
        self.assertNotEqual(told, {})
        self.assertIn(BODY, said)

    def test_psql(self):
        self.check("postgresql", ["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "ada", "-X", "postgres"],
                   databases.SCRIPT.encode())

    def test_redis_cli(self):
        self.check("redis", ["redis-cli", "-h", "127.0.0.1", "-p", self.port],
                   b"SET large %s\nGET large\nINCR large\nPING\n" % BODY)


def add_tests(case, names):
    for name in names:
        setattr(case, f"test_{name}", lambda self, name=name: self.check(name))


add_tests(Servers, set(servers.ALL) - {"php_fpm"})  # which speaks FastCGI
add_tests(Clients, clients.ALL)

if __name__ == "__main__":
    unittest.main(verbosity=1)
