"""The table of runtimes in docs/agent.md: a server of each that asks another one and prints a line has the
spans of both, the one below the other, its line as a log record of that trace, and the metrics of both."""
import re
import shutil
import subprocess

import pytest

from harness import ROOT, Program, free_port, get, wait_until
from test_agent import AGENT, agent_of, json_objects, wait_listening
from test_agent_commands import Upstream

PYTHON = """
import http.server, sys, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/ask":
            print("asked", flush=True)
            urllib.request.urlopen(sys.argv[2] + "/inner").read()
        self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FLASK = """
import sys, urllib.request
from flask import Flask
app = Flask("asks")
@app.route("/ask")
def ask():
    print("asked", flush=True)
    return urllib.request.urlopen(sys.argv[2] + "/inner").read() or b"-"
app.run(port=int(sys.argv[1]))
"""
ASYNCIO = """
import asyncio, sys, aiohttp
from aiohttp import web
async def ask(request):
    print("asked", flush=True)
    async with aiohttp.ClientSession() as session:
        async with session.get(sys.argv[2] + "/inner") as answer:
            return web.Response(body=await answer.read())
app = web.Application()
app.router.add_get("/ask", ask)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
NODE = """
const http = require("http");
http.createServer((request, response) => {
  if (request.url !== "/ask") return response.end("-");
  console.log("asked");
  http.get(process.argv[3] + "/inner", (answer) => { answer.resume(); answer.on("end", () => response.end("-")); });
}).listen(Number(process.argv[2]), "127.0.0.1");
"""
RUBY = """
require "webrick"
require "net/http"
$stdout.sync = true
server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ARGV[0].to_i, AccessLog: [],
                                 Logger: WEBrick::Log.new(File::NULL))
server.mount_proc("/ask") { |_, response| puts "asked"; response.body = Net::HTTP.get(URI(ARGV[1] + "/inner")).to_s + "-" }
trap("TERM") { server.shutdown }
server.start
"""
PERL = r"""
use strict; use IO::Socket::INET; use HTTP::Tiny;
$| = 1;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  my $first = <$client>;
  if (!defined $first) { close $client; next; }
  while (my $line = <$client>) { last if $line eq "\r\n"; }
  print "asked\n" if $first =~ m{ /ask };
  HTTP::Tiny->new->get("$ARGV[1]/inner") if $first =~ m{ /ask };
  print $client "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n-";
  close $client;
}
"""
PHP = """<?php
if ($_SERVER["REQUEST_URI"] === "/ask") { error_log("asked"); file_get_contents(getenv("ASKED") . "/inner"); }
echo "-";
"""
JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.*;
public class Asks {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 16);
    server.createContext("/", exchange -> {
      if (exchange.getRequestURI().getPath().equals("/ask")) {
        System.out.println("asked");
        ((HttpURLConnection) new URL(args[1] + "/inner").openConnection()).getResponseCode();
      }
      exchange.sendResponseHeaders(200, 1);
      exchange.getResponseBody().write('-');
      exchange.close();
    });
    server.start();
  }
}
"""


def nginx(directory, port, upstream):
    (directory / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr notice;
events {{ worker_connections 64; }}
http {{ access_log off; rewrite_log on; client_body_temp_path {directory}; proxy_temp_path {directory};
  fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "-"; }}
    location /ask {{ rewrite ^/asked$ / last; proxy_pass {upstream.url}/inner; }} }} }}
""")
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-e", "stderr", "-c", directory / "nginx.conf", "-p", directory]


def script(name, text, *interpreter):
    def command(directory, port, upstream):
        (directory / name).write_text(text)
        return [*interpreter, directory / name, port, upstream.url]
    return command


def java(directory, port, upstream):
    (directory / "Asks.java").write_text(JAVA)
    subprocess.run(["javac", "-d", directory, directory / "Asks.java"], check=True, timeout=120)
    return ["java", "-Xmx64m", "-cp", directory, "Asks", port, upstream.url]


def php(directory, port, upstream):
    (directory / "asks.php").write_text(PHP)
    return ["php", "-S", f"127.0.0.1:{port}", directory / "asks.php"]


