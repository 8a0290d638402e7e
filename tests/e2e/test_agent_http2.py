"""What the agent sees of clients and servers that speak HTTP/2 in the clear: curl, nginx, gRPC for Python."""
import json
import os
import subprocess
import sys

from harness import BIN, Program, free_port, request, wait_until
from test_agent_databases import CONSOLE, clients, spans_of

AGENT = BIN / "opentelemetry-instrument"


def instrumented(*command, env=None, **options):
    done = subprocess.run([AGENT, *CONSOLE, *command], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})}, **options)
    assert done.returncode == 0, done.stderr
    return spans_of(done.stdout), done


def nginx(tmp_path, programs, under=()):
    """Its address once it answers; the files `hello` and `big`."""
    port = free_port()
    (tmp_path / "hello").write_text("hello")
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    (tmp_path / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; sendfile on; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
  fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
  server {{ listen 127.0.0.1:{port} http2; root {tmp_path}; }} }}
""")
    program = programs(Program([*under, "/usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path],
                               tmp_path, "nginx"))
    base = f"http://127.0.0.1:{port}"

    def answers():
        return subprocess.run(["curl", "-sf", "--http2-prior-knowledge", f"{base}/hello"],
                              capture_output=True).returncode == 0
    wait_until(answers, "nginx answers")
    return base, port, program


def test_curl_to_nginx(tmp_path, programs):
    base, port, _ = nginx(tmp_path, programs)
    # One by one: this curl (7.88) fails by itself when it uses such a connection again.
    spans = []
    for path in ("hello", "big", "none?a=b"):
        found, done = instrumented("curl", "-s", "--http2-prior-knowledge", "-o", "/dev/null", f"{base}/{path}",
                                   env={"OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"})
        spans += found
        assert done.stderr == ""
    told = [(span["name"], span["kind"], span["attributes"]["http.url"],
             span["attributes"]["http.status_code"], span["status"]["status_code"]) for span in spans]
    assert told == [("GET", "SpanKind.CLIENT", f"{base}/hello", 200, "UNSET"),
                    ("GET", "SpanKind.CLIENT", f"{base}/big", 200, "UNSET"),
                    ("GET", "SpanKind.CLIENT", f"{base}/none?a=b", 404, "ERROR")]
    assert spans[0]["attributes"]["network.protocol.version"] == "2"
    assert spans[0]["attributes"]["network.peer.port"] == port


def spans_named(program, count):
    """The spans of a program that goes on running, once there are so many."""
    def printed():
        spans = spans_of(program.stdout)
        return len(spans) >= count and spans
    return wait_until(printed, f"{count} spans are printed", 20)


TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def test_nginx_as_a_server(tmp_path, programs):
    base, port, program = nginx(tmp_path, programs, [AGENT, *CONSOLE])
    for path in ("hello", "big", "none?a=b"):
        subprocess.run(["curl", "-s", "--http2-prior-knowledge", "-o", tmp_path / "got", f"{base}/{path}",
                        "-H", f"traceparent: 00-{TRACE}-{PARENT}-01"], check=True, timeout=30)
        if path == "big":
            assert (tmp_path / "got").read_bytes() == b"x" * 3_000_000
    spans = [span for span in spans_named(program, 4) if span["parent_id"]]
    told = [(span["name"], span["kind"], span["attributes"]["http.target"],
             span["attributes"]["http.status_code"], span["attributes"]["http.flavor"]) for span in spans]
    assert told == [("GET /hello", "SpanKind.SERVER", "/hello", 200, "2"),
                    ("GET /big", "SpanKind.SERVER", "/big", 200, "2"),
                    ("GET /none", "SpanKind.SERVER", "/none?a=b", 404, "2")]
    assert {(span["context"]["trace_id"], span["parent_id"]) for span in spans} == {(f"0x{TRACE}", f"0x{PARENT}")}
    assert spans[0]["attributes"]["net.host.port"] == port


SERVER = """
import concurrent.futures, sys, threading, grpc

never = threading.Event()

class Cart(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/shop.Cart/Add":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request * 2)
        if details.method == "/shop.Cart/Wait":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: never.wait())
        if details.method == "/shop.Cart/List":
            return grpc.unary_stream_rpc_method_handler(lambda request, context: iter([request] * 100))
        if details.method.startswith("/shop.Cart/User"):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
        return None

