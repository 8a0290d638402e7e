#!/usr/bin/env python3
"""Records how real clients and servers speak, for the parsers in src/agent/protocols.

    record.py DIRECTORY [NAME...]   writes NAME.talk for each (or each of these) conversation

Starts PostgreSQL, MariaDB, Memcached, Redis, nginx, a server of gRPC and the broker that librdkafka has for tests
(Debian's packages) on loopback, and lets the client speak through a proxy that writes down what each side sends, a line a read: `>` what the client
says, `<` what it is told. Lines with `=` are the calls that a person reads out of it; they are kept
from the file that is there, or are to be written by hand. Recording anew changes pids, secrets, times.
"""
import contextlib
import os
import pathlib
import pwd
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[4]
POSTGRESQL = pathlib.Path("/usr/lib/postgresql/15/bin")
NOT_PLAIN = re.compile(rb"[^ -\[\]-~]")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens on {port}"
            time.sleep(0.05)


def escaped(data):
    return NOT_PLAIN.sub(lambda match: b"\\x%02x" % match[0][0], data).decode()


class Proxy:
    """Connections to `port`; of each a list of lines."""

    def __init__(self, port):
        self.target = port
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                lines = []
                self.connections.append(lines)
                for source, target, mark in ((client, server, ">"), (server, client, "<")):
                    threading.Thread(target=self.copy, args=(source, target, mark, lines),
                                     daemon=True).start()

    def copy(self, source, target, mark, lines):
        while data := source.recv(1 << 16):
            lines.append(f"{mark} {escaped(data)}")
            target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def lines(self):
        """One connection after another."""
        all_lines = []
        for lines in filter(None, self.connections):
            all_lines += ["- the next connection", *lines] if all_lines else lines
        return all_lines


