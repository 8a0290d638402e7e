#!/usr/bin/env python3
"""Real programs under the preload library: what the C library says on stderr for them (error(), warn(),
perror(), assert()) is seen once and said once, and nobody else's functions of these names are touched."""
import os
import shutil
import subprocess
import tempfile
import unittest

from ring_reader import Ring, run_tests

# Its first argument says which of them.
COMPLAINTS = r"""
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void listed(const char* format, ...) {
  va_list list;
  va_start(list, format);
  vwarn(format, list);
  va_end(list);
  va_start(list, format);
  vwarnx(format, list);
  va_end(list);
}
static void own_begin(void) { fprintf(stderr, "own begin: "); }
int main(int count, char** arguments) {
  const char* what = arguments[1];
  printf("unfinished");
  errno = ENOENT;
  if (!strcmp(what, "error")) { error(0, EACCES, "%s %d %m", "file", 7); error(0, 0, "no reason"); }
  if (!strcmp(what, "line")) { error_at_line(0, EIO, "a.c", 12, "%d%%", 50); error_at_line(0, 0, NULL, 1, "x"); }
  if (!strcmp(what, "begin")) { error_print_progname = own_begin; error(0, 0, "said"); }
  if (!strcmp(what, "perror")) { perror("open"); errno = EPERM; perror(NULL); errno = EPERM; perror(""); }
  if (!strcmp(what, "warn")) { warn("%s", "a"); errno = EBUSY; warnx("%s", "b"); warn(NULL); warnx(NULL); listed("%d", 3); }
  if (!strcmp(what, "long")) { char text[9000]; memset(text, 'x', 8999); text[8999] = 0; error(0, 0, "%s", text); }
  if (!strcmp(what, "huge")) {  // more than a stack has
    size_t size = 32 << 20;
    char* text = malloc(size);
    memset(text, 'x', size);
    text[size - 1] = 0;
    error(0, 0, "%s", text);
  }
  printf(" errno %d\n", errno);
  fflush(stdout);
  if (!strcmp(what, "exits")) error(3, ENOENT, "gone");
  if (!strcmp(what, "err")) err(4, "%s", "e");
  if (!strcmp(what, "errx")) errx(5, NULL);
  if (!strcmp(what, "assert")) assert(count == 7);
  return 0;
}
"""
# Its first argument says by which function, its second with which letters.
OPTIONS = r"""
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char** arguments) {
  struct option longs[] = {{"need", 1, 0, 'n'}, {"flag", 0, 0, 'f'}, {"number", 1, 0, 'u'},
                                 {"zero", 0, &optind, 0}, {"help", 0, 0, '?'}, {0, 0, 0, 0}};
  const char* how = arguments[1];
  const char* letters = arguments[2];
  if (strcmp(letters, "a:")) longs[4] = longs[5];
  arguments[2] = arguments[0];
  count -= 2;
  arguments += 2;
  for (int c = 0; c != -1;) {
    if (!strcmp(how, "short")) c = getopt(count, arguments, letters);
    if (!strcmp(how, "long")) c = getopt_long(count, arguments, letters, longs, NULL);
    if (!strcmp(how, "only")) c = getopt_long_only(count, arguments, letters, longs, NULL);
    printf("%d %d %d %s\n", c, optopt, optind, optarg == NULL ? "" : optarg);
  }
  return 0;
}
"""
# Not the C library's, and of other arguments.
LIBRARY = "double error(double a, double b) { return a / b; } int warn(int a) { return a + 1; }"
USER = r"""
#include <stdio.h>
double error(double, double);
int warn(int);
int main(void) { printf("%.2f %d\n", error(1, 4), warn(41)); return 0; }
"""


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("gcc") is None:
            raise unittest.SkipTest("no gcc")
        cls.directory = tempfile.mkdtemp(prefix="kolben-test-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.compile(COMPLAINTS, "complaints", "-D_GNU_SOURCE")

    @classmethod
    def compile(cls, text, name, *options):
        path = os.path.join(cls.directory, name)
        subprocess.run(["gcc", "-O1", "-w", "-x", "c", "-", "-o", path, *options], input=text, text=True,
                       check=True)
        return path

    def both(self, *command):
        """The program's end without and with the library, and what was told of stderr."""
        plain = subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, "LC_ALL": "C"})
        with Ring() as ring:
            traced = ring.run(*command, env={"LC_ALL": "C"}, check=False)
        told = "".join(r["text"] for r in ring.records("output") if r["file"] == 2)
        self.assertEqual((traced.returncode, traced.stdout, traced.stderr),
                         (plain.returncode, plain.stdout, plain.stderr), command)
        return told, plain.stderr.decode()

    def test_each_is_told_as_it_is_said(self):
        program = os.path.join(self.directory, "complaints")
        for what in ("error", "line", "begin", "perror", "warn", "exits", "err", "errx", "assert"):
            told, said = self.both(program, what)
            self.assertNotEqual(said, "", what)
            if what == "begin":
                said = "own begin: "  # the rest has no end of line that we see
            self.assertEqual(told, said, what)

    def test_a_long_one_is_said_whole(self):
        told, said = self.both(os.path.join(self.directory, "complaints"), "long")
        self.assertEqual(told, said)

    def test_a_huge_one_is_said_whole_and_its_begin_is_told(self):
        told, said = self.both(os.path.join(self.directory, "complaints"), "huge")
        self.assertEqual(len(said), len("complaints: ") + len(self.directory) + 1 + (32 << 20))
        self.assertTrue(said.startswith(told.rstrip("\n")) and len(told) > 60000, len(told))

    def test_what_tools_complain_about(self):
        for command in (["/bin/ls", "/nonexistent"], ["/bin/cat", "/nonexistent"],
                        ["/bin/grep", "x", "/nonexistent"], ["/usr/bin/find", "/nonexistent"]):
            told, said = self.both(*command)
            self.assertEqual(told, said, command)

    def test_wrong_options(self):
        program = self.compile(OPTIONS, "options", "-D_GNU_SOURCE")
        for how, letters, *arguments in (
                ("short", "va:", "-x"), ("short", "va:", "-vx", "file", "-y"), ("short", "va:", "-a"),
                ("short", "+va:", "-va"), ("long", "va:", "--nope"), ("long", "va:", "--nope=3", "-x"),
                ("long", "va:", "--need"), ("long", "va:", "--flag=1"), ("long", "va:", "--n"), ("long", "va:", "--ne"),
                ("long", "va:", "file", "-x", "other", "--nope", "--flag=1", "-vza"),
                ("long", "va:", "--flag", "-zv"), ("long", "va:", "--flag=1", "-zv"), ("long", "-va:", "file", "-z"),
                ("only", "va:", "-nope"), ("only", "va:", "-need"), ("only", "va:", "--n"), ("only", "va:", "-x"),
                ("only", "va:", "-flag=1"), ("only", "f:", "-f"), ("only", "+u:", "-u"), ("only", "va:", "-vx"),
                ("only", "+va:", "-+"), ("short", "+va:", "-+"), ("only", "va:", "-:")):
            told, said = self.both(program, how, letters, *arguments)
            self.assertNotEqual(said, "", arguments)
            self.assertEqual(told, said, (how, letters, arguments))
        for how, letters, *arguments in (
                ("short", ":a:", "-x", "-a"), ("long", "-:a:", "--nope", "--need"), ("short", "?", "-??"), ("long", "a:", "--help"),
                ("long", "va:", "--", "-x"), ("long", "va:", "-v", "--need=3", "-ab")):
            self.assertEqual(self.both(program, how, letters, *arguments), ("", ""), arguments)

    def test_wrong_options_of_tools(self):
        for command in (["/bin/ls", "--nope"], ["/bin/ls", "-y"], ["/usr/bin/sort", "--parallel"],
                        ["/usr/bin/head", "--nope=1"]):
            told, said = self.both(*command)
            self.assertEqual(told, said, command)
            self.assertIn("option", told)

    def test_functions_of_the_same_names_are_the_programs_own(self):
        library = self.compile(LIBRARY, "libown.so", "-shared", "-fPIC")
        program = self.compile(USER, "user", "-x", "none", library, f"-Wl,-rpath,{self.directory}")
        told, said = self.both(program)
        self.assertEqual((told, said), ("", ""))


if __name__ == "__main__":
    run_tests()
