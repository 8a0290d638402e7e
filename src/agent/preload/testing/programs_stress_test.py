#!/usr/bin/env python3
"""Programs that are hard to watch, under the preload library."""
import os
import resource
import shutil
import subprocess
import unittest

from ring_reader import BINARIES, DEADLINE, Ring, clean_environment, run_tests

SANDBOX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sandbox_app.c")


# Asks a database, and does so in a signal handler too, which interrupts whatever runs.
SIGNALS = r"""
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
static const char command[] = "*1\r\n$4\r\nPING\r\n";
static int client, server;
static volatile long sent;
static void on_alarm(int number) {
  int saved = errno;
  (void)number;
  if (send(client, command, sizeof(command) - 1, 0) > 0) sent = sent + sizeof(command) - 1;
  errno = saved;
}
static void* drain(void* nothing) {
  char bytes[4096];
  while (recv(server, bytes, sizeof(bytes), 0) > 0) {}
  return nothing;
}
int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof(address);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(listener, (struct sockaddr*)&address, size);
  listen(listener, 1);
  getsockname(listener, (struct sockaddr*)&address, &size);
  client = socket(AF_INET, SOCK_STREAM, 0);
  connect(client, (struct sockaddr*)&address, size);
  server = accept(listener, NULL, NULL);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, drain, NULL);
  pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
  // The connection begins without a handler in it: one that does not is not followed at all.
  long mine = send(client, command, sizeof(command) - 1, 0);
  setitimer(ITIMER_REAL, &often, NULL);
  for (int i = 0; i < 4000; ++i) {
    if (send(client, command, sizeof(command) - 1, 0) > 0) mine += sizeof(command) - 1;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  printf("%ld %ld\n", mine + sent, sent);
  shutdown(client, SHUT_WR);
  pthread_join(thread, NULL);
  close(client);
  return 0;
}
"""


class Stress(unittest.TestCase):
    """Programs that are hard to watch; each behaves as without, and what is lost is counted."""

    APP = os.path.join(BINARIES, "kolben-stress-app")

    def compare(self, *arguments, count=True, seconds=60):
        plain = subprocess.run([self.APP, *arguments], env=clean_environment(), check=True,
                               capture_output=True, timeout=seconds)
        with Ring(count) as ring:
            traced = subprocess.run([self.APP, *arguments], env=ring.environment(), check=True,
                                    capture_output=True, timeout=seconds)
        self.assertEqual((traced.stdout, traced.stderr), (plain.stdout, plain.stderr))
        return ring, traced.stdout.decode()

    def test_a_hundred_thousand_connections_one_after_the_other(self):
        ring, said = self.compare("churn", "100000")
        self.assertEqual(said, "churned: 100000\n")
        totals = ring.totals()
        self.assertEqual(totals["servers"] + totals["clients"] + totals["dropped"], 200000)
        self.assertGreater(totals["servers"], 50000)
        self.assertEqual((totals["untraced"], totals["active"]), (0, 0))

    def test_ten_thousand_connections_at_a_time(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 10100:
            self.skipTest("not so many files")
        ring, said = self.compare("many", "10000")
        self.assertEqual(said, "at a time: 10000 asked, answered: 1\n")
        totals = ring.totals()
        # Up to the bound of a process; the rest is counted.
        self.assertEqual((totals["servers"], totals["clients"]), (8192, 8192))
        self.assertEqual(totals["untraced"], 20000 - 2 * 8192)
        self.assertEqual((totals["dropped"], totals["active"]), (0, 0))

    def test_a_body_of_a_gigabyte(self):
        ring, said = self.compare("body", str(1 << 30), count=False)
        self.assertEqual(said, f"body: 1, {1 << 30} bytes more than the head\n")
        for kind in ("server", "client"):
            record, = ring.records(kind)
            self.assertEqual((record["response_body"], record["end"]), (1 << 30, 0))

    def test_chunks_of_a_gigabyte(self):
        ring, said = self.compare("chunked", str(1 << 30), count=False)
        self.assertEqual(said, "chunked: 1, received as sent: 1\n")
        for kind in ("server", "client"):
            record, = ring.records(kind)
            self.assertEqual((record["response_body"], record["end"]), (1 << 30, 0))

    def test_a_head_without_an_end(self):
        _, said = self.compare("head", str(100 << 20))
        self.assertEqual(said, "head: received as sent: 1\n")

    def test_a_fork_storm_beside_threads_that_talk(self):
        ring, said = self.compare("forks", "300")
        self.assertEqual(said, "forks: 300, exchanges of threads: 1\n")
        self.assertEqual(ring.totals()["active"], 0)
        self.assertGreaterEqual(ring.totals()["servers"], 300)

    def test_refused_system_calls(self):
        ring, said = self.compare("eperm", "1", count=False)
        self.assertEqual(said, "refused: 1, exchanges: 1\n")
        self.assertEqual(len(ring.records("server")), 101)
        self.assertEqual({r["status"] for r in ring.records("client")}, {200})
        # The memory for connections is taken before there is none any more.
        ring, said = self.compare("eperm", "0", count=False)
        self.assertEqual(said, "refused: 1, exchanges: 1\n")
        self.assertEqual(len(ring.records("server")), 100)
        self.assertEqual(ring.totals()["untraced"], 0)

    def test_a_program_that_is_killed_for_calls_that_are_not_its_own(self):
        if shutil.which("gcc") is None:
            self.skipTest("no gcc")
        for how in ("prctl", "seccomp"):
            with Ring() as ring:
                program = os.path.join(ring.directory, "sandbox")
                subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", SANDBOX, "-o", program],
                               check=True)
                plain = subprocess.run([program, how], env=clean_environment(), capture_output=True,
                                       timeout=DEADLINE)
                traced = ring.run(program, how, check=False)
            self.assertEqual((plain.returncode, plain.stderr, plain.stdout.count(b"\n")), (3, b"", 6))
            self.assertEqual((traced.returncode, traced.stdout, traced.stderr),
                             (plain.returncode, plain.stdout, plain.stderr), how)
            # All that the program itself has done is told, but for addresses that nobody may ask for.
            self.assertEqual([r["status"] for r in ring.records("server")], [200] * 4)
            self.assertEqual([r["status"] for r in ring.records("client")], [200] * 4)
            self.assertGreater(len(ring.records("stream_piece")), 0)

    def test_a_connection_that_ends_unseen_and_its_number(self):
        ring, said = self.compare("unseen", count=False)
        self.assertEqual(said, "the same number: 1, written: 40\nafter it: 1\n")
        # Nobody can know; but the connection's next user has records of its own.
        self.assertEqual([r["status"] for r in ring.records("client")].count(200), 1)

    def test_bytes_that_a_signal_handler_sent_are_told_or_end_the_connection(self):
        if shutil.which("gcc") is None:
            self.skipTest("no gcc")
        with Ring() as ring:
            program = os.path.join(ring.directory, "signals")
            subprocess.run(["gcc", "-O2", "-pthread", "-D_GNU_SOURCE", "-x", "c", "-", "-o", program],
                           input=SIGNALS, text=True, check=True)
            sent, by_handler = map(int, ring.run(program).stdout.split())
        self.assertGreater(by_handler, 0)
        self.assertEqual(ring.totals()["dropped"], 0)
        pieces = [r for r in ring.records("stream_piece") if r["direction"] == 0]
        not_understood = 3
        ended = [r for r in ring.records("stream_end") if r["reason"] == not_understood]
        self.assertGreater(len(pieces), 0)
        if not ended:
            self.assertEqual(sum(r["bytes"] for r in pieces), sent)


if __name__ == "__main__":
    run_tests()
