"""What the agent sees of programs that ask databases: real clients, real servers (Debian's packages
postgresql, mariadb-server-core, memcached and redis-server with python3-psycopg2, python3-pymysql,
python3-pymemcache and python3-redis), spans on the console."""
import contextlib
import json
import os
import pathlib
import pwd
import socket
import subprocess
import sys
import tempfile

import pytest

from harness import BIN, Program, free_port, request, wait_until

AGENT = BIN / "opentelemetry-instrument"
CONSOLE = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none",
           "--service_name", "shop"]
POSTGRESQL = pathlib.Path("/usr/lib/postgresql/15/bin")


def spans_of(text):
    decoder, found, position = json.JSONDecoder(), [], 0
    while (position := text.find("{\n", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, position)
            found.append(value)
        except json.JSONDecodeError:
            position += 1
    return [value for value in found if "kind" in value]


def clients(spans):
    return [span for span in spans if span["kind"] == "SpanKind.CLIENT"]


@contextlib.contextmanager
def server(command, is_ready, directory, name, **options):
    program = Program(command, directory, name, **options)
    try:
        wait_until(is_ready, f"{name} answers", 60)
        yield
    finally:
        program.stop()


@pytest.fixture(scope="module")
def postgresql():
    """A server on a port and a Unix socket; as root it is run by `postgres`, for it refuses root."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as directory:
        if who:
            entry = pwd.getpwnam("postgres")
            os.chown(directory, entry.pw_uid, entry.pw_gid)
        os.chmod(directory, 0o755)
        data, port = f"{directory}/data", free_port()
        subprocess.run([POSTGRESQL / "initdb", "-D", data, "-U", "ada", "-A", "trust", "-N",
                        "--no-locale", "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)

        def is_ready():
            return subprocess.run([POSTGRESQL / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
                                  ).returncode == 0
        with server([POSTGRESQL / "postgres", "-D", data, "-p", port, "-k", directory, "-c",
                     "listen_addresses=127.0.0.1", "-c", "fsync=off"], is_ready, directory, "postgres",
                    cwd="/", **who):
            yield {"port": port, "socket": directory}


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    directory, port = tmp_path_factory.mktemp("redis"), free_port()

    def is_ready():
        return subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout == b"PONG\n"
    with server(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""], is_ready, directory,
                "redis"):
        yield port


def run_script(tmp_path, script, *arguments, env=None, code=0):
    """The spans of `opentelemetry-instrument python3 client.py`."""
    (tmp_path / "client.py").write_text(script)
    done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/python3", "client.py", *map(str, arguments)],
                          cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, done.stderr
    # The agent process prints what is left when the program has ended.
    return spans_of(done.stdout), done


CONNECT = """
import sys, io, psycopg2
db = psycopg2.connect(host=sys.argv[1], port=sys.argv[2], user="ada", dbname="postgres")
db.autocommit = True
cursor = db.cursor()
"""


def test_queries_of_a_script_are_client_spans(tmp_path, postgresql):
    spans, _ = run_script(tmp_path, CONNECT + """
cursor.execute("CREATE TEMP TABLE users (id int PRIMARY KEY, name text)")
cursor.execute("INSERT INTO users VALUES (%s, %s)", (1, "it's secret"))
cursor.execute("SELECT name FROM users WHERE id = %s", (1,))
try:
    cursor.execute("SELECT 1 FROM nowhere")
except psycopg2.Error as error:
    assert error.pgcode == "42P01"
""", "127.0.0.1", postgresql["port"])
    assert [span["name"] for span in spans] == ["CREATE", "INSERT", "SELECT", "SELECT"]
    assert all(span["kind"] == "SpanKind.CLIENT" and span["parent_id"] is None for span in spans)
    assert list(spans[1]["attributes"].items()) == [
        ("db.system", "postgresql"), ("db.name", "postgres"),
        ("db.statement", "INSERT INTO users VALUES (?, ?)"), ("db.user", "ada"),
        ("net.peer.name", "127.0.0.1"), ("net.peer.port", postgresql["port"])]
    assert [span["status"]["status_code"] for span in spans] == ["UNSET"] * 3 + ["ERROR"]
    assert "secret" not in json.dumps(spans)


def test_queries_by_the_stable_conventions_over_a_unix_socket(tmp_path, postgresql):
    spans, _ = run_script(tmp_path, CONNECT + """
cursor.execute("SELECT relname FROM pg_class WHERE oid = 1")
try:
    cursor.execute("SELECT 1 FROM nowhere")
except psycopg2.Error:
    pass
""", postgresql["socket"], postgresql["port"], env={"OTEL_SEMCONV_STABILITY_OPT_IN": "database"})
    path = f"{postgresql['socket']}/.s.PGSQL.{postgresql['port']}"
    assert [span["name"] for span in spans] == ["SELECT pg_class", "SELECT nowhere"]
    assert spans[1]["attributes"] == {
        "db.system.name": "postgresql", "db.namespace": "postgres", "db.query.summary": "SELECT nowhere",
        "db.query.text": "SELECT ? FROM nowhere", "server.address": path, "network.peer.address": path,
        "db.response.status_code": "42P01", "error.type": "42P01"}
    assert spans[1]["status"] == {"status_code": "ERROR"}


def test_large_results_and_copies_do_not_hide_what_follows(tmp_path, postgresql):
    spans, done = run_script(tmp_path, CONNECT + """
cursor.execute("CREATE TEMP TABLE big (line text)")
cursor.execute("SELECT generate_series(1, 200000), repeat('x', 100)")
assert len(cursor.fetchall()) == 200000
cursor.copy_expert("COPY big FROM STDIN", io.StringIO("line of text\\n" * 200000))
out = io.StringIO()
cursor.copy_expert("COPY big TO STDOUT", out)
assert len(out.getvalue()) == 200000 * 13
cursor.execute("SELECT '" + "y" * 1000000 + "'")
assert len(cursor.fetchone()[0]) == 1000000
cursor.execute("SELECT count(*) FROM big")
assert cursor.fetchone() == (200000,)
""", "127.0.0.1", postgresql["port"])
    assert [span["attributes"]["db.statement"] for span in spans] == [
        "CREATE TEMP TABLE big (line text)", "SELECT generate_series(?, ?), repeat(?, ?)",
        "COPY big FROM STDIN", "COPY big TO STDOUT", "SELECT ?", "SELECT count(*) FROM big"]
    assert done.stderr == ""


def test_psql_and_prepared_statements_of_pgbench(tmp_path, postgresql):
    script = tmp_path / "script.sql"
    script.write_text("\\set id 7\nSELECT relname FROM pg_class WHERE oid = :id;\n")
    where = ["-h", "127.0.0.1", "-p", str(postgresql["port"]), "-U", "ada"]
    done = subprocess.run([AGENT, *CONSOLE, POSTGRESQL / "pgbench", "-n", *where, "-M", "prepared", "-t",
                           "20", "-c", "4", "-j", "2", "-f", script, "postgres"], capture_output=True,
                          text=True, timeout=60)
    statements = [span["attributes"]["db.statement"] for span in clients(spans_of(done.stdout))]
    assert statements.count("SELECT relname FROM pg_class WHERE oid = $1;") == 80
    done = subprocess.run([AGENT, *CONSOLE, "/usr/lib/postgresql/15/bin/psql", *where, "-Atc", "SELECT 42",
                           "postgres"], capture_output=True, text=True, timeout=60)
    assert [span["attributes"]["db.statement"] for span in spans_of(done.stdout)] == ["SELECT ?"]


@pytest.fixture(scope="module")
def mariadb():
    """A server on a port with a database and a user; as root it has to be told that this is meant."""
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
                     *as_root], is_ready, directory, "mariadb"):
            yield port


PYMYSQL = """
import sys, pymysql
db = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="ada", password="secret", database="shop",
                     autocommit=None)