RUNTIMES = {
    "python": script("asks.py", PYTHON, "/usr/bin/python3"),
    "flask": script("asks.py", FLASK, "/usr/bin/python3"),
    "aiohttp": script("asks.py", ASYNCIO, "/usr/bin/python3"),
    "node": script("asks.js", NODE, "node"),
    "java": java,
    "ruby": script("asks.rb", RUBY, "ruby"),
    "perl": script("asks.pl", PERL, "perl"),
    "php": php,
    "nginx": nginx,
}


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime(tmp_path, programs, name):
    port = free_port()
    with Upstream() as upstream:
        command = [str(part) for part in RUNTIMES[name](tmp_path, port, upstream)]
        console = [flag for signal in ("traces", "metrics", "logs") for flag in (f"--{signal}_exporter", "console")]
        server = programs(Program([AGENT, *console, *command], tmp_path, "server", env={"ASKED": upstream.url}))
        wait_listening(port, name)
        assert get(port, "/ask").status in (200, 204)
        headers = upstream.asked["/inner"]

        def told(kind):
            return [value for value in json_objects(server.stdout) if value.get("kind") == kind and
                    re.search(r"/(ask|inner)$", value["attributes"].get("http.target", value["attributes"].get("http.url")))]
        wait_until(lambda: told("SpanKind.CLIENT") and told("SpanKind.SERVER"), "both spans are told")
        server.stop()
    wait_until(lambda: not agent_of(server), "the agent has ended")
    [asked], [asks] = told("SpanKind.SERVER"), told("SpanKind.CLIENT")
    trace = asked["context"]["trace_id"]
    assert (asks["context"]["trace_id"], asks["parent_id"]) == (trace, asked["context"]["span_id"])
    assert headers["traceparent"] == f"00-{trace[2:]}-{asks['context']['span_id'][2:]}-01"
    line = '"^/asked$" does not match "/ask"' if name == "nginx" else "asked"
    logs = [value for value in json_objects(server.stdout) if line in str(value.get("body"))]
    assert [log["trace_id"] for log in logs] == [trace]
    for metric in ("http.server.duration", "http.client.duration"):
        assert f'"name": "{metric}"' in server.stdout


# --- docs/agent.md is true --------------------------------------------------------------------------------

def test_each_row_of_the_table_is_a_runtime_of_the_test():
    text = (ROOT / "docs" / "agent.md").read_text()
    table = text[text.index("## Runtimes"):text.index("## Python")]
    assert set(re.findall(r"`test_a_runtime\[(\w+)\]`", table)) == set(RUNTIMES)


CONSOLE = [flag for signal in ("traces", "metrics", "logs") for flag in (f"--{signal}_exporter", "console")]


def built_example(folder, language, compiler):
    """The example of docs/agent.md in this language; without the agent it does nothing."""
    [code] = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "agent.md").read_text(), re.DOTALL)
    source, shop = folder / f"shop.{language}", folder / "shop"
    source.write_text(code)
    subprocess.run([*compiler, "-pedantic", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", source, "-o", shop],
                   check=True, timeout=120)
    plain = subprocess.run([shop], capture_output=True, text=True, timeout=20)
    assert (plain.returncode, plain.stdout, plain.stderr) == (0, "", "")
    return shop


def shown_by(program):
    """What is on the console: its text, spans by name, and the one log record."""
    watched = subprocess.run([AGENT, *CONSOLE, program], capture_output=True, text=True, timeout=20)
    assert (watched.returncode, watched.stderr) == (0, "")
    values = json_objects(watched.stdout)
    [log] = [value for value in values if value.get("body") == "cart is full"]
    return watched.stdout, {value["name"]: value for value in values if "kind" in value}, log


def test_the_example_of_the_interface_for_cpp(tmp_path, monkeypatch):
    monkeypatch.delenv("KOLBEN_AGENT_COMMAND_SPANS", raising=False)
    text, spans, log = shown_by(built_example(tmp_path, "cpp", ["c++", "-std=c++17"]))
    assert set(spans) == {"shop", "orders publish", "fill_cart"}
    cart, order, program = spans["fill_cart"], spans["orders publish"], spans["shop"]
    assert cart["parent_id"] == order["parent_id"] == program["context"]["span_id"]
    assert cart["attributes"] == {"cart.items": 3}
    assert (order["kind"], cart["kind"]) == ("SpanKind.PRODUCER", "SpanKind.CONSUMER")
    [link] = cart["links"]
    assert (link["context"]["span_id"], link["attributes"]) == (order["context"]["span_id"], {"queue": "orders"})
    assert [event["name"] for event in cart["events"]] == ["discount"]
    assert (log["span_id"], log["severity_text"]) == (cart["context"]["span_id"], "INFO")
    assert log["attributes"] == {"cart.id": 7, "user": "7"}
    for metric in ("shop.items", "shop.carts", "shop.price", "shop.stock"):
        assert f'"name": "{metric}"' in text


def test_the_example_of_the_interface_for_c(tmp_path, monkeypatch):
    monkeypatch.delenv("KOLBEN_AGENT_COMMAND_SPANS", raising=False)
    text, spans, log = shown_by(built_example(tmp_path, "c", ["cc", "-std=c11"]))
    assert set(spans) == {"shop", "fill_cart"}
    assert spans["fill_cart"]["attributes"] == {"cart.items": 3}
    assert log["span_id"] == spans["fill_cart"]["context"]["span_id"]
    assert '"name": "shop.items"' in text
