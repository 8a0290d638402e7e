#!/usr/bin/env python3
"""Real programs under the preload library and the launcher, with kolben-ring-dump as the reader.

Programs that the machine does not have are left out, and named at the end.
"""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BINARIES = os.path.abspath(sys.argv.pop(1))
LIBRARY = os.path.join(BINARIES, "libkolben-agent.so")
LAUNCHER = os.path.join(BINARIES, "opentelemetry-instrument")
DUMP = os.path.join(BINARIES, "kolben-ring-dump")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADER = f"traceparent: 00-{TRACE}-{PARENT}-01"
DEADLINE = 20


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


# Allows itself the calls that it makes, and is killed for any other; then makes connections, begins children.
SANDBOX = r"""
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define STEPS_MAX 128
static const int own[] = {SYS_read, SYS_write, SYS_close, SYS_socket, SYS_connect, SYS_accept, SYS_accept4,
                          SYS_sendto, SYS_recvfrom, SYS_listen, SYS_bind, SYS_exit, SYS_exit_group, SYS_wait4,
                          SYS_clone, SYS_clone3, SYS_set_robust_list, SYS_rseq, SYS_rt_sigprocmask, SYS_gettid};
static int forbid(int by_prctl) {
  static struct sock_filter steps[STEPS_MAX];
  unsigned short count = 0;
  steps[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); ++i) {
    steps[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own[i], 0, 1);
    steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = {count, steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
                  : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
static void say(const char* text) { if (write(1, text, strlen(text)) < 0) _exit(9); }
static char bytes[1 << 16];
static int exchange(int listener, const struct sockaddr* address, const char* request, size_t size,
                    const char* answer) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, address, sizeof(struct sockaddr_in)) != 0) return 0;
  int server = accept(listener, NULL, NULL);
  if (send(client, request, size, 0) != (ssize_t)size) return 0;
  for (size_t got = 0; got < size;) {
    ssize_t some = recv(server, bytes, sizeof(bytes), 0);
    if (some <= 0) return 0;
    got += (size_t)some;
  }
  if (write(server, answer, strlen(answer)) <= 0 || read(client, bytes, sizeof(bytes)) <= 0) return 0;
  close(client);
  close(server);
  return 1;
}
int main(int count, char** arguments) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof(address);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 4) != 0) return 1;
  getsockname(listener, (struct sockaddr*)&address, &size);
  if (forbid(count > 1 && strcmp(arguments[1], "prctl") == 0) != 0) return 2;
  const char get[] = "GET /sandbox HTTP/1.1\r\nHost: a\r\n\r\n";
  static char post[20000] = "POST /sandbox HTTP/1.1\r\nHost: a\r\nContent-Length: 19945\r\n\r\n";
  const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const char ping[] = "*1\r\n$4\r\nPING\r\n";
  const struct sockaddr* to = (const struct sockaddr*)&address;
  int done = 0;
  for (int i = 0; i < 3; ++i) done += exchange(listener, to, get, sizeof(get) - 1, ok);
  say(done == 3 ? "small requests\n" : "small requests failed\n");
  say(exchange(listener, to, post, sizeof(post), ok) ? "large ones\n" : "large ones failed\n");
  say(exchange(listener, to, ping, sizeof(ping) - 1, "+PONG\r\n") ? "a database\n" : "no database\n");
  int another = socket(AF_INET, SOCK_STREAM, 0);
  say(listen(another, 4) == 0 ? "another port\n" : "no other port\n");
  pid_t child = fork();
  if (child == 0) {
    say(exchange(listener, to, get, sizeof(get) - 1, ok) ? "of a child\n" : "of a child failed\n");
    _exit(5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  say(WIFEXITED(status) && WEXITSTATUS(status) == 5 ? "a child\n" : "no child\n");
  return 3;
}
"""


