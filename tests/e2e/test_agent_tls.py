"""What the agent sees of what goes through TLS: real programs with OpenSSL and GnuTLS, certificates of
the test's own, spans on the console. Debian's packages as in the other tests of the agent, and wget,
gnutls-bin."""
import json
import os
import pathlib
import pwd
import subprocess
import tempfile

import pytest

from harness import BIN, Program, free_port, wait_until
from test_agent_databases import CONSOLE, POSTGRESQL, clients, server, spans_of

AGENT = BIN / "opentelemetry-instrument"
PYTHON = "/usr/bin/python3"
KINDS = {"SpanKind.SERVER": "server", "SpanKind.CLIENT": "client"}


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A folder with cert.pem and key.pem, of localhost."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=folder, check=True,
                   capture_output=True)
    return folder


def run(*command, instrumented=True, code=0, env=None, **options):
    """The spans of a program that ends by itself, and what it printed beside them."""
    line = [AGENT, *CONSOLE, *command] if instrumented else command
    done = subprocess.run([str(part) for part in line], capture_output=True, timeout=60,
                          env={**os.environ, **(env or {})}, **options)
    assert done.returncode == code, done.stderr.decode(errors="replace")
    return spans_of(done.stdout.decode(errors="replace")), done


def told(span):
    """What a test asks of a span of HTTP."""
    attributes = span["attributes"]
    where = attributes.get("http.url") or attributes["http.scheme"] + " " + attributes["http.target"]
    return KINDS[span["kind"]], where, attributes.get("http.status_code")


def ids(span):
    return span["context"]["trace_id"], span["context"]["span_id"]


def wait_listening(port, tls):
    """Without a request, which would be a span."""
    def connects():
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", tls / "cert.pem",
                               "-verify_return_error"], stdin=subprocess.DEVNULL, capture_output=True)
        return done.returncode == 0
    wait_until(connects, f"port {port} speaks TLS")


def stop(program, count):
    """Its spans, of which there are so many: the agent process prints the last ones when it has ended."""
    program.stop()
    wait_until(lambda: len(spans_of(program.stdout)) >= count, f"{program.name} told of {count} spans")
    return spans_of(program.stdout)


FLASK = """
import os, ssl, sys, urllib.request, flask
port, here, upstream = int(sys.argv[1]), sys.argv[2], sys.argv[3]
app = flask.Flask(__name__)
trust = ssl.create_default_context(cafile=here + "/cert.pem")

@app.route("/front")
def front():
    with urllib.request.urlopen(f"https://localhost:{upstream}/back?x=1", context=trust) as answer:
        return answer.read()

@app.route("/back")
def back():
    return flask.request.headers.get("traceparent", "none")

@app.route("/echo", methods=["POST"])
def echo():
    return flask.request.get_data()

app.run(port=port, ssl_context=(here + "/cert.pem", here + "/key.pem"), threaded=True)
"""


def flask_server(tmp_path, programs, tls, name, upstream=0):
    port = free_port()
    (tmp_path / f"{name}.py").write_text(FLASK)
    program = programs(Program([AGENT, *CONSOLE, PYTHON, f"{name}.py", port, tls, upstream], tmp_path, name))
    wait_listening(port, tls)
    return program, port


@pytest.mark.parametrize("options", [[], ["--tls-max", "1.2"]], ids=["1.3", "1.2"])
def test_one_trace_through_curl_and_two_servers(tmp_path, programs, tls, options):
    back, back_port = flask_server(tmp_path, programs, tls, "back")
    front, front_port = flask_server(tmp_path, programs, tls, "front", back_port)
    curl, done = run("curl", "-s", *options, "--cacert", tls / "cert.pem", f"https://localhost:{front_port}/front",
                     "-o", tmp_path / "body")
    front, back = stop(front, 2), stop(back, 1)
    assert [told(span) for span in curl + front + back] == [
        ("client", f"https://localhost:{front_port}/front", 200),
        ("client", f"https://localhost:{back_port}/back?x=1", 200),
        ("server", "https /front", 200), ("server", "https /back?x=1", 200)]
    chain = [curl[0], front[1], front[0], back[0]]
    assert {ids(span)[0] for span in chain} == {ids(curl[0])[0]}
    assert [span["parent_id"] for span in chain] == [None, *[ids(span)[1] for span in chain[:-1]]]
    trace, span = (text.removeprefix("0x") for text in ids(front[0]))
    assert (tmp_path / "body").read_text() == f"00-{trace}-{span}-01"
    attributes = front[1]["attributes"]
    assert attributes["http.server_name"] == attributes["net.peer.ip"] == "127.0.0.1"
    assert attributes["net.host.port"] == front_port
    assert done.stderr == b""


