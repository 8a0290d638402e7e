"""kill -9 during `kolben store …`: the store is as before or as after, whole, and the verb can be
given again."""
import os
import random
import shutil
import subprocess
import time

import pytest

from harness import ANY_PORTS, BIN, Kolben
from store_tools import items_of, many_spans, requests_of, send, store
from test_store_cli import ok, run, stats

CHANCE = random.Random(4)
KILLS = 12
TRACES = 6000
# Many parts, so that there is something to merge.
CONFIG = ANY_PORTS.replace("exporters:", "exporters:\n  store: {parts: {rows: 300, merge: 16}}")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    directory = tmp_path_factory.mktemp("original")
    kolben = Kolben(directory, config=CONFIG)
    try:
        for service, first in (("keep", 1), ("drop", 1_000_001)):
            for request in many_spans(TRACES // 2, first=first, service=service):
                send(kolben, "traces", request)
        assert kolben.stop() == 0
    finally:
        kolben.kill()
    ok(run("export", kolben.data, "traces", directory / "all.json"))
    return kolben.data


@pytest.fixture(scope="module")
def lines(original):
    """What is in it."""
    return items_of("traces", requests_of(original.parent / "all.json"))


def content(data, tmp_path):
    path = tmp_path / "content.json"
    path.unlink(missing_ok=True)
    ok(run("export", data, "traces", path))
    return items_of("traces", requests_of(path))


def duration(verb, original, tmp_path, *arguments):
    """How long the verb takes when nobody kills it."""
    data = shutil.copytree(original, tmp_path / "timed")
    began = time.monotonic()
    ok(run(verb, data, *arguments))
    took = time.monotonic() - began
    shutil.rmtree(data)
    return took


def kill_at_random(seconds, verb, data, *arguments):
    """Whether the kill came in time."""
    process = subprocess.Popen([BIN / "kolben", "store", verb, "--data", data, *arguments],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(CHANCE.uniform(0.005, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait(20) == -9


def test_a_compact_that_is_killed_loses_and_doubles_nothing(original, lines, tmp_path):
    data = shutil.copytree(original, tmp_path / "data")
    seconds = duration("compact", original, tmp_path)
    hits = 0
    for _ in range(KILLS):
        hits += kill_at_random(seconds, "compact", data)
        assert content(data, tmp_path) == lines
    ok(run("check", data))
    assert hits >= KILLS // 4, "the kills came too late"
    ok(run("compact", data))
    assert content(data, tmp_path) == lines
    found = stats(data)
    assert found["diskBytes"] == sum(path.stat().st_size for path in (data / "parts").iterdir())


def test_a_delete_that_is_killed_deletes_all_or_nothing(original, lines, tmp_path):
    seconds = duration("delete", original, tmp_path, "--service", "drop")
    kept = [line for line in lines if '"stringValue": "keep"' in line]
    hits = 0
    for number in range(KILLS):
        data = shutil.copytree(original, tmp_path / f"data-{number}")
        hits += kill_at_random(seconds, "delete", data, "--service", "drop")
        assert content(data, tmp_path) in (lines, kept)
        ok(run("delete", data, "--service", "drop"))
        assert content(data, tmp_path) == kept
        ok(run("check", data))
        shutil.rmtree(data)
    assert hits >= KILLS // 4, "the kills came too late"


def test_a_snapshot_that_is_killed_is_whole_or_no_store(original, lines, tmp_path):
    seconds = duration("snapshot", original, tmp_path, tmp_path / "timed-copy")
    data = shutil.copytree(original, tmp_path / "data")
    hits = 0
    for number in range(KILLS):
        copy = tmp_path / f"copy-{number}"
        hits += kill_at_random(seconds, "snapshot", data, copy)
        assert content(data, tmp_path) == lines
        if (copy / "FORMAT").exists():
            assert content(copy, tmp_path) == lines
        else:
            assert "there is no store" in run("stats", copy).stderr
        shutil.rmtree(copy, ignore_errors=True)
    assert hits >= KILLS // 4, "the kills came too late"
    ok(run("snapshot", data, tmp_path / "whole"))
    assert content(tmp_path / "whole", tmp_path) == lines


def test_an_export_that_is_killed_leaves_nothing_under_its_name(original, lines, tmp_path):
    data = shutil.copytree(original, tmp_path / "data")
    seconds = duration("export", original, tmp_path, "traces", tmp_path / "timed.json")
    path = tmp_path / "all.json"
    hits = 0
    for _ in range(KILLS):
        hits += kill_at_random(seconds, "export", data, "traces", path)
        if path.exists():
            assert items_of("traces", requests_of(path)) == lines
            path.unlink()
    assert hits >= KILLS // 4, "the kills came too late"
    ok(run("export", data, "traces", path))
    assert items_of("traces", requests_of(path)) == lines
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_an_import_that_is_killed_is_given_again(original, lines, tmp_path):
    source = original.parent / "all.json"
    began = time.monotonic()
    ok(run("import", tmp_path / "timed", "traces", source))
    seconds = time.monotonic() - began
    hits = 0
    for _ in range(KILLS):
        hits += kill_at_random(seconds, "import", tmp_path / "new", "traces", source)
    assert hits >= KILLS // 4, "the kills came too late"
    ok(run("import", tmp_path / "new", "traces", source))
    ok(run("compact", tmp_path / "new"))
    assert content(tmp_path / "new", tmp_path) == lines
    ok(run("check", tmp_path / "new"))