cursor = db.cursor()
"""


def test_queries_of_pymysql(tmp_path, mariadb):
    spans, done = run_script(tmp_path, PYMYSQL + """
cursor.execute("CREATE TEMPORARY TABLE users (id int PRIMARY KEY, name text)")
cursor.execute('INSERT INTO users VALUES (%s, "secret")', (1,))
cursor.execute("SELECT name FROM users WHERE name = %s", ("it's secret",))
try:
    cursor.execute("SELECT 1 FROM nowhere")
except pymysql.Error as error:
    assert error.args[0] == 1146
""", mariadb, env={"OTEL_SEMCONV_STABILITY_OPT_IN": "database/dup"})
    assert [span["name"] for span in spans] == ["CREATE", "INSERT", "SELECT", "SELECT"]
    assert all(span["kind"] == "SpanKind.CLIENT" for span in spans)
    assert spans[1]["attributes"] == {
        "db.system": "mariadb", "db.name": "shop", "db.statement": "INSERT INTO users VALUES (?, ?)",
        "db.user": "ada", "net.peer.name": "127.0.0.1", "net.peer.port": mariadb,
        "db.system.name": "mariadb", "db.namespace": "shop", "db.query.summary": "INSERT users",
        "db.query.text": "INSERT INTO users VALUES (?, ?)", "server.address": "127.0.0.1",
        "server.port": mariadb, "network.peer.address": "127.0.0.1", "network.peer.port": mariadb}
    assert spans[3]["attributes"]["db.response.status_code"] == "1146"
    assert [span["status"]["status_code"] for span in spans] == ["UNSET"] * 3 + ["ERROR"]
    assert "secret" not in json.dumps(spans)
    assert done.stderr == ""


def test_large_results_of_mariadb_do_not_hide_what_follows(tmp_path, mariadb):
    """A million rows for the C library, 10 MB in a row for Python."""
    where = ["-h", "127.0.0.1", "-P", str(mariadb), "-u", "ada", "-psecret", "shop"]
    done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/mariadb", "--no-defaults", *where, "-Ne",
                           "SELECT seq FROM seq_1_to_1000000; SELECT 42"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0 and done.stdout.count("\n") > 1_000_000
    statements = [span["attributes"]["db.statement"] for span in spans_of(done.stdout)]
    assert statements == ["SELECT seq FROM seq_1_to_1000000", "SELECT ?"]
    spans, done = run_script(tmp_path, PYMYSQL + """
