"""The agent's Python side: contexts that follow tasks and threads, the API of OpenTelemetry that the
agent backs, `logging`, routes; and a program that does not notice any of it."""
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from harness import ROOT, Program, free_port, request, wait_until
from test_agent import AGENT, CONSOLE, agent_of, json_objects, spans_of, wait_for_output, wait_listening

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
SERVER, CLIENT, INTERNAL = "SpanKind.SERVER", "SpanKind.CLIENT", "SpanKind.INTERNAL"


def environment_with(**more):
    return {**os.environ, **more}


@pytest.fixture(scope="session")
def api_python():
    """version -> the interpreter of a venv with Debian's packages and that real API; kept."""
    def make(version):
        venv = ROOT / "build" / "test" / f"venv-api-{version}"
        if not (venv / "made").exists():
            subprocess.run([PYTHON, "-m", "venv", "--system-site-packages", venv], check=True,
                           timeout=120)
            subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-q",
                            "--disable-pip-version-check", f"opentelemetry-api=={version}"],
                           check=True, timeout=300)
            (venv / "made").touch()
        return venv / "bin" / "python"
    return make


def run(tmp_path, *command, flags=CONSOLE, code=0, **environment):
    """The program's own output, and that with the agent's telemetry behind it."""
    program = Program([AGENT, *flags, *command], tmp_path, "program", cwd=tmp_path,
                      env=environment)
    assert program.process.wait(60) == code, program.stderr
    wait_for_output(program)
    return program


def logs_of(text):
    return [value for value in json_objects(text) if "severity_number" in value]


def points_of(text):
    """name -> the points of the last export."""
    return {metric["name"]: metric["data"]["data_points"] for value in json_objects(text)
            for resource in value.get("resource_metrics", ())
            for scope in resource["scope_metrics"] for metric in scope["metrics"]}


def parents(spans):
    """Of each span, the one that is above it, or None."""
    by_id = {span["context"]["span_id"]: span for span in spans}
    return {span["context"]["span_id"]: by_id.get(span["parent_id"]) for span in spans}


# --- the API -----------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["none", "1.27.0", "1.44.0"])
def test_the_to_do_app_with_spans_counters_and_logs_by_hand(tmp_path, programs, api_python, api):
    python = PYTHON if api == "none" else api_python(api)
    port = free_port()
    program = programs(Program(
        [AGENT, *CONSOLE, python, "-m", "flask", "--app", HERE / "python_todo.py", "run", "-p",
         str(port)], tmp_path, "todo", env={"TODO_DATABASE": str(tmp_path / "db")}))
    wait_listening(port, "the app")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "POST", "/add", "task=buy+milk", form).status == 302
    assert request(port, "GET", "/delete/7").status == 302
    assert request(port, "GET", "/fail").status == 500
    wait_until(lambda: "POST /add" in str(spans_of(program.stdout)), "the spans are printed")
    program.stop(signal.SIGINT)
    wait_until(lambda: not agent_of(program), "the agent process ends")

    spans = spans_of(program.stdout)
    by_name = {span["name"]: span for span in spans}
    above = parents(spans)

    def check_below(name, server, **attributes):
        span = by_name[name]
        assert span["kind"] == INTERNAL and span["attributes"] == attributes
        assert above[span["context"]["span_id"]]["name"] == server
        assert by_name[server]["kind"] == SERVER
    check_below("querying_tasks", "GET /", **{"tasks.count": 0})
    check_below("adding_task", "POST /add")
    check_below("deleting_task", "GET /delete/<int:task_id>", **{"task.id": 7})
    assert by_name["GET /delete/<int:task_id>"]["attributes"]["http.route"] == \
        "/delete/<int:task_id>"
    check_below("failing", "GET /fail")
    failing = by_name["failing"]
    assert failing["status"] == {"status_code": "ERROR", "description": "ValueError: boom"}
    [event] = failing["events"]
    assert event["name"] == "exception"
    assert event["attributes"]["exception.type"] == "ValueError"
    assert event["attributes"]["exception.message"] == "boom"
    assert "raise ValueError" in event["attributes"]["exception.stacktrace"]
    assert event["attributes"]["exception.escaped"] == "False"
    assert by_name["GET /fail"]["attributes"]["who"] == "the server's span"

    logs = {log["body"]: log for log in logs_of(program.stdout)}
    told = logs["Added new task with description: buy milk"]
    assert told["span_id"] == by_name["adding_task"]["context"]["span_id"]
    assert told["trace_id"] == by_name["adding_task"]["context"]["trace_id"]
    assert (told["severity_number"], told["severity_text"]) == ("<SeverityNumber.INFO: 9>", "INFO")
    assert told["attributes"]["code.function.name"] == "add"
    assert told["attributes"]["code.file.path"] == str(HERE / "python_todo.py")
    assert logs["Task with ID 7 not found"]["severity_text"] == "WARN"
    [error] = [log for log in logs.values() if "exception.type" in log["attributes"]]
    assert error["attributes"]["exception.type"] == "ValueError"
    assert error["trace_id"] == by_name["GET /fail"]["context"]["trace_id"]
    # Once: not again as lines of stderr, where they still are for a person.
    bodies = [log["body"] for log in logs_of(program.stdout)]
    for text in ("buy milk", "Task with ID 7 not found", "Traceback (most recent call last)",
                 "POST /add HTTP/1.1"):
        assert len([body for body in bodies if text in body]) == (0 if "Traceback" in text else 1)
        assert text in program.stderr

    points = points_of(program.stdout)
    totals = {point["attributes"]["endpoint"]: point["value"]
              for point in points["flask_app_requests_total"]}
    assert totals["add"] == 1 and totals["home"] >= 1
    assert [point["value"] for point in points["flask_app_tasks_total"]] == [1]


