#!/usr/bin/env python3
"""Real programs under the preload library: what they print is seen once and printed once."""
import os
import shutil
import subprocess
import tempfile
import unittest

from ring_reader import BINARIES, LIBRARY, Ring, run_tests


# Prints as GNU's programs do: by macros that put characters into the stream's buffer.
MACROS = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void spell(const char* text) { while (*text) putchar_unlocked(*text++); }
static void* print_lines(void* name) {
  for (int i = 0; i < 1000; ++i) printf("%s %d\n", (const char*)name, i);
  return NULL;
}
static void print_by_threads(void) {
  pthread_t threads[4];
  char* names[4] = {"a", "b", "c", "d"};
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, print_lines, names[i]);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  spell("the last line\n");
}
static void print_by_processes(void) {
  spell("of the parent ");
  if (fork() == 0) { spell("child\n"); exit(0); }
  wait(NULL);
  spell("parent\n");
}
static void print_between_calls(void) {
  spell("a");
  printf("b%d", 1);
  spell("c");
  puts("d");
  spell("e");
  fflush(stdout);
  spell("f");
  fflush(NULL);
  spell("g");
  fwrite("h\n", 1, 2, stdout);
}
int main(int count, char** arguments) {
  if (count > 2) setvbuf(stdout, NULL, arguments[2][0] == 'l' ? _IOLBF : _IONBF, 0);
  const char* what = arguments[1];
  if (!strcmp(what, "returns")) spell("a line\n");
  if (!strcmp(what, "closes")) { fputs_unlocked("hi", stdout); spell("\n"); fclose(stdout); }
  if (!strcmp(what, "calls")) print_between_calls();
  if (!strcmp(what, "much")) for (int i = 0; i < 3000; ++i) spell("a line of a text\n");
  if (!strcmp(what, "leaves")) { spell("never written\n"); _exit(0); }
  if (!strcmp(what, "processes")) print_by_processes();
  if (!strcmp(what, "threads")) print_by_threads();
  return 0;
}
"""

WIDE = r"""
#include <locale.h>
#include <stdio.h>
#include <wchar.h>
int main(int count, char** arguments) {
  setlocale(LC_ALL, "C.UTF-8");
  if (count > 1) {
    wchar_t text[3000];
    wmemset(text, 0xe4, 2999);
    text[2999] = 0;
    return wprintf(L"%ls\n", text) == 3000 ? 0 : 1;
  }
  wprintf(L"%s: \u00e4 %d\n", arguments[0] == NULL ? "" : "a", 7);
  fputws(L"\u20ac \U0001f600\n", stdout);
  putwchar(L'b');
  putwc(L'c', stdout);
  fputwc(L'\n', stdout);
  fwprintf(stdout, L"%ls", L"half");
  return 0;
}
"""
WIDE_STREAM = r"""
#include <iostream>
#include <locale>
int main() {
  std::locale::global(std::locale("C.UTF-8"));
  std::wcout << L"counted " << 3 << L" \u00e4" << std::endl;
  std::wcerr << L"a complaint\n";
  return 0;
}
"""


class Output(unittest.TestCase):
    def test_an_allocator_that_reads_a_file_before_anything_else(self):
        allocator = os.path.join(BINARIES, "libkolben-eager-malloc.so")
        for preload in (f"{allocator}:{LIBRARY}", f"{LIBRARY}:{allocator}"):
            with Ring() as ring:
                result = ring.run("awk", "BEGIN { print \"a line\" }", env={"LD_PRELOAD": preload})
            self.assertEqual((result.stdout, result.stderr), (b"a line\n", b""))
            self.assertEqual("".join(r["text"] for r in ring.records("output")), "a line\n")

    def test_stdio_is_seen_once_and_printed_once(self):
        with Ring() as ring:
            result = ring.run("awk", "BEGIN { print \"a line\"; printf \"%s\", \"and half\" }")
        self.assertEqual(result.stdout, b"a line\nand half")
        self.assertEqual("".join(r["text"] for r in ring.records("output")), "a line\nand half")

    def told_and_printed(self, *command):
        with Ring() as ring:
            result = ring.run(*command)
        self.assertEqual(ring.totals()["dropped"], 0)
        return "".join(r["text"] for r in ring.records("output")), result.stdout.decode()

    def test_programs_that_close_their_output(self):
        for command in (["/bin/echo", "hi"], ["/bin/ls", "-la", "/"], ["/bin/date"], ["/usr/bin/id"],
                        ["/bin/uname", "-a"], ["/usr/bin/printf", "a\\nhalf"],
                        ["/usr/bin/seq", "20000"]):
            told, printed = self.told_and_printed(*command)
            self.assertNotEqual(printed, "")
            self.assertEqual(told, printed, command)

    def test_what_macros_print_is_seen_once(self):
        directory = tempfile.mkdtemp(prefix="kolben-test-")
        self.addCleanup(shutil.rmtree, directory)
        program = os.path.join(directory, "macros")
        if shutil.which("gcc") is None:
            self.skipTest("no gcc")
        subprocess.run(["gcc", "-O2", "-pthread", "-D_GNU_SOURCE", "-x", "c", "-", "-o", program],
                       input=MACROS, text=True, check=True)
        for buffering in ([], ["lines"], ["nothing"]):
            for what in ("returns", "closes", "calls", "much"):
                told, printed = self.told_and_printed(program, what, *buffering)
                self.assertEqual(told, printed, (what, buffering))
            told, printed = self.told_and_printed(program, "threads", *buffering)
            self.assertEqual(sorted(told.splitlines()), sorted(printed.splitlines()))
            self.assertEqual(printed.count("\n"), 4001)
        # _exit() leaves the buffer behind. The first character made a call, which allocates it.
        self.assertEqual(self.told_and_printed(program, "leaves"), ("n", ""))
        self.assertEqual(self.told_and_printed(program, "leaves", "lines"),
                         ("never written\n", "never written\n"))
        # What stood in the buffer is printed twice; that is its parent's to tell.
        told, printed = self.told_and_printed(program, "processes")
        self.assertEqual(printed, "of the parent child\nof the parent parent\n")
        self.assertEqual(told, "child\nof the parent parent\n")

    def compiled(self, compiler, text):
        if shutil.which(compiler) is None:
            self.skipTest("no " + compiler)
        directory = tempfile.mkdtemp(prefix="kolben-test-")
        self.addCleanup(shutil.rmtree, directory)
        program = os.path.join(directory, "program")
        language = "c" if compiler == "gcc" else "c++"
        subprocess.run([compiler, "-O2", "-D_FORTIFY_SOURCE=2", "-x", language, "-", "-o", program], input=text,
                       text=True, check=True)
        return program

    def test_wide_characters_are_seen_once(self):
        def told_and_printed(*command):
            told, printed = self.told_and_printed(*command)
            return told.encode("latin-1").decode(), printed  # bytes, as the ring has them
        told, printed = told_and_printed(self.compiled("gcc", WIDE))
        self.assertEqual(printed, "a: \u00e4 7\n\u20ac \U0001f600\nbc\nhalf")
        self.assertEqual(told, printed)
        told, printed = told_and_printed(self.compiled("gcc", WIDE), "long")
        self.assertEqual((told, printed), ("\u00e4" * 1023, "\u00e4" * 2999 + "\n"))
        with Ring() as ring:
            result = ring.run(self.compiled("g++", WIDE_STREAM))
        told = ["".join(r["text"] for r in ring.records("output") if r["file"] == file) for file in (1, 2)]
        self.assertEqual((result.stdout, result.stderr), ("counted 3 \u00e4\n".encode(), b"a complaint\n"))
        self.assertEqual(told, ["counted 3 \u00c3\u00a4\n", "a complaint\n"])

    def test_output_is_not_captured_when_nobody_wants_it(self):
        for variables in ({"OTEL_LOGS_EXPORTER": "none"},
                          {"OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "False"}):
            with Ring() as ring:
                ring.run("/bin/echo", "hello", env=variables)
            self.assertEqual(ring.records("output"), [])


if __name__ == "__main__":
    run_tests()