cursor.execute("SELECT repeat('x', 10000000)")
assert len(cursor.fetchone()[0]) == 10000000
cursor.execute("SELECT '" + "y" * 1000000 + "'")
assert len(cursor.fetchone()[0]) == 1000000
cursor.execute("SELECT 42")
""", mariadb)
    assert [span["attributes"]["db.statement"] for span in spans] == ["SELECT repeat(?, ?)", "SELECT ?", "SELECT ?"]
    assert done.stderr == ""


@pytest.fixture(scope="module")
def memcached(tmp_path_factory):
    directory, port = tmp_path_factory.mktemp("memcached"), free_port()
    as_root = ["-u", "root"] if os.getuid() == 0 else []

    def is_ready():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as peer:
            peer.sendall(b"version\r\n")
            return peer.recv(100).startswith(b"VERSION")
    with server(["memcached", "-l", "127.0.0.1", "-p", port, *as_root], is_ready, directory, "memcached"):
        yield port


def test_commands_of_memcached(tmp_path, memcached):
    spans, done = run_script(tmp_path, """
import sys
from pymemcache.client.base import Client
db = Client(("127.0.0.1", int(sys.argv[1])), default_noreply=False)
assert db.set("secret", b"secret" * 100000)
assert len(db.get("secret")) == 600000
assert db.set_many({"a": b"1", "b": b"2"}) == []
try:
    db.incr("secret", 1)
except Exception:
    pass
""", memcached, env={"OTEL_SEMCONV_STABILITY_OPT_IN": "database"})
    assert [span["name"].split(" 127")[0] for span in spans] == ["set", "get", "set", "set", "incr"]
    assert spans[1]["attributes"]["db.system.name"] == "memcached"
    assert spans[1]["attributes"]["db.query.text"] == "get ?"
    assert spans[1]["attributes"]["server.port"] == memcached
    assert spans[4]["attributes"]["db.response.status_code"] == "CLIENT_ERROR"
    assert spans[4]["status"] == {"status_code": "ERROR"}
    assert "secret" not in json.dumps(spans)
    assert done.stderr == ""


REDIS = "import sys, redis\ndb = redis.Redis(host='127.0.0.1', port=int(sys.argv[1]))\n"


def test_commands_pipelines_and_errors_of_redis(tmp_path, redis):
    spans, _ = run_script(tmp_path, REDIS + """
db.set("key of a person", "secret")
assert db.get("key of a person") == b"secret"
db.pipeline(transaction=False).set("a", 1).incr("a").execute()
db.pipeline().set("b", 1).set("c", 1).execute()
try:
    db.incr("key of a person")
except redis.ResponseError:
    pass