@contextlib.contextmanager
def running(command, port, **options):
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **options)
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def postgresql():
    """A server that trusts everybody, run by `postgres` where we are root, which it refuses."""
    options = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as directory:
        if options:
            entry = pwd.getpwnam("postgres")
            os.chown(directory, entry.pw_uid, entry.pw_gid)
        data, port = f"{directory}/data", free_port()
        subprocess.run([POSTGRESQL / "initdb", "-D", data, "-U", "ada", "-A", "trust", "-N", "--no-locale",
                        "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **options)
        with running([POSTGRESQL / "postgres", "-D", data, "-p", port, "-k", directory, "-c",
                      "listen_addresses=127.0.0.1", "-c", "fsync=off"], port, cwd="/", **options):
            yield port


@contextlib.contextmanager
def redis():
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        with running(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir",
                      directory], port):
            yield port


GRPC_SERVER = '''
import concurrent.futures, sys, grpc

class Cart(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/shop.Cart/Add":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request * 2)
        if details.method == "/shop.Cart/List":
            return grpc.unary_stream_rpc_method_handler(lambda request, context: iter([request] * 3))
        return None

server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Cart(),))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
server.wait_for_termination()
'''

GRPC = """
import sys, grpc
options = [("grpc.default_authority", "shop")]
with grpc.insecure_channel("127.0.0.1:" + sys.argv[1], options) as channel:
    add = channel.unary_unary("/shop.Cart/Add")
    assert add(b"one", timeout=20) == b"oneone"
    assert len(list(channel.unary_stream("/shop.Cart/List")(b"x" * 100, timeout=20))) == 3
    try:
        channel.unary_unary("/shop.Cart/Lose")(b"", timeout=20)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    for future in [add.future(b"x", timeout=20) for _ in range(3)]:
        assert future.result() == b"xx"
"""


@contextlib.contextmanager
def grpc():
    port = free_port()
    with running(["/usr/bin/python3", "-c", GRPC_SERVER, port], port):
        yield port


@contextlib.contextmanager
def mariadb():
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        data = f"{directory}/data"
        as_root = ["--user=root"] if os.getuid() == 0 else []
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal", *as_root], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        setup = f"{directory}/setup.sql"
        pathlib.Path(setup).write_text("CREATE DATABASE shop;\n"
                                       "CREATE USER ada@localhost IDENTIFIED BY 'secret';\n"
                                       "GRANT ALL ON *.* TO ada@localhost;\n")
        with running(["mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}",
                      "--bind-address=127.0.0.1", f"--socket={directory}/socket", f"--init-file={setup}",
                      "--local-infile=1", *as_root], port):
            yield port


@contextlib.contextmanager
def mongodb():
    """Debian has none: one that is made up (tests/e2e/mongodb_server.py)."""
    port = free_port()
    with running(["/usr/bin/python3", ROOT / "tests" / "e2e" / "mongodb_server.py", port], port):
        yield port


PYMONGO = """
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), serverSelectionTimeoutMS=20000)
users = client.shop.users
users.insert_one({"name": "secret"})
users.insert_many([{"name": "secret", "n": n} for n in range(3)])
assert len(list(users.find({"name": "secret"}))) == 4
users.update_one({"name": "secret"}, {"$set": {"name": "secret_too"}})
users.delete_many({"name": "secret"})
list(users.aggregate([{"$match": {"name": "secret"}}]))
client.shop.get_collection("log", write_concern=pymongo.WriteConcern(w=0)).insert_one({"line": "secret"})
try:
    list(client.shop.missing.find({"name": "secret"}))
except pymongo.errors.OperationFailure as error:
    assert error.code == 26
client.admin.command("ping")
client.close()
"""

PYMYSQL = """
import sys, tempfile, pymysql
db = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="ada", password="secret", database="shop",
                     local_infile=True, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
cursor = db.cursor()
cursor.execute("CREATE TEMPORARY TABLE users (id int PRIMARY KEY, name text)")
cursor.executemany("INSERT INTO users VALUES (%s, %s)", [(1, "Ada"), (2, "it's")])
cursor.execute("SELECT name FROM users WHERE id > %s ORDER BY name", (0,))
assert len(cursor.fetchall()) == 2
with tempfile.NamedTemporaryFile("w") as lines:
    lines.write("3\\tGrace\\n4\\tLinus\\n")
    lines.flush()
    cursor.execute(f"LOAD DATA LOCAL INFILE '{lines.name}' INTO TABLE users")
try:
    cursor.execute("SELECT 1 FROM nowhere")
except pymysql.Error as error:
    assert error.args[0] == 1146
cursor.execute("UPDATE users SET name = 'x' WHERE id = 1; SELECT count(*) FROM users")
assert cursor.nextset() and cursor.fetchone() == (4,)
db.select_db("mysql")
db.commit()
db.close()
"""

# The C library's prepared statements.
LIBMARIADB = """
import ctypes, sys
lib = ctypes.CDLL("libmariadb.so.3")
for name in ("mysql_init", "mysql_real_connect", "mysql_stmt_init"):
    getattr(lib, name).restype = ctypes.c_void_p
lib.mysql_stmt_num_rows.restype = ctypes.c_ulonglong
db = ctypes.c_void_p(lib.mysql_init(None))
assert lib.mysql_real_connect(db, b"127.0.0.1", b"ada", b"secret", b"shop", int(sys.argv[1]), None,
                              ctypes.c_ulong(0))
for text, times in ((b"SELECT table_name, 'x' FROM information_schema.tables LIMIT 3", 2),
                    (b"DO 1", 1), (b"SELECT 1 FROM nowhere", 0)):
    statement = ctypes.c_void_p(lib.mysql_stmt_init(db))
    assert lib.mysql_stmt_prepare(statement, text, ctypes.c_ulong(len(text))) == (0 if times else 1)
    for _ in range(times):
        assert lib.mysql_stmt_execute(statement) == 0
        lib.mysql_stmt_store_result(statement)
        if text.startswith(b"SELECT table"):
            assert lib.mysql_stmt_num_rows(statement) == 3
    lib.mysql_stmt_close(statement)
assert lib.mysql_ping(db) == 0
lib.mysql_close(db)
"""


PYMEMCACHE = """
import sys
from pymemcache.client.base import Client
db = Client(("127.0.0.1", int(sys.argv[1])), default_noreply=False)
assert db.set("greeting", b"hello\\r\\nEND\\r\\n", expire=60)
assert db.get("greeting") == b"hello\\r\\nEND\\r\\n"
assert db.set_many({"a": b"1", "b": b"2"}) == []
assert db.get_many(["a", "b", "c"]) == {"a": b"1", "b": b"2"}
value, token = db.gets("a")
assert db.cas("a", b"5", token)
assert db.incr("a", 2) == 7
assert db.set("n", b"8", noreply=True)
try:
    db.incr("greeting", 1)
except Exception as error:
    assert "non-numeric" in str(error)
assert db.delete("nothing") is False
assert db.stats()[b"curr_items"] == 4
db.quit()
"""


@contextlib.contextmanager
def memcached():
    port = free_port()
    as_root = ["-u", "root"] if os.getuid() == 0 else []
    with running(["memcached", "-l", "127.0.0.1", "-p", port, *as_root], port):
        yield port


@contextlib.contextmanager
def nginx(version=""):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "hello").write_text("hello")
        pathlib.Path(directory, "page.html").write_text("<!--# echo var='REQUEST_METHOD' --> chunked")
        pathlib.Path(directory, "nginx.conf").write_text(f"""
daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{ listen 127.0.0.1:{port}{version}; root {directory}; ssi on;
    location /put/ {{ dav_methods PUT; create_full_put_path on; }} }} }}
""")
        with running(["/usr/sbin/nginx", "-c", f"{directory}/nginx.conf", "-p", directory], port):
            yield port