API_PROGRAM = """
import asyncio, sys, time
from opentelemetry import baggage, context, metrics, propagate, trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

tracer = trace.get_tracer("shop", "2.1")
with tracer.start_as_current_span("parent", kind=SpanKind.PRODUCER, attributes={
        "text": "k\\u00f6ln", "count": 7, "ratio": 0.5, "ok": True, "list": ["a", "b"], "none": None},
        start_time=1_700_000_000_000_000_000) as parent:
    assert parent is trace.get_current_span() and parent.is_recording()
    here = parent.get_span_context()
    parent.add_event("paid", {"amount": 12}, timestamp=1_700_000_000_500_000_000)
    parent.update_name("renamed")
    detached = tracer.start_span("detached", links=[Link(here, {"why": "test"})])
    assert trace.get_current_span() is parent
    with trace.use_span(detached, end_on_exit=True):
        headers = {}
        propagate.inject(headers, baggage.set_baggage("user", "ann"))
        assert headers["traceparent"] == "00-{:032x}-{:016x}-01".format(
            here.trace_id, detached.get_span_context().span_id), headers
        assert headers["baggage"] == "user=ann", headers
    assert not detached.is_recording()
    remote = propagate.extract({"traceparent": "00-%032x-%016x-01" % (5, 6), "baggage": "a=b"})
    assert baggage.get_baggage("a", remote) == "b"
    with tracer.start_as_current_span("of a remote parent", context=remote):
        pass
    with tracer.start_as_current_span("root", context=context.Context()) as root:
        root.set_status(Status(StatusCode.OK))
        root.set_status(StatusCode.ERROR, "too late")

@tracer.start_as_current_span("decorated")
async def coroutine():
    await asyncio.sleep(0)
    with tracer.start_as_current_span("inside"):
        return 5
assert asyncio.run(coroutine()) == 5
try:
    with tracer.start_span("with") as span:
        raise KeyError("k")
except KeyError:
    pass

meter = metrics.get_meter("shop")
histogram = meter.create_histogram("price", unit="EUR", description="Prices")
histogram.record(12.5, {"kind": "book"})
meter.create_gauge("load").set(0.75)
seen = iter(range(10, 100, 10))
def observe(options):
    yield metrics.Observation(next(seen), {"cpu": 1})
meter.create_observable_counter("ticks", [observe])
def generate():
    options = yield
    while True:
        options = yield [metrics.Observation(3), metrics.Observation(4, {"a": True})]
meter.create_observable_gauge("level", [generate()])
meter.create_observable_up_down_counter("size", [lambda options: [metrics.Observation(-2)]])
assert not trace.get_current_span().get_span_context().is_valid
if len(sys.argv) > 1:
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("api", ["none", "1.27.0", "1.44.0"])
def test_everything_of_the_api_arrives(tmp_path, api_python, api):
    (tmp_path / "program.py").write_text(API_PROGRAM)
    python = PYTHON if api == "none" else api_python(api)
    program = run(tmp_path, python, "program.py")
    assert program.stderr == ""
    spans = {span["name"]: span for span in spans_of(program.stdout)}
    above = parents(spans.values())

    def parent_of(name):
        found = above[spans[name]["context"]["span_id"]]
        return found["name"] if found else spans[name]["parent_id"]
    assert set(spans) == {"renamed", "detached", "of a remote parent", "root", "decorated", "inside",
                          "with"}
    parent = spans["renamed"]
    assert parent["kind"] == "SpanKind.PRODUCER" and parent["start_time"].startswith("2023-11-14T")
    assert parent["attributes"] == {"text": "köln", "count": 7, "ratio": 0.5, "ok": True,
                                    "list": ["a", "b"]}
    assert parent["events"] == [{"name": "paid", "timestamp": "2023-11-14T22:13:20.500000Z",
                                 "attributes": {"amount": 12}}]
    assert parent_of("renamed") is None and parent_of("detached") == "renamed"
    assert spans["detached"]["links"][0]["context"]["span_id"] == parent["context"]["span_id"]
    assert spans["detached"]["links"][0]["attributes"] == {"why": "test"}
    assert spans["of a remote parent"]["context"]["trace_id"] == "0x" + "5".zfill(32)
    assert parent_of("of a remote parent") == "0x" + "6".zfill(16)
    assert parent_of("root") is None and spans["root"]["status"] == {"status_code": "OK"}
    assert spans["root"]["context"]["trace_id"] != parent["context"]["trace_id"]
    assert parent_of("decorated") is None and parent_of("inside") == "decorated"
    assert spans["with"]["status"] == {"status_code": "ERROR", "description": "KeyError: 'k'"}
    assert spans["with"]["events"][0]["attributes"]["exception.type"] == "KeyError"

    points = points_of(program.stdout)
    assert points["price"][0]["sum"] == 12.5 and points["price"][0]["attributes"] == {"kind": "book"}
    assert points["load"][0]["value"] == 0.75
    assert (points["ticks"][0]["value"], points["ticks"][0]["attributes"]) == (10, {"cpu": 1})
    assert sorted(point["value"] for point in points["level"]) == [3, 4]
    assert points["size"][0]["value"] == -2


def test_observable_totals_are_asked_for_again_and_again(tmp_path):
    (tmp_path / "program.py").write_text(API_PROGRAM)
    program = run(tmp_path, PYTHON, "program.py", "1", OTEL_METRIC_EXPORT_INTERVAL="300")
    points = points_of(program.stdout)
    assert points["ticks"][0]["value"] >= 20  # the last total, not the sum of all
    assert points["ticks"][0]["value"] in range(20, 100, 10)
    assert points["size"][0]["value"] == -2


SDK_PROGRAM = """
import io, logging
from opentelemetry import metrics, trace
early, early_counter = trace.get_tracer("early"), metrics.get_meter("m").create_counter("c")
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))
assert trace.get_tracer_provider() is provider
with early.start_as_current_span("outer") as outer:
    assert trace.get_current_span() is outer
    with trace.get_tracer("late").start_as_current_span("inner"):
        early_counter.add(2)