server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Cart(),))
open("port", "w").write(str(server.add_insecure_port("127.0.0.1:0")))
server.start()
server.wait_for_termination()
"""

CLIENT = """
import sys, grpc
with grpc.insecure_channel("127.0.0.1:" + sys.argv[1]) as channel:
    assert channel.unary_unary("/shop.Cart/Add")(b"secret", timeout=20) == b"secretsecret"
    assert len(list(channel.unary_stream("/shop.Cart/List")(b"x" * 10000, timeout=20))) == 100
    try:
        channel.unary_unary("/shop.Cart/Lose")(b"", timeout=20)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED
"""


def grpc_server(tmp_path, programs, under=()):
    (tmp_path / "server.py").write_text(SERVER)
    program = programs(Program([*under, "/usr/bin/python3", "server.py"], tmp_path, "server"))
    return program, wait_until(lambda: (tmp_path / "port").exists() and (tmp_path / "port").read_text(),
                      "the server has a port")


def test_grpc_for_python(tmp_path, programs):
    (tmp_path / "client.py").write_text(CLIENT)
    _, port = grpc_server(tmp_path, programs)
    spans, done = instrumented("/usr/bin/python3", "client.py", port, cwd=tmp_path)
    assert [(span["name"], span["kind"], span["status"]["status_code"]) for span in spans] == [
        ("shop.Cart/Add", "SpanKind.CLIENT", "UNSET"), ("shop.Cart/List", "SpanKind.CLIENT", "UNSET"),
        ("shop.Cart/Lose", "SpanKind.CLIENT", "ERROR")]
    assert spans[2]["attributes"] == {
        "rpc.system": "grpc", "rpc.method": "Lose", "rpc.service": "shop.Cart",
        "net.peer.name": "127.0.0.1", "net.peer.port": int(port), "rpc.grpc.status_code": 12}
    assert "secret" not in json.dumps(spans)
    assert done.stderr == ""


def test_a_grpc_server_for_python(tmp_path, programs):
    (tmp_path / "client.py").write_text(CLIENT.replace(
        'b"secret", timeout=20)', f'b"secret", timeout=20, metadata=[("traceparent", "00-{TRACE}-{PARENT}-01")])'))
    program, port = grpc_server(tmp_path, programs, [AGENT, *CONSOLE])
    subprocess.run(["/usr/bin/python3", "client.py", port], cwd=tmp_path, check=True, timeout=60)
    spans = spans_named(program, 3)
    assert [(span["name"], span["kind"], span["status"]["status_code"], span["attributes"]["rpc.grpc.status_code"])
            for span in spans] == [
        ("shop.Cart/Add", "SpanKind.SERVER", "UNSET", 0), ("shop.Cart/List", "SpanKind.SERVER", "UNSET", 0),
        ("shop.Cart/Lose", "SpanKind.SERVER", "ERROR", 12)]
    assert (spans[0]["context"]["trace_id"], spans[0]["parent_id"]) == (f"0x{TRACE}", f"0x{PARENT}")
    assert spans[1]["parent_id"] is None
    assert "secret" not in json.dumps(spans)


LATE_CLIENT = """
import sys, grpc
with grpc.insecure_channel("127.0.0.1:" + sys.argv[1]) as channel:
    wait = channel.unary_unary("/shop.Cart/Wait")
    try:
        wait(b"", timeout=0.5, wait_for_ready=True)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    call = wait.future(b"", timeout=20)
    assert channel.unary_unary("/shop.Cart/Add")(b"", timeout=20) == b""  # the one before has begun
    call.cancel()
    assert channel.unary_unary("/shop.Cart/Add")(b"", timeout=20) == b""  # its end is written
"""


def test_a_grpc_call_whose_time_is_over_and_one_that_is_cancelled(tmp_path, programs):
    """Of both sides: 4 is DEADLINE_EXCEEDED, which is the server's error, too; 1 is CANCELLED."""
    (tmp_path / "client.py").write_text(LATE_CLIENT)
    program, port = grpc_server(tmp_path, programs, [AGENT, *CONSOLE])
    asked, done = instrumented("/usr/bin/python3", "client.py", port, cwd=tmp_path)
    assert done.stderr == ""
    told = [[(span["attributes"]["rpc.grpc.status_code"], span["status"]["status_code"]) for span in spans
             if span["name"] == "shop.Cart/Wait"] for spans in (asked, spans_named(program, 4))]
    assert told == [[(4, "ERROR"), (1, "ERROR")], [(4, "ERROR"), (1, "UNSET")]]


