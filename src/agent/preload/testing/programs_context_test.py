#!/usr/bin/env python3
"""Real programs under the preload library: which trace their requests, and what they start, belong to."""
import os
import socket
import subprocess
import unittest

from ring_reader import DEADLINE, HEADER, PARENT, Ring, Server, TRACE, free_port, needs, run_tests


def listen(test):
    upstream = socket.create_server(("127.0.0.1", 0))
    upstream.settimeout(DEADLINE)
    test.addCleanup(upstream.close)
    return upstream


def answer(upstream, header=""):
    """The head of the next connection's request, which is answered."""
    peer = upstream.accept()[0]
    with peer:
        peer.settimeout(DEADLINE)
        head = peer.recv(65536).decode()
        peer.sendall(f"HTTP/1.1 204 No Content\r\n{header}\r\n".encode())
    return head


class Propagation(unittest.TestCase):
    """A Python server that asks another one for each request: what goes in and what comes out."""

    SCRIPT = ("import http.server, sys, urllib.request\n"
              "class Handler(http.server.BaseHTTPRequestHandler):\n"
              "  def do_GET(self):\n"
              "    urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[2]}/inner').read()\n"
              "    self.send_response(204)\n    self.end_headers()\n"
              "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n")

    def ask(self, propagators, *headers):
        """The records of the outer request and of the inner one, and the inner's head."""
        upstream = listen(self)
        with Ring() as ring:
            port = free_port()
            command = ["/usr/bin/python3", "-c", self.SCRIPT, str(port),
                       str(upstream.getsockname()[1])]
            with Server(ring, command, port, env={"OTEL_PROPAGATORS": propagators}):
                with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
                    lines = ["GET /outer HTTP/1.1", "Host: a", *headers, "", ""]
                    client.sendall("\r\n".join(lines).encode())
                    head = answer(upstream, "Connection: close\r\n")
                    self.assertIn(b" 204 ", client.recv(4096))
                ring.wait_for(lambda records: any("/outer" in r.get("request", "")
                                                  for r in records))
        outer, = [r for r in ring.records("server") if "/outer" in r["request"]]
        inner, = ring.records("client")
        self.assertEqual((inner["trace"], inner["parent"]), (outer["trace"], outer["span"]))
        sent = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        return outer, inner, {name.lower(): value for name, value in sent.items()}

    def test_by_default_trace_context_and_baggage_go_on(self):
        outer, inner, sent = self.ask("", HEADER, "tracestate: k=v,a=b", "Baggage: user=1",
                                      "b3: 1-2-1")
        self.assertEqual((outer["trace"], outer["parent"]), (TRACE, PARENT))
        self.assertEqual(sent["traceparent"], f"00-{TRACE}-{inner['span']}-01")
        self.assertEqual((sent["tracestate"], sent["baggage"]), ("k=v,a=b", "user=1"))
        self.assertNotIn("b3", sent)

    def test_b3_in_one_header(self):
        outer, inner, sent = self.ask("b3", f"b3: {TRACE}-{PARENT}-0", "baggage: user=1")
        self.assertEqual((outer["trace"], outer["parent"], outer["flags"]), (TRACE, PARENT, 0))
        self.assertEqual(sent["b3"], f"{TRACE}-{inner['span']}-0")
        self.assertNotIn("traceparent", sent)
        self.assertNotIn("baggage", sent)

    def test_b3_in_several_headers_and_jaegers(self):
        outer, inner, sent = self.ask("b3multi,jaeger", f"X-B3-TraceId: {TRACE}",
                                      f"X-B3-SpanId: {PARENT}", "X-B3-Sampled: 1")
        self.assertEqual((outer["trace"], outer["parent"], outer["flags"]), (TRACE, PARENT, 1))
        self.assertEqual((sent["x-b3-traceid"], sent["x-b3-spanid"], sent["x-b3-sampled"]),
                         (TRACE, inner["span"], "1"))
        self.assertEqual(sent["uber-trace-id"], f"{TRACE}:{inner['span']}:0:1")
        outer, inner, sent = self.ask("jaeger", f"uber-trace-id: {TRACE}:{PARENT}:0:1")
        self.assertEqual((outer["trace"], outer["parent"]), (TRACE, PARENT))
        self.assertEqual(list(filter(lambda name: "trace" in name, sent)), ["uber-trace-id"])

    def test_none_means_none(self):
        outer, _, sent = self.ask("none", HEADER)
        self.assertNotEqual(outer["trace"], TRACE)
        self.assertNotIn("traceparent", sent)


