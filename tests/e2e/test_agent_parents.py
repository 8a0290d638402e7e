"""Whose is a call, where a hundred requests are served at a time? Each request asks upstream with its
own number in the URL. A call is below the request of its number, or it says that it does not know
(a link, or a trace of its own): never is it below another one.

Threads are certain, so is nginx, which handles each event to its end, and so are asyncio and Node, by
the shims of their runtimes. Event loops without one mostly are not, while several requests are served."""
import concurrent.futures
import subprocess
import urllib.request

import pytest

from harness import BIN, Program, free_port, request, wait_until
from test_agent_databases import CONSOLE, clients, spans_of

AGENT = BIN / "opentelemetry-instrument"
AT_A_TIME = 100
REQUESTS = 300
EXACT = (1.0, 0.0)

UPSTREAM = """
import asyncio, os

async def serve(reader, writer):
    try:
        while line := await reader.readline():
            while await reader.readline() not in (b"\\r\\n", b""):
                pass
            number = line.split()[1].rpartition(b"/")[2]
            await asyncio.sleep(int(number or 0) % 7 / 1000)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(number), number))
    except ConnectionError:
        pass
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    with open("upstream.part", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename("upstream.part", "upstream.port")
    await server.serve_forever()

asyncio.run(main())
"""

FLASK = """
import os, urllib.request
import flask
app = flask.Flask(__name__)

@app.route("/ask/<int:number>")
def ask(number):
    with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['UPSTREAM']}/up/{number}") as answer:
        return answer.read()
"""

# Fewer connections than requests: a request takes the one that another one gives back.
AIOHTTP = """
import asyncio, os
import aiohttp
from aiohttp import web

async def ask(request):
    number = int(request.match_info["number"])
    await asyncio.sleep(number % 5 / 1000)
    url = f"http://127.0.0.1:{os.environ['UPSTREAM']}/up/{number}"
    async with request.app["session"].get(url) as answer:
        return web.Response(body=await answer.read())

async def begin(app):
    app["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=20))

app = web.Application()
app.on_startup.append(begin)
app.add_routes([web.get("/ask/{number}", ask)])
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
"""

NODE = """
const http = require("http");
const agent = new http.Agent({keepAlive: true, maxSockets: 20});
http.createServer((request, response) => {
  if (!request.url.startsWith("/ask/")) return response.writeHead(404).end();
  const number = Number(request.url.split("/").pop());
  const ask = () => http.get({agent, host: "127.0.0.1", port: process.env.UPSTREAM, path: `/up/${number}`},
                             (answer) => answer.pipe(response));
  number % 2 ? setTimeout(ask, number % 5) : ask();
}).listen(process.env.PORT, "127.0.0.1", 512);
"""

JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URL;
import java.util.concurrent.Executors;