""", redis, env={"OTEL_SEMCONV_STABILITY_OPT_IN": "database"})
    told = [(span["name"].split(" 127")[0], span["attributes"]["db.query.text"],
             span["attributes"].get("db.operation.batch.size")) for span in spans]
    assert told == [("SET", "SET ? ?", None), ("GET", "GET ?", None),
                    ("PIPELINE", "SET ? ?; INCRBY ? ?", 2), ("MULTI", "MULTI; SET ? ?; SET ? ?; EXEC", 2),
                    ("INCRBY", "INCRBY ? ?", None)]
    assert spans[4]["attributes"]["db.response.status_code"] == "ERR"
    assert spans[4]["status"] == {"status_code": "ERROR"}
    assert spans[0]["attributes"]["server.port"] == redis
    assert "secret" not in json.dumps(spans) and "person" not in json.dumps(spans)


def test_the_old_conventions_of_redis(tmp_path, redis):
    spans, _ = run_script(tmp_path, REDIS + "db.set('a', 1)\n", redis)
    assert [span["name"] for span in spans] == ["SET"]
    assert spans[0]["attributes"] == {"db.system": "redis", "db.statement": "SET ? ?",
                                      "net.peer.name": "127.0.0.1", "net.peer.port": redis}


def test_large_values_of_redis_do_not_hide_what_follows(tmp_path, redis):
    spans, done = run_script(tmp_path, REDIS + """
db.set("big", "v" * 5000000)
assert len(db.get("big")) == 5000000
db.rpush("list", *["element %d" % i for i in range(5000)])
assert len(db.lrange("list", 0, -1)) == 5000
db.delete("list")
""", redis)
    assert [span["name"] for span in spans] == ["SET", "GET", "RPUSH", "LRANGE", "DEL"]
    assert done.stderr == ""


FLASK_APP = """
import os
import flask, psycopg2, redis
app = flask.Flask(__name__)

def database():
    return psycopg2.connect(host="127.0.0.1", port=os.environ["PG"], user="ada", dbname="postgres")

@app.route("/users/<int:number>")
def users(number):
    with database() as db:
        cursor = db.cursor()
        cursor.execute("SELECT %s + 1", (number,))
        answer = cursor.fetchone()[0]
    cache.set("last", answer)
    return str(answer)

@app.route("/wrong")
def wrong():
    with database() as db:
        db.cursor().execute("SELECT 1 FROM nowhere")

cache = redis.Redis(host="127.0.0.1", port=int(os.environ["REDIS"]))
"""


def test_what_a_server_asks_is_below_the_request_that_it_serves(tmp_path, programs, postgresql, redis):
    """50 requests at a time in threads, one shared pool of connections to Redis."""
    port = free_port()
    (tmp_path / "app.py").write_text(FLASK_APP)
    program = programs(Program(
        [AGENT, *CONSOLE, "/usr/bin/python3", "-m", "flask", "run", "-p", str(port)], tmp_path, "flask",
        env={"PG": str(postgresql["port"]), "REDIS": str(redis)}))

    def answers():
        try:
            return request(port, "GET", "/none").status == 404
        except OSError:
            return False
    wait_until(answers, "flask answers")
    script = tmp_path / "load.py"
    script.write_text(f"""
import concurrent.futures, urllib.request
def ask(number):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/users/{{number}}", timeout=30) as answer:
        return int(answer.read())
with concurrent.futures.ThreadPoolExecutor(20) as pool:
    assert list(pool.map(ask, range(100))) == list(range(1, 101))
