#!/usr/bin/env python3
"""Real programs under the preload library: how they begin, end, and start others."""
import os
import shutil
import socket
import subprocess
import unittest

from ring_reader import (BINARIES, HEADER, LIBRARY, PARENT, Ring, Server, TRACE, clean_environment,
                         free_port, run_tests)


class Processes(unittest.TestCase):
    def test_application_interface(self):
        with Ring() as ring:
            ring.run(os.path.join(BINARIES, "kolben-api-app"))
        inner, consumer, outer = ring.records("span")
        self.assertEqual((inner["name"], outer["name"]), ("inner", "outer"))
        self.assertEqual((consumer["kind"], consumer["link_bytes"]), (5, 28 + 1 + 4 + 3 + 4 + 6))
        self.assertIn("1 'a b' ''\n", "".join(r["text"] for r in ring.records("output")))
        self.assertEqual(inner["parent"], outer["span"])
        self.assertEqual(outer["attributes"],
                         {"text": "a", "yes": True, "count": 7, "share": 0.5})
        self.assertEqual((inner["status"], inner["message"]), (2, "did not work"))
        log, = ring.records("log")
        self.assertEqual((log["body"], log["span"], log["severity"]), ("careful", inner["span"], 13))
        values = {r["name"]: r["value"] for r in ring.records("measurement")}
        self.assertEqual(values, {"things": 2, "sizes": 2.5, "open": -1, "level": 3})
        self.assertIn("on\n", "".join(r["text"] for r in ring.records("output")))

    def test_a_program_cannot_tell_that_the_library_is_there(self):
        app = os.path.join(BINARIES, "kolben-hooks-app")
        plain = subprocess.run([app], env=clean_environment(), check=True, capture_output=True,
                               timeout=60)
        with Ring() as ring:
            traced = ring.run(app)
        self.assertEqual(traced.stdout, plain.stdout)
        self.assertEqual(traced.stderr, plain.stderr)
        self.assertIn(b"threads: 1000\n", plain.stdout)
        served = [r for r in ring.records("server") if "/hooks" in r["request"]]
        self.assertEqual(len(served), 4014)  # as often as it says so
        self.assertEqual({(r["status"], r["end"]) for r in served}, {(200, 0)})
        self.assertEqual((ring.totals()["dropped"], ring.totals()["active"]), (0, 0))

    def test_killed_while_it_serves(self):
        script = ("import http.server, sys, time\n"
                  "class Handler(http.server.BaseHTTPRequestHandler):\n"
                  "  def do_GET(self):\n"
                  "    if self.path == '/hang':\n      open(sys.argv[2], 'w').close()\n"
                  "      time.sleep(60)\n"
                  "    self.send_response(204)\n    self.end_headers()\n"
                  "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)"
                  ".serve_forever()\n")
        with Ring() as ring:
            port = free_port()
            with Server(ring, ["/usr/bin/python3", "-c", script, str(port),
                               ring.directory + "/begun"], port) as server:
                for _ in range(20):
                    server.get("/done")
                hanging = socket.create_connection(("127.0.0.1", port))
                self.addCleanup(hanging.close)
                hanging.sendall(f"GET /hang HTTP/1.1\r\nHost: a\r\n{HEADER}\r\n\r\n".encode())
                ring.wait_for(lambda records: sum("/done" in r.get("request", "")
                                                  for r in records) == 20)
                ring.wait_for(lambda _: os.path.exists(ring.directory + "/begun"))
                server.process.kill()
        done = [r for r in ring.records("server") if "/done" in r["request"]]
        self.assertEqual([r["end"] for r in done], [0] * 20)
        hang, = [r for r in ring.records("server") if "/hang" in r["request"]]
        self.assertEqual((hang["end"], hang["status"], hang["trace"], hang["parent"]),
                         (2, 0, TRACE, PARENT))
        self.assertEqual(hang["local"], f"127.0.0.1:{port}")

    def test_without_the_agent_the_interface_is_silent(self):
        result = subprocess.run([os.path.join(BINARIES, "kolben-api-app")], check=True,
                                capture_output=True, text=True, env=clean_environment())
        self.assertEqual(result.stdout, "off\n0 '' ''\n0\n")

    def test_kill_switch(self):
        for name in ("OTEL_SDK_DISABLED", "KOLBEN_AGENT_DISABLED"):
            with Ring() as ring:
                result = ring.run("sh", "-c", "/bin/echo hello; exit 3", env={name: "True"}, check=False)
            self.assertEqual((result.returncode, result.stdout), (3, b"hello\n"), name)
            self.assertEqual(len(ring.all), 2, name)  # the reader's own lines

    def test_a_program_may_switch_it_off_for_what_it_starts(self):
        with Ring() as ring:
            ring.run("sh", "-c", "KOLBEN_AGENT_DISABLED=true /bin/echo a; /bin/cat /dev/null; exit 0")
        names = [r["executable"].rpartition("/")[2] for r in ring.records("start")]
        self.assertIn("cat", names)
        self.assertNotIn("echo", names)

    def test_cleaned_environment_is_completed(self):
        script = "env -i FOO=1 OTEL_SERVICE_NAME=mine /usr/bin/env"
        with Ring() as ring:
            result = ring.run("sh", "-c", script, env={"OTEL_SERVICE_NAME": "outer",
                                                       "OTEL_LOG_LEVEL": "info"})
        found = dict(line.split("=", 1) for line in result.stdout.decode().splitlines())
        self.assertEqual(found["LD_PRELOAD"], LIBRARY)
        self.assertEqual(found["FOO"], "1")
        self.assertEqual(found["OTEL_SERVICE_NAME"], "mine")
        self.assertEqual(found["OTEL_LOG_LEVEL"], "info")

    def test_a_program_with_the_shared_address_sanitizer_still_starts(self):
        with Ring() as ring:
            app = os.path.join(ring.directory, "sanitized")
            built = shutil.which("gcc") is not None and subprocess.run(
                ["gcc", "-fsanitize=address", "-x", "c", "-", "-o", app],
                input=b"int main() { return 3; }", capture_output=True).returncode == 0
            result = ring.run("sh", "-c", f"{app}; echo $?", check=built)
            spawned = ring.run("/usr/bin/python3", "-c", "import subprocess, sys\n"
                               f"sys.exit(subprocess.run(['{app}']).returncode)", check=False)
        if not built:
            self.skipTest("no gcc with its AddressSanitizer")
        self.assertEqual((result.stdout, result.stderr), (b"3\n", b""))
        self.assertEqual((spawned.returncode, spawned.stderr), (3, b""))

    def test_arguments_may_be_as_long_as_without(self):
        script = ("import resource, subprocess\n"
                  "most = resource.getrlimit(resource.RLIMIT_STACK)[1]\n"
                  "resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, most))\n"
                  "def fits(size, **how):\n"
                  "  many = ['x' * 100000] * 20 + ['y' * size]\n"
                  "  try: subprocess.run(['/bin/true', *many], env={'A': 'b'}, check=True, **how)\n"
                  "  except OSError: return False\n"
                  "  return True\n"
                  "for how in {}, {'close_fds': False}:\n"  # the second one by posix_spawn()
                  "  least, beyond = 0, 131000\n"
                  "  while beyond - least > 1:\n"
                  "    middle = (least + beyond) // 2\n"
                  "    if fits(middle, **how): least = middle\n"
                  "    else: beyond = middle\n"
                  "  print(least)\n")
        command = ["/usr/bin/python3", "-c", script]
        plain = subprocess.run(command, env=clean_environment(), check=True, capture_output=True)
        with Ring() as ring:
            traced = ring.run(*command)
        self.assertEqual((traced.stdout, traced.stderr), (plain.stdout, plain.stderr))
        self.assertGreater(int(plain.stdout.split()[0]), 0)

    def test_a_limited_address_space_is_the_program_s(self):
        script = ("import mmap, resource, socket\n"
                  "listening = socket.create_server(('127.0.0.1', 0))\n"
                  "asking = socket.create_connection(listening.getsockname())\n"
                  "asking.sendall(b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')\n"
                  "print(len(mmap.mmap(-1, 60 << 20)))\n")
        for kib, is_seen in ((120_000, False), (2_000_000, True)):
            with self.subTest(kib), Ring() as ring:
                result = ring.run("sh", "-c", f'ulimit -v {kib}; exec "$@"', "sh", "/usr/bin/python3",
                                  "-c", script)
            self.assertEqual(result.stdout, b"%d\n" % (60 << 20))
            self.assertEqual(any(ring.records("client")), is_seen)

    def test_threads_that_are_watched_for_races(self):
        source = r"""
#include <arpa/inet.h>
#include <pthread.h>
#include <unistd.h>
static void* serve(void* file) {
  char bytes[256];
  while (recv(*(int*)file, bytes, sizeof(bytes), 0) > 0)
    send(*(int*)file, "HTTP/1.1 204 OK\r\n\r\n", 19, 0);
  return 0;
}
int main() {
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(place);
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  bind(listening, (struct sockaddr*)&place, size);
  listen(listening, 1);
  getsockname(listening, (struct sockaddr*)&place, &size);
  for (int i = 0; i < 40; ++i) {
    int files[2];
    char bytes[256];
    pthread_t thread;
    files[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(files[0], (struct sockaddr*)&place, size);
    files[1] = accept(listening, 0, 0);
    pthread_create(&thread, 0, serve, &files[1]);
    for (int k = 0; k < 5; ++k) {
      send(files[0], "GET /race HTTP/1.1\r\nHost: a\r\n\r\n", 31, 0);
      recv(files[0], bytes, sizeof(bytes), 0);
    }
    close(files[0]);
    pthread_join(thread, 0);
    close(files[1]);
  }
  return 3;
}
"""
        kinds = {"shared": ["gcc"], "own": ["gcc", "-static-libtsan"], "clang": ["clang-19"]}
        for name, compiler in kinds.items():
            with self.subTest(name), Ring() as ring:
                app = os.path.join(ring.directory, "watched")
                if shutil.which(compiler[0]) is None or subprocess.run(
                        [*compiler, "-fsanitize=thread", "-x", "c", "-", "-o", app],
                        input=source.encode(), capture_output=True).returncode != 0:
                    self.skipTest(f"no {compiler[0]} with its ThreadSanitizer")
                # It wants addresses that are not chosen as widely as newer kernels do.
                plain = subprocess.run(["setarch", "-R", app], env=clean_environment(),
                                       capture_output=True)
                if plain.returncode != 3:
                    self.skipTest("ThreadSanitizer does not work here")
                result = ring.run("setarch", "-R", app, check=False)
            self.assertEqual((result.returncode, result.stderr), (3, b""))
            asked = [r for r in ring.records("client") if "/race" in r["request"]]
            self.assertEqual(len(asked), 0 if name == "own" else 200)

    def test_helpers_of_compilers_and_programs_with_other_rights_run_without(self):
        with Ring() as ring:
            helper = os.path.join(ring.directory, "ld")
            other = os.path.join(ring.directory, "other")
            for program in (helper, other):
                shutil.copy("/usr/bin/env", program)
            if os.geteuid() == 0:
                os.chown(other, 65534, 65534)
                os.chmod(other, 0o4755)
            result = ring.run("sh", "-c", f"{helper}; echo --; {other}; echo --; env")
        helpers, others, plain = result.stdout.decode().split("--\n")
        self.assertNotIn("LD_PRELOAD", helpers)
        self.assertIn("TRACEPARENT=", helpers)
        self.assertIn("LD_PRELOAD=" + LIBRARY, plain)
        if os.geteuid() == 0:
            self.assertNotIn("LD_PRELOAD", others)
        ran = [r["executable"].rpartition("/")[2] for r in ring.records("start")]
        self.assertNotIn("ld", ran)
        self.assertIn("env", ran)

    def test_children_that_cannot_read_the_library_do_not_say_so(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        script = ("import os, subprocess\nos.setgroups([])\nos.setuid(65534)\n"
                  "print(subprocess.run(['/bin/echo', 'hello'], capture_output=True))\n")
        with Ring() as ring:
            private = os.path.join(ring.directory, "private")
            os.mkdir(private, 0o700)
            shutil.copy(LIBRARY, private)
            result = ring.run("/usr/bin/python3", "-c", script, env={
                "LD_PRELOAD": os.path.join(private, "libkolben-agent.so")})
        self.assertIn(b"stdout=b'hello\\n', stderr=b''", result.stdout)

    def test_python_subprocess_which_uses_vfork(self):
        script = ("import subprocess\nfor i in range(20):\n"
                  "  assert subprocess.run(['/bin/sh', '-c', 'exit 3'], env={}).returncode == 3\n"
                  "print('done', flush=True)\n")
        with Ring() as ring:
            ring.run("/usr/bin/python3", "-c", script)
        starts = [r for r in ring.records("start") if r["executable"].endswith("dash")]
        self.assertEqual(len(starts), 20)
        self.assertEqual("".join(r["text"] for r in ring.records("output")), "done\n")

    def test_each_program_says_whose_telemetry_it_is(self):
        """A fork's child says what its program's begin said, whatever that one has set since."""
        script = ("import os, subprocess\nos.environ['OTEL_SERVICE_NAME'] = 'b'\n"
                  "if os.fork() == 0: os._exit(0)\nos.wait()\n"
                  "subprocess.run(['/bin/sh', '-c', 'exit'])\n"
                  "subprocess.run(['/bin/sh', '-c', 'exit'], env={'OTEL_RESOURCE_ATTRIBUTES': 'a=b'})\n"
                  "os.environ['OTEL_RESOURCE_ATTRIBUTES'] = 'long=' + 9000 * 'x'\n"
                  "subprocess.run(['/bin/sh', '-c', 'exit'])\n")
        with Ring() as ring:
            ring.run("/usr/bin/python3", "-c", script, env={"OTEL_SERVICE_NAME": "a"})
        self.assertEqual([(r["service"], r["resource"]) for r in ring.records("start")],
                         [("a", ""), ("a", ""), ("b", ""), ("a", "a=b"),
                          ("b", "long=" + (8192 - 5) * "x")])

    def test_fork_storm_leaves_nothing_open(self):
        script = ("import os\nfor i in range(200):\n  pid = os.fork()\n"
                  "  if pid == 0: os._exit(i % 7)\n"
                  "  assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == i % 7\n")
        with Ring() as ring:
            ring.run("/usr/bin/python3", "-c", script)
        self.assertEqual(len(ring.records("start")), 201)
        self.assertEqual(len(ring.records("end")), 201)
        self.assertEqual(ring.totals()["dropped"], 0)


if __name__ == "__main__":
    run_tests()
