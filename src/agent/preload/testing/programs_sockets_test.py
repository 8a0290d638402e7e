#!/usr/bin/env python3
"""Unusual ways to read, write and hand on connections, under the preload library: what programs see, and
what is told."""
import os
import shutil
import subprocess
import tempfile
import unittest

from ring_reader import DEADLINE, Ring, clean_environment, run_tests

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sockets_app.c")


class Sockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("gcc") is None:
            raise unittest.SkipTest("no gcc")
        directory = tempfile.mkdtemp(prefix="kolben-test-")
        cls.addClassCleanup(shutil.rmtree, directory)
        cls.app = os.path.join(directory, "sockets")
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", SOURCE, "-o", cls.app], check=True)

    def told(self, how, said):
        """Servers' and clients' records; what the program says is the same without the library."""
        command = [self.app, how]
        plain = subprocess.run(command, env=clean_environment(), capture_output=True, text=True,
                               timeout=DEADLINE)
        if plain.stdout.startswith("no "):
            self.skipTest(plain.stdout.strip())
        self.assertEqual(plain.stdout, said + "\n")
        with Ring() as ring:
            traced = ring.run(*command)
        self.assertEqual((traced.returncode, traced.stdout.decode(), traced.stderr.decode()),
                         (plain.returncode, plain.stdout, plain.stderr))
        self.assertEqual((ring.totals()["active"], ring.totals()["untraced"]), (0, 0))
        return ring.records("server"), ring.records("client")

    def expect(self, records, count):
        """So many requests, each answered and told once."""
        self.assertEqual([(r["status"], r["end"]) for r in records], [(200, 0)] * count, records)
        self.assertEqual(len({r["span"] for r in records}), count)

    def test_what_is_peeked_at_counts_once(self):
        for records in self.told("peek", "peeks: 8"):
            self.expect(records, 2)
            self.assertEqual([r["response_body"] for r in records], [2, 2])

    def test_bodies_that_are_thrown_away_count(self):
        for records in self.told("trunc", "truncates: 19"):
            self.expect(records, 4)
            self.assertEqual([r["response_body"] for r in records], [1000] * 3 + [2])

    def test_nothing_is_written_into_what_the_kernel_sends_from_the_program_s_pages(self):
        for records in self.told("zerocopy", "copies nothing: 6"):
            self.expect(records, 2)

    def test_what_is_out_of_band_is_not_the_stream(self):
        for records in self.told("urgent", "urgent: 8"):
            self.expect(records, 3)

    def test_a_served_connection_that_another_process_gets(self):
        servers, clients = self.told("passed", "passes: 2 2")
        self.expect(servers, 2)
        self.expect(clients, 2)
        self.assertEqual(len({r["pid"] for r in servers}), 1)
        self.assertNotEqual(servers[0]["pid"], clients[0]["pid"])

    def test_a_client_s_connection_that_another_process_gets(self):
        servers, clients = self.told("passed-client", "passes: 2 2")
        self.expect(servers, 2)
        self.expect(clients, 0)  # who opened it is not known there


if __name__ == "__main__":
    run_tests()
