"""HTTP/1.x asked by hand: what was sent and what came back, to the byte."""
import re
import socket

BODY = b"0123456789abcdef" * 65536  # 1 MiB
DEADLINE = 20


class Answer:
    def __init__(self, head, body):
        self.head = head
        self.body = body  # as on the wire

    @property
    def raw(self):
        return self.head + self.body

    @property
    def status(self):
        return int(self.head.split()[1])

    @property
    def content(self):
        if not header(self.head, b"transfer-encoding"):
            return self.body
        content, rest = b"", self.body
        while size := int(rest.split(b"\r\n")[0], 16):
            rest = rest.partition(b"\r\n")[2]
            content += rest[:size]
            rest = rest[size + 2:]
        return content


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*(.*?)\r?$", head)
    return found[1].lower() if found else b""


def head_of(method, target, port, *lines):
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""]).encode()


def chunks_of(body, size=40000):
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Connection:
    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.own_port = self.socket.getsockname()[1]
        self.peeked = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, bytes_):
        self.socket.sendall(bytes_)

    def ask(self, method, target, *lines, body=b""):
        self.send(head_of(method, target, self.port, *lines) + body)
        return self.answer(method)

    def more(self):
        # Servers that write head and body apart wait for the acknowledgement in between, else 40 ms.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        bytes_ = self.socket.recv(65536)
        self.peeked += bytes_
        return bool(bytes_)

    def take(self, size):
        while len(self.peeked) < size:
            assert self.more(), f"the answer ends {size - len(self.peeked)} bytes early"
        taken, self.peeked = self.peeked[:size], self.peeked[size:]
        return taken

    def take_until(self, end):
        while end not in self.peeked:
            assert self.more(), f"the answer ends early: {self.peeked!r}"
        return self.take(self.peeked.index(end) + len(end))

    def answer(self, method):
        head = self.take_until(b"\r\n\r\n")
        if method == "HEAD" or head.split()[1] in (b"204", b"304"):
            return Answer(head, b"")
        if length := header(head, b"content-length"):
            return Answer(head, self.take(int(length)))
        if header(head, b"transfer-encoding") == b"chunked":
            return Answer(head, self.chunks())
        while self.more():
            pass
        return Answer(head, self.take(len(self.peeked)))

    def chunks(self):
        body = b""
        while True:
            line = self.take_until(b"\r\n")
            size = int(line, 16)
            body += line + self.take(size + 2)
            if size == 0:
                return body