def test_one_trace_from_a_grpc_client_through_a_server(tmp_path, programs):
    (tmp_path / "client.py").write_text(CLIENT)
    program, port = grpc_server(tmp_path, programs, [AGENT, *CONSOLE])
    asked, done = instrumented("/usr/bin/python3", "client.py", port, cwd=tmp_path)
    assert done.stderr == ""
    served = spans_named(program, 3)
    assert [(span["name"], span["context"]["trace_id"], span["parent_id"]) for span in served] == [
        (span["name"], span["context"]["trace_id"], span["context"]["span_id"]) for span in asked]
    assert len({span["context"]["trace_id"] for span in asked}) == 3


def test_one_trace_from_curl_through_nginx(tmp_path, programs):
    base, _, program = nginx(tmp_path, programs, [AGENT, *CONSOLE])
    asked, done = instrumented("curl", "-s", "--http2-prior-knowledge", "-o", "/dev/null", f"{base}/big")
    assert done.stderr == ""
    served = wait_until(lambda: [span for span in spans_of(program.stdout) if span["parent_id"]], "a span", 20)
    assert [(span["context"]["trace_id"], span["parent_id"]) for span in served] == [
        (span["context"]["trace_id"], span["context"]["span_id"]) for span in asked]
    assert asked[0]["attributes"]["http.status_code"] == 200


FLASK_APP = """
import os, flask, grpc
app = flask.Flask(__name__)
channel = grpc.insecure_channel("127.0.0.1:" + os.environ["GRPC"])

@app.route("/users/<int:number>")
def users(number):
    for i in range(3):
        channel.unary_unary(f"/shop.Cart/User{number}")(b"x", timeout=20)
    return str(number)
"""


def test_concurrent_calls_on_one_channel_are_all_told_and_never_below_the_wrong_request(tmp_path, programs):
    """gRPC lets one thread write what another one asked: what is not certain is no parent."""
    (_, grpc_port), port = grpc_server(tmp_path, programs), free_port()
    (tmp_path / "app.py").write_text(FLASK_APP)
    program = programs(Program(
        [AGENT, *CONSOLE, "/usr/bin/python3", "-m", "flask", "run", "-p", str(port)], tmp_path, "flask",
        env={"GRPC": grpc_port}))

    def answers():
        try:
            return request(port, "GET", "/none").status == 404
        except OSError:
            return False
    wait_until(answers, "flask answers")
    (tmp_path / "load.py").write_text(f"""
import concurrent.futures, urllib.request
def ask(number):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/users/{{number}}", timeout=30) as answer:
        return int(answer.read())
for number in range(5):
    assert ask(number) == number
with concurrent.futures.ThreadPoolExecutor(10) as pool:
    assert list(pool.map(ask, range(5, 105))) == list(range(5, 105))
""")
    subprocess.run([sys.executable, tmp_path / "load.py"], check=True, timeout=60)

    def all_told():
        spans = spans_of(program.stdout)
        servers = {(span["context"]["trace_id"], span["context"]["span_id"]): span for span in spans
                   if span["kind"] == "SpanKind.SERVER"}
        return len(servers) >= 106 and len(clients(spans)) >= 315 and (servers, clients(spans))
    servers, calls = wait_until(all_told, "all spans are printed", 20)
    assert len(calls) == 315
    numbers = [call["name"].removeprefix("shop.Cart/User") for call in calls]
    assert sorted(numbers, key=int) == sorted((str(number) for number in range(105) for _ in range(3)), key=int)
    certain = [call for call in calls if call["parent_id"] is not None]
    for call in certain:
        server = servers[(call["context"]["trace_id"], call["parent_id"])]
        assert server["attributes"]["http.target"] == call["name"].replace("shop.Cart/User", "/users/")
        assert call["links"] == []
    # Where one request is served at a time, what its own thread writes is certain.
    assert {call["name"] for call in certain} & {f"shop.Cart/User{number}" for number in range(5)}
    for call in calls:
        for link in call["links"]:
            assert (link["context"]["trace_id"], link["context"]["span_id"]) in servers