ECHO = """
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = [f"{name}: {value}" for name, value in self.headers.items()]
        text = "\\n".join([self.path, *headers, str(len(body))]).encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[2] + "/cert.pem", sys.argv[2] + "/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""

POSTS = """
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2] + "/cert.pem")
connection = http.client.HTTPSConnection("localhost", int(sys.argv[1]), context=context)
for size in (0, 10, 20000, 1000000):
    connection.request("POST", f"/{size}", b"x" * size)
    sys.stdout.write(connection.getresponse().read().decode() + "\\n")
"""


def test_a_kept_connection_and_bodies_of_all_sizes(tmp_path, programs, tls):
    """The server sees the program's requests, with one header more each; the program sees nothing."""
    port = free_port()
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "posts.py").write_text(POSTS)
    programs(Program([PYTHON, "echo.py", port, tls], tmp_path, "echo"))
    wait_listening(port, tls)
    spans, done = run(PYTHON, "posts.py", port, tls, cwd=tmp_path)
    _, plain = run(PYTHON, "posts.py", port, tls, cwd=tmp_path, instrumented=False)
    assert [told(span) for span in spans] == [
        ("client", f"https://localhost:{port}/{size}", 200) for size in (0, 10, 20000, 1000000)]
    text = done.stdout.decode()
    for span in spans:
        trace, span_id = (text.removeprefix("0x") for text in ids(span))
        header = f"traceparent: 00-{trace}-{span_id}-01\n"
        assert text.count(header) == 1
        text = text.replace(header, "")
    assert "traceparent" not in text
    assert text.startswith(plain.stdout.decode())
    assert done.stderr == plain.stderr == b""


ASYNCIO = """
import asyncio, json, ssl, sys
here, count = sys.argv[1], int(sys.argv[2])
async def answer(reader, writer):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    await asyncio.sleep(0.01)
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    await writer.drain()
    await reader.read()
    writer.close()
async def ask(port, number, trust):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
    name = writer.get_extra_info("sockname")
    writer.write(f"GET /{number} HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n".encode())
    await writer.drain()
    await reader.readuntil(b"ok")
    writer.close()
    await writer.wait_closed()
    return name[1]
async def main():
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(here + "/cert.pem", here + "/key.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=own)
    port = server.sockets[0].getsockname()[1]
    trust = ssl.create_default_context(cafile=here + "/cert.pem")
    ports = await asyncio.gather(*(ask(port, number, trust) for number in range(count)))
    with open("ports", "w") as file:
        json.dump([port, ports], file)
    server.close()
asyncio.run(main())
"""


def test_asyncio_reads_and_writes_its_sockets_itself(tmp_path, tls):
    """A library that only sees bytes (memory BIO): each connection has its own addresses all the same."""
    (tmp_path / "loop.py").write_text(ASYNCIO)
    spans, done = run(PYTHON, "loop.py", tls, 50, cwd=tmp_path, env={"OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"})
    assert done.stderr == b""
    port, ports = json.loads((tmp_path / "ports").read_text())
    asked = {span["attributes"]["http.url"]: span for span in clients(spans)}
    served = {span["attributes"]["http.target"]: span for span in spans if span["kind"] == "SpanKind.SERVER"}
    assert len(asked) == len(served) == 50 and len(spans) == 100
    for number, client_port in enumerate(ports):
        client, server = asked[f"https://localhost:{port}/{number}"], served[f"/{number}"]
        assert client["attributes"]["network.peer.port"] == port
        assert server["attributes"]["net.peer.port"] == client_port
        assert server["attributes"]["url.scheme"] == "https"
        assert (server["parent_id"], ids(server)[0]) == (ids(client)[1], ids(client)[0])
        assert {client["status"]["status_code"], server["status"]["status_code"]} == {"UNSET"}


def nginx_config(folder, tls, body):
    (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {tls}/cert.pem; ssl_certificate_key {tls}/key.pem;
  {body} }}
