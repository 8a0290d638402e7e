"""What is asked of each server: every request has a number of its own in its target."""
import dataclasses
import itertools
import re

from .client import BODY, Connection, chunks_of, head_of

KEPT = 50
CLOSED = 50
PIPELINED = 8
FRAMING = re.compile(rb"(?mi)^(Content-Length|Transfer-Encoding): .*\n")


@dataclasses.dataclass
class Exchange:
    method: str
    target: str
    request_body: bytes
    request_head: bytes
    answer: object
    peer: int  # our port of the connection

    @property
    def sent(self):
        return len(self.request_head) + len(self.request_body)

    @property
    def sent_content(self):
        """Of the body, without what frames its chunks."""
        return len(BODY) if self.request_body else 0


class Workload:
    """Asks a server of HTTP; `exchanges` is what went over its connections, in the order of asking."""

    def __init__(self, port, server):
        self.port = port
        self.server = server
        self.numbers = itertools.count()
        self.exchanges = []

    def target(self, path):
        return f"{path}?n={next(self.numbers)}"

    def one(self, connection, method, path, *lines, body=b""):
        target = self.target(path)
        answer = connection.ask(method, target, *lines, body=body)
        head = head_of(method, target, self.port, *lines)
        self.exchanges.append(Exchange(method, target, body, head, answer, connection.own_port))

    def alone(self, method, path, *lines, body=b""):
        with Connection(self.port) as connection:
            self.one(connection, method, path, "Connection: close", *lines, body=body)

    def pipelined(self):
        targets = [self.target("/hello") for _ in range(PIPELINED)]
        with Connection(self.port) as connection:
            heads = [head_of("GET", target, self.port) for target in targets]
            connection.send(b"".join(heads))
            for target, head in zip(targets, heads):
                self.exchanges.append(Exchange("GET", target, b"", head, connection.answer("GET"),
                                               connection.own_port))

    @property
    def answers(self):
        """Whether and where a server that passes on what a child of it writes cuts chunks is chance."""
        if not self.server.passes_on:
            return [exchange.answer.raw for exchange in self.exchanges]
        return [FRAMING.sub(b"", exchange.answer.head) + exchange.answer.content for exchange in self.exchanges]

    def run(self, size):
        if size == "small":
            self.alone("GET", "/hello")
            return
        if self.server.keeps:
            with Connection(self.port) as connection:
                for _ in range(KEPT):
                    self.one(connection, "GET", "/hello")
                for method, path in (("HEAD", "/hello"), ("GET", "/missing"), ("GET", "/large"),
                                     ("GET", "/chunked"), ("GET", "/hello")):
                    self.one(connection, method, path)
                self.one(connection, "POST", "/length", f"Content-Length: {len(BODY)}", body=BODY)
                self.one(connection, "GET", "/hello")
        for _ in range(CLOSED):
            self.alone("GET", "/hello")
        for method, path in (("HEAD", "/hello"), ("GET", "/missing"), ("GET", "/large"), ("GET", "/chunked")):
            self.alone(method, path)
        self.alone("POST", "/length", f"Content-Length: {len(BODY)}", body=BODY)
        if self.server.reads_chunks:
            self.alone("POST", "/length", "Transfer-Encoding: chunked", body=chunks_of(BODY))
        if self.server.pipelines:
            self.pipelined()