class OwnBaggage(unittest.TestCase):
    """A program in C that adds to the baggage of what it asks and starts."""

    SOURCE = r"""
#include <arpa/inet.h>
#include <kolben/abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
static kolben_text text(const char* bytes) {
  kolben_text result = {bytes, strlen(bytes)};
  return result;
}
static void ask(const char* port) {
  static const char request[] = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
  struct sockaddr_in to = {.sin_family = AF_INET};
  char bytes[1024];
  int file = socket(AF_INET, SOCK_STREAM, 0);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons((unsigned short)atoi(port));
  if (connect(file, (struct sockaddr*)&to, sizeof(to)) != 0) _exit(2);
  if (send(file, request, strlen(request), 0) < 0 || recv(file, bytes, sizeof(bytes), 0) <= 0) _exit(3);
  close(file);
}
int main(int count, char** arguments) {
  const kolben_table* agent = kolben_telemetry();
  if (count != 2 || agent == NULL || !KOLBEN_HAS(agent, baggage_set)) return 4;
  kolben_span span = agent->span_begin(text("inner"), KOLBEN_INTERNAL);
  if (agent->baggage_set(text("mine"), text("a,b")) != 1) return 5;
  ask(arguments[1]);
  pid_t child = fork();
  if (child == 0) {
    const char* own = getenv("OWN_TRACEPARENT");
    if (own != NULL) setenv("TRACEPARENT", own, 1);
    execl("/usr/bin/env", "env", (char*)NULL);
    _exit(6);
  }
  waitpid(child, NULL, 0);
  agent->span_end(span);
  ask(arguments[1]);
  return 0;
}
"""

    def run_app(self, **variables):
        """The heads of its two requests, and what the program that it starts says of its environment."""
        upstream = listen(self)
        include = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../include")
        with Ring() as ring:
            app = os.path.join(ring.directory, "app")
            subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-pedantic", "-Wall", "-Wextra", "-Wconversion",
                            "-Werror", "-I", include, "-x", "c", "-", "-o", app],
                           input=self.SOURCE.encode(), check=True)
            running = subprocess.Popen([app, str(upstream.getsockname()[1])], stdout=subprocess.PIPE, text=True,
                                       env=ring.environment(TRACEPARENT=Commands.TRACEPARENT,
                                                            BAGGAGE="theirs=1,mine=2", **variables))
            self.addCleanup(running.wait)
            self.addCleanup(running.kill)
            heads = [answer(upstream) for _ in range(2)]
            said = running.communicate(timeout=DEADLINE)[0]
        self.assertEqual(running.returncode, 0)
        return heads, said

    @needs("gcc")
    def test_it_goes_on_with_what_came_in(self):
        heads, said = self.run_app()
        self.assertIn("\r\nbaggage: mine=a%2Cb,theirs=1\r\n", heads[0])
        self.assertIn("\r\nbaggage: theirs=1,mine=2\r\n", heads[1])
        self.assertIn("BAGGAGE=mine=a%2Cb,theirs=1\n", said)

    @needs("gcc")
    def test_it_goes_on_whatever_becomes_of_the_trace(self):
        heads, said = self.run_app(OTEL_PROPAGATORS="b3,baggage")
        self.assertIn("\r\nbaggage: mine=a%2Cb,theirs=1\r\n", heads[0])
        self.assertIn("BAGGAGE=mine=a%2Cb,theirs=1\n", said)
        _, said = self.run_app(OWN_TRACEPARENT=f"00-{PARENT * 2}-{PARENT}-01")
        self.assertIn(f"TRACEPARENT=00-{PARENT * 2}-{PARENT}-01\n", said)
        self.assertIn("BAGGAGE=mine=a%2Cb,theirs=1\n", said)