""")
    return ["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder]


def test_nginx_in_front_of_another_server(tmp_path, programs, tls):
    back, back_port = flask_server(tmp_path, programs, tls, "back")
    port = free_port()
    (tmp_path / "big").write_bytes(os.urandom(300_000))
    line = nginx_config(tmp_path, tls, f"""server {{ listen 127.0.0.1:{port} ssl; root {tmp_path};
      location /back {{ proxy_pass https://127.0.0.1:{back_port}; }} }}""")
    nginx = programs(Program([AGENT, *CONSOLE, *line], tmp_path, "nginx"))
    wait_listening(port, tls)
    base = f"https://localhost:{port}"
    curl, _ = run("curl", "-s", "--cacert", tls / "cert.pem", f"{base}/back", "-o", "/dev/null", f"{base}/big", "-o",
                  tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "big").read_bytes()
    nginx, back = stop(nginx, 3), stop(back, 1)
    assert [told(span) for span in curl] == [("client", f"{base}/back", 200), ("client", f"{base}/big", 200)]
    assert sorted(told(span) for span in nginx) == [
        ("client", f"https://127.0.0.1:{back_port}/back", 200), ("server", "https /back", 200),
        ("server", "https /big", 200)]
    proxied = next(span for span in nginx if span["kind"] == "SpanKind.CLIENT")
    served = next(span for span in nginx if span["attributes"].get("http.target") == "/back")
    assert served["parent_id"] == ids(curl[0])[1]
    assert proxied["parent_id"] == ids(served)[1]
    assert back[0]["parent_id"] == ids(proxied)[1]
    assert ids(back[0])[0] == ids(curl[0])[0]


def test_apache_in_front_of_another_server(tmp_path, programs, tls):
    """Layers of its own between the library and the socket."""
    back, back_port = flask_server(tmp_path, programs, tls, "back")
    port, modules = free_port(), "/usr/lib/apache2/modules/mod_"
    (tmp_path / "htdocs").mkdir()
    (tmp_path / "htdocs" / "big").write_bytes(os.urandom(300_000))
    names = ("mpm_event", "authz_core", "socache_shmcb", "ssl", "proxy", "proxy_http")
    (tmp_path / "httpd.conf").write_text("\n".join([
        *(f"LoadModule {name}_module {modules}{name}.so" for name in names),
        f"ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {tmp_path}/pid\nErrorLog {tmp_path}/error.log",
        f"DocumentRoot {tmp_path}/htdocs\nUser nobody\nGroup nogroup\nSSLEngine on\nSSLProxyEngine on",
        f"SSLCertificateFile {tls}/cert.pem\nSSLCertificateKeyFile {tls}/key.pem",
        f"SSLProxyCACertificateFile {tls}/cert.pem\nProxyPass /back https://localhost:{back_port}/back\n"]))
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)  # as root it serves as nobody
    apache = programs(Program([AGENT, *CONSOLE, "/usr/sbin/apache2", "-d", tmp_path, "-f", tmp_path / "httpd.conf",
                               "-X"], tmp_path, "apache"))
    wait_listening(port, tls)
    base = f"https://localhost:{port}"
    curl, _ = run("curl", "-s", "--cacert", tls / "cert.pem", f"{base}/back", "-o", "/dev/null", f"{base}/big", "-o",
                  tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "htdocs" / "big").read_bytes()
    apache, back = stop(apache, 3), stop(back, 1)
    assert sorted(told(span) for span in apache) == [
        ("client", f"https://localhost:{back_port}/back", 200), ("server", "https /back", 200),
        ("server", "https /big", 200)]
    proxied = next(span for span in apache if span["kind"] == "SpanKind.CLIENT")
    served = next(span for span in apache if span["attributes"].get("http.target") == "/back")
    assert served["parent_id"] == ids(curl[0])[1]
    assert proxied["parent_id"] == ids(served)[1]
    assert back[0]["parent_id"] == ids(proxied)[1]
    assert served["attributes"]["net.host.port"] == port


def test_http2_within_tls(tmp_path, programs, tls):
    port = free_port()
    (tmp_path / "hello").write_text("hello")
    programs(Program(nginx_config(tmp_path, tls, f"server {{ listen 127.0.0.1:{port} ssl http2; root {tmp_path}; }}"),
                     tmp_path, "nginx"))
    wait_listening(port, tls)
    spans, done = run("curl", "-s", "--http2", "--cacert", tls / "cert.pem", f"https://localhost:{port}/hello",
                      "-w", "%{http_version}", "-o", "/dev/null", env={"OTEL_SEMCONV_STABILITY_OPT_IN": "http"})
    assert done.stdout.startswith(b"2")
    assert [(span["name"], span["attributes"]["url.full"], span["attributes"]["network.protocol.version"],
             span["attributes"]["network.peer.address"]) for span in spans] == [
        ("GET", f"https://localhost:{port}/hello", "2", "127.0.0.1")]


def test_gnutls(tmp_path, programs, tls):
    back, port = flask_server(tmp_path, programs, tls, "back")
    wget, done = run("wget", "-q", "-O", "-", "--ca-certificate", tls / "cert.pem", f"https://localhost:{port}/back",
                     env={"OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"})
    trace, span = (text.removeprefix("0x") for text in ids(wget[0]))
    assert done.stdout.startswith(f"00-{trace}-{span}-01".encode())
    assert wget[0]["attributes"]["network.peer.port"] == port
    line = ["sh", "-c", "{ printf 'GET /none HTTP/1.0\\r\\n\\r\\n'; sleep 1; } | "
            f"gnutls-cli --x509cafile {tls}/cert.pem -p {port} localhost"]
    plain = subprocess.run(line, capture_output=True, timeout=60)  # it says that Flask just closes
    cli, done = run(*line, code=plain.returncode)
    assert done.stderr == plain.stderr
    served = stop(back, 3)
    assert [told(span) for span in wget + cli] == [("client", f"https://localhost:{port}/back", 200),
                                                   ("client", "https:///none", 404)]
    assert [span["parent_id"] for span in served] == [ids(wget[0])[1], None, ids(cli[0])[1]]


def test_what_fails_fails_as_without_the_agent(tmp_path, programs, tls):
    _, port = flask_server(tmp_path, programs, tls, "back")
    for line, code in ((["curl", "-sS", f"https://localhost:{port}/back"], 60),  # nobody vouches for it
                       (["wget", "-q", f"https://localhost:{port}/back"], 5),
                       (["curl", "-sS", f"http://localhost:{port}/back"], None)):
        plain = subprocess.run(line, capture_output=True, timeout=60)
        spans, done = run(*line, code=plain.returncode)
        assert code in (None, done.returncode)
        assert done.stderr == plain.stderr
        assert spans == [] or line[-1].startswith("http:")


# --- databases -----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def postgresql(tls):
    """A server that speaks TLS, on a port; as root it is run by `postgres`, for it refuses root."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as directory:
        for name in ("cert.pem", "key.pem"):
            path = pathlib.Path(directory, name)
            path.write_bytes((tls / name).read_bytes())
            path.chmod(0o600)
            if who:
                os.chown(path, pwd.getpwnam("postgres").pw_uid, -1)
        if who:
            os.chown(directory, pwd.getpwnam("postgres").pw_uid, -1)
        os.chmod(directory, 0o755)
        data, port = f"{directory}/data", free_port()
        subprocess.run([POSTGRESQL / "initdb", "-D", data, "-U", "ada", "-A", "trust", "-N", "--no-locale", "-E",
                        "UTF8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)

        def is_ready():
            return subprocess.run([POSTGRESQL / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
                                  ).returncode == 0
        with server([POSTGRESQL / "postgres", "-D", data, "-p", port, "-k", directory, "-c",
                     "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "ssl=on", "-c",
                     f"ssl_cert_file={directory}/cert.pem", "-c", f"ssl_key_file={directory}/key.pem"],
                    is_ready, directory, "postgres", cwd="/", **who):
            yield port


def statements(spans):
    assert all(span["kind"] == "SpanKind.CLIENT" for span in spans)
    return [(span["attributes"]["db.statement"], span["status"]["status_code"]) for span in spans]


def test_postgresql(tmp_path, postgresql):
    spans, done = run(POSTGRESQL / "psql", "-At", "-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                      "-c", "SELECT 'secret'", f"host=127.0.0.1 port={postgresql} user=ada dbname=postgres "
                      "sslmode=require")
    assert done.stdout.startswith(b"t\nsecret\n")
    assert statements(spans) == [("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "UNSET"),
                                 ("SELECT ?", "UNSET")]
    assert spans[0]["attributes"]["db.user"] == "ada" and spans[0]["attributes"]["db.name"] == "postgres"
    assert spans[0]["attributes"]["net.peer.port"] == postgresql
    assert done.stderr == b""


def test_postgresql_in_python(tmp_path, postgresql):
    spans, done = run(PYTHON, "-c", f"""
import psycopg2
db = psycopg2.connect("host=127.0.0.1 port={postgresql} user=ada dbname=postgres sslmode=require")
cursor = db.cursor()
cursor.execute("SELECT generate_series(1, 100000), 'secret'")
assert len(cursor.fetchall()) == 100000
try:
    cursor.execute("SELECT 1 FROM nowhere")
except psycopg2.Error as error:
    assert error.pgcode == "42P01"
""")
    assert statements(spans) == [("BEGIN", "UNSET"), ("SELECT generate_series(?, ?), ?", "UNSET"),
                                 ("SELECT ? FROM nowhere", "ERROR")]
    assert b"secret" not in done.stdout and done.stderr == b""


@pytest.fixture(scope="module")
def mariadb(tls):
    as_root = ["--user=root"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory() as directory:
        data, port = f"{directory}/data", free_port()
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal", *as_root], check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        setup = pathlib.Path(directory, "setup.sql")
        setup.write_text("CREATE DATABASE shop;\nCREATE USER ada@localhost IDENTIFIED BY 'secret';\n"
                         "GRANT ALL ON *.* TO ada@localhost;\n")

        def is_ready():
            return subprocess.run(["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(port), "-u", "ada",
                                   "-psecret", "-e", "DO 1", "shop"], capture_output=True).returncode == 0
        with server(["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}",
                     "--bind-address=127.0.0.1", f"--socket={directory}/socket", f"--init-file={setup}",
                     f"--ssl-cert={tls}/cert.pem", f"--ssl-key={tls}/key.pem", *as_root], is_ready, directory,
                    "mariadb"):
            yield port


def test_mariadb(tmp_path, tls, mariadb):
    spans, done = run("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", mariadb, "-u", "ada", "-psecret",
                      "--ssl-ca", tls / "cert.pem", "-Ne", "SHOW STATUS LIKE 'Ssl_version'; SELECT 'secret'", "shop")
    assert b"TLSv1" in done.stdout
    assert statements(spans)[-2:] == [("SHOW STATUS LIKE ?", "UNSET"), ("SELECT ?", "UNSET")]
    assert spans[-1]["attributes"]["db.user"] == "ada" and spans[-1]["attributes"]["db.name"] == "shop"
    assert spans[-1]["attributes"]["net.peer.port"] == mariadb


def test_mariadb_in_python(tmp_path, tls, mariadb):
    spans, done = run(PYTHON, "-c", f"""
import pymysql
db = pymysql.connect(host="127.0.0.1", port={mariadb}, user="ada", password="secret", database="shop",
                     autocommit=None, ssl={{"ca": "{tls}/cert.pem"}})
cursor = db.cursor()
cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
assert cursor.fetchone()[1].startswith("TLSv1")
try:
    cursor.execute("SELECT 'secret' FROM nowhere")
except pymysql.Error as error:
    assert error.args[0] == 1146
""")
    assert statements(spans) == [("SHOW STATUS LIKE ?", "UNSET"), ("SELECT ? FROM nowhere", "ERROR")]
    assert b"secret" not in done.stdout and done.stderr == b""


def test_redis(tmp_path, tls):
    port = free_port()
    where = ["-p", str(port), "--tls", "--cacert", tls / "cert.pem"]

    def is_ready():
        return subprocess.run(["redis-cli", *where, "ping"], capture_output=True).stdout == b"PONG\n"
    with server(["redis-server", "--port", 0, "--tls-port", port, "--bind", "127.0.0.1", "--save", "",
                 "--tls-cert-file", tls / "cert.pem", "--tls-key-file", tls / "key.pem", "--tls-ca-cert-file",
                 tls / "cert.pem", "--tls-auth-clients", "no"], is_ready, tmp_path, "redis"):
        spans, _ = run("redis-cli", *where, "GET", "secret")
        assert statements(spans)[-1] == ("GET ?", "UNSET")
        spans, done = run(PYTHON, "-c", f"""
import redis
db = redis.Redis(port={port}, ssl=True, ssl_ca_certs="{tls}/cert.pem")
db.set("secret", "secret")
assert db.get("secret") == b"secret"
""")
        assert statements(spans)[-2:] == [("SET ? ?", "UNSET"), ("GET ?", "UNSET")]
        assert spans[-1]["attributes"]["net.peer.port"] == port
        assert b"secret" not in done.stdout and done.stderr == b""
