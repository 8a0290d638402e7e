"""Asks PHP-FPM as a web server in front of it does: FastCGI, one request a connection."""
import socket
import struct

from .client import BODY, DEADLINE

BEGIN, END, PARAMETERS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
RECORD_BYTES = 32768


def record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def ask(port, script, method, target, body=b""):
    """What came on the script's stdout, its stderr, and how it ended."""
    parameters = b"".join(pair(*each) for each in {
        "SCRIPT_FILENAME": script, "REQUEST_METHOD": method, "REQUEST_URI": target, "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "text/plain"}.items())
    pieces = [record(STDIN, body[i:i + RECORD_BYTES]) for i in range(0, len(body), RECORD_BYTES)]
    said = {STDOUT: b"", STDERR: b"", END: b""}
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        connection.sendall(record(BEGIN, struct.pack(">HB5x", 1, 0)) + record(PARAMETERS, parameters)
                           + record(PARAMETERS) + b"".join(pieces) + record(STDIN))
        with connection.makefile("rb") as answer:
            while not said[END]:
                _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", answer.read(8))
                said[kind] += answer.read(size)
                answer.read(padding)
    return b"\n--\n".join(said.values())


class FastCgi:
    def __init__(self, port, server):
        self.port = port
        self.script = server.script
        self.answers, self.exchanges = [], []

    def run(self, size):
        requests = [("GET", "/hello", b"")]
        if size != "small":
            requests = requests * 50 + [("HEAD", "/hello", b""), ("GET", "/missing", b""), ("GET", "/large", b""),
                                        ("GET", "/chunked", b""), ("POST", "/length", BODY)]
        for method, target, body in requests:
            self.answers.append(ask(self.port, self.script, method, target, body))