@early.start_as_current_span("decorated")
def decorated(): pass
decorated()
assert not trace.get_current_span().get_span_context().is_valid
print([span.name for span in spans.get_finished_spans()])
[scope] = reader.get_metrics_data().resource_metrics[0].scope_metrics
print([(metric.name, metric.data.data_points[0].value) for metric in scope.metrics])
"""


def test_a_program_with_an_sdk_of_its_own_is_left_to_it(tmp_path, sdk_python):
    (tmp_path / "program.py").write_text(SDK_PROGRAM)
    bare = subprocess.run([sdk_python, "program.py"], cwd=tmp_path, env=environment_with(),
                          capture_output=True, text=True, timeout=60)
    assert bare.returncode == 0, bare.stderr
    assert bare.stdout == "['inner', 'outer', 'decorated']\n[('c', 2)]\n"
    program = run(tmp_path, sdk_python, "program.py")
    assert program.stdout.startswith(bare.stdout) and program.stderr == bare.stderr
    assert spans_of(program.stdout) == [] and points_of(program.stdout) == {}


def test_a_call_is_below_the_span_that_makes_it(tmp_path, programs):
    (tmp_path / "program.py").write_text("""
import sys, urllib.request
from opentelemetry import trace
with trace.get_tracer("t").start_as_current_span("asking"):
    print("within")
    urllib.request.urlopen(sys.argv[1]).read()
