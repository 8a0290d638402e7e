"""Which traces are recorded where a server of Jaeger's remote sampling API says so: real programs under the agent, and
a server that answers as Jaeger's does."""
import json
import subprocess
import time
import urllib.parse

import pytest

from harness import HttpServer, Program, free_port, is_alive, request, wait_until
from test_agent import AGENT, agent_of, json_objects, wait_listening

SERVER = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1"]
CONSOLE = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none"]


class Strategies(HttpServer):
    """Answers with `strategies`; `asked` are the services that came."""

    def __init__(self, strategies):
        super().__init__(self.answer)
        self.strategies = strategies
        self.asked = []

    def answer(self, method, path, headers, body):
        path, _, query = path.partition("?")
        if path != "/sampling":
            return 404, b"no such page\n"
        self.asked += urllib.parse.parse_qs(query)["service"]
        return 200, json.dumps(self.strategies).encode()


def sampled_by(endpoint, rate):
    return [*CONSOLE, "--traces_sampler", "parentbased_jaeger_remote", "--traces_sampler_arg",
            f"endpoint={endpoint},pollingIntervalMs=100,initialSamplingRate={rate}"]


def serve(tmp_path, programs, flags):
    port = free_port()
    program = programs(Program([AGENT, *flags, *SERVER, str(port)], tmp_path, "server"))
    wait_listening(port, "the server")
    return program, port


def names_of(program):
    return [value["name"] for value in json_objects(program.stdout) if "parent_id" in value]


def test_each_operation_has_its_strategy(tmp_path, programs):
    with Strategies({"operationSampling": {
            "defaultSamplingProbability": 0, "perOperationStrategies": [
                {"operation": "GET /yes/*", "probabilisticSampling": {"samplingRate": 1}}]}}) as jaeger:
        program, port = serve(tmp_path, programs,
                              ["--service_name", "my shop", *sampled_by(f"{jaeger.url}/sampling", 0)])

        def is_sampled():
            request(port, "GET", "/yes/1")
            return names_of(program)
        wait_until(is_sampled, "the strategies hold")
        for _ in range(10):
            request(port, "GET", "/no/1")
            request(port, "GET", "/yes/2")
        [agent] = agent_of(program)
        program.stop()
        wait_until(lambda: not is_alive(agent), "the agent process has ended")
    names = names_of(program)
    assert len(names) > 10
    assert set(names) == {"GET /yes/*"}, names
    assert set(jaeger.asked) == {"my shop"}
    assert "kolben agent" not in program.stderr


def test_a_limit_counts_traces(tmp_path, programs):
    with Strategies({"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0}}) as jaeger:
        program, port = serve(tmp_path, programs, sampled_by(f"{jaeger.url}/sampling", 1))

        def let_it_ask():
            before = len(jaeger.asked)
            wait_until(lambda: len(jaeger.asked) > before + 1, "what came before is in force")
        let_it_ask()
        for _ in range(5):
            request(port, "GET", "/none")
        jaeger.strategies = {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": 5}}
        let_it_ask()
        begun = time.monotonic()
        for _ in range(60):
            request(port, "GET", "/limited")
        seconds = time.monotonic() - begun
        [agent] = agent_of(program)
        program.stop()
        wait_until(lambda: not is_alive(agent), "the agent process has ended")
    names = names_of(program)
    assert "GET /none" not in names
    assert 5 <= names.count("GET /limited") <= 5 + 5 * seconds + 1 < 60


@pytest.mark.parametrize("answer, words", [
    (None, "connecting to "), (b"<html>nonsense</html>", "no JSON"),
    (b'{"probabilisticSampling": {"samplingRate": 7}}', "rate is 7")])
def test_without_strategies_the_initial_rate_holds_and_that_is_said_once(tmp_path, programs, answer, words):
    with HttpServer(lambda *_: (200, answer)) as jaeger:
        url = f"http://127.0.0.1:{free_port()}" if answer is None else jaeger.url
        program, port = serve(tmp_path, programs, sampled_by(f"{url}/sampling", 1))
        wait_until(lambda: words in program.stderr, "it is said")
        for _ in range(3):
            assert request(port, "GET", "/").status == 200
        program.stop()
        assert wait_until(lambda: names_of(program)[2:], "three spans")
    said = [line for line in program.stderr.splitlines() if "kolben agent" in line]
    assert len(said) == 1 and said[0].endswith("holds until there are any (1: each trace)"), said


def test_a_server_of_strategies_that_is_silent_holds_nobody_up():
    begun = time.monotonic()
    with HttpServer(lambda *_: time.sleep(4) or (200, b"")) as jaeger:
        ran = subprocess.run([AGENT, *sampled_by(f"{jaeger.url}/sampling", 1), "/bin/sh", "-c", "exit 7"],
                             capture_output=True, text=True, timeout=20)
        assert ran.returncode == 7
        assert time.monotonic() - begun < 3  # until the agent process has closed the pipes, too
    assert "kolben agent" not in ran.stderr


def test_a_configuration_file_names_the_server(tmp_path, programs):
    with Strategies({"probabilisticSampling": {"samplingRate": 1}}) as jaeger:
        path = tmp_path / "otel.yaml"
        path.write_text(f"""
file_format: "1.1"
resource: {{attributes: [{{name: service.name, value: file}}]}}
tracer_provider:
  processors: [{{batch: {{exporter: {{console: }}}}}}]
  sampler:
    parent_based:
      root:
        jaeger_remote/development:
          endpoint: "{jaeger.url}/sampling"
          interval: 100
          initial_sampler: {{always_off: }}
""")
        program, port = serve(tmp_path, programs, ["--config_file", path])

        def is_sampled():
            request(port, "GET", "/")
            return names_of(program)
        assert set(wait_until(is_sampled, "the strategy holds")) == {"GET /"}
    assert set(jaeger.asked) == {"file"}