public class Ask {
  public static void main(String[] arguments) throws Exception {
    String upstream = "http://127.0.0.1:" + System.getenv("UPSTREAM") + "/up/";
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 512);
    server.setExecutor(Executors.newFixedThreadPool(16));
    server.createContext("/ask/", exchange -> {
      String path = exchange.getRequestURI().getPath();
      URL url = new URL(upstream + path.substring(path.lastIndexOf('/') + 1));
      byte[] body;
      try (var stream = url.openStream()) { body = stream.readAllBytes(); }
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
"""

# Its threads are of its own: who calls hands the request on, by HTTP/1.1 where h2c is not taken up.
JAVA_CLIENT = JAVA.replace("import java.net.URL;", "import java.net.URI;\nimport java.net.http.*;").replace(
    "      URL url = new URL(", "      var to = HttpRequest.newBuilder(URI.create(").replace(
    "'/') + 1));", "'/') + 1))).build();").replace(
    "      byte[] body;\n      try (var stream = url.openStream()) { body = stream.readAllBytes(); }\n", """
      byte[] body;
      try { body = client.send(to, HttpResponse.BodyHandlers.ofByteArray()).body(); }
      catch (InterruptedException e) { throw new java.io.IOException(e); }
""").replace("    int port =", "    var client = HttpClient.newHttpClient();\n    int port =")

RUBY = """
require "webrick"
require "net/http"
server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ENV["PORT"].to_i, AccessLog: [],
                                 Logger: WEBrick::Log.new(File::NULL))
server.mount_proc("/ask/") do |request, response|
  number = request.path.split("/").last
  response.body = Net::HTTP.get(URI("http://127.0.0.1:#{ENV["UPSTREAM"]}/up/#{number}"))
end
server.start
"""

PHP = """<?php
if (!preg_match("~^/ask/(\\d+)$~", $_SERVER["REQUEST_URI"], $found)) { http_response_code(404); exit; }
echo file_get_contents("http://127.0.0.1:" . getenv("UPSTREAM") . "/up/" . $found[1],
                       false, null, 0, strlen($found[1]));
"""


@pytest.fixture
def upstream(tmp_path, programs):
    (tmp_path / "upstream.py").write_text(UPSTREAM)
    programs(Program(["/usr/bin/python3", "upstream.py"], tmp_path, "upstream"))
    port = tmp_path / "upstream.port"
    wait_until(port.exists, "upstream has a port")
    return port.read_text()


def instrumented(tmp_path, programs, name, command, port, upstream):
    program = programs(Program([AGENT, *CONSOLE, *command], tmp_path, name,
                               env={"PORT": str(port), "UPSTREAM": upstream, "PYTHONUNBUFFERED": "1"},
                               start_new_session=True))

    def answers():
        assert program.is_running(), program.stderr
        try:
            return request(port, "GET", "/none").status in (200, 404, 502)
        except OSError:
            return False
    wait_until(answers, f"{name} answers", 60)
    return program


def ask(port, number, path="ask", body=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}/{number}", data=body, timeout=60) as answer:
        assert int(answer.read()) == number
    return number


def number_of(target):
    return int(target.rpartition("/")[2])


def judge(program, port, path="ask", body=None):
    """Of REQUESTS calls, the share that is below its own request, and the share that has a link, by which it says that
    it is uncertain; the rest is traces of their own."""
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        asked = list(pool.map(lambda number: ask(port, number, path, body), range(REQUESTS)))
    assert asked == list(range(REQUESTS))

    def all_told():
        spans = spans_of(program.stdout)
        servers = {(span["context"]["trace_id"], span["context"]["span_id"]):
                   number_of(span["attributes"]["http.target"])
                   for span in spans if span["kind"] == "SpanKind.SERVER"
                   and span["attributes"]["http.target"].startswith(f"/{path}/")}
        calls = [call for call in clients(spans) if "/up/" in call["attributes"]["http.url"]]
        return len(servers) >= REQUESTS and len(calls) >= REQUESTS and (servers, calls)
    servers, calls = wait_until(all_told, "all spans are told", 30)
    assert sorted(number_of(call["attributes"]["http.url"]) for call in calls) == list(range(REQUESTS))
    right, linked = 0, 0
    for call in calls:
        number = number_of(call["attributes"]["http.url"])
        if call["parent_id"] is not None:
            assert servers[(call["context"]["trace_id"], call["parent_id"])] == number
            assert call["links"] == []
            right += 1
        elif call["links"]:
            link = call["links"][0]["context"]
            assert (link["trace_id"], link["span_id"]) in servers
            linked += 1
    print(f"{program.name}: {right} of {len(calls)} calls below their request, {linked} linked")
    return right / len(calls), linked / len(calls)


def test_flask(tmp_path, programs, upstream):
    (tmp_path / "app.py").write_text(FLASK)
    port = free_port()
    flask = instrumented(tmp_path, programs, "flask",
                         ["/usr/bin/python3", "-m", "flask", "run", "-p", str(port)], port, upstream)
    assert judge(flask, port) == EXACT


def test_java(tmp_path, programs, upstream):
    (tmp_path / "Ask.java").write_text(JAVA)
    subprocess.run(["javac", "Ask.java"], cwd=tmp_path, check=True, timeout=120)
    port = free_port()
    java = instrumented(tmp_path, programs, "java", ["java", "-Xmx64m", "-cp", ".", "Ask"], port, upstream)
    assert judge(java, port) == EXACT


def test_java_s_client_with_threads_of_its_own(tmp_path, programs, upstream):
    (tmp_path / "Ask.java").write_text(JAVA_CLIENT)
    subprocess.run(["javac", "-d", tmp_path, tmp_path / "Ask.java"], check=True, timeout=120)
    port = free_port()
    command = ["java", "-Xmx128m", "-cp", tmp_path, "Ask"]
    judge(instrumented(tmp_path, programs, "java", command, port, upstream), port)


def test_ruby(tmp_path, programs, upstream):
    (tmp_path / "ask.rb").write_text(RUBY)
    port = free_port()
    assert judge(instrumented(tmp_path, programs, "ruby", ["ruby", "ask.rb"], port, upstream), port) == EXACT


def test_php_with_workers(tmp_path, programs, upstream, monkeypatch):
    monkeypatch.setenv("PHP_CLI_SERVER_WORKERS", "8")
    (tmp_path / "ask.php").write_text(PHP)
    port = free_port()
    command = ["php", "-S", f"127.0.0.1:{port}", "ask.php"]
    assert judge(instrumented(tmp_path, programs, "php", command, port, upstream), port) == EXACT


def test_asyncio(tmp_path, programs, upstream):
    (tmp_path / "app.py").write_text(AIOHTTP)
    port = free_port()
    command = ["/usr/bin/python3", "app.py"]
    assert judge(instrumented(tmp_path, programs, "aiohttp", command, port, upstream), port) == EXACT


def test_node(tmp_path, programs, upstream):
    (tmp_path / "app.js").write_text(NODE)
    port = free_port()
    assert judge(instrumented(tmp_path, programs, "node", ["node", "app.js"], port, upstream), port) == EXACT


def nginx(tmp_path, programs, upstream):
    port = free_port()
    (tmp_path / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
  fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
  upstream kept {{ server 127.0.0.1:{upstream}; keepalive 16; }}
  upstream half {{ server 127.0.0.1:{free_port()} max_fails=0; server 127.0.0.1:{upstream}; }}
  limit_req_zone $binary_remote_addr zone=all:1m rate=400r/s;
  server {{
    listen 127.0.0.1:{port} backlog=512;
    location /ask/ {{ proxy_pass http://127.0.0.1:{upstream}/up/; }}
    location /kept/ {{ proxy_pass http://kept/up/; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    location /half/ {{ proxy_pass http://half/up/; }}
    location /late/ {{ limit_req zone=all burst=1000; proxy_pass http://kept/up/; proxy_http_version 1.1;
                       proxy_set_header Connection ""; }}
  }}
}}
""")
    command = ["/usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path]
    return instrumented(tmp_path, programs, "nginx", command, port, upstream), port


# `half`: every other connection is refused, and another server is asked. None of its timers, which are
# of a minute, is due meanwhile.
@pytest.mark.parametrize("path", ["ask", "kept", "half"])
def test_nginx_as_a_proxy(tmp_path, programs, upstream, path):
    proxy, port = nginx(tmp_path, programs, upstream)
    assert judge(proxy, port, path) == EXACT


# It goes on with a request when a timer says so: for which, nobody knows.
def test_nginx_that_delays_requests(tmp_path, programs, upstream):
    proxy, port = nginx(tmp_path, programs, upstream)
    judge(proxy, port, "late")