def clean_environment():
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("OTEL_", "KOLBEN_", "LD_"))}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ring:
    """A ring with a reader; `with Ring() as ring:`, then ring.records() after it. With `count` the
    reader only counts, ring.totals()."""

    def __init__(self, count=False):
        self.counts = ["count"] if count else []

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="kolben-test-")
        os.chmod(self.directory, 0o755)
        self.path = os.path.join(self.directory, "ring")
        self.out = os.path.join(self.directory, "records")
        with open(self.out, "w") as out:
            self.reader = subprocess.Popen([DUMP, self.path, "create", "16384", *self.counts],
                                           stdin=subprocess.PIPE, stdout=out)
        self.wait_for(lambda records: records)
        return self

    def read(self):
        with open(self.out) as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1]]

    def wait_for(self, condition):
        deadline = time.time() + DEADLINE
        while time.time() < deadline:
            if condition(self.read()):
                return
            time.sleep(0.01)
        raise AssertionError("not within the deadline: " + json.dumps(self.read())[-3000:])

    def environment(self, **more):
        return {**clean_environment(), "LD_PRELOAD": LIBRARY, "KOLBEN_AGENT_RING": self.path, **more}

    def run(self, *command, check=True, **options):
        environment = self.environment(**options.pop("env", {}))
        return subprocess.run(command, env=environment, check=check, capture_output=True,
                              timeout=DEADLINE, **options)

    def __exit__(self, *_):
        self.reader.stdin.close()
        self.reader.wait(DEADLINE)
        self.all = self.read()
        shutil.rmtree(self.directory)

    def records(self, kind):
        return [record for record in self.all if record["type"] == kind]

    def totals(self):
        return self.all[-1]


