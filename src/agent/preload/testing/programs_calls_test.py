#!/usr/bin/env python3
"""Calls and ways that few programs use, under the preload library: what programs see, and what is told."""
import os
import resource
import shutil
import subprocess
import tempfile
import unittest

from ring_reader import DEADLINE, Ring, clean_environment, run_tests

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls_app.c")
CURRENT, FUTURE = 1, 2
# The kernel takes less than what is written, once.
SHORT_WRITES = r"""
#include <sys/syscall.h>
#include <unistd.h>
static size_t limit;
void limit_next_write(size_t bytes) { limit = bytes; }
ssize_t write(int file, const void* bytes, size_t size) {
  if (limit != 0 && size > limit) size = limit;
  limit = 0;
  return syscall(SYS_write, file, bytes, size);
}
"""


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("gcc") is None:
            raise unittest.SkipTest("no gcc")
        directory = tempfile.mkdtemp(prefix="kolben-test-")
        cls.addClassCleanup(shutil.rmtree, directory)
        cls.app = os.path.join(directory, "calls")
        subprocess.run(["gcc", "-O2", "-pthread", "-D_GNU_SOURCE", SOURCE, "-o", cls.app], check=True)

    def compare(self, *arguments, stderr=True, ends=False):
        """What the program says is the same without the library; the ring, and both runs."""
        command = [self.app, *map(str, arguments)]
        plain = subprocess.run(command, env=clean_environment(), capture_output=True, text=True,
                               timeout=DEADLINE)
        with Ring() as ring:
            traced = subprocess.run(command, env=ring.environment(), capture_output=True, text=True,
                                    timeout=DEADLINE)
            if ends:
                ring.wait_for(lambda records: any(r["type"] == "exit" for r in records))
        self.assertEqual((traced.returncode, traced.stdout), (plain.returncode, plain.stdout),
                         traced.stderr)
        if stderr:
            self.assertEqual(traced.stderr, plain.stderr)
        return ring, plain, traced


class LockedMemory(Calls):
    """mlockall()."""

    def lock(self, flags, limit, *used):
        """How much more is locked, and resident, than without the library, in KiB; the ring."""
        if resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] != resource.RLIM_INFINITY and os.geteuid():
            self.skipTest("may not lock")
        ring, plain, traced = self.compare("lock", flags, limit, *used, stderr=False)
        locked, resident = (int(b) - int(a) for a, b in zip(plain.stderr.split(),
                                                            traced.stderr.split()))
        return locked, resident, ring, plain.stdout

    def test_what_is_locked_without_a_limit_is_the_programs_own(self):
        for flags in (CURRENT, FUTURE, CURRENT | FUTURE):
            for used in ((), ("used",)):
                locked, resident, ring, _ = self.lock(flags, -1, *used)
                self.assertLess(locked, 2048, (flags, used))  # our code, and the page that says: a fork
                self.assertLess(resident, 16384, (flags, used))
                self.assertEqual(len(ring.records("server")), 1 + len(used), (flags, used))

    def test_a_limit_that_the_program_fits_in_is_enough_with_us(self):
        for used in ((), ("used",)):
            _, _, ring, said = self.lock(CURRENT, 8192, *used)
            self.assertIn("mlockall: 0", said)
            # Where there were tables, they had to go; what was told before was told.
            self.assertEqual(len(ring.records("server")), 1)
            self.assertEqual(len(ring.records("exit")), 1, "the ring has come back")

    def test_beside_threads_it_is_the_programs_own_too(self):
        for flags in (CURRENT, FUTURE, CURRENT | FUTURE):
            locked, _, ring, _ = self.lock(flags, -1, "used", "threads")
            self.assertLess(locked, 2048, flags)
            self.assertEqual(len(ring.records("server")), 2)

    def test_what_is_mapped_later_has_the_whole_limit(self):
        _, _, ring, said = self.lock(FUTURE, 2048)
        self.assertIn("mlockall: 0", said)
        self.assertIn("1 MiB more: yes", said)
        self.assertEqual(len(ring.records("server")), 1)

    def test_now_and_later_within_a_limit(self):
        _, _, _, said = self.lock(CURRENT | FUTURE, 8192)
        self.assertIn("mlockall: 0", said)

    def test_a_limit_that_is_too_small_without_us_fails_as_without_us(self):
        for others in ((), ("threads",)):
            _, _, ring, said = self.lock(CURRENT, 64, "used", *others)
            self.assertIn("Cannot allocate memory", said)
            self.assertEqual(len(ring.records("server")), 2, "and is no reason to go")


