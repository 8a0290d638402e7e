"""`kolben up`: starts, says where it listens, refuses clearly, stops gracefully."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from harness import BIN, Kolben, ANY_PORTS, get, wait_until, span


def run(*arguments, timeout=20):
    return subprocess.run([BIN / "kolben", *arguments], capture_output=True, text=True,
                          timeout=timeout)


def test_ports_file_names_every_listener(kolben):
    assert {"otlp/grpc", "otlp/http", "zipkin", "query", "prometheus", "health_check",
            "remote_sampling/http", "remote_sampling/grpc", "telemetry"} <= set(kolben.ports)
    assert all(port > 0 for port in kolben.ports.values())
    assert json.loads(kolben.ports_path.read_text())["pid"] == kolben.pid


def test_health_answers_200_when_all_listeners_accept(kolben):
    answer = get(kolben.port("health_check"), "/")
    assert answer.status == 200
    assert "Server available" in answer.text
    for port in kolben.ports.values():
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_stops_gracefully_with_exit_code_0_and_keeps_what_it_took(tmp_path, programs, stop_signal):
    first = programs(Kolben(tmp_path))
    assert first.send_spans(span("kept", 1, 1)).status == 200
    assert first.stop(stop_signal) == 0
    second = programs(Kolben(tmp_path))
    assert [trace["rootName"] for trace in second.search()] == ["kept"]


def test_is_ready_quickly_and_small(tmp_path, programs):
    began = time.monotonic()
    kolben = programs(Kolben(tmp_path))
    took = time.monotonic() - began
    status = open(f"/proc/{kolben.pid}/status").read()
    resident_kib = int(status.split("VmRSS:")[1].split()[0])
    # The figures to reach (200 ms, 30 MiB) are measured by `make bench`; this catches disasters.
    assert took < 5
    assert resident_kib < 60 * 1024


def test_port_in_use_names_its_holder(tmp_path, programs):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        config = ANY_PORTS.replace('http: {endpoint: "127.0.0.1:0"}',
                                   f'http: {{endpoint: "127.0.0.1:{port}"}}')
        kolben = programs(Kolben(tmp_path, config=config, wait=False))
        assert kolben.process.wait(20) == 1
        assert f"{port}" in kolben.stderr
        assert f"pid {os.getpid()}" in kolben.stderr


def test_second_kolben_on_the_same_data_is_refused(tmp_path, programs):
    first = programs(Kolben(tmp_path))
    second = programs(Kolben(tmp_path, name="second", wait=False))
    assert second.process.wait(20) == 1
    assert "in use" in second.stderr
    assert f"pid {first.pid}" in second.stderr


def test_data_directory_that_cannot_be_made_is_refused(tmp_path, programs):
    (tmp_path / "file").write_text("no directory")
    kolben = programs(Kolben(tmp_path, data="file/below", wait=False))
    assert kolben.process.wait(20) == 1
    assert "file/below" in kolben.stderr


def test_foreign_directory_is_refused(tmp_path, programs):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("mine")
    kolben = programs(Kolben(tmp_path, wait=False))
    assert kolben.process.wait(20) == 1
    assert "data" in kolben.stderr
    assert (tmp_path / "data" / "thesis.txt").read_text() == "mine"


def test_version_and_help():
    assert run("version").returncode == 0
    assert run("version").stdout.startswith("kolben ")
    help_text = run("--help")
    assert help_text.returncode == 0
    for command in ("up", "collector", "config", "version"):
        assert command in help_text.stdout


def test_unknown_command_gets_exit_code_2_and_the_nearest():
    answer = run("colector")
    assert answer.returncode == 2
    assert "collector" in answer.stderr


def test_config_show_prints_what_is_in_force():
    answer = run("config", "show")
    assert answer.returncode == 0, answer.stderr
    for word in ("otlp", "zipkin", "prometheus", "store", "query", "health_check", "remote_sampling"):
        assert word in answer.stdout


def test_set_overrides_a_value(tmp_path, programs):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kolben = programs(Kolben(tmp_path, "--set", f"extensions.query.endpoint=127.0.0.1:{port}"))
    assert kolben.ui == port
    wait_until(lambda: get(port, "/api/services").status == 200, "the query API answers")
