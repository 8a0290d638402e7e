"""What the agent sees of Node with its script inside: whose call each call is, however many requests
are served at a time; HTTPS; and that the program does not notice."""
import concurrent.futures
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.request

import pytest

from harness import BIN, Program, free_port, wait_until
from test_agent import json_objects
from test_agent_databases import clients, spans_of

AGENT = BIN / "opentelemetry-instrument"
CONSOLE = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "console",
           "--service_name", "node"]
QUIET = ["--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "none"]
CALLERS = 100

# Answers late and in any order, with what it was asked.
UPSTREAM = """
const server = require('http').createServer((request, response) => {
  const answer = JSON.stringify({ url: request.url, traceparent: request.headers.traceparent });
  setTimeout(() => response.end(answer), Math.random() * 20);
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
"""

WAIT = "const wait = () => new Promise((done) => setTimeout(done, Math.random() * 20));"
LISTEN = ".listen(0, '127.0.0.1', function () { require('fs').writeFileSync('app.port', `${this.address().port}`); });"
# `localhost` is resolved by a thread of the pool; eight connections serve a hundred requests.
GET = """
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const call = (url, response) => http.get(`http://localhost:${process.env.UPSTREAM}${url}`, { agent }, (answer) => {
  let text = '';
  answer.on('data', (part) => { text += part; });
  answer.on('end', () => { console.log(`answers ${url}`); response.end(text); });
});
"""
APPS = {
    "http.get": f"""
const http = require('http');
{WAIT}{GET}
http.createServer(async (request, response) => {{ await wait(); call(request.url, response); }}){LISTEN}
""",
    "after the body": f"""
const http = require('http');
{GET}
http.createServer((request, response) => {{
  request.on('data', () => {{}});
  request.on('end', () => call(request.url, response));
}}){LISTEN}
""",
    "fetch": f"""
{WAIT}
require('http').createServer(async (request, response) => {{
  await wait();
  const answer = await fetch(`http://localhost:${{process.env.UPSTREAM}}${{request.url}}`);
  const text = await answer.text();
  console.log(`answers ${{request.url}}`);
  response.end(text);
}}){LISTEN}
""",
    "storage of its own": f"""
const http = require('http');
const storage = new (require('async_hooks').AsyncLocalStorage)();
{WAIT}{GET}
http.createServer((request, response) => storage.run(request.url, async () => {{
  await wait();
  call(storage.getStore(), response);
}})){LISTEN}
""",
    "thenable": f"""
const http = require('http');
{WAIT}{GET}
http.createServer(async (request, response) => {{
  await {{ then: (done) => process.nextTick(done) }};
  await {{ then: (done) => wait().then(done) }};
  await Promise.all([wait(), wait()]);
  call(request.url, response);
}}){LISTEN}
""",
    "worker": f"""
const {{ Worker, isMainThread }} = require('worker_threads');
const http = require('http');
if (isMainThread) {{
  new Worker(__filename);
}} else {{
  {WAIT}{GET}
  http.createServer(async (request, response) => {{ await wait(); call(request.url, response); }}){LISTEN}
}}
""",
    "cluster": f"""
const cluster = require('cluster');
const http = require('http');
if (cluster.isPrimary) {{
  cluster.fork(); cluster.fork();
  process.on('SIGTERM', () => process.kill(process.pid, 'SIGKILL'));
}} else {{
  {WAIT}{GET}
  http.createServer(async (request, response) => {{ await wait(); call(request.url, response); }}){LISTEN}
}}
""",
}
APPS["worker that shares the environment"] = APPS["worker"].replace("isMainThread }", "isMainThread, SHARE_ENV }").replace(
    "new Worker(__filename)", "new Worker(__filename, { env: SHARE_ENV })")
HANDED_ON = {
    "environment": "{ env: { ...process.env, NODE_OPTIONS: `--no-warnings --require ${process.env.KOLBEN_AGENT_NODE}` } }",
    "options": "{ execArgv: ['--no-warnings', '--require', process.env.KOLBEN_AGENT_NODE] }"}
for what, options in HANDED_ON.items():
    APPS[f"worker whose {what} names the script"] = APPS["worker"].replace(
        "new Worker(__filename)", f"new Worker(__filename, {options})")
APPS["fork with an environment and options of its own"] = f"""
const http = require('http');
if (process.argv[2] === undefined) {{
  const env = {{ UPSTREAM: process.env.UPSTREAM, NODE_OPTIONS: '--no-deprecation' }};
  const child = require('child_process').fork(__filename, ['child'], {{ env, execArgv: ['--no-warnings'] }});
  process.on('SIGTERM', () => {{ child.kill('SIGKILL'); process.kill(process.pid, 'SIGKILL'); }});
}} else {{
  if (process.env.NODE_OPTIONS !== '--no-deprecation' || process.execArgv.join() !== '--no-warnings') process.exit(3);
  {WAIT}{GET}
  http.createServer(async (request, response) => {{ await wait(); call(request.url, response); }}){LISTEN}
}}
"""
ESM = f"""
import * as http from 'node:http';
import {{ writeFileSync }} from 'node:fs';
{WAIT}{GET}
http.createServer(async (request, response) => {{ await wait(); call(request.url, response); }})
{LISTEN.replace("require('fs').", "")}
"""


@pytest.fixture
def upstream(tmp_path, programs):
    (tmp_path / "upstream.js").write_text(UPSTREAM)
    program = programs(Program(["node", "upstream.js"], tmp_path, "upstream"))
    return wait_until(lambda: program.stdout.strip(), "the upstream listens")


def start(tmp_path, programs, file, text, upstream=0, env=None):
    (tmp_path / file).write_text(text)
    program = programs(Program([AGENT, *CONSOLE, "node", file], tmp_path, "node",
                               env={"UPSTREAM": str(upstream), **(env or {})}, start_new_session=True))
    place = tmp_path / "app.port"
    port = wait_until(lambda: place.exists() and place.read_text(), "the app listens")
    return program, int(port)


def ask(port, target, body=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", data=body, timeout=30) as answer:
        return answer.read()


def ask_at_once(port, targets, body=None):
    with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
        answers = list(pool.map(lambda target: json.loads(ask(port, target, body)), targets))
    assert [answer["url"] for answer in answers] == targets
    return answers


def told(program, servers, calls):
    def all_told():
        spans = spans_of(program.stdout)
        found = {span["context"]["span_id"]: span for span in spans if span["kind"] == "SpanKind.SERVER"}
        return len(found) >= servers and len(clients(spans)) >= calls and (found, clients(spans))
    found, called = wait_until(all_told, f"{servers} requests and {calls} calls are printed", 30)
    assert len(found) == servers and len(called) == calls
    return found, called


def path_of(call):
    return "/" + call["attributes"]["http.url"].split("/", 3)[3]


def check_parents(servers, calls):
    for call in calls:
        server = servers[call["parent_id"]]
        assert server["attributes"]["http.target"] == path_of(call)
        assert server["context"]["trace_id"] == call["context"]["trace_id"]


@pytest.mark.parametrize("way", [*APPS, "esm"])
def test_each_call_is_below_the_request_that_made_it(tmp_path, programs, upstream, way):
    file, text = ("app.mjs", ESM) if way == "esm" else ("app.js", APPS[way])
    program, port = start(tmp_path, programs, file, text, upstream)
    body = b"x" * 100_000 if way == "after the body" else None
    answers = ask_at_once(port, [f"/users/{number}" for number in range(CALLERS)], body)
    servers, calls = told(program, CALLERS, CALLERS)
    check_parents(servers, calls)
    sent = {f"00-{call['context']['trace_id'][2:]}-{call['context']['span_id'][2:]}-01" for call in calls}
    assert {answer["traceparent"] for answer in answers} == sent


@pytest.mark.parametrize("options", ["{ env: { UPSTREAM: process.env.UPSTREAM } }", "{ execArgv: [] }"])
def test_a_worker_without_the_script_puts_no_call_below_another_request(tmp_path, programs, upstream, options):
    text = APPS["worker"].replace("new Worker(__filename)", f"new Worker(__filename, {options})")
    program, port = start(tmp_path, programs, "app.js", text, upstream)
    ask_at_once(port, [f"/users/{number}" for number in range(CALLERS)])
    servers, calls = told(program, CALLERS, CALLERS)
    check_parents(servers, [call for call in calls if call["parent_id"] is not None])


def test_what_is_printed_is_on_behalf_of_its_request(tmp_path, programs, upstream):
    program, port = start(tmp_path, programs, "app.js", APPS["http.get"], upstream)
    ask_at_once(port, [f"/users/{number}" for number in range(20)])

    def lines():
        found = [value for value in json_objects(program.stdout) if "severity_number" in value]
        return [line for line in found if line["body"].startswith("answers ")] if len(found) >= 20 else None
    logs = wait_until(lines, "the lines are told", 20)
    servers, _ = told(program, 20, 20)
    assert len(logs) == 20
    for log in logs:
        server = servers["0x" + log["span_id"].removeprefix("0x")]
        assert log["body"] == f"answers {server['attributes']['http.target']}"


def test_pipelined_requests_are_told_apart(tmp_path, programs, upstream):
    program, port = start(tmp_path, programs, "app.js", APPS["http.get"], upstream)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"".join(f"GET /users/{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for number in range(3)))
        answers = b""
        while answers.count(b"traceparent") < 3:
            answers += connection.recv(65536) or pytest.fail(answers)
    check_parents(*told(program, 3, 3))


def test_a_server_that_rested_is_followed_again(tmp_path, programs, upstream):
    """A hundred answers at once, then calls: the first of them may be lost, none is put wrong."""
    text = APPS["http.get"].replace("{ await wait();", "{ if (request.url === '/health') { response.end('{}'); return; } await wait();")
    program, port = start(tmp_path, programs, "app.js", text, upstream)
    for _ in range(150):
        ask(port, "/health")
    ask_at_once(port, ["/users/first"])
    targets = [f"/users/{number}" for number in range(CALLERS)]
    ask_at_once(port, targets)
    servers, calls = told(program, 151 + CALLERS, 1 + CALLERS)
    first = [call for call in calls if path_of(call) == "/users/first"]
    assert first[0]["parent_id"] is None or first[0]["parent_id"] in servers
    check_parents(servers, [call for call in calls if call not in first])


def test_commands_of_many_requests_on_one_connection_to_redis(tmp_path, programs):
    port_of_redis = free_port()
    programs(Program(["redis-server", "--port", str(port_of_redis), "--bind", "127.0.0.1", "--save", ""],
                     tmp_path, "redis"))

    def answers():
        try:
            return socket.create_connection(("127.0.0.1", port_of_redis), timeout=5)
        except OSError:
            return None
    wait_until(answers, "redis listens").close()
    program, port = start(tmp_path, programs, "app.js", f"""
const waiting = [];
const redis = require('net').connect({port_of_redis}, '127.0.0.1');
redis.on('data', (data) => {{ for (const _ of data.toString().match(/\\r\\n/g)) waiting.shift()(); }});
{WAIT}
require('http').createServer(async (request, response) => {{
  await wait();
  redis.write('*2\\r\\n$4\\r\\nINCR\\r\\n$1\\r\\na\\r\\n');
  await new Promise((done) => waiting.push(done));
  response.end('{{"url": "' + request.url + '"}}');
}}){LISTEN}
""")
    ask_at_once(port, [f"/users/{number}" for number in range(50)])
    servers, calls = told(program, 50, 50)
    assert {call["name"] for call in calls} == {"INCR"}
    assert sorted(call["parent_id"] for call in calls) == sorted(servers)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    place = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", place / "key.pem", "-out", place / "cert.pem"],
                   check=True, capture_output=True, timeout=60)
    return place


def test_https_both_ways(tmp_path, programs, certificate):
    """A request to itself by https.get, one by fetch, at fifty requests at a time."""
    program, port = start(tmp_path, programs, "app.js", f"""
const https = require('https');
const fs = require('fs');
const cert = fs.readFileSync('{certificate}/cert.pem');
{WAIT}
const server = https.createServer({{ key: fs.readFileSync('{certificate}/key.pem'), cert }}, async (request, response) => {{
  await wait();
  const {{ port }} = server.address();
  if (!request.url.startsWith('/users/')) {{ response.end(request.headers.traceparent); return; }}
  https.get(`https://localhost:${{port}}/up${{request.url}}`, {{ ca: cert }}, (answer) => {{
    answer.resume();
    answer.on('end', async () => {{
      const fetched = await fetch(`https://localhost:${{port}}/fetched${{request.url}}`, {{ method: 'POST', body: 'a' }});
      response.end(JSON.stringify({{ url: request.url, traceparent: await fetched.text() }}));
    }});
  }});
}}).listen(0, '127.0.0.1', () => fs.writeFileSync('app.port', `${{server.address().port}}`));
""",
                         env={"NODE_EXTRA_CA_CERTS": str(certificate / "cert.pem")})
    context = ssl.create_default_context(cafile=certificate / "cert.pem")

    def ask_over_tls(number):
        with urllib.request.urlopen(f"https://localhost:{port}/users/{number}", timeout=30, context=context) as answer:
            return json.loads(answer.read())["url"]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert list(pool.map(ask_over_tls, range(50))) == [f"/users/{number}" for number in range(50)]
    servers, calls = told(program, 150, 100)
    by_call = {call["context"]["span_id"]: call for call in calls}
    for call in calls:
        parent = servers[call["parent_id"]]
        assert path_of(call).removeprefix("/up").removeprefix("/fetched") == parent["attributes"]["http.target"]
        assert call["attributes"]["http.url"].startswith(f"https://localhost:{port}/")
        assert call["attributes"]["http.status_code"] == 200
    for server in servers.values():
        assert server["attributes"]["http.scheme"] == "https"
        assert server["attributes"]["net.host.port"] == port
        target = server["attributes"]["http.target"]
        if target.startswith("/users/"):
            assert server["parent_id"] is None
        else:  # one trace through TLS
            assert path_of(by_call[server["parent_id"]]) == target
    assert program.stop() == -signal.SIGTERM


def test_https_requests_that_fail_are_errors(tmp_path, programs):
    (tmp_path / "app.js").write_text(
        "require('https').get('https://localhost:1/gone').on('error', (error) => console.log(error.code));")
    done = subprocess.run([AGENT, *CONSOLE, "node", "app.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "ECONNREFUSED" in done.stdout and done.stderr == ""
    [call] = spans_of(done.stdout)
    assert call["attributes"]["http.url"] == "https://localhost:1/gone"
    assert call["status"]["status_code"] == "ERROR" and call["parent_id"] is None


HTTP2 = """
const http2 = require('http2');
const fs = require('fs');
const cert = fs.readFileSync('%(place)s/cert.pem');
const wait = () => new Promise((done) => setTimeout(done, Math.random() * 20));
const read = (stream) => new Promise((done) => {
  let text = '';
  stream.on('data', (part) => { text += part; });
  stream.on('end', () => done(text));
});
let session;
const ask = (path, body) => {
  const stream = session.request({ ':path': path, ':method': 'POST' });
  stream.end(body);
  return read(stream);
};
const server = http2.createSecureServer({ key: fs.readFileSync('%(place)s/key.pem'), cert }, async (request, response) => {
  await read(request);
  if (request.url.startsWith('/up')) { response.end(request.headers.traceparent); return; }
  await wait();
  response.end(await ask(`/up${request.url}`, 'a'));
}).listen(0, '127.0.0.1', async () => {
  session = http2.connect(`https://localhost:${server.address().port}`, { ca: cert });
  const paths = Array.from({ length: 50 }, (_, number) => `/users/${number}`);
  await Promise.all(paths.map((path) => ask(path, 'body')));
  session.close();
  server.close();
});
"""


def test_http2_within_tls_both_ways(tmp_path, certificate):
    """On one connection; a request to itself, which asks itself again."""
    (tmp_path / "app.js").write_text(HTTP2 % {"place": certificate})
    done = subprocess.run([AGENT, *CONSOLE, "node", "app.js"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"})
    assert done.returncode == 0 and done.stderr == ""
    spans = spans_of(done.stdout)
    by_id = {span["context"]["span_id"]: span for span in spans}
    assert len(by_id) == 200 and len(clients(spans)) == 100
    for span in spans:
        attributes = span["attributes"]
        assert attributes["network.protocol.version"] == "2"
        assert attributes["http.status_code"] == 200
        parent = by_id.get(span["parent_id"])
        if span["kind"] == "SpanKind.SERVER":
            assert attributes["http.scheme"] == "https"
            assert path_of(parent) == attributes["http.target"]
        elif path_of(span).startswith("/up"):
            assert parent["attributes"]["http.target"] == path_of(span).removeprefix("/up")
        else:
            assert parent is None


def test_http2_in_the_clear_is_served(tmp_path, programs):
    program, port = start(tmp_path, programs, "app.js", f"""
require('http2').createServer((request, response) => response.end('hello')){LISTEN}
""")
    done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", f"http://127.0.0.1:{port}/a?b=c"],
                          capture_output=True, text=True, timeout=30)
    assert done.stdout == "hello"
    servers, _ = told(program, 1, 0)
    [server] = servers.values()
    assert server["name"] == "GET /a" and server["attributes"]["http.flavor"] == "2"
    assert server["attributes"]["http.scheme"] == "http" and server["attributes"]["net.peer.ip"] == "127.0.0.1"


# --- the program does not notice -----------------------------------------------------------------

LOOK = "console.log(JSON.stringify({{options: process.env.NODE_OPTIONS, cache: Object.keys(require.cache), " \
       "arguments: process.execArgv, name: require('events').init.name, length: require('events').init.length, " \
       "keys: Object.keys(require('net').Socket.prototype), more: {more}}}))"
PROGRAMS = {
    "environment": ["node", "-e", LOOK.format(more=1)],
    "functions": ["node", "-e", LOOK.format(
        more="[require('http').ClientRequest.prototype.onSocket.name, require('net').Socket.prototype.connect.length]")],
    "throws": ["node", "-e", "require('http').createServer(); null.x"],
    "rejects": ["node", "-e", "Promise.reject(new Error('no'))"],
    "exit code": ["node", "-e", "process.exit(3)"],
    "emits an error": ["node", "-e", "new (require('events'))().emit('error', new Error('no'))"],
    "refused": ["node", "-e", "require('http').get('http://127.0.0.1:1')"],
    "refused by fetch": ["node", "-e", "fetch('http://127.0.0.1:1').catch((error) => console.log(error.cause.stack))"],
    "deprecations": ["node", "--throw-deprecation", "--pending-deprecation", "-e", """
const http = require('http');
const server = http.createServer(async (request, response) => { await null; response.end(); }).listen(0, () => {
  http.get({ port: server.address().port }, (answer) => answer.resume().on('end', () => {
    console.log(Object.keys(require.cache), Object.keys(process).includes('noDeprecation'));
    process.exit();
  }));
});"""],
    "module": ["node", "--input-type=module", "-e", "import { init } from 'events'; console.log(init.length)"],
    "permissions": ["node", "--experimental-permission", "--allow-fs-read=*", "-p", "1"],
    "npm": ["npm", "--version"],
    "domain": ["node", "-e", "require('domain').create().run(() => console.log(!!require('http').createServer().domain))"],
}


def run(command, env=None, cwd=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, cwd=cwd,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    # Numbers of processes and places in our script's frames are nobody's business.
    lines = [line for line in done.stderr.splitlines() if "agent.cjs" not in line and not line.startswith("(node:")]
    return done.returncode, done.stdout, lines


@pytest.mark.parametrize("name", PROGRAMS)
def test_output_and_exit_code_are_the_same_with_and_without(tmp_path, name):
    assert run([AGENT, *QUIET, *PROGRAMS[name]], cwd=tmp_path) == run(PROGRAMS[name], cwd=tmp_path)


def test_a_request_that_cannot_be_made_is_none(tmp_path):
    program = ["node", "-e", "try { require('https').get('https://localhost:1', {headers: ['a', '\\n']}) } "
               "catch (error) { console.log(error.message) }"]
    code, out, errors = run([AGENT, *CONSOLE, *program], cwd=tmp_path)
    assert (code, errors) == (0, []) and out.startswith(run(program, cwd=tmp_path)[1])
    assert spans_of(out) == []


IS_THERE = "require('events').init.toString().includes('isArmed')"


def test_the_users_own_options_stay_and_children_have_them(tmp_path):
    env = {"NODE_OPTIONS": "--no-warnings --max-old-space-size=123"}
    child = f"require('child_process').execFileSync('node', ['-p', \"{IS_THERE} + ' ' + process.env.NODE_OPTIONS\"], {{{{env: {{more}}}}}})"
    both = "+ '' + ".join(child.format(more=more) for more in ("process.env", "{PATH: process.env.PATH}"))
    program = f"console.log({IS_THERE}, process.env.NODE_OPTIONS, {both} + '')"
    code, out, errors = run([AGENT, *QUIET, "node", "-e", program], env, tmp_path)
    options = env["NODE_OPTIONS"]
    assert (code, errors) == (0, [])
    assert out == f"true {options} true {options}\ntrue undefined\n\n"


@pytest.mark.parametrize("other", ["dd-trace/init", "newrelic", "@opentelemetry/auto-instrumentations-node/register"])
def test_another_agent_is_left_alone(tmp_path, other):
    place = tmp_path / "node_modules" / f"{other}.js"
    place.parent.mkdir(parents=True)
    place.write_text("")
    program = ["node", "-p", IS_THERE]
    assert run([AGENT, *QUIET, *program], {"NODE_OPTIONS": f"--require {other}"}, tmp_path)[1] == "false\n"
    assert run([AGENT, *QUIET, "node", "-r", other, *program[1:]], cwd=tmp_path)[1] == "false\n"
    assert run([AGENT, *QUIET, *program], cwd=tmp_path)[1] == "true\n"


def test_a_script_that_is_not_there_keeps_no_program_from_running(tmp_path):
    for script in ("/none/agent.cjs", "", "agent.cjs"):
        code, out, errors = run([AGENT, *QUIET, "node", "-p", IS_THERE], {"KOLBEN_AGENT_NODE": script}, tmp_path)
        assert (code, out, errors) == (0, "false\n", [])


def test_sigterm_ends_a_program_that_waits(tmp_path, programs):
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        program, port = start(tmp_path, programs, "app.js", APPS["http.get"], silent.getsockname()[1])
        # When the second is there, the program has done with writing the first.
        for number in (1, 2):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(f"GET /users/{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            asked = stack.enter_context(silent.accept()[0])
            assert asked.recv(12) == f"GET /users/{number}".encode()
        assert program.stop() == -signal.SIGTERM

    def what_was_open():
        spans = spans_of(program.stdout)
        ones = [span for span in spans if span["attributes"].get("http.target") == "/users/1"]
        return ones and [call for call in clients(spans) if call["parent_id"] == ones[0]["context"]["span_id"]]
    assert len(wait_until(what_was_open, "what was open is told")) == 1
