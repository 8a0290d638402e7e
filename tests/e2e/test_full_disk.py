"""A disk that is full: senders are told to come again and lose nothing, health says so, commands fail
clearly, and everything goes on by itself once there is room.

The disk is a tmpfs of 40 MiB, which only root may mount; without root these tests are skipped.
"""
import base64
import os
import random
import shutil
import subprocess
import time

import pytest

from harness import ANY_PORTS, BIN, Kolben, get, post_json, span, trace_request, wait_until
from store_tools import START, many_spans, requests_of, send, store
from test_store_cli import flip, ok, stats

DISK_BYTES = 40 << 20
BALLAST_BYTES = 12 << 20
SPANS = 20
REFUSED_SECONDS = 2     # a part that found no room is tried again after half a second
REQUEST_BYTES = SPANS * 2000
CHANCE = random.Random(7)


@pytest.fixture
def disk(tmp_path):
    """A file system of its own, of DISK_BYTES."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", path],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no disk of a chosen size: {mounted.stderr.strip()}")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def kolben_on(disk, tmp_path, retention="", *arguments):
    config = ANY_PORTS.replace("exporters:", f"exporters:\n  store: {{{retention}}}")
    return Kolben(tmp_path, *arguments, config=config, data="disk/data")


def heavy(number):
    """Some 40 kB that do not compress; trace `number`."""
    return trace_request([span(f"s{index}", number, number * 100 + index + 1,
                               start=START + number * 1000 + index,
                               filler=base64.b64encode(CHANCE.randbytes(1500)).decode())
                          for index in range(SPANS)])


def load(kolben, acknowledged, first, stop):
    """Sends until stop(answer), at most what fills the disk four times; the last answer."""
    for number in range(first, first + 4 * DISK_BYTES // REQUEST_BYTES):
        answer = post_json(kolben.otlp_http, "/v1/traces", heavy(number))
        if answer.status == 200:
            acknowledged.add(number)
        if stop(answer):
            return answer
    return None


def is_refusal(answer):
    return answer.status != 200


def ballast(disk):
    """Takes room away, which comes back when the file goes."""
    path = disk / "ballast"
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    return path


def health(kolben):
    answer = get(kolben.port("health_check"), "/")
    return answer.status, answer.json()


def refuses(kolben):
    """Sends until nothing has gone in for a while: what the log held becomes parts, which makes room
    for some more. The last answer."""
    taken = time.monotonic()
    deadline = taken + 60
    while True:
        answer = post_json(kolben.otlp_http, "/v1/traces", heavy(9_000_000))
        now = time.monotonic()
        if answer.status == 200:
            taken = now
        elif now - taken > REFUSED_SECONDS:
            return answer
        assert now < deadline


def stored(data, tmp_path):
    """Spans by trace."""
    path = tmp_path / "stored.json"
    path.unlink(missing_ok=True)
    ok(store("export", "--data", data, "traces", path))
    traces = {}
    for one in requests_of(path):
        for resource in one["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for item in scope["spans"]:
                    traces.setdefault(int(item["traceId"], 16), []).append(item["spanId"])
    return traces


def check_ledger(data, tmp_path, acknowledged):
    traces = stored(data, tmp_path)
    for number in acknowledged:
        spans = traces.get(number, [])
        assert len(spans) == len(set(spans)) == SPANS, f"trace {number} has {len(spans)} spans"


def test_a_full_disk_refuses_is_survived_and_goes_on_when_there_is_room(disk, tmp_path, programs):
    weight = ballast(disk)
    kolben = programs(kolben_on(disk, tmp_path))
    assert health(kolben)[0] == 200
    acknowledged = set()
    load(kolben, acknowledged, 1, is_refusal)
    assert acknowledged
    refusal = refuses(kolben)
    assert int(refusal.headers["Retry-After"]) >= 1
    assert refusal.json()["code"] == 8
    assert "no room" in refusal.text or "No space left" in refusal.text
    wait_until(lambda: health(kolben)[0] == 503, "health tells")
    status, body = health(kolben)
    assert body["status"] == "Server not available"
    assert body["error"].startswith("store: storing: "), body
    # Reading goes on.
    assert get(kolben.ui, f"/api/kolben/trace/{min(acknowledged):032x}").status == 200
    # Killed and started again, the disk being full still: the same; but health may be told to stay
    # well, for those who would restart what is not.
    kolben.kill()
    kolben = programs(kolben_on(
        disk, tmp_path, "",
        "--set", "extensions.health_check.component_health.include_recoverable_errors=false"))
    refuses(kolben)
    assert "the store refuses data" in kolben.stderr
    wait_until(lambda: "error" in health(kolben)[1], "health tells")
    assert health(kolben)[0] == 200
    assert health(kolben)[1]["status"] == "Server available"
    assert get(kolben.ui, f"/api/kolben/trace/{max(acknowledged):032x}").status == 200
    # Room: nobody sends, and health says 200 again by itself.
    weight.unlink()
    wait_until(lambda: "error" not in health(kolben)[1], "there is room again")
    assert load(kolben, acknowledged, 10_000, lambda answer: True).status == 200
    assert kolben.stop() == 0
    check_ledger(kolben.data, tmp_path, acknowledged)


def test_what_the_log_holds_becomes_parts_also_when_the_disk_stays_full(disk, tmp_path, programs):
    kolben = programs(kolben_on(disk, tmp_path))
    acknowledged = set()
    load(kolben, acknowledged, 1, is_refusal)
    refuses(kolben)
    assert kolben.stop() == 0, kolben.stderr    # 1 where the newest could not be sealed
    logs = sum(path.stat().st_size for path in (kolben.data / "wal").iterdir())
    assert logs == 0
    check_ledger(kolben.data, tmp_path, acknowledged)
    ok(store("check", "--data", kolben.data))


@pytest.mark.parametrize("retention", ["retention: {max_bytes: 20971520}",
                                       "retention: {min_free_bytes: 6291456}"])
def test_retention_makes_room_under_load(disk, tmp_path, programs, retention):
    kolben = programs(kolben_on(disk, tmp_path, retention))
    acknowledged, refused, sent = set(), 0, 0
    deadline = time.monotonic() + 60
    while sent < 2 * DISK_BYTES:
        assert time.monotonic() < deadline
        number = len(acknowledged) + 1
        body = heavy(number)
        answer = post_json(kolben.otlp_http, "/v1/traces", body)
        while answer.status != 200:     # a sender that keeps its data
            assert answer.status == 429 and int(answer.headers["Retry-After"]) >= 1, answer.text
            refused += 1
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.05)
            answer = post_json(kolben.otlp_http, "/v1/traces", body)
        acknowledged.add(number)
        sent += REQUEST_BYTES
    assert health(kolben)[0] == 200
    assert kolben.stop() == 0, kolben.stderr
    if "max_bytes" in retention:
        assert stats(kolben.data)["diskBytes"] <= 20 << 20
    left = set(stored(kolben.data, tmp_path))
    # The oldest went, nothing out of the middle.
    assert left == set(range(min(left), max(acknowledged) + 1))
    assert 1 not in left and len(left) > len(acknowledged) // 10
    check_ledger(kolben.data, tmp_path, left)


GRPC_CLIENT = """
import sys
import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services