def curl(port):
    """Kept-alive: a body with a length, none, chunks, a question first, a head alone, an error."""
    url = f"http://127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile("w") as body:
        body.write("b" * 200)
        body.flush()
        subprocess.run(["curl", "-s", f"{url}/hello", "--next", "-s", "-I", f"{url}/hello",
                        "--next", "-s", f"{url}/page.html", "--next", "-s", "-H", "Expect: 100-continue",
                        "-T", body.name, f"{url}/put/a", "--next", "-s", "-H", "Transfer-Encoding: chunked",
                        "-H", "Expect:", "-T", body.name, f"{url}/put/b", "--next", "-s", f"{url}/none"],
                       check=True, stdout=subprocess.DEVNULL)


def sent_ahead(port):
    """Pipelining, which no client of Debian's does: all requests are there before the first is answered."""
    get, head = "GET /{} HTTP/1.1\r\nHost: a\r\n{}\r\n", "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
    put = "PUT /put/{} HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n{}"
    requests = [get.format("hello", ""), head, put.format("a", "Content-Length: 5", "GET /"), get.format("page.html", ""),
                put.format("b", "Transfer-Encoding: chunked", "5\r\nHEAD \r\n0\r\n\r\n"), get.format("none", ""),
                get.format("hello", "Connection: close\r\n")]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("".join(requests).encode())
        while connection.recv(65536):
            pass


# Several at a time on one connection: a body, a head alone, an error, one that is given up.
NODE_HTTP2 = """
const http2 = require("http2");
const client = http2.connect(`http://127.0.0.1:${process.argv[1]}`);
const ask = (headers, body) => new Promise((done, fail) => {
  const stream = client.request(headers, { endStream: body === undefined });
  stream.on("error", fail).on("close", done).resume();
  if (body !== undefined) stream.end(body);
});
(async () => {
  await ask({ ":path": "/hello", "user-agent": "node" });
  await Promise.all([
    ask({ ":path": "/page.html?a=b" }), ask({ ":path": "/hello", ":method": "HEAD" }),
    ask({ ":path": "/put/a", ":method": "PUT" }, "b".repeat(40000)), ask({ ":path": "/none" }),
  ]);
  const given_up = client.request({ ":path": "/put/b", ":method": "PUT" });
  given_up.on("error", () => {});
  given_up.write("part", () => given_up.close(http2.constants.NGHTTP2_CANCEL));
  await new Promise((done) => given_up.on("close", done));
  await ask({ ":path": "/hello", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
  client.close();
})();
"""


def node_http2(port):
    subprocess.run(["node", "-e", NODE_HTTP2, str(port)], check=True, timeout=30)


# The broker says where it is, and the client goes there: to the proxy in its place.
REDIRECT = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdlib.h>
int connect(int file, const struct sockaddr* address, socklen_t size) {
  struct sockaddr_in to = *(const struct sockaddr_in*)address;
  int (*next)(int, const struct sockaddr*, socklen_t) = dlsym(RTLD_NEXT, "connect");
  if (to.sin_family != AF_INET || to.sin_port != htons(atoi(getenv("BROKER")))) return next(file, address, size);
  to.sin_port = htons(atoi(getenv("PROXY")));
  return next(file, (const struct sockaddr*)&to, sizeof(to));
}
"""

BROKER = """
import sys, time, confluent_kafka
producer = confluent_kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none"})
brokers = producer.list_topics(timeout=20).brokers
print(brokers[1].port, flush=True)
time.sleep(3600)
"""

KAFKA = """
import sys, confluent_kafka
settings = {"bootstrap.servers": sys.argv[1]}
producer = confluent_kafka.Producer({**settings, "linger.ms": 100})
for n in range(3):
    producer.produce("orders", b"secret", partition=0,
                     headers=[("secret", b"secret"), ("traceparent", b"00-%032x-%016x-01" % (7, n + 1))][:n + 1])
