"""A program is with the agent as it is without: the same output, exit code, answers and system calls,
but for those that runtimes/allowed.py names; and each of its requests is one span.

What two runs may differ in anyway (dates, ids, how threads are scheduled) is named in runtimes/normal.py
and runtimes/difference.py."""
import collections
import os
import pathlib
import signal
import tempfile

import pytest

from harness import free_port, get, wait_until
from runtimes import databases, difference, servers
from runtimes.allowed import ANY_PROGRAM, not_allowed
from runtimes.runs import run

SILENT = ["--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "none"]
# What the agent adds is there each time; what a program now and then does is not.
TURNS_MAX = 3
INJECTED = len("traceparent: 00-") + 32 + 1 + 16 + len("-01\r\n")
RUNTIMES = {**servers.ALL, **databases.ALL}


@pytest.fixture(scope="module", params=RUNTIMES)
def served(request):
    """The server, its directory, which other users may read, too, and its port."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        place = pathlib.Path(directory) / "here"
        place.mkdir(mode=0o755)
        port = free_port()
        yield RUNTIMES[request.param](place, port), place, port


def exporting_to(kolben, name):
    endpoint = f"http://127.0.0.1:{kolben.otlp_grpc}"
    return ["--traces_exporter", "otlp", "--exporter_otlp_traces_endpoint", endpoint, "--exporter_otlp_insecure",
            "true", "--metrics_exporter", "none", "--logs_exporter", "none", "--service_name", name]


def server_spans(kolben, name):
    """How many there are of each target."""
    targets = collections.Counter()
    for trace in get(kolben.ui, "/api/traces", service=name, limit=1000).json()["data"]:
        for span in trace["spans"]:
            tags = {tag["key"]: tag["value"] for tag in span["tags"]}
            if tags.get("span.kind") == "server":
                targets[tags["http.target"]] += 1
    return targets


def check_same(watched, plain):
    differences = list(watched.unlike(plain))
    assert not differences, "\n".join(differences)


def unlike_calls(server, port, plain, watched):
    """What calls the agent adds beyond what it may, and which ones of the program's are missing."""
    counts = [difference.counted(one.calls, port, server.by_chance) for one in (plain, watched)]
    added, lost = counts[1] - counts[0], counts[0] - counts[1]
    executed = [call for call in watched.calls if call.name == "execve" and not call.error]
    forks = [call for call in watched.calls if call.is_fork]
    connections = {call.file for call in watched.calls if "->" in call.file}
    numbers = {"program": len(executed), "process": 1 + len(forks), "exec": len(executed) - 1,
               "connection": 1 + len(connections)}  # the listening one
    too_much = not_allowed(added, [*ANY_PROGRAM, *server.allowed], numbers)
    return {f"more: {text}" for text in too_much} | {f"less: {text}" for text in lost}


def unlike_bytes(server, plain, watched):
    """The program moves the same bytes, and the headers that are written into its own requests; what else."""
    found = set()
    asked = sum(exchange.method == "POST" for exchange in watched.exchanges) * server.asks
    cut_otherwise = sum(len(own.answer.raw) - len(other.answer.raw)
                        for own, other in zip(watched.exchanges, plain.exchanges))
    for names, more in ((difference.RECEIVE, 0), (difference.SEND, cut_otherwise)):
        before, after = (sum(difference.moved(one.calls, names).values()) for one in (plain, watched))
        wrong = after - before - asked * INJECTED - more
        if wrong:
            found.add(f"{wrong:+} bytes by {', '.join(sorted(names))}")
    return found


def check_spans(server, watched, kolben, name):
    """Each request is one span, and so are those that the server makes itself."""
    if not watched.exchanges:  # of another protocol
        return
    asked = [exchange.target for exchange in watched.exchanges]
    inner = [exchange.target.replace("/length", "/inner") for exchange in watched.exchanges
             if server.asks and exchange.method == "POST"]
    wait_until(lambda: server_spans(kolben, name).total() >= len(asked + inner), f"spans of {name}")
    assert server_spans(kolben, name) == {target: 1 for target in asked + inner}


def test_a_server_is_as_without(served, shared_kolben):
    server, directory, port = served
    unlike = None
    for turn in range(TURNS_MAX):
        name = f"{server.name}-{turn}"
        plain = run(server, directory, port, traced=True)
        watched = run(server, directory, port, exporting_to(shared_kolben, name), traced=True)
        check_same(watched, plain)
        assert not any(call.name.startswith("io_uring") for call in watched.calls)
        check_spans(server, watched, shared_kolben, name)
        calls = unlike_calls(server, port, plain, watched) | unlike_bytes(server, plain, watched)
        unlike = calls if unlike is None else unlike & calls
        if not unlike:
            break
    assert not unlike, "\n".join(sorted(unlike))


def test_a_server_ends_as_without(served):
    """By SIGINT; the other way, SIGTERM, is the one above."""
    server, directory, port = served
    plain = run(server, directory, port, end=signal.SIGINT, size="small")
    watched = run(server, directory, port, SILENT, end=signal.SIGINT, size="small")
    check_same(watched, plain)