print("without")
urllib.request.urlopen(sys.argv[1]).read()
""")
    port = free_port()
    programs(Program([PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)], tmp_path,
                     "server"))
    wait_listening(port, "the server")
    program = run(tmp_path, PYTHON, "program.py", f"http://127.0.0.1:{port}/")
    first, asking, second = sorted(spans_of(program.stdout), key=lambda span: span["name"] == "GET"
                                   and span["parent_id"] is None)[:3]
    if asking["name"] == "GET":
        first, asking = asking, first
    assert (first["name"], asking["name"], second["name"]) == ("GET", "asking", "GET")
    assert first["parent_id"] == asking["context"]["span_id"]
    assert first["context"]["trace_id"] == asking["context"]["trace_id"]
    assert second["parent_id"] is None


# --- contexts ----------------------------------------------------------------------------------


def check_each_under_its_own(spans, count):
    """Each call is under the server span of the request with its number: none is elsewhere."""
    above = parents(spans)
    calls = 0
    for span in spans:
        if span["kind"] != CLIENT or "/hello/" in span["attributes"]["http.url"]:
            continue
        number = span["attributes"]["http.url"].rsplit("/", 1)[1]
        parent = above[span["context"]["span_id"]]
        if "/manual/" in span["attributes"]["http.url"]:
            assert parent["name"] == f"manual {number}"
            parent = above[parent["context"]["span_id"]]
        assert parent is not None, span["attributes"]["http.url"]
        assert parent["kind"] == SERVER
        assert parent["attributes"]["http.target"] == f"/hello/{number}"
        calls += 1
    assert calls == count


def test_asyncio_each_call_is_below_its_own_request(tmp_path):
    clients, rounds = 50, 3
    program = run(tmp_path, PYTHON, HERE / "python_aiohttp.py", str(clients), str(rounds))
    spans = spans_of(program.stdout)
    check_each_under_its_own(spans, clients * rounds * 4)
    servers = [span for span in spans if span["kind"] == SERVER]
    assert {span["name"] for span in servers} == {"GET /hello/{n}", "GET /{part}/{n}"}
    # ... and each served by the upstream is below the call that asked for it.
    above = parents(spans)
    for span in servers:
        if span["name"] == "GET /{part}/{n}":
            call = above[span["context"]["span_id"]]
            assert call["kind"] == CLIENT
            assert call["attributes"]["http.url"].endswith(span["attributes"]["http.target"])


def test_threads_pools_and_loops_carry_the_request(tmp_path):
    clients = 20
    program = run(tmp_path, PYTHON, HERE / "python_threads.py", str(clients))
    check_each_under_its_own(spans_of(program.stdout), clients * 5)


# A task that serves the items of a queue, whoever has put them there: it works for nobody we know.
QUEUE_PROGRAM = """
import asyncio, sys
from aiohttp import ClientSession, web

async def consume(app):
    while True:
        number, done = await app["queue"].get()
        async with app["session"].get(f"http://127.0.0.1:{app['port']}/call/{number}") as answer:
            await answer.text()
        done.set_result(None)

