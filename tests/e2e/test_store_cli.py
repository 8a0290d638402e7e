"""`kolben store …`: every verb against the directory that a `kolben up` has left, filled over OTLP."""
import json
import os
import re
import shutil

import pytest

from harness import Kolben, get
from store_tools import (FULL, items_of, many_spans, requests_of, send, store, store_on_terminal)

# Each verb with the least that it needs.
VERBS = {
    "check": (), "stats": (), "compact": (), "export": ("traces", "-"), "import": ("traces", "-"),
    "delete": ("--service", "nobody"), "snapshot": ("copy",),
}
MANY_TRACES = 400
SIGNALS = tuple(FULL)


def run(verb, data, *arguments, **options):
    return store(verb, "--data", data, *arguments, **options)


def ok(answer):
    assert answer.returncode == 0, (answer.args, answer.stdout, answer.stderr)
    return answer


def stats(data):
    return json.loads(ok(run("stats", data, "-o", "json")).stdout)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store with every field of OTLP and some plain traces; nobody changes it."""
    directory = tmp_path_factory.mktemp("filled")
    kolben = Kolben(directory)
    try:
        for signal, make in FULL.items():
            for request in make():
                send(kolben, signal, request)
        for request in many_spans(MANY_TRACES):
            send(kolben, "traces", request)
        assert kolben.stop() == 0
    finally:
        kolben.kill()
    return kolben.data


@pytest.fixture
def data(filled, tmp_path):
    """A copy of it for one test."""
    return shutil.copytree(filled, tmp_path / "data")


# --- what each verb says ---------------------------------------------------------------------------


def test_stats_count_what_was_sent(filled):
    found = stats(filled)
    assert found["traces"]["rows"] == 3 + 2 * MANY_TRACES
    assert found["logs"]["rows"] == 3
    assert found["metrics"]["rows"] == 6
    assert found["diskBytes"] == sum(found[signal]["bytes"] for signal in SIGNALS)
    assert found["traces"]["firstTimeUnixNano"] == "1700000000000000000"
    text = ok(run("stats", filled)).stdout
    for word in (*SIGNALS, "bytes a row", "2023-11-14 22:13:20", "on disk: "):
        assert word in text


def test_stats_of_a_store_that_was_killed_count_the_log(tmp_path, programs):
    kolben = programs(Kolben(tmp_path))
    for request in many_spans(100):
        send(kolben, "traces", request)
    kolben.kill()
    assert stats(kolben.data)["traces"]["rows"] == 200


def test_a_sound_store_is_found_sound(filled):
    for arguments in ((), ("--quick",), ("--repair",)):
        answer = ok(run("check", filled, *arguments))
        assert "3 parts, all as they were written" in answer.stdout
        assert answer.stderr == ""


def test_compact_says_what_it_saved(tmp_path, programs, filled):
    data = shutil.copytree(filled, tmp_path / "data")
    for trace in range(20):     # parts of their own
        kolben = programs(Kolben(tmp_path))
        send(kolben, "traces", next(many_spans(1, first=1000 + trace)))
        assert kolben.stop() == 0
    before = stats(data)
    answer = ok(run("compact", data))
    after = stats(data)
    assert answer.stdout == f"{before['diskBytes']} bytes before, {after['diskBytes']} now\n"
    assert answer.stderr == ""
    assert after["traces"]["parts"] == 1 < before["traces"]["parts"]
    assert after["traces"]["rows"] == before["traces"]["rows"] == 3 + 2 * MANY_TRACES + 40
    assert after["diskBytes"] < before["diskBytes"]
    ok(run("check", data))


# --- out and in again ------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", SIGNALS)
def test_an_export_has_every_field_as_it_was_sent(filled, tmp_path, signal):
    sent = FULL[signal]() + (list(many_spans(MANY_TRACES)) if signal == "traces" else [])
    answer = ok(run("export", filled, signal, tmp_path / "all.json"))
    assert answer.stdout == ""
    assert "exported" in answer.stderr
    assert items_of(signal, requests_of(tmp_path / "all.json")) == items_of(signal, sent)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_an_import_makes_a_store_that_holds_the_same(filled, tmp_path, signal, form):
    ok(run("export", filled, "--format", form, signal, tmp_path / "moved"))
    for time in ("first", "second"):    # twice is as once
        answer = ok(run("import", tmp_path / "new", "--format", form, signal, tmp_path / "moved"))
        assert answer.stdout == ""
        assert ("had been there" in answer.stderr) == (time == "second"), answer.stderr
    for store_path, name in ((filled, "old.json"), (tmp_path / "new", "new.json")):
        ok(run("export", store_path, signal, tmp_path / name))
    assert (items_of(signal, requests_of(tmp_path / "new.json"))
            == items_of(signal, requests_of(tmp_path / "old.json")))
    found = stats(tmp_path / "new")
    assert found[signal]["rows"] == stats(filled)[signal]["rows"]
    assert sum(found[other]["rows"] for other in SIGNALS if other != signal) == 0


def test_spans_that_come_again_after_a_merge_are_stored_once_after_the_next(data, tmp_path):
    ok(run("export", data, "traces", tmp_path / "all.json"))
    ok(run("compact", data))
    ok(run("import", data, "traces", tmp_path / "all.json"))
    ok(run("compact", data))
    assert stats(data)["traces"]["rows"] == 3 + 2 * MANY_TRACES


def test_standard_input_and_output_are_files_too(filled, tmp_path):
    out = ok(run("export", filled, "logs", "-")).stdout
    (tmp_path / "logs.json").write_text(out)
    with open(tmp_path / "logs.json", "rb") as source:
        answer = store("import", "--data", tmp_path / "new", "logs", "-", stdin=source)
    assert ok(answer).stderr == "3 log_records imported\n"
    assert stats(tmp_path / "new")["logs"]["rows"] == 3


def test_an_export_writes_over_nothing(filled, tmp_path):
    (tmp_path / "mine").write_text("mine")
    answer = run("export", filled, "traces", tmp_path / "mine")
    assert answer.returncode == 1
    assert "mine is there already" in answer.stderr
    assert (tmp_path / "mine").read_text() == "mine"
    answer = run("export", filled, "traces", tmp_path / "missing" / "file")
    assert answer.returncode == 1
    assert "missing/file: No such file or directory" in answer.stderr
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize("content, form, why", [
    ("{\n", "json", "bad:1: "),
    ('{"resourceSpans": []}\n{"resourceSpans": [{"scopeSpans": 5}]}\n', "json", "bad:2: "),
    ('{"resourceLogs": [{}]}\n', "json", "holds no traces"),
    ('{"resourceSpans": []}', "protobuf", "is it --format json?"),
    ("\0\0\0\x09abc", "protobuf", "ends in the middle of a request"),
    ("\0\0\0\x03abc", "protobuf", "bad:1: "),
])
def test_an_import_names_the_place_of_a_mistake(tmp_path, content, form, why):
    (tmp_path / "bad").write_text(content)
    answer = run("import", tmp_path / "new", "--format", form, "traces", tmp_path / "bad")
    assert answer.returncode == 1
    assert why in answer.stderr
    assert str(tmp_path / "bad") in answer.stderr


def test_an_import_keeps_what_came_before_a_mistake(filled, tmp_path):
    ok(run("export", filled, "logs", tmp_path / "logs.json"))
    with open(tmp_path / "logs.json", "a") as file:
        file.write("oops\n")
    answer = run("import", tmp_path / "new", "logs", tmp_path / "logs.json")
    assert answer.returncode == 1
    assert "3 log_records imported" in answer.stderr
    assert stats(tmp_path / "new")["logs"]["rows"] == 3


def test_an_import_of_nothing_that_can_be_read_says_so(tmp_path):
    for path, why in (("missing", "No such file"), (".", "Is a directory")):
        for form in ("json", "protobuf"):
            answer = run("import", tmp_path / "new", "--format", form, "traces", tmp_path / path)
            assert answer.returncode == 1
            assert why in answer.stderr


# --- deleting --------------------------------------------------------------------------------------


def spans_left(data, tmp_path):
    path = tmp_path / "left.json"
    path.unlink(missing_ok=True)
    ok(run("export", data, "traces", path))
    return [(span["traceId"], span["name"]) for request in requests_of(path)
            for resource in request["resourceSpans"] for scope in resource["scopeSpans"]
            for span in scope["spans"]]


def test_a_trace_is_deleted_by_its_id(data, tmp_path):
    before = stats(data)["traces"]
    answer = ok(run("delete", data, "--trace", f"{7:032x}", "--trace", f"{0xF0051:032x}"))
    assert answer.stdout.startswith("4 spans and 1 log record deleted; ")
    assert answer.stderr == ""
    left = spans_left(data, tmp_path)
    assert len(left) == 3 + 2 * MANY_TRACES - 4
    assert not {trace for trace, _ in left} & {f"{7:032x}", f"{0xF0051:032x}"}
    assert ok(run("delete", data, "--trace", f"{7:032x}")).stdout.startswith("0 spans and 0 log")
    ok(run("compact", data))
    after = stats(data)["traces"]
    assert after["rows"] == len(left) and after["bytes"] < before["bytes"]


@pytest.mark.parametrize("arguments, gone", [
    (("--service", "batch"), 1),
    (("--service", "many"), 2 * MANY_TRACES),
    (("--attribute", "trace.number=9"), 2),
    (("--attribute", "host.cpus=2"), 3),                        # of the resource
    (("--service", "many", "--attribute", "trace.number=9"), 2),
    (("--service", "shop", "--attribute", "trace.number=9"), 0),   # both must hold
    (("--attribute", "double=0.1"), 1),
    (("--attribute", "trace.number=zero"), 0),
])
def test_spans_are_deleted_by_what_they_are(data, tmp_path, arguments, gone):
    answer = ok(run("delete", data, *arguments))
    assert re.match(rf"{gone} spans? and ", answer.stdout)
    assert len(spans_left(data, tmp_path)) == 3 + 2 * MANY_TRACES - gone
    ok(run("check", data))


@pytest.mark.parametrize("arguments, why", [
    ((), "say what: --trace, --service or --attribute"),
    (("--trace", "abc"), '"abc" is no trace id: 32 hexadecimal digits'),
    (("--attribute", "user"), '"user" is no KEY=VALUE'),
    (("--attribute", "=x"), '"=x" is no KEY=VALUE'),
])
def test_a_delete_that_says_not_what_deletes_nothing(filled, arguments, why):
    answer = run("delete", filled, *arguments)
    assert answer.returncode == 1
    assert why in answer.stderr
    assert stats(filled)["traces"]["rows"] == 3 + 2 * MANY_TRACES


# --- copies ----------------------------------------------------------------------------------------


def test_a_snapshot_is_a_store_that_another_kolben_opens(data, tmp_path, programs):
    answer = ok(run("snapshot", data, tmp_path / "copy"))
    assert str(tmp_path / "copy") in answer.stdout
    assert answer.stderr == ""
    ok(run("delete", data, "--service", "many"))
    ok(run("compact", data))
    assert stats(data)["traces"]["rows"] == 3
    copy = programs(Kolben(tmp_path, data="copy"))
    assert get(copy.ui, f"/api/kolben/trace/{1:032x}").status == 200
    send(copy, "traces", next(many_spans(1, first=5000)))
    assert copy.stop() == 0
    assert stats(copy.data)["traces"]["rows"] == 3 + 2 * MANY_TRACES + 2
    for store_path in (data, copy.data):
        ok(run("check", store_path))
    assert stats(data)["traces"]["rows"] == 3


def test_a_snapshot_goes_into_an_empty_directory_of_the_same_disk(data, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("mine")
    answer = run("snapshot", data, tmp_path / "taken")
    assert answer.returncode == 1
    assert "taken is not empty" in answer.stderr
    assert os.listdir(tmp_path / "taken") == ["thesis.txt"]
    if os.stat("/dev/shm").st_dev != os.stat(tmp_path).st_dev:
        elsewhere = f"/dev/shm/kolben-{os.getpid()}"
        try:
            answer = run("snapshot", data, elsewhere)
            assert answer.returncode == 1
            assert "is on another file system" in answer.stderr
            assert os.listdir(elsewhere) == []
        finally:
            shutil.rmtree(elsewhere, ignore_errors=True)


def test_a_copy_that_was_not_finished_is_no_store(data, tmp_path, programs):
    ok(run("snapshot", data, tmp_path / "copy"))
    os.unlink(tmp_path / "copy" / "FORMAT")     # which comes last
    answer = run("stats", tmp_path / "copy")
    assert answer.returncode == 1
    assert "there is no store" in answer.stderr
    second = programs(Kolben(tmp_path, data="copy", wait=False))
    assert second.process.wait(20) == 1
    assert "a copy that was not finished" in second.stderr
    assert len(os.listdir(tmp_path / "copy" / "parts")) == 3


# --- directories that are none, or are taken -------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_directory_is_named_and_not_made(tmp_path, verb):
    answer = store(verb, "--data", "nowhere", *VERBS[verb], cwd=tmp_path)
    if verb == "import":    # which makes a store
        assert answer.returncode == 0
        return
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"kolben store {verb}: ")
    assert "nowhere" in answer.stderr and "no store" in answer.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_foreign_directory_stays_as_it_is(tmp_path, verb):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    answer = store(verb, "--data", "home", *VERBS[verb], cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "home" in answer.stderr and "no store" in answer.stderr
    assert os.listdir(tmp_path) == ["home"]
    assert os.listdir(tmp_path / "home") == ["thesis.txt"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_newer_version_is_left_alone(data, tmp_path, verb):
    (data / "FORMAT").write_text("kolben store 3\nlog key 01234567\n")
    before = sorted(os.listdir(data / "parts"))
    answer = store(verb, "--data", data, *VERBS[verb], cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "the version that wrote it" in answer.stderr
    assert sorted(os.listdir(data / "parts")) == before


def test_a_store_in_use_is_left_alone(tmp_path, programs):
    kolben = programs(Kolben(tmp_path))
    for verb, arguments in VERBS.items():
        answer = store(verb, "--data", kolben.data, *arguments, cwd=tmp_path)
        assert answer.returncode == 1, verb
        assert answer.stdout == ""
        assert f"in use by another kolben (pid {kolben.pid})" in answer.stderr
    assert not (tmp_path / "copy").exists()
    send(kolben, "traces", next(many_spans(1)))
    assert kolben.stop() == 0


def test_the_directory_comes_from_the_environment_as_for_up(filled):
    answer = store("stats", "-o", "json", env={**os.environ, "KOLBEN_DATA_DIR": str(filled)})
    assert json.loads(ok(answer).stdout)["logs"]["rows"] == 3


# --- damage ----------------------------------------------------------------------------------------


def parts_of(data):
    return sorted((data / "parts").glob("*.part"))


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("name, damage, opens", [
    ("in the middle", lambda path: flip(path, path.stat().st_size // 3), True),
    ("at the end", lambda path: flip(path, path.stat().st_size - 20), False),
    ("truncated", cut, False),
    ("empty", lambda path: path.write_bytes(b""), False),
    ("missing", lambda path: path.unlink(), False),
    ("another part", lambda path: shutil.copy(parts_of(path.parents[1])[1], path), False),
])
def test_a_damaged_part_is_named_and_set_aside(data, tmp_path, programs, name, damage, opens):
    part = max(parts_of(data), key=lambda path: path.stat().st_size)    # the traces
    damage(part)
    answer = run("check", data)
    assert answer.returncode == 1
    assert f"{part.name}: {3 + 2 * MANY_TRACES} spans" in answer.stdout
    assert "1 of 3 parts are damaged; --repair sets them aside" in answer.stdout
    if not opens:       # a start looks at footers: it refuses what it cannot read, and says what to do
        for line in (run("stats", data), run("export", data, "logs", "-")):
            assert line.returncode == 1
            assert part.name in line.stderr and "kolben store check --repair" in line.stderr
        assert run("check", data, "--quick").returncode == 1
    answer = ok(run("check", data, "--repair"))
    assert f"{part.name}: {3 + 2 * MANY_TRACES} spans" in answer.stdout
    assert "1 of 3 parts set aside in damaged/" in answer.stdout
    assert [path.name for path in (data / "damaged").iterdir()] == (
        [] if name == "missing" else [part.name])
    assert "2 parts, all as they were written" in ok(run("check", data)).stdout
    found = stats(data)
    assert [found[signal]["rows"] for signal in SIGNALS] == [0, 3, 6]
    kolben = programs(Kolben(tmp_path))
    send(kolben, "traces", next(many_spans(1)))
    assert kolben.stop() == 0


def test_a_damaged_block_is_named_with_its_place(data):
    part = max(parts_of(data), key=lambda path: path.stat().st_size)
    place = part.stat().st_size // 3
    flip(part, place)
    line = run("check", data).stdout.splitlines()[0]
    found = re.search(rf"{part}: block of (\d+) bytes at offset (\d+): checksum mismatch", line)
    assert found, line
    length, offset = map(int, found.groups())
    assert offset <= place < offset + length


@pytest.mark.parametrize("damage", [lambda path: flip(path, 30), lambda path: path.unlink()])
def test_a_lost_manifest_is_made_anew_from_the_parts(data, damage):
    damage(data / "MANIFEST")
    for answer in (run("stats", data), run("check", data)):
        assert answer.returncode == 1
        assert "MANIFEST" in answer.stdout + answer.stderr
    answer = ok(run("check", data, "--repair"))
    assert "MANIFEST" in answer.stdout
    found = stats(data)
    assert [found[signal]["rows"] for signal in SIGNALS] == [3 + 2 * MANY_TRACES, 3, 6]


def test_a_damaged_record_of_the_log_is_skipped_and_told(tmp_path, programs):
    kolben = programs(Kolben(tmp_path))
    for request in many_spans(300):
        send(kolben, "traces", request)
    kolben.kill()
    log, = (kolben.data / "wal").glob("0*.log")
    flip(log, 2000)
    answer = ok(run("stats", kolben.data, "-o", "json"))
    assert "the log: 1 damaged records were skipped" in answer.stderr
    assert json.loads(answer.stdout)["traces"]["rows"] == 400


# --- people ----------------------------------------------------------------------------------------


def test_progress_is_for_terminals(data, tmp_path):
    for verb, arguments in (("export", ("traces", tmp_path / "a.json")),
                            ("import", ("traces", tmp_path / "a.json")), ("check", ()),
                            ("delete", ("--service", "batch")), ("compact", ())):
        code, _, seen = store_on_terminal(verb, "--data", data, *arguments)
        assert code == 0, seen
        assert "\r\x1b[K" in seen and " %" in seen, (verb, seen)
        assert seen.rstrip("\r\n").split("\r\x1b[K")[-1].find("%") < 0, "the line is taken away"
    (tmp_path / "a.json").unlink()
    for verb, arguments in (("export", ("traces", tmp_path / "a.json")),
                            ("import", ("traces", tmp_path / "a.json")), ("check", ()),
                            ("delete", ("--service", "batch")), ("compact", ())):
        answer = ok(run(verb, data, *arguments))
        assert "\r" not in answer.stderr and "%" not in answer.stderr


@pytest.mark.parametrize("verb, options", [
    ("check", ("--quick", "--repair")), ("stats", ("--output",)), ("compact", ()),
    ("export", ("--format", "signal", "file")), ("import", ("--format", "--wait", "signal", "file")),
    ("delete", ("--trace", "--service", "--attribute")), ("snapshot", ("directory",)),
])
def test_each_verb_explains_itself(verb, options):
    answer = ok(store(verb, "--help"))
    assert answer.stderr == ""
    for option in ("--data", *options):
        assert option in answer.stdout


def test_help_lists_the_verbs():
    answer = ok(store("--help"))
    for verb in VERBS:
        assert f"  {verb} " in answer.stdout


@pytest.mark.parametrize("arguments, why", [
    ((), "SUBCOMMAND"),
    (("chekc",), 'did you mean "check"?'),
    (("check", "--repiar"), "repiar"),
    (("export", "spans", "-"), "spans"),
    (("export", "traces"), "file"),
    (("export", "--format", "xml", "traces", "-"), "xml"),
    (("import", "--wait", "soon", "traces", "-"), "soon"),
    (("stats", "-o", "yaml"), "yaml"),
    (("snapshot",), "directory"),
])
def test_wrong_usage_gets_exit_code_2(arguments, why):
    answer = store(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert why in answer.stderr