class Commands(unittest.TestCase):
    """The trace of a script: what the environment says, and the records of its programs."""

    TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
    SHOW = "import os; print(os.environ.get('TRACEPARENT'), os.environ.get('BAGGAGE'))"

    @staticmethod
    def traceparent(command):
        return f"00-{command['trace']}-{command['span']}-01"

    def commands(self, ring, executable):
        return [r for r in ring.records("command") if r["executable"].endswith("/" + executable)]

    def test_a_program_that_does_nothing_is_not_told_of(self):
        with Ring() as ring:
            ring.run("/bin/echo", "hello")
        self.assertEqual(ring.records("command"), [])
        self.assertEqual([r["code"] for r in ring.records("exit")], [0])

    def test_exit_codes_are_the_last_word(self):
        python = ["/usr/bin/python3", "-c"]
        for command, code in ((["sh", "-c", "exit 3"], 3), ([*python, "import sys; sys.exit(4)"], 4),
                              ([*python, "import os; os._exit(261)"], 5), (["/bin/false"], 1),
                              ([*python, "raise ValueError"], 1), (["/bin/true"], 0)):
            with Ring() as ring:
                self.assertEqual(ring.run(*command, check=False).returncode, code)
            last = [r for r in ring.all if "pid" in r][-1]
            self.assertEqual((last["type"], last["code"]), ("exit", code), command)
        with Ring() as ring:
            self.assertEqual(ring.run("sh", "-c", "kill -9 $$", check=False).returncode, -9)
        self.assertEqual(ring.records("exit"), [])

    def test_parents_tell_of_children_that_were_killed(self):
        ways = ["os.wait()", "os.waitpid(child, 0)", "os.wait3(0)", "os.wait4(child, 0)",
                "os.waitid(os.P_PID, child, os.WEXITED)"]
        for way in ways:
            script = ("import os, signal, time\nchild = os.fork()\n"
                      "if child == 0: time.sleep(60)\n"
                      f"os.kill(child, signal.SIGKILL)\nprint(child, {way})\n")
            with Ring() as ring:
                said = ring.run("/usr/bin/python3", "-c", script).stdout.decode()
            killed, = ring.records("killed")
            self.assertEqual((killed["child"], killed["signal"]), (int(said.split()[0]), 9), way)

    def test_children_get_the_context_however_they_are_started(self):
        script = ("import os, subprocess, sys\n"
                  f"show = ['/usr/bin/python3', '-c', \"{self.SHOW}\"]\n"
                  "sys.stdout.flush()\n"
                  "subprocess.run(show)\n"  # vfork, or posix_spawn
                  "subprocess.run(show, env={})\n"
                  "os.waitpid(os.posix_spawn(show[0], show, os.environ), 0)\n"
                  "child = os.fork()\n"
                  "if child == 0: os.execv(show[0], show)\n"
                  "os.waitpid(child, 0)\n"
                  "child = os.fork()\n"
                  "if child == 0: os.execvpe('python3', show, {'PATH': '/usr/bin'})\n"
                  "os.waitpid(child, 0)\n"
                  "print(os.environ.get('TRACEPARENT'))\n")
        with Ring() as ring:
            result = ring.run("/usr/bin/python3", "-c", script)
        root = ring.records("command")[0]
        self.assertEqual(root["parent"], "0" * 16)
        shown = self.traceparent(root) + " None"
        self.assertEqual(result.stdout.decode().splitlines(), [shown] * 5 + ["None"])
        below = [r for r in ring.records("command") if r["parent"] == root["span"]]
        self.assertEqual(len(below), 5)
        self.assertEqual({r["trace"] for r in below}, {root["trace"]})

    def test_the_environments_context_is_the_parent(self):
        with Ring() as ring:
            result = ring.run("sh", "-c", f"/usr/bin/python3 -c \"{self.SHOW}\"; exit 0",
                              env={"TRACEPARENT": self.TRACEPARENT, "BAGGAGE": "user=1"})
        shell, child = ring.records("command")
        self.assertEqual((shell["trace"], shell["parent"]), (TRACE, PARENT))
        self.assertEqual((child["trace"], child["parent"]), (TRACE, shell["span"]))
        self.assertEqual(result.stdout.decode(), self.traceparent(shell) + " user=1\n")

    def test_what_the_program_sets_itself_wins(self):
        script = (f"TRACEPARENT={self.TRACEPARENT} /usr/bin/python3 -c \"{self.SHOW}\"; exit 0")
        with Ring() as ring:
            result = ring.run("sh", "-c", script)
        self.assertEqual(result.stdout.decode(), self.TRACEPARENT + " None\n")
        child, = ring.records("command")
        self.assertEqual((child["trace"], child["parent"]), (TRACE, PARENT))

    def test_nothing_is_said_where_nothing_is_recorded_or_propagated(self):
        for variables in ({"OTEL_TRACES_SAMPLER": "always_off"}, {"OTEL_PROPAGATORS": "baggage"},
                          {"OTEL_PROPAGATORS": "none"}, {"KOLBEN_AGENT_COMMAND_SPANS": "never"}):
            with Ring() as ring:
                result = ring.run("sh", "-c", f"/usr/bin/python3 -c \"{self.SHOW}\"; exit 0",
                                  env=variables)
            self.assertEqual(result.stdout.decode(), "None None\n", variables)
        with Ring() as ring:
            ring.run("sh", "-c", "/bin/true; exit 0",
                     env={"OTEL_PROPAGATORS": "b3", "TRACEPARENT": self.TRACEPARENT})
        self.assertNotIn(TRACE, [r["trace"] for r in ring.records("command")])

    def test_a_program_in_the_place_of_another_goes_on_with_its_span(self):
        script = f"/bin/true; exec /usr/bin/python3 -c \"{self.SHOW}\""
        with Ring() as ring:
            result = ring.run("sh", "-c", script)
        [python] = [r for r in ring.records("command") if "python" in r["executable"]]
        shell = ring.records("command")[0]
        self.assertEqual((python["span"], python["parent"]), (shell["span"], "0" * 16))
        self.assertEqual(result.stdout.decode(), self.traceparent(shell) + " None\n")

    def test_nobody_else_is_taken_for_that_program(self):
        """What it was told of itself goes to no other, whatever is propagated."""
        script = f"TRACEPARENT={self.TRACEPARENT} env; env; exit 0"
        with Ring() as ring:
            result = ring.run("sh", "-c", f"exec sh -c '{script}'")
        self.assertIn(self.TRACEPARENT, result.stdout.decode())
        self.assertNotIn("KOLBEN_AGENT_COMMAND", result.stdout.decode())

    def test_a_request_s_context_goes_to_what_it_starts(self):
        handler = ("import http.server, subprocess, sys\n"
                   "class Handler(http.server.BaseHTTPRequestHandler):\n"
                   "  def do_GET(self):\n"
                   f"    out = subprocess.run(['/usr/bin/python3', '-c', \"{self.SHOW}\"],\n"
                   "                         capture_output=True).stdout\n"
                   "    self.send_response(200)\n    self.end_headers()\n"
                   "    self.wfile.write(out)\n"
                   "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)"
                   ".serve_forever()\n")
        with Ring() as ring:
            port = free_port()
            with Server(ring, ["/usr/bin/python3", "-c", handler, str(port)], port) as server:
                shown = server.get("/with", "-H", HEADER, "-H", "baggage: user=2")
                bare = server.get("/without", "-H", HEADER)
                ring.wait_for(lambda records: sum(r["type"] == "server" for r in records) == 2)
        first, second = ring.records("server")
        self.assertEqual(shown, f"00-{TRACE}-{first['span']}-01 user=2\n")
        self.assertEqual(bare, f"00-{TRACE}-{second['span']}-01 None\n")
        self.assertEqual([r["parent"] for r in ring.records("command")],
                         [first["span"], second["span"]])


if __name__ == "__main__":
    run_tests()
