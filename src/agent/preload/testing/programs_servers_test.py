#!/usr/bin/env python3
"""Real servers and clients under the preload library: what a request becomes."""
import shutil
import socket
import subprocess
import unittest

from ring_reader import DEADLINE, HEADER, PARENT, Ring, Server, TRACE, free_port, needs, run_tests


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

    @needs("nginx")
    def test_nginx_refuses_a_head_before_its_end(self):
        with Ring() as ring:
            port, root = free_port(), ring.directory
            with open(f"{root}/nginx.conf", "w") as file:
                file.write(f"""daemon off; pid {root}/pid; error_log {root}/error.log; events {{ }}
                http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p;
                fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
                server {{ listen 127.0.0.1:{port}; }} }}""")
            command = ["nginx", "-e", f"{root}/error.log", "-c", f"{root}/nginx.conf"]
            with Server(ring, command, port):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET /one HTTP/1.1\r\nHost: a\r\nX\0: no")
                    self.assertIn(b" 400 ", client.recv(4096))
                ring.wait_for(lambda records: any(r["type"] == "server" for r in records))
        record, = ring.records("server")
        self.assertEqual((record["status"], record["end"]), (400, 0))

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


if __name__ == "__main__":
    run_tests()