async def hello(request):
    done = asyncio.get_running_loop().create_future()
    request.app["queue"].put_nowait((request.match_info["n"], done))
    await done
    return web.Response(text="ok")

async def call(request):
    await asyncio.sleep(0.005)
    return web.Response(text="ok")

async def main():
    app = web.Application()
    app.router.add_get("/hello/{n}", hello)
    app.router.add_get("/call/{n}", call)
    app["queue"] = asyncio.Queue()
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    app["port"] = site._server.sockets[0].getsockname()[1]
    async with ClientSession() as app["session"], ClientSession() as clients:
        consumer = asyncio.create_task(consume(app))
        async def ask(number):
            async with clients.get(f"http://127.0.0.1:{app['port']}/hello/{number}") as answer:
                await answer.text()
        await asyncio.gather(*[ask(number) for number in range(20)])
        consumer.cancel()
    await runner.cleanup()

asyncio.run(main())
"""


def test_a_queue_s_consumer_is_put_under_no_wrong_request(tmp_path):
    (tmp_path / "program.py").write_text(QUEUE_PROGRAM)
    program = run(tmp_path, PYTHON, "program.py")
    spans = spans_of(program.stdout)
    above = parents(spans)
    calls = [span for span in spans
             if span["kind"] == CLIENT and "/call/" in span["attributes"]["http.url"]]
    assert len(calls) == 20
    for span in calls:
        parent = above[span["context"]["span_id"]]
        number = span["attributes"]["http.url"].rsplit("/", 1)[1]
        assert parent is None or parent["attributes"]["http.target"] == f"/hello/{number}"


@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_gunicorn_s_workers_have_it_too(tmp_path, programs, worker):
    port = free_port()
    threads = ["--threads", "3"] if worker == "gthread" else []
    program = programs(Program(
        [AGENT, *CONSOLE, PYTHON, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "2", "-k",
         worker, *threads, "--chdir", HERE, "python_todo:app"], tmp_path, "gunicorn",
        env={"TODO_DATABASE": str(tmp_path / "db")}))
    wait_listening(port, "gunicorn")
    for _ in range(10):
        assert request(port, "GET", "/").status == 200
    program.stop()
    wait_until(lambda: not agent_of(program), "the agent process ends")
    spans = spans_of(program.stdout)
    above = parents(spans)
    manual = [span for span in spans if span["name"] == "querying_tasks"]
    assert len(manual) >= 10
    assert all(above[span["context"]["span_id"]]["name"] == "GET /" for span in manual)
    fetched = [log for log in logs_of(program.stdout) if "Fetched" in log["body"]]
    assert {log["span_id"] for log in fetched} == {span["context"]["span_id"] for span in manual}


# --- the program does not notice -----------------------------------------------------------------

WHAT_IS_SEEN = """
import os, sys, threading, logging, asyncio, concurrent.futures.thread, inspect
print(sys.path, sys.argv, sys.flags, __name__, {name: value for name, value in os.environ.items()
                                                 if name not in ("LD_PRELOAD", "_")
                                                 and not name.startswith(("KOLBEN_", "OTEL_"))})
print([module for module in sys.modules if module.startswith("opentelemetry")])
for thing in (threading.Thread.start, logging.Logger.callHandlers, asyncio.Handle._run,
              concurrent.futures.thread._WorkItem.run, asyncio.BaseEventLoop.run_forever):
    print(thing.__name__, thing.__qualname__, thing.__module__, inspect.signature(thing))
print(type(logging.__loader__), logging.__spec__.loader is logging.__loader__, type(threading.__loader__))
print("kolben" in " ".join(sys.path))
try:
    import opentelemetry_that_is_not_there
except ImportError as error:
    print(error)
