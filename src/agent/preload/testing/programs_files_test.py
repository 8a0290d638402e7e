#!/usr/bin/env python3
"""Real programs under the preload library: what they write to files that are named is seen once, as
it stands in the file, whoever opened it and how."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from ring_reader import DEADLINE, HEADER, Ring, Server, TRACE, free_port, needs, run_tests


# Writes to log/<what>.log in each way that the C library knows.
WRITER = r"""
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
static char path[4096];
static FILE* stream_of(const char* mode) { FILE* f = fopen(path, mode); if (!f) exit(9); return f; }
static int number(int flags) { int f = open(path, O_CREAT | O_WRONLY | flags, 0644); if (f < 0) exit(9); return f; }
static void put(int file, const char* text) { if (write(file, text, strlen(text)) < 0) exit(8); }
static void streams(void) {
  FILE* f = stream_of("a");
  fprintf(f, "a line %d\n", 1);
  fputs("half ", f); fputc('o', f); putc('f', f); fwrite(" one\n", 1, 5, f);
  for (const char* t = "by macros\n"; *t; ++t) putc_unlocked(*t, f);
  fprintf(f, "no end");
  fclose(f);
}
static void numbers(void) {
  int f = number(O_APPEND);
  put(f, "written\n");
  struct iovec pieces[2] = {{"in two ", 7}, {"pieces\n", 7}};
  if (writev(f, pieces, 2) < 0 || pwritev2(f, pieces, 2, -1, 0) < 0) exit(8);
  dprintf(f, "printed %s\n", "here");
  close(f);
}
static void positions(void) {
  int f = number(O_TRUNC);
  struct iovec pieces[2] = {{"c", 1}, {"d\n", 2}};
  if (pwrite(f, "ab\n", 3, 0) < 0 || pwritev(f, pieces, 2, 3) < 0) exit(8);
  struct iovec more = {"ef\\n", 3};
  if (pwritev2(f, &more, 1, 6, 0) < 0) exit(8);
  close(f);
}
static void outputs(void) {
  if (!freopen(path, "a", stdout)) exit(9);
  printf("printed into the file\n");
  fclose(stderr);
  stderr = stream_of("a");
  fflush(stdout);
  fprintf(stderr, "and an error\n");
  fclose(stderr);
}
static void copies(void) {
  int f = number(O_APPEND);
  int copy = fcntl(f, F_DUPFD, 100);
  close(f);
  put(copy, "to a copy\n");
  int other = open("/dev/null", O_WRONLY);
  put(other, "nowhere\n");
  dup2(copy, other);
  put(other, "to what was another file\n");
  FILE* p = popen("cat > /dev/null", "w");
  fputs("to a program\n", p);
  pclose(p);
  int again = number(O_APPEND);  // the number of the pipe
  put(again, "and once more\n");
}
static void children(void) {
  int f = number(O_APPEND);
  put(f, "of the parent\n");
  for (int i = 0; i < 4; ++i) {
    if (fork() == 0) {
      for (int k = 0; k < 100; ++k) dprintf(f, "child %d says %d\n", i, k);
      _exit(0);
    }
  }
  while (wait(NULL) > 0) { }
  char command[64];
  snprintf(command, sizeof(command), "echo after exec >&%d", f);
  if (fork() == 0) { execl("/bin/sh", "sh", "-c", command, NULL); }
  wait(NULL);
}
static void* lines(void* name) {
  FILE* f = stream_of("a");
  setvbuf(f, NULL, _IOLBF, 0);
  for (int i = 0; i < 300; ++i) fprintf(f, "%s %d\n", (const char*)name, i);
  fclose(f);
  return NULL;
}
static void threads(void) {
  pthread_t all[4];
  char* names[4] = {"a", "b", "c", "d"};
  for (int i = 0; i < 4; ++i) pthread_create(&all[i], NULL, lines, names[i]);
  for (int i = 0; i < 4; ++i) pthread_join(all[i], NULL);
}
static void many(void) {
  for (int i = 0; i < 1000; ++i) {
    FILE* f = stream_of("a");
    fprintf(f, "line %d\n", i);
    fclose(f);
  }
}
static void killed(void) {
  int f = number(O_APPEND);
  put(f, "the last words");
  kill(getpid(), 9);
}
int main(int count, char** arguments) {
  snprintf(path, sizeof(path), "%s/%s.log", arguments[1], arguments[2]);
  struct { const char* name; void (*run)(void); } all[] = {
    {"streams", streams}, {"numbers", numbers}, {"positions", positions}, {"outputs", outputs},
    {"copies", copies}, {"children", children}, {"threads", threads}, {"many", many},
    {"killed", killed}};
  for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); ++i)
    if (!strcmp(all[i].name, arguments[2])) { all[i].run(); return errno == 0 || count > 0 ? 3 : 4; }
  return 5;
}
"""

NODE = """
const fs = require('fs');
const [path] = process.argv.slice(-1);
fs.appendFileSync(path, 'at once\\n');
fs.appendFile(path, 'later\\n', () => {
  const stream = fs.createWriteStream(path, {flags: 'a'});
  stream.write('a stream\\n');
  stream.end('its end\\n');
});
"""

JAVA = """
import java.io.*; import java.nio.file.*;
class Log { public static void main(String[] a) throws Exception {
  try (PrintStream out = new PrintStream(new FileOutputStream(a[0], true))) { out.println("by a stream"); }
  try (Writer out = new BufferedWriter(new FileWriter(a[0], true))) { out.write("by a writer\\n"); }
  Files.writeString(Path.of(a[0]), "by a channel\\n", StandardOpenOption.APPEND);
  try (RandomAccessFile out = new RandomAccessFile(a[0], "rw")) { out.seek(out.length()); out.writeBytes("by position\\n"); }
} }
"""

# What each program writes into the file that is its last argument.
PROGRAMS = {
    "bash": ["bash", "-c", """echo first >> "$0"; { echo second; printf 'th%s\\n' ird; } >> "$0"
              /bin/echo of a program >> "$0"; (exec >> "$0"; echo in a shell; /bin/echo below it)
              exec 5>>"$0"; echo to five >&5; date +now 1>&5; echo -n 'no end' >&5"""],
    "dash": ["dash", "-c", """echo first >> "$0"; { echo second; } >> "$0"
              /bin/echo of a program >> "$0"; exec 5>>"$0"; echo to five >&5; exec >&5; echo the rest"""],
    "python3": ["python3", "-c", """import logging, os, sys
