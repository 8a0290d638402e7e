"""What the agent sees of programs that use SQLite: Python, also in a server, and SQLite's own shell."""
import json
import shutil
import subprocess

import pytest

from harness import BIN, Program, free_port, request, wait_until
from test_agent_databases import CONSOLE, clients, run_script, spans_of

AGENT = BIN / "opentelemetry-instrument"


def test_statements_of_a_script(tmp_path):
    spans, done = run_script(tmp_path, """
import sqlite3
db = sqlite3.connect("shop.db", isolation_level=None)
db.execute("CREATE TABLE users (id int PRIMARY KEY, name text)")
db.executemany("INSERT INTO users VALUES (?, ?)", [(1, "secret"), (2, "secret")])
print(db.execute("SELECT name FROM users WHERE name = 'secret' /* secret */ LIMIT 1").fetchall())
try:
    db.execute("INSERT INTO users VALUES (?, ?)", (1, "secret"))
except sqlite3.IntegrityError:
    pass
try:
    db.execute("SELECT 1 FROM nowhere")
except sqlite3.OperationalError:
    pass
db.executescript("CREATE TABLE a (b); DROP TABLE a;")
""")
    assert [(span["name"], span["attributes"]["db.statement"], span["status"]["status_code"]) for span in spans] == [
        ("CREATE", "CREATE TABLE users (id int PRIMARY KEY, name text)", "UNSET"),
        ("INSERT", "INSERT INTO users VALUES (?, ?)", "UNSET"),
        ("INSERT", "INSERT INTO users VALUES (?, ?)", "UNSET"),
        ("SELECT", "SELECT name FROM users WHERE name = ?  LIMIT ?", "UNSET"),
        ("INSERT", "INSERT INTO users VALUES (?, ?)", "ERROR"),
        ("SELECT", "SELECT ? FROM nowhere", "ERROR"),
        ("CREATE", "CREATE TABLE a (b);", "UNSET"),
        ("DROP", " DROP TABLE a;", "UNSET")]
    assert spans[0]["attributes"] == {
        "db.system": "sqlite", "db.name": "shop.db",
        "db.statement": "CREATE TABLE users (id int PRIMARY KEY, name text)"}
    assert all(span["kind"] == "SpanKind.CLIENT" and span["parent_id"] is None for span in spans)
    assert "secret" not in json.dumps(spans) and done.stderr == ""
    assert done.stdout.startswith("[('secret',)]\n")


def test_statements_by_the_stable_conventions(tmp_path):
    spans, _ = run_script(tmp_path, """
import sqlite3
db = sqlite3.connect(":memory:", isolation_level=None)
db.execute("CREATE TABLE users (id int PRIMARY KEY)")
for _ in range(2):
    try:
        db.execute("INSERT INTO users VALUES (1)")
    except sqlite3.IntegrityError:
        pass
""", env={"OTEL_SEMCONV_STABILITY_OPT_IN": "database"})
    assert [span["name"] for span in spans] == ["CREATE TABLE users", "INSERT users", "INSERT users"]
    assert spans[2]["attributes"] == {
        "db.system.name": "sqlite", "db.namespace": ":memory:", "db.query.summary": "INSERT users",
        "db.query.text": "INSERT INTO users VALUES (?)",
        "db.response.status_code": "1555", "error.type": "1555"}  # SQLITE_CONSTRAINT_PRIMARYKEY


FLASK = """
import flask, sqlite3
app = flask.Flask(__name__)
@app.route("/users/<int:number>")
def users(number):
    db = sqlite3.connect(":memory:")
    rows = db.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) "
                      f"SELECT i AS user{number} FROM n").fetchall()
    return str(len(rows))
"""


def test_statements_are_below_the_request_of_their_thread(tmp_path, programs):
    port = free_port()
    (tmp_path / "app.py").write_text(FLASK)
    program = programs(Program([AGENT, *CONSOLE, "/usr/bin/python3", "-m", "flask", "run", "-p", port], tmp_path,
                               "flask"))

    def answers():
        try:
            return request(port, "GET", "/none").status == 404
        except OSError:
            return False
    wait_until(answers, "flask answers")
    subprocess.run(["curl", "-s", "--parallel", "--parallel-max", "8", "-o", "/dev/null",
                    f"http://127.0.0.1:{port}/users/[1-40]"], check=True, timeout=60)
    program.stop()
    wait_until(lambda: len(clients(spans_of(program.stdout))) == 40, "all is told")
    spans = spans_of(program.stdout)
    served = {span["context"]["span_id"]: span["attributes"]["http.target"] for span in spans
              if span["kind"] == "SpanKind.SERVER"}
    found = {(served[span["parent_id"]], span["attributes"]["db.statement"].rsplit("AS ")[-1])
             for span in clients(spans)}
    assert found == {(f"/users/{number}", f"user{number} FROM n") for number in range(1, 41)}


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3")
def test_the_shell_that_is_linked_with_it(tmp_path):
    line = ["sqlite3", "shop.db", "CREATE TABLE a (b); INSERT INTO a VALUES ('secret');", "SELECT count(*) FROM a;",
            "SELECT * FROM nowhere;"]
    plain = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "shop.db").unlink()
    done = subprocess.run([AGENT, *CONSOLE, *line], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (plain.returncode, plain.stderr)
    assert done.stdout.startswith(plain.stdout)
    texts = [span["attributes"]["db.statement"].strip() for span in spans_of(done.stdout)]
    assert texts[:2] == ["CREATE TABLE a (b);", "INSERT INTO a VALUES (?);"]
    assert texts[-2:] == ["SELECT count(*) FROM a;", "SELECT * FROM nowhere;"]


def test_large_results_cost_no_record_a_row(tmp_path):
    spans, _ = run_script(tmp_path, """
import sqlite3
db = sqlite3.connect(":memory:")
rows = db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n")
assert sum(1 for _ in rows) == 300000
cursor = db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS many FROM n")
assert cursor.fetchone() == (1,)
cursor.close()  # given up
db.close()
""")
    assert len(spans) == 2
    assert spans[1]["status"]["status_code"] == "UNSET"