stub = services.TraceServiceStub(grpc.insecure_channel(sys.argv[1]))
message = messages.ExportTraceServiceRequest()
span = message.resource_spans.add().scope_spans.add().spans.add()
span.name, span.trace_id, span.span_id = "x" * 3_000_000, b"1" * 16, b"1" * 8
try:
    stub.Export(message, timeout=20)
    print("OK")
except grpc.RpcError as error:
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    print(error.code().name, b"google.rpc.RetryInfo" in details)
"""


def test_grpc_senders_are_told_when_to_come_again(disk, tmp_path, programs, sdk_python):
    kolben = programs(kolben_on(disk, tmp_path))
    load(kolben, set(), 1, is_refusal)
    refuses(kolben)
    answer = subprocess.run([sdk_python, "-c", GRPC_CLIENT, f"127.0.0.1:{kolben.otlp_grpc}"],
                            capture_output=True, text=True, timeout=60)
    assert answer.stdout == "RESOURCE_EXHAUSTED True\n", answer.stderr


# --- commands --------------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path, programs):
    """A store elsewhere that has more than the disk can take."""
    kolben = programs(Kolben(tmp_path, name="large", data="large"))
    for number in range(1, 2 * DISK_BYTES // REQUEST_BYTES):
        send(kolben, "traces", heavy(number))
    assert kolben.stop() == 0
    return kolben.data


def test_an_export_to_a_full_disk_fails_clearly_and_leaves_nothing(disk, large):
    answer = store("export", "--data", large, "traces", disk / "all.json")
    assert answer.returncode == 1
    assert answer.stderr == (f"kolben store export: cannot write {disk / 'all.json'}: "
                             "No space left on device\n")
    assert os.listdir(disk) == []
    with open("/dev/full", "wb") as full:
        answer = store("export", "--data", large, "traces", "-", capture_output=False, stdout=full,
                       stderr=subprocess.PIPE)
    assert answer.returncode == 1
    assert "cannot write standard output: No space left on device" in answer.stderr


def test_an_import_into_a_full_disk_waits_says_why_and_ends(disk, large, tmp_path):
    ok(store("export", "--data", large, "traces", tmp_path / "all.json"))
    began = time.monotonic()
    answer = store("import", "--data", disk / "data", "--wait", "3", "traces", tmp_path / "all.json")
    assert 3 <= time.monotonic() - began < 30
    assert answer.returncode == 1
    assert "waiting for the store: " in answer.stderr
    assert "the store took nothing for 3 s: " in answer.stderr
    assert "imported" in answer.stderr
    # What it took is there, and with room the rest comes, once.
    ok(store("check", "--data", disk / "data"))
    kept = stats(disk / "data")["traces"]["rows"]
    assert f"{kept} spans imported" in answer.stderr
    shutil.move(disk / "data", tmp_path / "roomy")
    ok(store("import", "--data", tmp_path / "roomy", "traces", tmp_path / "all.json"))
    ok(store("compact", "--data", tmp_path / "roomy"))
    assert stats(tmp_path / "roomy")["traces"]["rows"] == stats(large)["traces"]["rows"]


def test_an_import_goes_on_when_there_is_room(disk, tmp_path, programs):
    source = programs(Kolben(tmp_path, name="source", data="source"))
    for one in many_spans(2000):
        send(source, "traces", one)
    assert source.stop() == 0
    ok(store("export", "--data", source.data, "traces", tmp_path / "all.json"))
    weight = disk / "ballast"
    with open(weight, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, DISK_BYTES - (1 << 20))
    answer = subprocess.Popen([BIN / "kolben", "store", "import", "--data", disk / "data",
                               "traces", tmp_path / "all.json"], stderr=subprocess.PIPE, text=True)
    try:
        line = answer.stderr.readline()
        while "waiting for the store" not in line:
            assert line, "it ended"
            line = answer.stderr.readline()
        weight.unlink()
        assert answer.wait(60) == 0
        assert "4000 spans imported\n" in answer.stderr.read()
    finally:
        answer.kill()
        answer.wait()
        answer.stderr.close()
    assert stats(disk / "data")["traces"]["rows"] == 4000


def test_commands_on_a_full_disk_work_or_say_what_is_missing(disk, tmp_path, programs):
    kolben = programs(kolben_on(disk, tmp_path))
    for number in range(1, 200):
        send(kolben, "traces", heavy(number))
    assert kolben.stop() == 0
    path = disk / "ballast"
    with open(path, "wb") as file:      # to the last byte
        free = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
    rows = 199 * SPANS
    assert stats(kolben.data)["traces"]["rows"] == rows
    ok(store("check", "--data", kolben.data))
    ok(store("export", "--data", kolben.data, "traces", tmp_path / "saved.json"))
    for verb, arguments in (("compact", ()), ("delete", ("--trace", f"{1:032x}")),
                            ("snapshot", (disk / "copy",))):
        answer = store(verb, "--data", kolben.data, *arguments)
        if answer.returncode != 0:
            assert answer.stderr.splitlines()[-1].startswith(f"kolben store {verb}: "), answer.stderr
            assert "No space left on device" in answer.stderr or "bytes left" in answer.stderr
        assert stats(kolben.data)["traces"]["rows"] in (rows, rows - SPANS)
    if (disk / "copy").exists():
        assert os.listdir(disk / "copy") in ([], ["FORMAT", "MANIFEST", "parts"])
    path.unlink()
    ok(store("delete", "--data", kolben.data, "--trace", f"{1:032x}"))
    ok(store("snapshot", "--data", kolben.data, disk / "second"))
    ok(store("check", "--data", disk / "second"))


def test_a_damaged_list_of_deleted_rows_is_named(disk, tmp_path, programs):
    """Here, where there is no room for the merge that would drop the rows and the list."""
    kolben = programs(kolben_on(disk, tmp_path))
    for one in many_spans(100):
        send(kolben, "traces", one)
    assert kolben.stop() == 0
    ok(store("delete", "--data", kolben.data, "--trace", f"{7:032x}"))
    deleted, = (kolben.data / "parts").glob("*.deleted")
    assert stats(kolben.data)["traces"]["rows"] == 198
    flip(deleted, deleted.stat().st_size - 1)
    answer = store("check", "--data", kolben.data, "--quick")
    assert answer.returncode == 1
    assert str(deleted) in answer.stdout
    assert store("stats", "--data", kolben.data).returncode == 1
    ok(store("check", "--data", kolben.data, "--repair"))
    assert len(list((kolben.data / "damaged").iterdir())) == 2     # the part, too
    assert stats(kolben.data)["traces"]["rows"] == 0