from logging.handlers import RotatingFileHandler
path = sys.argv[1]
logging.basicConfig(filename=path, level=logging.DEBUG)
logging.info('by %s', 'logging')
logging.getLogger().addHandler(RotatingFileHandler(path))
logging.error('by two handlers')
with open(path, 'a') as file: print('by print', file=file)
os.write(os.open(path, os.O_APPEND | os.O_WRONLY), b'by number\\n')"""],
    "perl": ["perl", "-e", """open(my $f, '>>', $ARGV[0]); print $f "one\\n"; printf $f "%s\\n", "two";
              syswrite($f, "") ; close $f; open(STDERR, '>>', $ARGV[0]); warn "three"; system("echo four >> $ARGV[0]");"""],
    "ruby": ["ruby", "-e", """require 'logger'; Logger.new(ARGV[0]).warn('by a logger')
              File.open(ARGV[0], 'a') { |f| f.puts 'by puts'; f.write "by write\\n" }; File.write(ARGV[0], "x\\n", mode: 'a')"""],
    "awk": ["awk", """BEGIN { f = ARGV[1]; print "one" >> f; print "two" >> f; close(f); print "three" >> f }"""],
    "node": ["node", "-e", NODE],
    "php": ["php", "-r", """file_put_contents($argv[1], "one\\n", FILE_APPEND); error_log("two\\n", 3, $argv[1]);
              $f = fopen($argv[1], 'a'); fwrite($f, "three\\n"); fclose($f);"""],
}


class Files(unittest.TestCase):
    def told(self, ring, name):
        return "".join(record["text"] for record in ring.records("output")
                       if record["path"] == os.path.realpath(os.path.join(ring.logs_were, name)))

    def run_and_read(self, *command, code=0, name="app.log", **options):
        """What was told of the file, and what stands in it."""
        with Ring(logs="*.log") as ring:
            ring.logs_were = ring.logs
            path = os.path.join(ring.logs, name)
            command = [part.replace("LOG", path).replace("DIRECTORY", ring.logs) for part in command]
            result = ring.run(*command, check=False, **options)
            written = ""
            if os.path.exists(path):
                with open(path, encoding="latin1") as file:
                    written = file.read()
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(ring.totals()["dropped"], 0)
        self.result = result
        return self.told(ring, name), written, ring

    @classmethod
    def setUpClass(cls):
        cls.built = tempfile.mkdtemp(prefix="kolben-test-")
        cls.writer = os.path.join(cls.built, "writer")
        if shutil.which("gcc") is not None:
            subprocess.run(["gcc", "-O2", "-w", "-pthread", "-D_GNU_SOURCE", "-x", "c", "-", "-o",
                            cls.writer], input=WRITER, text=True, check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.built)

    def write(self, what, code=3):
        told, written, ring = self.run_and_read(self.writer, "DIRECTORY", what, code=code,
                                                name=f"{what}.log")
        self.assertNotEqual(written, "")
        return told, written, ring

    @needs("gcc")
    def test_each_way_of_the_c_library(self):
        for what in ("streams", "numbers", "positions", "outputs", "copies", "many"):
            told, written, ring = self.write(what)
            self.assertEqual(told, written, what)
            self.assertEqual([r for r in ring.records("output") if not r["path"]], [], what)

    @needs("gcc")
    def test_children_and_threads_that_append_to_one_file(self):
        for what, count in (("children", 402), ("threads", 1200)):
            told, written, _ = self.write(what)
            self.assertEqual(sorted(told.splitlines()), sorted(written.splitlines()))
            self.assertEqual(written.count("\n"), count)

    @needs("gcc")
    def test_what_was_written_before_a_kill_is_told(self):
        told, written, _ = self.write("killed", code=-signal.SIGKILL)
        self.assertEqual((told, written), ("the last words", "the last words"))

    def test_real_programs(self):
        for name, command in PROGRAMS.items():
            if shutil.which(command[0]) is None:
                continue
            with self.subTest(name):
                told, written, _ = self.run_and_read(*command, "LOG")
                self.assertNotEqual(written, "")
                self.assertEqual(told, written)

    @needs("java")
    def test_java(self):
        source = os.path.join(self.built, "Log.java")
        with open(source, "w") as file:
            file.write(JAVA)
        told, written, _ = self.run_and_read("java", "-Xint", source, "LOG")
        self.assertEqual(written.count("\n"), 4)
        self.assertEqual(told, written)

    @needs("g++")
    def test_cpp_streams(self):
        program = os.path.join(self.built, "ofstream")
        subprocess.run(["g++", "-x", "c++", "-", "-o", program], text=True, check=True, input=r"""
            #include <fstream>
            int main(int, char** a) { std::ofstream f(a[1], std::ios::app); f << "one " << 1 << std::endl << "two\n"; }""")
        told, written, _ = self.run_and_read(program, "LOG")
        self.assertEqual((told, written), ("one 1\ntwo\n", "one 1\ntwo\n"))

    def test_other_files_are_not_told(self):
        with Ring(logs="*.log") as ring:
            ring.run("sh", "-c", f"echo a > {ring.logs}/app.txt; echo b > {ring.directory}/app.log;"
                     f"mkdir {ring.logs}/old; echo c > {ring.logs}/old/app.log")
        self.assertEqual(ring.records("output"), [])

    def test_a_file_that_is_rotated(self):
        """Renamed and opened again; then copied and cut off while the program goes on."""
        program = """import os, sys