assert producer.flush(20) == 0
consumer = confluent_kafka.Consumer({**settings, "group.id": "g", "enable.auto.commit": False})
consumer.assign([confluent_kafka.TopicPartition("orders", 0, 0)])
assert len(consumer.consume(3, timeout=20)) == 3
consumer.close()
"""


@contextlib.contextmanager
def kafka():
    process = subprocess.Popen(["/usr/bin/python3", "-c", BROKER], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(30)


# Asks for the versions once, and fetches several partitions and topics at once.
KAFKA_PYTHON = """
import sys, time, kafka
settings = {"bootstrap_servers": sys.argv[1], "client_id": "shop"}
producer = kafka.KafkaProducer(**settings, linger_ms=100)
for n in range(4):
    header = ("traceparent", b"00-%032x-%016x-01" % (7, n + 1))
    for topic in ("orders", "bills"):
        producer.send(topic, b"secret", key=b"secret", partition=n // 2, headers=[("secret", b"secret"), header])
producer.flush(20)
consumer = kafka.KafkaConsumer(**settings, auto_offset_reset="earliest", fetch_min_bytes=1)
consumer.assign([kafka.TopicPartition(topic, n) for topic in ("orders", "bills") for n in range(2)])
consumer.seek_to_beginning()
got, end = 0, time.monotonic() + 20
while got < 8:
    got += sum(map(len, consumer.poll(1000).values()))
    assert time.monotonic() < end
consumer.close()
producer.close()
"""


def kafka_client(program):
    def run(proxy, broker):
        with tempfile.TemporaryDirectory() as directory:
            library = f"{directory}/redirect.so"
            subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=REDIRECT, text=True,
                           check=True)
            subprocess.run(["/usr/bin/python3", "-c", program, f"127.0.0.1:{broker}"], check=True,
                           env={**os.environ, "LD_PRELOAD": library, "PROXY": str(proxy), "BROKER": str(broker)})
    return run


def python(program):
    return lambda port: subprocess.run(["/usr/bin/python3", "-c", textwrap.dedent(program), str(port)],
                                       check=True)


PSYCOPG2 = """
import sys, io, psycopg2
db = psycopg2.connect(host="127.0.0.1", port=sys.argv[1], user="ada", dbname="postgres")
cursor = db.cursor()
cursor.execute("CREATE TEMP TABLE users (id int PRIMARY KEY, name text)")
cursor.executemany("INSERT INTO users VALUES (%s, %s)", [(1, "Ada"), (2, "it's")])
cursor.copy_expert("COPY users FROM STDIN", io.StringIO("3\\tGrace\\n4\\tLinus\\n"))
cursor.execute("SELECT name FROM users WHERE id > %s ORDER BY name", (1,))
assert len(cursor.fetchall()) == 3
db.commit()
try:
    cursor.execute("SELECT 1 FROM nowhere")
except psycopg2.Error as error:
    assert error.pgcode == "42P01"
db.rollback()
named = db.cursor("c")
named.execute("SELECT generate_series(1, 5)")
assert len(named.fetchall()) == 5
db.close()
"""

REDIS = """
import sys, redis
db = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]), db=2)
db.set("greeting", "hello", ex=60)
assert db.get("greeting") == b"hello"
pipeline = db.pipeline(transaction=False)
pipeline.set("a", 1).incr("a").get("a").execute()
db.pipeline().set("b", 1).rpush("list", "x").execute()
try:
    db.incr("greeting")
except redis.ResponseError:
    pass
assert db.lrange("list", 0, -1) == [b"x"]
db.set("long", "v" * 500)
assert len(db.get("long")) == 500
db.close()
"""


def pgbench(mode):
    def run(port):
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write("\\set id 7\nSELECT :id + 1;\nSELECT relname FROM pg_class WHERE oid = :id;\n")
            script.flush()
            subprocess.run([POSTGRESQL / "pgbench", "-n", "-h", "127.0.0.1", "-p", str(port), "-U", "ada",
                            "-M", mode, "-t", "2", "-f", script.name, "postgres"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return run


TALKS = {
    "postgresql_psycopg2": (postgresql, python(PSYCOPG2)),
    "postgresql_pgbench_extended": (postgresql, pgbench("extended")),
    "postgresql_pgbench_prepared": (postgresql, pgbench("prepared")),
    "mariadb_pymysql": (mariadb, python(PYMYSQL)),
    "mariadb_prepared": (mariadb, python(LIBMARIADB)),
    "pymongo": (mongodb, python(PYMONGO)),
    "pymemcache": (memcached, python(PYMEMCACHE)),
    "redis_py": (redis, python(REDIS)),
    "grpc_python": (grpc, python(GRPC)),
    "http1_curl": (nginx, curl),
    "http1_sent_ahead": (nginx, sent_ahead),
    "http2_node": (lambda: nginx(" http2"), node_http2),
    "librdkafka": (kafka, kafka_client(KAFKA)),
    "kafka_python": (kafka, kafka_client(KAFKA_PYTHON)),  # python3-kafka, which no test needs
}


def main():
    directory, names = pathlib.Path(sys.argv[1]), sys.argv[2:] or TALKS
    for name in names:
        server, client = TALKS[name]
        with server() as port:
            proxy = Proxy(port)
            client(proxy.port, *([port] if server is kafka else []))
            deadline = time.monotonic() + 10
            while not proxy.lines() and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.2)  # the last bytes of a connection that is being closed
        path = directory / f"{name}.talk"
        known = [line for line in path.read_text().splitlines() if line.startswith("=")] \
            if path.exists() else []
        path.write_text("\n".join(proxy.lines() + known) + "\n")
        print(f"{path}: {len(proxy.lines())} lines")


main()