""")
    subprocess.run([sys.executable, script], check=True, timeout=60)
    assert request(port, "GET", "/wrong").status == 500

    def all_told():
        spans = spans_of(program.stdout)
        servers = {(span["context"]["trace_id"], span["context"]["span_id"]): span for span in spans
                   if span["attributes"].get("http.route") or span["name"].startswith("GET /")}
        return len(servers) >= 102 and len(clients(spans)) >= 403 and (servers, clients(spans))
    servers, calls = wait_until(all_told, "all spans are printed", 20)
    by_request = {}
    for call in calls:
        by_request.setdefault((call["context"]["trace_id"], call["parent_id"]), []).append(call["name"])
    assert set(by_request) <= set(servers), "every call is below a request of this server"
    users = [names for key, names in by_request.items() if servers[key]["name"].startswith("GET /users")]
    assert len(users) == 100
    # psycopg2 begins a transaction by itself; `with` commits it.
    assert all(names == ["BEGIN", "SELECT", "COMMIT", "SET"] for names in users)
    wrong = [names for key, names in by_request.items() if servers[key]["name"].startswith("GET /wrong")]
    assert wrong == [["BEGIN", "SELECT", "ROLLBACK"]]


def test_a_call_that_a_kill_cuts_short_is_an_error(tmp_path, programs, redis):
    (tmp_path / "client.py").write_text(REDIS + "db.get('a')\nopen('asked', 'w').close()\n"
                                                "db.blpop('nothing', 0)\n")
    program = programs(Program([AGENT, *CONSOLE, "/usr/bin/python3", "client.py", str(redis)], tmp_path,
                               "client"))
    wait_until((tmp_path / "asked").exists, "it has asked once")

    def is_blocked():
        listed = subprocess.run(["redis-cli", "-p", str(redis), "info", "clients"], capture_output=True)
        return b"blocked_clients:1" in listed.stdout
    wait_until(is_blocked, "it waits for its answer")
    program.kill()
    [span] = wait_until(lambda: [span for span in spans_of(program.stdout) if span["name"] == "BLPOP"],
                        "the open call is told", 5)
    assert span["status"] == {"status_code": "ERROR", "description": "the process ended"}


SAYS_YES_TO_TLS = """
import socket, threading
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    peer, _ = listener.accept()
    peer.recv(8)
    peer.sendall(b"S")
    peer.recv(100)
    peer.close()
threading.Thread(target=serve, daemon=True).start()
"""


def test_an_encrypted_connection_is_left_alone_and_that_is_said(tmp_path):
    """TLS of a library that the agent does not see."""
    spans, done = run_script(tmp_path, SAYS_YES_TO_TLS + """
client = socket.create_connection(listener.getsockname())
client.sendall(b"\\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f")
assert client.recv(1) == b"S"
client.sendall(b"\\x16\\x03\\x01" + bytes(97))
client.close()
""")
    assert spans == []
    assert ("1 connections to databases or over HTTP/2 were not followed to their end: encrypted, not "
            "understood, or with gaps (docs/agent.md)") in done.stderr


def test_a_connection_whose_tls_fails_has_hidden_nothing(tmp_path):
    spans, done = run_script(tmp_path, SAYS_YES_TO_TLS + """
import psycopg2
try:
    psycopg2.connect(host="127.0.0.1", port=listener.getsockname()[1], user="ada", sslmode="require")
except psycopg2.OperationalError:
    print("refused")
""")
    assert done.stdout == "refused\n" and spans == [] and done.stderr == ""


MONGODB = """
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), serverSelectionTimeoutMS=20000)
users = client.shop.users
users.insert_many([{"name": "secret", "n": n} for n in range(100)])
assert len(list(users.find({"name": "secret"}))) >= 100
try:
    list(client.shop.missing.find({"name": "secret"}))
except pymongo.errors.OperationFailure as error:
    assert error.code == 26
client.close()
"""


def test_pymongo(tmp_path, programs):
    port = free_port()
    programs(Program(["/usr/bin/python3", pathlib.Path(__file__).with_name("mongodb_server.py"), str(port)],
                     tmp_path, "mongodb"))

    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
    wait_until(answers, "the server listens")
    told = {}
    for conventions in ("", "database"):
        done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/python3", "-c", MONGODB, str(port)], capture_output=True,
                              text=True, timeout=60, env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": conventions})
        assert done.returncode == 0 and done.stderr == "", done.stderr
        assert "secret" not in done.stdout
        told[conventions] = spans_of(done.stdout)
    assert [(span["name"], span["status"]["status_code"]) for span in told[""]] == [
        ("shop.insert", "UNSET"), ("shop.find", "UNSET"), ("shop.find", "ERROR")]
    assert told[""][0]["attributes"] == {
        "db.system": "mongodb", "db.name": "shop", "db.statement": "insert", "db.mongodb.collection": "users",
        "net.peer.name": "127.0.0.1", "net.peer.port": port}
    assert [span["name"] for span in told["database"]] == ["insert users", "find users", "find missing"]
    assert told["database"][2]["attributes"] == {
        "db.system.name": "mongodb", "db.namespace": "shop", "db.collection.name": "missing",
        "db.operation.name": "find", "server.address": "127.0.0.1", "server.port": port,
        "network.peer.address": "127.0.0.1", "network.peer.port": port, "db.response.status_code": "26",
        "error.type": "26"}