logging.warning("said")
"""


@pytest.mark.parametrize("flags", [[], ["-I"], ["-E"], ["-S"], ["-s", "-B"], ["-O"]])
def test_a_program_sees_what_it_sees_without(tmp_path, flags):
    (tmp_path / "program.py").write_text(WHAT_IS_SEEN)
    command = [PYTHON, *flags, "program.py"]
    bare = subprocess.run(command, cwd=tmp_path, env=environment_with(), capture_output=True,
                          text=True, timeout=60)
    program = run(tmp_path, *command, flags=["--traces_exporter", "none", "--metrics_exporter", "none",
                                             "--logs_exporter", "none"])
    assert (program.stdout, program.stderr) == (bare.stdout, bare.stderr)


def test_a_venv_s_python_has_it_too(tmp_path):
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (tmp_path / "program.py").write_text("""
import sys
from opentelemetry import trace
with trace.get_tracer("t").start_as_current_span(sys.prefix):
    pass
""")
    program = run(tmp_path, tmp_path / "venv" / "bin" / "python", "program.py")
    assert [span["name"] for span in spans_of(program.stdout)] == [str(tmp_path / "venv")]


def test_a_start_loads_next_to_nothing(tmp_path):
    program = run(tmp_path, PYTHON, "-c", "import sys; print(sorted(m for m in sys.modules))",
                  flags=["--traces_exporter", "none", "--metrics_exporter", "none",
                         "--logs_exporter", "none"])
    bare = subprocess.run([PYTHON, "-c", "import sys; print(sorted(m for m in sys.modules))"],
                          env=environment_with(), capture_output=True, text=True, timeout=60)
    added = set(eval(program.stdout)) - set(eval(bare.stdout))
    assert added == {"kolben_agent", "kolben_agent.imports"}


@pytest.mark.parametrize("what", ["print('the own one', __name__, __file__)",
                                  "raise ValueError('of the own one')"])
def test_a_sitecustomize_of_the_user_s_runs_as_without(tmp_path, what):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sitecustomize.py").write_text(what)
    command = [PYTHON, "-c", "import sys; print(sys.modules.get('sitecustomize'), sys.path)"]
    path = {"PYTHONPATH": str(tmp_path / "lib")}
    bare = subprocess.run(command, cwd=tmp_path, env=environment_with(**path), capture_output=True,
                          text=True, timeout=60)
    program = run(tmp_path, *command, flags=["--traces_exporter", "none", "--metrics_exporter", "none",
                                             "--logs_exporter", "none"], **path)
    assert program.stdout.startswith("the own one") or "ValueError" in program.stderr
    assert (program.stdout, program.stderr) == (bare.stdout, bare.stderr)


def test_another_agent_s_sitecustomize_is_left_alone(tmp_path):
    folder = tmp_path / "ddtrace" / "bootstrap"
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text("print('the other agent')")
    program = run(tmp_path, PYTHON, "-c", "import os; print(os.environ['PYTHONPATH'])",
                  PYTHONPATH=str(folder))
    assert program.stdout.startswith(f"the other agent\n{folder}\n")


@pytest.mark.parametrize("environment", ["inherited", "empty"])
def test_children_have_it_too(tmp_path, environment):
    (tmp_path / "child.py").write_text("""
from opentelemetry import trace
with trace.get_tracer("t").start_as_current_span("of the child"):
    pass
""")
    (tmp_path / "program.py").write_text(f"""
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "child.py"], {"env={}" if environment == "empty" else ""})
         .returncode)
""")
    program = run(tmp_path, PYTHON, "program.py")
    assert [span["name"] for span in spans_of(program.stdout)] == ["of the child"], program.stderr


def test_a_forked_child_s_own_spans_and_totals_arrive(tmp_path):
    (tmp_path / "program.py").write_text("""
import os
from opentelemetry import metrics, trace
tracer = trace.get_tracer("t")
counter = metrics.get_meter("m").create_counter("c")
with tracer.start_as_current_span("parent"):
    child = os.fork()
    if child == 0:
        with tracer.start_as_current_span("child"):
            counter.add(1)
        os._exit(0)
    os.waitpid(child, 0)
    counter.add(1)
