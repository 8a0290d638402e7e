#!/usr/bin/env python3
"""Enough of a MongoDB server for a driver: there is none in Debian.

    mongodb_server.py PORT

Speaks OP_MSG, and OP_QUERY for the driver's first question. Documents are kept by collection; a find
answers all of them, the one of `missing` fails. Needs python3-bson.
"""
import socketserver
import struct
import sys

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
MORE_TO_COME = 2
HELLO = {"ismaster": True, "isWritablePrimary": True, "maxBsonObjectSize": 1 << 24, "minWireVersion": 0,
         "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000, "maxWireVersion": 9, "ok": 1.0}


def take(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while True:
                self.one()
        except (EOFError, ConnectionError):
            pass

    def one(self):
        size, number, _, operation = struct.unpack("<iiii", take(self.rfile, 16))
        body = take(self.rfile, size - 16)
        if operation == OP_QUERY:
            answer = struct.pack("<iqii", 8, 0, 0, 1) + bson.BSON.encode(HELLO)
            return self.send(OP_REPLY, number, answer)
        assert operation == OP_MSG, operation
        flags, command = self.sections(body)
        answer = self.server.answer(command)
        if not flags & MORE_TO_COME:
            self.send(OP_MSG, number, struct.pack("<IB", 0, 0) + bson.BSON.encode(answer))

    def sections(self, body):
        flags, rest, command = struct.unpack_from("<I", body)[0], body[4:], {}
        while rest:
            size = struct.unpack_from("<i", rest, 1)[0]
            section, kind, rest = rest[1:1 + size], rest[0], rest[1 + size:]
            if kind == 0:
                command.update(bson.BSON(section).decode())
                continue
            name, documents = section[4:].split(b"\0", 1)
            command[name.decode()] = bson.decode_all(documents)
        return flags, command

    def send(self, operation, answers, body):
        self.wfile.write(struct.pack("<iiii", 16 + len(body), (1000 + answers) & 0x7fffffff, answers, operation) + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Connection)
        self.collections = {}

    def answer(self, command):
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return HELLO
        if command[name] == "missing":
            return {"ok": 0.0, "errmsg": "secret is missing", "code": 26, "codeName": "NamespaceNotFound"}
        documents = self.collections.setdefault(command[name], []) if isinstance(command[name], str) else []
        if name == "insert":
            documents += command["documents"]
            return {"n": len(command["documents"]), "ok": 1.0}
        if name in ("find", "aggregate"):
            namespace = f"{command['$db']}.{command[name]}"
            return {"cursor": {"id": 0, "ns": namespace, "firstBatch": documents}, "ok": 1.0}
        if name in ("update", "delete"):
            return {"n": 1, "nModified": 1, "ok": 1.0}
        if name in ("ping", "endSessions"):
            return {"ok": 1.0}
        return {"ok": 0.0, "errmsg": f"no such command: {name}", "code": 59, "codeName": "CommandNotFound"}


if __name__ == "__main__":
    Server(int(sys.argv[1])).serve_forever()
