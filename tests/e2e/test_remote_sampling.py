"""Jaeger's remote sampling, served by Kolben: what programs under the agent are told, and what becomes of the file."""
import json
import re
import signal

import pytest

from harness import Kolben, get, is_alive, request, wait_until
from test_agent import agent_of
from test_agent_sampler import names_of, sampled_by, serve

ALL = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 1}}
NONE = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0}}


def rate(param, **more):
    return {"type": "probabilistic", "param": param, **more}


def serve_strategies(tmp_path, programs, strategies, *arguments, **options):
    path = tmp_path / "strategies.json"
    path.write_text(json.dumps(strategies, indent="\t"))
    kolben = programs(Kolben(tmp_path, "--set", f"extensions.remote_sampling.file.path={path}", *arguments, **options))
    return kolben, path


def answer_of(kolben, service="any"):
    return get(kolben.port("remote_sampling/http"), "/sampling", service=service).json()


def test_without_a_file_everything_is_wanted(kolben):
    assert answer_of(kolben) == ALL
    assert get(kolben.port("remote_sampling/http"), "/sampling").status == 400


def let_it_ask(kolben, transport):
    """Twice: what the first answer said is in force when the second is asked for."""
    def answers():
        text = get(kolben.port("telemetry"), "/metrics").text
        found = re.search(rf'^kolben_remote_sampling_answers\S*listener="remote_sampling/{transport}"\S* (\d+)$', text, re.M)
        return int(found[1]) if found else 0
    before = answers()
    wait_until(lambda: answers() >= before + 2, "the agent has asked twice")


@pytest.mark.parametrize("transport, path", [("http", "/sampling"), ("grpc", "")])
@pytest.mark.parametrize("service, initial_rate, wanted", [
    ("all", 0, {"GET /yes/*", "GET /no"}), ("shop", 0, {"GET /yes/*"}), ("other", 1, set())])
def test_a_program_under_the_agent_does_as_it_is_told(
        tmp_path, programs, transport, path, service, initial_rate, wanted):
    kolben, _ = serve_strategies(tmp_path, programs, {
        "default_strategy": rate(0),
        "service_strategies": [
            {"service": "all", **rate(1)},
            {"service": "shop", **rate(0, operation_strategies=[{"operation": "GET /yes/*", **rate(1)}])}]})
    endpoint = f"http://127.0.0.1:{kolben.port(f'remote_sampling/{transport}')}{path}"
    program, port = serve(tmp_path, programs, ["--service_name", service, *sampled_by(endpoint, initial_rate)])
    let_it_ask(kolben, transport)
    for _ in range(3):
        for target in ("/yes/1", "/yes/2", "/no"):
            request(port, "GET", target)
    [agent] = agent_of(program)
    program.stop()
    wait_until(lambda: not is_alive(agent), "the agent process has ended")
    names = names_of(program)
    # A route is known only from a strategy; else a path is a name of its own.
    seen = {"GET /yes/*" if name.startswith("GET /yes/") else name for name in names} - {"GET /"}
    assert seen == wanted, names
    assert len(names) >= 3 * len(wanted)
    assert "kolben agent" not in program.stderr


def test_a_file_that_changes_is_read_again_and_a_wrong_one_is_not_taken(tmp_path, programs):
    kolben, path = serve_strategies(tmp_path, programs, {"default_strategy": rate(0)},
                                    "--set", "extensions.remote_sampling.file.reload_interval=20ms")
    assert answer_of(kolben) == NONE
    path.write_text('{"default_strategy": {\n"type": "probabilistic", "param": 7}}')
    wait_until(lambda: "strategies.json:2:" in kolben.stderr, "the mistake is said")
    assert "the strategies before stay in force" in kolben.stderr
    assert answer_of(kolben) == NONE
    path.write_text(json.dumps({"default_strategy": rate(1)}))
    wait_until(lambda: answer_of(kolben) == ALL, "the new strategy is in force")


def test_sighup_reads_the_file_again_and_a_wrong_one_leaves_everything_as_it_was(tmp_path, programs):
    kolben, path = serve_strategies(tmp_path, programs, {"default_strategy": rate(0)}, start_new_session=True)
    assert answer_of(kolben) == NONE
    path.write_text('{"default_stategy": {}}')
    kolben.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the one before stays in force" in kolben.stderr, "the mistake is said")
    assert 'did you mean "default_strategy"' in kolben.stderr
    assert answer_of(kolben) == NONE
    path.write_text(json.dumps({"default_strategy": rate(1)}))
    kolben.process.send_signal(signal.SIGHUP)
    wait_until(lambda: kolben.stderr.count("kolben: ready") == 2, "what is new runs")
    kolben.wait_ready()
    assert answer_of(kolben) == ALL


def test_a_wrong_file_ends_the_start_with_its_line(tmp_path, programs):
    kolben, _ = serve_strategies(tmp_path, programs, {"default_strategy": rate(2)}, wait=False)
    assert kolben.process.wait(20) == 1
    assert "strategies.json:4:" in kolben.stderr and "want a probability from 0 to 1" in kolben.stderr