class Jumps(Calls):
    def test_a_thread_that_was_jumped_out_of_our_code_is_seen_again(self):
        ring, _, traced = self.compare("jumps", 300, ends=True)
        self.assertIn("after 300 jumps: 10", traced.stdout)
        # Those after the last jump are ten on a connection of their own.
        last = [r["local"] for r in ring.records("server")][-1:]
        self.assertEqual([r["status"] for r in ring.records("server") if r["local"] in last],
                         [200] * 10)


class Connections(Calls):
    def expect(self, ring, servers, clients):
        """So many requests, each answered and told once."""
        for kind, count in (("server", servers), ("client", clients)):
            records = ring.records(kind)
            self.assertEqual([(r["status"], r["end"]) for r in records], [(200, 0)] * count, records)
            self.assertEqual(len({r["span"] for r in records}), count)

    def test_a_child_answers_what_its_parent_has_read(self):
        ring, _, traced = self.compare("forks")
        self.assertEqual(traced.stdout, "answered: 1, child: 3\n" * 2)
        # Of the parent that closes before the child answers: the agent process drops it where the span
        # is told. The other one knows that its child has answered.
        left = 5
        records = ring.records("server")
        self.assertEqual(sorted((r["status"], r["end"]) for r in records),
                         [(0, left)] + [(200, 0)] * 2)
        self.assertEqual(len({r["span"] for r in records}), 2)

    def test_copies_of_file_numbers(self):
        ring, _, traced = self.compare("copies")
        self.assertEqual(traced.stdout, "".join(f"copy {how}: 6\n" for how in range(5)))
        self.expect(ring, 20, 20)

    ANSWER = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"

    def test_a_program_that_has_the_connection_as_input_and_output(self):
        commands = [
            ["/usr/bin/python3", "-c", f"import os\nos.read(0, 4096)\nos.write(1, b'{self.ANSWER}')"],
            ["/usr/bin/python3", "-c", "import sys\n"
             "while sys.stdin.buffer.readline().strip(): pass\n"
             f"sys.stdout.buffer.write(b'{self.ANSWER}')"],
            ["perl", "-e", f'while (<STDIN>) {{ s/\\s//g; last if $_ eq "" }} print "{self.ANSWER}"'],
        ]
        for command in commands:
            if shutil.which(command[0]) is None:
                continue
            ring, _, traced = self.compare("inetd", *command)
            self.assertEqual(traced.stdout, "answered: 1, ended: 0\n")
            self.expect(ring, 1, 1)
            self.assertNotEqual(ring.records("server")[0]["local"], "")

    def test_bytes_of_bodies_that_only_the_kernel_sees(self):
        ring, _, traced = self.compare("splice")
        self.assertEqual(traced.stdout, "spliced: 22\n")
        self.expect(ring, 4, 4)
        for kind in ("server", "client"):
            self.assertEqual([r["response_body"] for r in ring.records(kind)], [1000] * 3 + [2])

    def test_many_messages_in_a_call(self):
        ring, _, traced = self.compare("many")
        self.assertEqual(traced.stdout, "many at once: 12\n")
        self.expect(ring, 3, 3)


class Stacks(Calls):
    def test_a_thread_with_the_smallest_stack_there_is(self):
        for starts in ((), ("starts",)):
            _, plain, traced = self.compare("stack", 16384, *starts, stderr=False)
            self.assertEqual(traced.returncode, 0)
            self.assertLess(int(traced.stderr) - int(plain.stderr), 8192)


class WithoutClock(Calls):
    """A program that may not even look at a clock any more is left alone."""

    def test_a_program_that_forbids_itself_all_but_reading_and_writing(self):
        for how in ("strict", "syscall", "tsc"):
            ring, plain, _ = self.compare("clockless", how)
            self.assertEqual((plain.returncode, plain.stdout), (7, "before: 2\n" + 3 * "still here\n"), how)
            self.assertEqual([r["status"] for r in ring.records("server")], [200], how)
            self.assertEqual((ring.totals()["active"], ring.totals()["untraced"]), (0, 2), "what was open")

    def test_a_header_that_has_begun_is_finished(self):
        library = os.path.join(os.path.dirname(self.app), "libshort.so")
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-x", "c", "-", "-o", library],
                       input=SHORT_WRITES, text=True, check=True)
        for how in ("strict", "tsc"):
            with Ring() as ring:
                environment = ring.environment()
                environment["LD_PRELOAD"] += ":" + library
                ended = subprocess.run([self.app, "within", how], env=environment, capture_output=True,
                                       text=True, timeout=DEADLINE)
            self.assertEqual(ended.returncode, 7, how)
            self.assertRegex(ended.stderr, r"\Atraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r?\n\Z", how)


if __name__ == "__main__":
    run_tests()