""")
    program = run(tmp_path, PYTHON, "program.py")
    spans = {span["name"]: span for span in spans_of(program.stdout)}
    assert set(spans) == {"parent", "child"}
    assert spans["child"]["parent_id"] == spans["parent"]["context"]["span_id"]
    assert points_of(program.stdout)["c"][0]["value"] == 2


def test_logs_that_nobody_wants_are_not_told(tmp_path):
    (tmp_path / "program.py").write_text("import logging; logging.warning('said')")
    program = run(tmp_path, PYTHON, "program.py",
                  OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED="false")
    assert program.stderr == "WARNING:root:said\n" and logs_of(program.stdout) == []


def test_log_lines_say_their_trace_where_that_is_wanted(tmp_path):
    (tmp_path / "program.py").write_text("""
import logging
from opentelemetry import trace
logging.info("outside")
with trace.get_tracer("t").start_as_current_span("span"):
    logging.warning("inside")
""")
    program = run(tmp_path, PYTHON, "program.py", OTEL_PYTHON_LOG_CORRELATION="true")
    [span] = spans_of(program.stdout)
    trace_id, span_id = (span["context"][name][2:] for name in ("trace_id", "span_id"))
    outside, inside = program.stderr.splitlines()
    assert outside.endswith("INFO [root] [program.py:4] [trace_id=0 span_id=0 resource.service.name="
                            "todo trace_sampled=False] - outside")
    assert inside.endswith(f"[program.py:6] [trace_id={trace_id} span_id={span_id} "
                           "resource.service.name=todo trace_sampled=True] - inside")
    logs = {log["body"]: log for log in logs_of(program.stdout)}
    assert set(logs) == {"outside", "inside"}
    assert not any(name.startswith("otel") for name in logs["inside"]["attributes"])


def test_what_is_printed_before_a_log_line_is_not_lost(tmp_path):
    (tmp_path / "program.py").write_text("""
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
print("printed before")
logging.debug("a %s with %d%%", "text", 100, extra={"user": "ann"})
logging.getLogger("lib").critical("of a library")
print("printed behind")
logging.error("wrong %d", "arguments")
""")
    program = run(tmp_path, PYTHON, "program.py")
    logs = {log["body"]: log for log in logs_of(program.stdout)}
    assert "TypeError" in program.stderr  # logging's own complaint about the last one
    assert {"printed before", "printed behind", "a text with 100%", "of a library"} <= set(logs)
    assert not any("DEBUG:root" in body or "CRITICAL:lib" in body for body in logs)
    assert logs["a text with 100%"]["severity_text"] == "DEBUG"
    assert logs["a text with 100%"]["attributes"]["user"] == "ann"
    assert logs["of a library"]["severity_text"] == "CRITICAL"
    assert logs["of a library"]["severity_number"] == "<SeverityNumber.FATAL: 21>"


def test_each_logging_call_is_one_record_whatever_its_handlers_write(tmp_path):
    """To both outputs and a named file, as text and as JSON; one has a line of its own, others' lines stand in
    its stream's buffer, and one comes from a thread that writes for a queue."""
    (tmp_path / "program.py").write_text("""
import json, logging, sys
class Json(logging.Formatter):
    def format(self, record):
        return json.dumps({"level": record.levelname, "text": record.getMessage()})
class Bell(logging.Handler):
    def emit(self, record):
        print("the bell rings")
out, file = logging.StreamHandler(sys.stdout), logging.FileHandler("app.log")
out.setFormatter(Json())
logging.basicConfig(handlers=[logging.StreamHandler(), file, out, Bell()], format="%(levelname)s:%(message)s")
print("printed before")
logging.warning('a "text"')
logging.warning("")
print("printed between")
logging.warning("two\\nlines \u00e4")
print("half", end="")
logging.warning("x" * 20000)
print("printed behind")
""")
    program = run(tmp_path, PYTHON, "program.py", flags=[*CONSOLE, "--log_files", "app.log"],
                  PYTHONUNBUFFERED="")
    bodies = [log["body"] for log in logs_of(program.stdout)]
    assert sorted(bodies) == sorted(
        ["printed before", 'a "text"', "", "printed between", "two\nlines \u00e4", "half",
         max(bodies, key=len), "printed behind", *["the bell rings"] * 4])
    assert program.stderr.count("\n") == 5
