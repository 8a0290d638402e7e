"""A server of HTTP/1.1 that writes down what each of its connections carried, to the byte."""
import socket
import threading

from .client import BODY, chunks_of, header


class Conversation:
    def __init__(self, connection):
        self.connection = connection
        self.peer = connection.getpeername()[1]
        self.buffer = b""
        self.received = 0
        self.sent = 0
        self.requests = []  # (method, target, head, body's bytes, body of the answer)

    def more(self):
        bytes_ = self.connection.recv(65536)
        self.buffer += bytes_
        self.received += len(bytes_)
        return bool(bytes_)

    def take_until(self, end):
        while end not in self.buffer:
            if not self.more():
                return b""
        taken, _, self.buffer = self.buffer.partition(end)
        return taken + end

    def skip(self, size):
        while len(self.buffer) < size and self.more():
            pass
        self.buffer = self.buffer[size:]
        return size

    def body(self, head):
        if header(head, b"expect"):
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if header(head, b"transfer-encoding") != b"chunked":
            return self.skip(int(header(head, b"content-length") or 0))
        total = 0
        while size := int(self.take_until(b"\r\n"), 16):
            total += self.skip(size)
            self.skip(2)
        self.skip(2)
        return total

    def send(self, bytes_):
        self.connection.sendall(bytes_)
        self.sent += len(bytes_)

    def run(self):
        with self.connection:
            while head := self.take_until(b"\r\n\r\n"):
                method, target = head.decode().split()[:2]
                size = self.body(head)
                path = target.partition("?")[0]
                answer = {"/hello": b"hello\n", "/large": BODY, "/length": b"%d\n" % size}.get(path, b"nothing\n")
                self.requests.append((method, target, head, size, 0 if method == "HEAD" else len(answer)))
                status = b"404 Not Found" if path == "/missing" else b"200 OK"
                framing = b"Content-Length: %d" % len(answer)
                if path == "/chunked":
                    framing, answer = b"Transfer-Encoding: chunked", chunks_of(answer, 3)
                self.send(b"HTTP/1.1 %s\r\n%s\r\n\r\n%s" % (status, framing, b"" if method == "HEAD" else answer))
                if header(head, b"connection") == b"close":
                    return


class Upstream:
    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.conversations = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                conversation = Conversation(self.listener.accept()[0])
            except OSError:
                return
            self.conversations.append(conversation)
            threading.Thread(target=conversation.run, daemon=True).start()

    def __exit__(self, *_):
        self.listener.close()

    def take(self):
        """The conversations so far."""
        taken, self.conversations = self.conversations, []
        return taken
