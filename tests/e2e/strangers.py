#!/usr/bin/env python3
"""A program that plays both ends of connections on which nothing is as it should be: the recorded conversations of
real clients and servers, cut, changed at a byte, with lengths without measure, with noise in between; and heads of
HTTP that are written in two pieces, cut at each byte. Prints whether each end has got what the other one sent.

    strangers.py FILE...   the conversations (tests/data/agent/protocols/*.talk)
"""
import hashlib
import pathlib
import random
import re
import socket
import sys

TRIES = 25  # of each kind, of each conversation
LENGTHS = [b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff\xff\xff",
           b"-1", b"2147483648", b"18446744073709551615", b"$-2147483649\r\n", b"*4294967295\r\n",
           b"*1\r\n" * 5000]
OURS = re.compile(rb"traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\r\n")


def connections_of(path):
    """Lists of (who, bytes)."""
    found = [[]]
    for line in pathlib.Path(path).read_text().splitlines():
        if line[0] == "-":
            found.append([])
        if line[0] in "<>":
            text = re.sub(rb"\\x(..)", lambda match: bytes([int(match[1], 16)]), line[2:].encode("latin-1"))
            found[-1].append((line[0], text))
    return found


class Connection:
    def __init__(self, listener):
        self.client = socket.create_connection(listener.getsockname())
        self.server, _ = listener.accept()
        for file in (self.client, self.server):
            file.settimeout(30)
            file.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, who, data, count=None):
        """What the other end receives of it: `count` bytes, or as many."""
        sender, receiver = (self.client, self.server) if who == ">" else (self.server, self.client)
        sender.sendall(data)
        got = b""
        while len(got) < (len(data) if count is None else count):
            got += receiver.recv(1 << 16)
        return got

    def close(self):
        self.client.close()
        self.server.close()


def cut(said, chance):
    at = chance.randrange(len(said))
    who, data = said[at]
    return [*said[:at], (who, data[:chance.randrange(len(data) + 1)])]


def replaced(said, chance, new):
    at = chance.randrange(len(said))
    who, data = said[at]
    place = chance.randrange(len(data))
    return [*said[:at], (who, data[:place] + new + data[place + len(new):]), *said[at + 1:]]


def noisy(said, chance):
    kept = said[:chance.randrange(len(said) + 1)]
    return kept + [(chance.choice("<>"), chance.randbytes(chance.randrange(1, 3000))) for _ in range(5)]


def strange(said, chance):
    yield said
    for _ in range(TRIES):
        yield cut(said, chance)
        yield replaced(said, chance, bytes([chance.choice([0, 255, 127, 128, chance.randrange(256)])]))
        yield replaced(said, chance, chance.choice(LENGTHS))
        yield noisy(said, chance)


def play(listener, said, seen):
    """Each message as it is or byte by byte."""
    connection = Connection(listener)
    same = True
    for who, data in said:
        pieces = [data] if len(data) > 200 or seen.digest()[0] % 4 else [data[i:i + 1] for i in range(len(data))]
        for piece in pieces:
            same = connection.say(who, piece) == piece and same
        seen.update(data)
    connection.close()
    return same


def cut_heads(listener):
    """Requests in one write, which gets a header of ours, and in two, which get none: they are as they were."""
    head = b"GET /cut?a=b HTTP/1.1\r\nHost: a\r\nUser-Agent: strangers\r\nX: y\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    same = ours = 0
    connection = Connection(listener)
    for at in range(len(head)):
        connection.client.sendall(head[:at])
        connection.client.sendall(head[at:])
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            got += connection.server.recv(1 << 16)
        bare, count = OURS.subn(b"", got)
        ours += count
        same += bare == head and count <= 1
        for piece in (answer[:at % len(answer)], answer[at % len(answer):]):
            connection.say("<", piece)
    connection.close()
    return same, len(head), ours


def main():
    chance = random.Random(7)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    for path in sys.argv[1:]:
        seen = hashlib.sha256()
        played = same = 0
        for said in connections_of(path):
            if not said:
                continue
            for way in strange(said, chance):
                played += 1
                same += play(listener, way, seen)
        print(pathlib.Path(path).stem, played, "connections,", same, "the same", seen.hexdigest(), flush=True)
    same, count, ours = cut_heads(listener)
    print("heads that are cut:", same, "of", count, flush=True)
    print("headers of ours:", ours, file=sys.stderr)


if __name__ == "__main__":
    main()