path = sys.argv[1]
file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
os.write(file, b'1\\n')
os.rename(path, path + '.1')
os.write(file, b'2\\nhalf')
os.close(file)
file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
os.write(file, b'3\\n')
os.truncate(path, 0)
os.write(file, b'4\\n')"""
        told, written, ring = self.run_and_read("python3", "-c", program, "LOG")
        self.assertEqual((told, written), ("1\n2\nhalf3\n4\n", "4\n"))
        numbers = [record["file"] for record in ring.records("output")]
        self.assertEqual(numbers, [3, 3, 3, 4, 4])  # the third one: the half line ends

    def test_a_fifo_and_what_is_no_text(self):
        program = """import os, sys, threading
path = sys.argv[1]
os.mkfifo(path)
got = []
reader = threading.Thread(target=lambda: got.append(open(path, 'rb').read()))
reader.start()
with open(path, 'wb') as file: file.write(bytes(range(256)))
reader.join()
assert got == [bytes(range(256))]"""
        with Ring(logs="*.log") as ring:
            ring.run("python3", "-c", program, os.path.join(ring.logs, "fifo.log"))
        self.assertEqual("".join(r["text"] for r in ring.records("output")),
                         bytes(range(256)).decode("latin1"))

    def test_a_disk_that_is_full(self):
        """The program sees the error, and nothing is told of what was not written."""
        program = """import errno, os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
print(os.write(file, b'12345\\n'), os.write(file, b'678910\\n'))
try: os.write(file, b'x')
except OSError as error: print(errno.errorcode[error.errno])
os.dup2(os.open('/dev/full', os.O_WRONLY), file)
try: os.write(file, b'x')
except OSError as error: print(errno.errorcode[error.errno])"""
        told, written, _ = self.run_and_read("python3", "-c", program, "LOG")
        self.assertEqual(self.result.stdout, b"6 2\nEFBIG\nENOSPC\n")
        self.assertEqual((told, written), ("12345\n67", "12345\n67"))

    def test_a_file_whose_name_is_gone_before_it_is_written_to(self):
        program = """import os, sys
for name in ('x', 'y'):
    file = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
    os.unlink(sys.argv[1])
    os.write(file, name.encode() + b'\\n')
    os.close(file)