class Server:
    """A server under the library; stopped by SIGTERM at the end."""

    def __init__(self, ring, command, port, cwd=None, env=None):
        self.port = port
        self.process = subprocess.Popen(command, env=ring.environment(**(env or {})), cwd=cwd,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.time() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if time.time() > deadline:
                    raise
                time.sleep(0.02)

    def get(self, path="/", *arguments):
        return subprocess.run(["curl", "-s", "-m", "10", *arguments,
                               f"http://127.0.0.1:{self.port}{path}"], env=clean_environment(),
                              check=True, capture_output=True, text=True).stdout

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.output = self.process.communicate(timeout=DEADLINE)[0].decode()


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return unittest.skipIf(missing, f"not on this machine: {missing}")


class Servers(unittest.TestCase):
    def expect_one(self, ring, path, status=200):
        found = [record for record in ring.records("server")
                 if record["request"].startswith(f"GET {path} ")]
        self.assertEqual(len(found), 1, ring.all)
        self.assertEqual(found[0]["trace"], TRACE)
        self.assertEqual(found[0]["parent"], PARENT)
        self.assertEqual(found[0]["remote"], 1)
        self.assertEqual(found[0]["end"], 0)
        self.assertEqual(found[0]["status"], status)
        self.assertEqual(ring.totals()["active"], 0)
        self.assertEqual(ring.totals()["dropped"], 0)
        return found[0]

    def check_server(self, command, port, cwd=None, env=None):
        with Ring() as ring:
            with Server(ring, command, port, cwd, env) as server:
                server.get("/one", "-H", HEADER, "-o", "/dev/null")
                ring.wait_for(lambda records: any("/one" in record.get("request", "")
                                                  for record in records))
        return self.expect_one(ring, "/one", 404 if cwd is None else 200), ring, server

    @needs("nginx", "curl")
    def test_nginx_and_a_proxy_in_between(self):
        with Ring() as ring:
            port, upstream, root = free_port(), free_port(), ring.directory
            with open(f"{root}/nginx.conf", "w") as file:
                file.write(f"""daemon off; worker_processes 2; pid {root}/pid;
                error_log {root}/error.log; events {{ worker_connections 64; }}
                http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p;
                fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
                server {{ listen 127.0.0.1:{port};
                  location / {{ root {root}; }}
                  location /up/ {{ proxy_pass http://127.0.0.1:{upstream}/; }} }}
                server {{ listen 127.0.0.1:{upstream}; location / {{ return 200 up; }} }} }}""")
            with open(f"{root}/one", "w") as file:
                file.write("1")
            command = ["nginx", "-e", f"{root}/error.log", "-c", f"{root}/nginx.conf"]
            with Server(ring, command, port) as server:
                self.assertEqual(server.get("/one", "-H", HEADER), "1")
                self.assertEqual(server.get("/up/stream", "-H", HEADER), "up")
                self.assertEqual(server.get("/up/new"), "up")
                ring.wait_for(lambda records: sum(record["type"] == "server"
                                                  for record in records) == 5)
        one = self.expect_one(ring, "/one")
        self.assertEqual(one["response_body"], 1)
        self.assertEqual(one["local"], f"127.0.0.1:{port}")
        for path in ("stream", "new"):
            outer, = [r for r in ring.records("server") if f"/up/{path} " in r["request"]]
            asked, = [r for r in ring.records("client") if f"/{path} " in r["request"]]
            inner, = [r for r in ring.records("server") if f"GET /{path} " in r["request"]]
            self.assertEqual(asked["parent"], outer["span"])
            self.assertEqual(inner["parent"], asked["span"])
            self.assertEqual({outer["trace"], asked["trace"]}, {inner["trace"]})

    @needs("curl")
    def test_flask(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import flask"]).returncode != 0:
            self.skipTest("no flask")
        with Ring() as ring:
            port = free_port()
            with open(f"{ring.directory}/app.py", "w") as file:
                file.write("import flask\napp = flask.Flask(__name__)\n"
                           "@app.route('/one')\ndef one():\n  print('serving', flush=True)\n"
                           "  return 'first'\n")
            command = ["/usr/bin/python3", "-m", "flask", "run", "-p", str(port)]
            with Server(ring, command, port, ring.directory,
                        {"FLASK_APP": "app.py"}) as server:
                self.assertEqual(server.get("/one", "-H", HEADER), "first")
                ring.wait_for(lambda records: any(record["type"] == "server"
                                                  for record in records))
        one = self.expect_one(ring, "/one")
        lines = [r for r in ring.records("output") if r["trace"] == TRACE]
        text = "".join(r["text"] for r in lines)
        self.assertIn("serving\n", text)
        self.assertIn('"GET /one HTTP/1.1" 200', text)
        self.assertEqual({r["span"] for r in lines}, {one["span"]})
        self.assertIn("serving", server.output)

    @needs("curl")
    def test_python_http_server(self):
        port = free_port()
        self.check_server(["/usr/bin/python3", "-m", "http.server", "-b", "127.0.0.1", str(port)],
                          port)

    @needs("node", "curl")
    def test_node(self):
        port = free_port()
        self.check_server(["node", "-e", "require('http').createServer((q, s) => { s.statusCode ="
                           f" 404; s.end('no'); }}).listen({port}, '127.0.0.1')"], port)

    @needs("gunicorn", "curl")
    def test_gunicorn_with_its_workers(self):
        with Ring() as ring:
            port = free_port()
            with open(f"{ring.directory}/app.py", "w") as file:
                file.write("def app(environ, start):\n  start('200 OK', [('Content-Length', '2')])\n"
                           "  return [b'ok']\n")
            command = [shutil.which("gunicorn"), "-w", "2", "-b", f"127.0.0.1:{port}", "app:app"]
            with Server(ring, command, port, ring.directory) as server:
                self.assertEqual(server.get("/one", "-H", HEADER), "ok")
                ring.wait_for(lambda records: any(record["type"] == "server"
                                                  for record in records))
        self.expect_one(ring, "/one")


class Clients(unittest.TestCase):
    @needs("curl")
    def test_curl_sends_the_header(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        with Ring() as ring:
            client = subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{port}/x"],
                                      env=ring.environment(), stdout=subprocess.PIPE)
            peer = server.accept()[0]
            request = b""
            while b"\r\n\r\n" not in request:
                request += peer.recv(4096)
            peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
            peer.close()
            self.assertEqual(client.communicate(timeout=DEADLINE)[0], b"until the end")
        record, = ring.records("client")
        self.assertIn(f"traceparent: 00-{record['trace']}-{record['span']}-01\r\n\r\n",
                      request.decode())
        self.assertEqual(record["response_body"], 13)
        self.assertEqual(record["end"], 0)

    @needs("curl")
    def test_what_is_not_sampled_says_so_to_the_next(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        with Ring() as ring:
            client = subprocess.Popen(
                ["curl", "-s", f"http://127.0.0.1:{server.getsockname()[1]}/"],
                env=ring.environment(OTEL_TRACES_SAMPLER="always_off"), stdout=subprocess.DEVNULL)
            peer = server.accept()[0]
            request = peer.recv(4096).decode()
            peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            peer.close()
            client.wait(DEADLINE)
        record, = ring.records("client")
        self.assertEqual(record["flags"], 0)
        self.assertIn(f"traceparent: 00-{record['trace']}-{record['span']}-00\r\n", request)

    @needs("curl")
    def test_propagation_can_be_off(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        with Ring() as ring:
            client = subprocess.Popen(
                ["curl", "-s", f"http://127.0.0.1:{server.getsockname()[1]}/"],
                env=ring.environment(OTEL_PROPAGATORS="b3"), stdout=subprocess.DEVNULL)
            peer = server.accept()[0]
            self.assertNotIn(b"traceparent", peer.recv(4096))
            peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            peer.close()
            client.wait(DEADLINE)
        self.assertEqual(len(ring.records("client")), 1)


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
        upstream = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        with Ring() as ring:
            port = free_port()
            command = ["/usr/bin/python3", "-c", self.SCRIPT, str(port),
                       str(upstream.getsockname()[1])]
            with Server(ring, command, port, env={"OTEL_PROPAGATORS": propagators}):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    lines = ["GET /outer HTTP/1.1", "Host: a", *headers, "", ""]
                    client.sendall("\r\n".join(lines).encode())
                    peer = upstream.accept()[0]
                    head = peer.recv(65536).decode()
                    peer.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                    peer.close()
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
                subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-x", "c", "-", "-o", program],
                               input=SANDBOX, text=True, check=True)
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


class Processes(unittest.TestCase):
    def test_application_interface(self):
        with Ring() as ring:
            ring.run(os.path.join(BINARIES, "kolben-api-app"))
        inner, outer = ring.records("span")
        self.assertEqual((inner["name"], outer["name"]), ("inner", "outer"))
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

    def test_an_allocator_that_reads_a_file_before_anything_else(self):
        allocator = os.path.join(BINARIES, "libkolben-eager-malloc.so")
        for preload in (f"{allocator}:{LIBRARY}", f"{LIBRARY}:{allocator}"):
            with Ring() as ring:
                result = ring.run("awk", "BEGIN { print \"a line\" }", env={"LD_PRELOAD": preload})
            self.assertEqual((result.stdout, result.stderr), (b"a line\n", b""))
            self.assertEqual("".join(r["text"] for r in ring.records("output")), "a line\n")

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
        self.assertEqual(result.stdout, "off\n0\n")

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

    def test_output_is_not_captured_when_nobody_wants_it(self):
        for variables in ({"OTEL_LOGS_EXPORTER": "none"},
                          {"OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "False"}):
            with Ring() as ring:
                ring.run("/bin/echo", "hello", env=variables)
            self.assertEqual(ring.records("output"), [])

    def test_kill_switch(self):
        with Ring() as ring:
            ring.run("/bin/echo", "hello", env={"OTEL_SDK_DISABLED": "True"})
        self.assertEqual(len(ring.all), 2)

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

    def test_fork_storm_leaves_nothing_open(self):
        script = ("import os\nfor i in range(200):\n  pid = os.fork()\n"
                  "  if pid == 0: os._exit(i % 7)\n"
                  "  assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == i % 7\n")
        with Ring() as ring:
            ring.run("/usr/bin/python3", "-c", script)
        self.assertEqual(len(ring.records("start")), 201)
        self.assertEqual(len(ring.records("end")), 201)
        self.assertEqual(ring.totals()["dropped"], 0)


class Launcher(unittest.TestCase):
    """The launcher with a script in the place of the agent process."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="kolben-test-")
        self.agent = os.path.join(self.directory, "kolben")
        with open(self.agent, "w") as file:
            file.write(f"""#!/bin/sh
echo "$OTEL_TRACES_EXPORTER" > {self.directory}/exporter
echo "$PPID $*" > {self.directory}/called.new
mv {self.directory}/called.new {self.directory}/called
while grep -q '^State:.[^Z]' /proc/$4/status 2>/dev/null; do sleep 0.02; done
rm -f $2
echo gone > {self.directory}/gone
""")
        os.chmod(self.agent, 0o755)

    def tearDown(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def run_under(self, *command, env=None, **options):
        environment = dict(clean_environment(), **{"KOLBEN_AGENT_BINARY": self.agent, **(env or {})})
        return subprocess.run([LAUNCHER, *command], env=environment, capture_output=True,
                              text=True, timeout=DEADLINE, **options)

    def wait_for(self, name):
        deadline = time.time() + DEADLINE
        while not os.path.exists(os.path.join(self.directory, name)):
            self.assertLess(time.time(), deadline)
            time.sleep(0.01)

    def test_flags_become_variables(self):
        result = self.run_under("--service_nam", "x", "--traces_exp=console", "--id_generator", "-1",
                                "--", "sh", "-c", "echo $OTEL_SERVICE_NAME $OTEL_TRACES_EXPORTER "
                                "$OTEL_PYTHON_ID_GENERATOR; exit 7", "--service_name", "y")
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (7, "x console -1\n", ""))
        self.wait_for("gone")

    def test_agent_is_no_child_and_ring_is_private(self):
        result = self.run_under("/usr/bin/python3", "-c",
                                "import os, time\nring = os.environ['KOLBEN_AGENT_RING']\n"
                                "print(oct(os.stat(ring).st_mode & 0o777), os.getpid())\n"
                                "try: os.wait()\nexcept ChildProcessError: print('no child')\n"
                                f"while not os.path.exists('{self.directory}/called'):"
                                " time.sleep(0.01)\n")
        mode, pid = result.stdout.splitlines()[0].split()
        self.assertEqual(mode, "0o600")
        self.assertIn("no child", result.stdout)
        with open(self.directory + "/called") as file:
            parent, *arguments = file.read().split()
        self.assertNotEqual(parent, pid)
        named = dict(zip(arguments[::2], arguments[1::2]))
        self.assertEqual(named["--pid"], pid)
        self.assertEqual(named["--pidfd"], "3")
        self.assertIn("--ring", named)
        self.wait_for("gone")

    def test_pid_signals_and_stdin_are_the_programs(self):
        process = subprocess.Popen([LAUNCHER, "cat"], stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE,
                                   env=dict(clean_environment(), KOLBEN_AGENT_BINARY=self.agent))
        process.stdin.write("through\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "through\n")
        with open(f"/proc/{process.pid}/comm") as file:
            self.assertEqual(file.read(), "cat\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(DEADLINE), -signal.SIGINT)
        process.stdin.close()
        process.stdout.close()
        self.wait_for("gone")

    def test_wrong_command_lines(self):
        for arguments, code, text in (
                ([], 2, "the following arguments are required: command"),
                (["--bogus", "x"], 2, "unrecognized arguments: --bogus"),
                (["--service_name"], 2, "--service_name: expected one argument"),
                (["--exporter_otlp_m", "x"], 2, "could match --exporter_otlp_metrics_"),
                (["--traces_exporter", "foo", "true"], 2,
                 'argument --traces_exporter: unknown exporter "foo" (known: console, otlp'),
                (["--metrics_exporter=zipkin", "true"], 2,
                 'argument --metrics_exporter: the agent has no exporter "zipkin" for metrics'),
                (["no-such-command-here"], 127, "cannot find the command no-such-command-here")):
            result = self.run_under(*arguments)
            self.assertEqual(result.returncode, code, arguments)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertEqual(self.run_under("--help").returncode, 0)
        self.assertIn("--exporter_otlp_traces_endpoint", self.run_under("--help").stdout)
        self.assertRegex(self.run_under("--version").stdout, r"^opentelemetry-instrument \d")

    def test_a_wrong_exporter_in_a_variable_costs_its_telemetry(self):
        for value, kept in (("foo", "none"), ("console, opencensus, zipkin", "console,zipkin")):
            result = self.run_under("sh", "-c", "echo $OTEL_TRACES_EXPORTER; exit 4",
                                    env={"OTEL_TRACES_EXPORTER": value})
            self.assertEqual((result.returncode, result.stdout), (4, value + "\n"))
            self.assertRegex(result.stderr, r'^opentelemetry-instrument: OTEL_TRACES_EXPORTER: .*'
                                            r'exporter "(foo|opencensus)".*; it is left out\n$')
            self.wait_for("gone")
            with open(self.directory + "/exporter") as file:
                self.assertEqual(file.read(), kept + "\n")
            os.unlink(self.directory + "/gone")

    def test_the_help_marks_what_has_no_effect(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               "../../process/settings_names.cc")) as file:
            text = file.read()
        known = set(re.findall(r'"OTEL_(?:PYTHON_)?([A-Z_]+[A-Z])"', text))
        if '"OTEL_LOG_LEVEL"' not in text:  # which --log_level is, not OTEL_PYTHON_LOG_LEVEL
            known.discard("LOG_LEVEL")
        self.assertIn("TRACES_EXPORTER", known)
        effective, ignored = self.run_under("--help").stdout.split("accepted without effect:")
        ignored = set(re.findall(r"--(\w+)", ignored))
        effective = set(re.findall(r"--(\w+)", effective)) - {"help", "version"}
        self.assertEqual({name for name in ignored if name.upper() in known}, set())
        self.assertEqual({name for name in effective if name.upper() not in known
                          and not name.startswith("exporter_otlp_")}, set())

    def test_program_runs_when_the_agent_cannot(self):
        result = self.run_under("sh", "-c", "exit 5", env={"KOLBEN_AGENT_BINARY": "/nonexistent/kolben"})
        self.assertEqual(result.returncode, 5)

    def test_programs_that_cannot_be_instrumented_run_and_are_named(self):
        static = os.path.join(self.directory, "static")
        built = shutil.which("gcc") is not None and subprocess.run(
            ["gcc", "-static", "-x", "c", "-", "-o", static],
            input=b"int main() { return 6; }", capture_output=True).returncode == 0
        if not built:
            self.skipTest("no gcc with a static C library")
        result = self.run_under(static)
        self.assertEqual(result.returncode, 6)
        self.assertEqual(result.stderr, f"opentelemetry-instrument: {static} is statically linked; "
                                        "it runs without telemetry\n")
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def test_disabled_agent_is_not_started(self):
        result = self.run_under("--sdk_disabled", "true", "sh", "-c",
                                "echo ${LD_PRELOAD-none} ${KOLBEN_AGENT_RING-none}")
        self.assertEqual(result.stdout, "none none\n")
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def test_preload_of_others_is_kept(self):
        other = shutil.copy(LIBRARY, self.directory + "/other.so")
        result = self.run_under("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": other})
        self.assertEqual(result.stdout.strip(), f"{other}:{LIBRARY}")
        self.wait_for("gone")

    def test_the_library_of_an_agent_around_this_one_is_left_out(self):
        other = os.path.join(self.directory, "older")
        os.mkdir(other)
        shutil.copy(LIBRARY, other)
        for list_, kept in ((f"{other}/libkolben-agent.so", LIBRARY), (LIBRARY, LIBRARY),
                            (f"{LIBRARY} {other}/libkolben-agent.so::/no/such.so",
                             f"/no/such.so:{LIBRARY}")):
            result = self.run_under("/bin/sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": list_})
            self.assertEqual(result.stdout.strip(), kept)
            self.wait_for("gone")
            os.unlink(self.directory + "/gone")

    def test_singular_variable_is_understood_with_a_word(self):
        result = self.run_under("sh", "-c", "echo $OTEL_LOGS_EXPORTER",
                                env={"OTEL_LOG_EXPORTER": "console"})
        self.assertEqual(result.stdout, "console\n")
        self.assertIn("OTEL_LOGS_EXPORTER", result.stderr)
        self.wait_for("gone")


if __name__ == "__main__":
    # Whoever runs the tests may ignore it (a shell's background jobs do), and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(verbosity=1)
