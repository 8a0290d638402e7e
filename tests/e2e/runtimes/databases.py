"""Redis and PostgreSQL as servers, and what is asked of them."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess

from .client import BODY, DEADLINE
from .servers import Server

POSTGRESQL = pathlib.Path("/usr/lib/postgresql/15/bin")
SCRIPT = """
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 2000) n;
SELECT count(*), max(name) FROM users;
SELECT * FROM users ORDER BY id;
SELECT 1 / 0;
SELECT * FROM nowhere;
PREPARE one AS SELECT name FROM users WHERE id = $1; EXECUTE one(7);
COPY users TO STDOUT;
SELECT repeat('0123456789abcdef', 65536);
"""


class Resp:
    """Commands in Redis' protocol; each connection is read until it is closed by QUIT."""

    def __init__(self, port, server):
        self.port = port
        self.answers, self.exchanges = [], []

    def ask(self, *commands):
        lines = [b"*%d\r\n%s" % (len(words), b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
                 for words in (*commands, [b"QUIT"])]
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            connection.sendall(b"".join(lines))
            while piece := connection.recv(65536):
                answer += piece
        self.answers.append(answer)

    def run(self, size):
        self.ask([b"PING"])
        if size == "small":
            return
        self.ask([b"SET", b"large", BODY], [b"GET", b"large"], [b"STRLEN", b"large"])
        self.ask([b"NOSUCH"], [b"INCR", b"large"], [b"GET", b"none"])
        for number in range(50):
            self.ask([b"INCR", b"counter"], [b"LPUSH", b"list", b"%d" % number], [b"LRANGE", b"list", b"0", b"-1"])


def redis(directory, port):
    return Server("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""], workload=Resp,
                  by_chance=(r"\w+\(.*/proc/(\*|self)/stat\b", r"clone3?\("))  # it looks at itself ten times a second


class Psql:
    def __init__(self, port, server):
        self.port = port
        self.answers, self.exchanges = [], []

    def run(self, size):
        said = subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "ada", "-X", "-a", "postgres"],
                              input=b"SELECT 1;" if size == "small" else SCRIPT.encode(), capture_output=True,
                              timeout=60)
        self.answers += [said.stdout, said.stderr]


def postgresql(directory, port):
    """As root it is run by `postgres`, for it refuses root. Each run begins with the same files."""
    who = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(directory, entry.pw_uid, entry.pw_gid)
    subprocess.run([POSTGRESQL / "initdb", "-D", directory / "fresh", "-U", "ada", "-A", "trust", "-N", "--no-locale",
                    "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)

    def prepare():
        shutil.rmtree(directory / "data", ignore_errors=True)
        subprocess.run(["cp", "-a", directory / "fresh", directory / "data"], check=True)
    settings = ["fsync=off", "autovacuum=off", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    return Server("postgresql", [POSTGRESQL / "postgres", "-D", directory / "data", "-p", port,
                                 *[word for setting in settings for word in ("-c", setting)]],
                  workload=Psql, prepare=prepare, options=who,
                  by_chance=(r"rt_sigprocmask\(",))  # around each wait, which a signal may end


ALL = {"redis": redis, "postgresql": postgresql}