os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), b'z\\n')"""
        told, written, _ = self.run_and_read("python3", "-c", program, "LOG")
        self.assertEqual((told, written), ("x\ny\nz\n", "z\n"))

    def test_a_program_that_forbids_itself_to_look(self):
        """Under a filter what was open before is known; nothing more is looked at."""
        libseccomp = next((path for path in ("/usr/lib/x86_64-linux-gnu/libseccomp.so.2",
                                             "/lib/x86_64-linux-gnu/libseccomp.so.2")
                           if os.path.exists(path)), None)
        if libseccomp is None:
            self.skipTest("no libseccomp")
        program = f"""import ctypes, os, sys
before = os.open(sys.argv[1], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
lib = ctypes.CDLL({libseccomp!r})
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
filter = lib.seccomp_init(0x7fff0000)  # allow
lib.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
for name in (b'readlink', b'readlinkat'):
    lib.seccomp_rule_add(filter, 0x80000000, lib.seccomp_syscall_resolve_name(name), 0)  # kill
lib.seccomp_load.argtypes = [ctypes.c_void_p]
assert lib.seccomp_load(filter) == 0
os.write(before, b'known\\n')
os.write(os.open(sys.argv[1], os.O_APPEND | os.O_WRONLY), b'not known\\n')"""
        told, written, _ = self.run_and_read("python3", "-c", program, "LOG")
        self.assertEqual((told, written), ("known\n", "known\nnot known\n"))

    def test_names_are_of_no_effect_where_logs_are_not_wanted(self):
        told, written, _ = self.run_and_read("sh", "-c", "echo x >> $0", "LOG",
                                             env={"OTEL_LOGS_EXPORTER": "none"})
        self.assertEqual((told, written), ("", "x\n"))
        told, written, _ = self.run_and_read(
            "sh", "-c", "echo y; echo x >> $0", "LOG",
            env={"OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "false"})
        self.assertEqual((told, written), ("x\n", "x\n"))

    @needs("strace")
    def test_without_names_nothing_is_looked_at(self):
        def looked_at(**options):
            with Ring(**options) as ring:
                name = f"{ring.directory}/x"
                return ring.run("strace", "-f", "-e", "trace=readlink,readlinkat", "-E",
                                f"LD_PRELOAD={ring.environment()['LD_PRELOAD']}",
                                "sh", "-c", f"echo x > {name}; echo y > {name}",
                                env={"LD_PRELOAD": ""}).stderr
        self.assertIn(b"/proc/self/fd/1", looked_at(logs="*.log"))
        without = looked_at()
        self.assertIn(b"/proc/self/exe", without)  # the library is there
        self.assertNotIn(b"/proc/self/fd", without)

    @needs("nginx", "curl")
    def test_nginx_and_its_logs(self):
        with Ring(logs="*.log") as ring:
            ring.logs_were = ring.logs
            port, root = free_port(), ring.directory
            with open(f"{root}/nginx.conf", "w") as file:
                file.write(f"""daemon off; worker_processes 2; pid {root}/pid;
                error_log {ring.logs}/error.log; events {{ worker_connections 64; }}
                http {{ log_format plain '$request $status'; access_log {ring.logs}/access.log plain;
                client_body_temp_path {root}/b; proxy_temp_path {root}/p;
                fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
                server {{ listen 127.0.0.1:{port}; location / {{ root {root}; }} }} }}""")
            command = ["nginx", "-e", f"{ring.logs}/error.log", "-c", f"{root}/nginx.conf"]
            with Server(ring, command, port) as server:
                for i in range(5):
                    server.get(f"/not/{i}", "-H", HEADER)
                ring.wait_for(lambda records: sum("GET /not" in r.get("text", "") and
                                                  r["path"].endswith("access.log")
                                                  for r in records) == 5)
                os.rename(f"{ring.logs}/access.log", f"{ring.logs}/access.old")
                server.process.send_signal(signal.SIGUSR1)
                ring.wait_for(lambda _: os.path.exists(f"{ring.logs}/access.log"))
                # Until the workers have the new file they write to the old one, which is known.
                for i in range(5):
                    server.get(f"/new/{i}", "-H", HEADER)
                ring.wait_for(lambda records: sum("GET /new" in r.get("text", "") and
                                                  r["path"].endswith("access.log")
                                                  for r in records) == 5)
        lines = [r for r in ring.records("output") if "GET /" in r["text"]]
        self.assertEqual({r["trace"] for r in lines}, {TRACE})
        spans = {r["span"] for r in ring.records("server")}
        self.assertTrue({r["span"] for r in lines} <= spans)
        self.assertEqual(sum(r["path"].endswith("error.log") for r in lines), 10)


if __name__ == "__main__":
    run_tests()
