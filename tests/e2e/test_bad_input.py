"""What strangers send: nothing crashes, everything is answered, nothing vanishes in silence."""
import gzip
import http.client
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import time

import pytest

from harness import (Kolben, attribute, get, post_json, request, span, trace_request,
                     wait_until)

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def kolben(shared_kolben):
    assert shared_kolben.is_running(), shared_kolben.stderr
    yield shared_kolben
    assert shared_kolben.is_running(), shared_kolben.stderr


def trace(kolben, trace_id):
    return get(kolben.ui, f"/api/kolben/trace/{trace_id:032x}")


@pytest.mark.parametrize("body, headers, status", [
    (b"\x0a\xff\xff\xff\xff\x0f", PROTOBUF, 400),                      # truncated
    (b"\x0a\x05\x0a", PROTOBUF, 400),
    (b'{"resourceSpans": [', JSON, 400),
    (b'{"resourceSpans": 7}', JSON, 400),
    (b"\xff\xfe\x00", JSON, 400),
    (b"[" * 100_000, JSON, 400),                                        # deep nesting
    (b"{}", {"Content-Type": "text/plain"}, 415),
    (b"{}", {}, 415),
    (b"garbage", {**JSON, "Content-Encoding": "gzip"}, 400),
    (b"{}", {**JSON, "Content-Encoding": "br"}, 415),
], ids=["oversized-length", "truncated", "cut-json", "wrong-type", "not-utf8", "deep", "text",
        "no-type", "bad-gzip", "unknown-encoding"])
def test_malformed_requests_are_refused_clearly(kolben, body, headers, status):
    answer = request(kolben.otlp_http, "POST", "/v1/traces", body, headers)
    assert answer.status == status
    assert answer.body


def test_the_place_of_a_mistake_in_json_is_named(kolben):
    broken = trace_request([span("ok", 1, 1), {**span("bad", 2, 2), "traceId": "abc"}])
    answer = post_json(kolben.otlp_http, "/v1/traces", broken)
    assert answer.status == 400
    assert "spans[1].traceId" in answer.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_wrong_methods_get_405(kolben, method):
    answer = request(kolben.otlp_http, method, "/v1/traces")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"


def test_a_body_over_the_limit_gets_413_and_is_counted(kolben):
    connection = http.client.HTTPConnection("127.0.0.1", kolben.otlp_http, timeout=20)
    connection.putrequest("POST", "/v1/traces")
    connection.putheader("Content-Type", "application/x-protobuf")
    connection.putheader("Content-Length", str((64 << 20) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_gzip_bomb_gets_413(kolben):
    bomb = gzip.compress(b"\0" * (65 << 20), 9)
    answer = request(kolben.otlp_http, "POST", "/v1/traces", bomb,
                     {**PROTOBUF, "Content-Encoding": "gzip"})
    assert answer.status == 413


def test_grpc_on_the_http_port_is_told_where_it_is(kolben):
    with socket.create_connection(("127.0.0.1", kolben.otlp_http), timeout=10) as peer:
        peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        answer = peer.recv(4096)
    assert b"400" in answer and b"gRPC" in answer


def test_http_on_the_grpc_port_gets_what_the_scenario_says(kolben):
    answer = subprocess.run(["curl", "-sS", f"localhost:{kolben.otlp_grpc}"], capture_output=True,
                            text=True, timeout=20)
    assert answer.returncode == 1
    assert "Received HTTP/0.9 when not allowed" in answer.stderr

    def counted():
        rejected = get(kolben.ui, "/api/kolben/status").json()["rejected"]
        return any(row["listener"] == "otlp/grpc" and row["count"] > 0 for row in rejected)
    wait_until(counted, "the peer is counted with its reason")


def test_without_a_collector_curl_is_refused():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = subprocess.run(["curl", "-sS", f"127.0.0.1:{port}"], capture_output=True, timeout=20)
    assert answer.returncode == 7


def test_odd_spans_are_kept(kolben):
    year_1970, year_2100 = 1, 4_102_444_800_000_000_000
    huge = "x" * (1 << 20)
    answer = kolben.send_spans(
        span("of 1970", 0x1970, 1, start=year_1970),
        span("of 2100", 0x2100, 2, start=year_2100),
        {**span("backwards", 0xb, 3), "endTimeUnixNano": "5"},
        span("large", 0x1a, 4, text=huge),
        span("many", 0x3a, 5, **{f"key.{n}": n for n in range(10_000)}),
        span("", 0xe, 6))
    assert answer.status == 200
    for trace_id in (0x1970, 0x2100, 0xb, 0x1a, 0x3a, 0xe):
        assert trace(kolben, trace_id).status == 200, hex(trace_id)
    assert trace(kolben, 0xb).json()["durationsMicros"] == [0]
    detail = get(kolben.ui, f"/api/kolben/trace/{0x1a:032x}/span/{4:016x}").json()
    assert [len(a["value"]) for a in detail["attributes"] if a["key"] == "text"] == [len(huge)]
    detail = get(kolben.ui, f"/api/kolben/trace/{0x3a:032x}/span/{5:016x}").json()
    assert len(detail["attributes"]) == 10_000


def test_zero_ids_do_no_harm(kolben):
    zero = {**span("zero", 0, 0), "spanId": "0" * 16}
    answer = kolben.send_spans(zero, span("good", 0x900d, 1))
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert trace(kolben, 0x900d).status == 200


def test_hostile_texts_are_only_texts(kolben):
    evil = "<script>alert(1)</script>\"'&\u202e\x00"
    kolben.send_spans(span(evil, 0xe71, 1, evil=evil), service=evil)
    answer = get(kolben.ui, f"/api/traces/{0xe71:032x}")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    spans = answer.json()["data"][0]["spans"]
    assert spans[0]["operationName"] == evil
    page = get(kolben.ui, f"/trace/{0xe71:032x}")
    assert "<script>alert" not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_cycles_and_missing_parents_do_not_hang(kolben):
    kolben.send_spans(span("a", 0xc, 1, parent=2), span("b", 0xc, 2, parent=1),
                      span("orphan", 0xc, 3, parent=99), span("self", 0xc, 4, parent=4))
    answer = trace(kolben, 0xc)
    assert answer.status == 200
    assert sorted(answer.json()["spanId"]) == [f"{n:016x}" for n in (1, 2, 3, 4)]
    assert get(kolben.ui, f"/api/traces/{0xc:032x}").status == 200


@pytest.mark.parametrize("target", [
    "/api/traces/xyz", "/api/kolben/trace/xyz", "/api/traces?limit=-1", "/api/traces?service=a&start=x",
    "/api/kolben/search?minDuration=fast", "/api/kolben/search?tag=a%3D~(", "/api/v3/traces?query.serviceName=a",
    "/api/kolben/search?cursor=nonsense",
])
def test_malformed_queries_get_400(kolben, target):
    assert get(kolben.ui, target).status == 400


def test_slow_and_silent_peers_keep_nobody_else_waiting(kolben):
    silent = [socket.create_connection(("127.0.0.1", kolben.otlp_http)) for _ in range(50)]
    for peer in silent[:25]:
        peer.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Le")
    began = time.monotonic()
    assert kolben.send_spans(span("quick", 0x91c, 1)).status == 200
    assert time.monotonic() - began < 5
    for peer in silent:
        peer.close()


def test_what_is_not_utf8_is_kept_and_shown_replaced(kolben):
    # resource_spans { scope_spans { spans { trace_id, span_id, name: "\xff" } } }
    def field(number, payload):
        return bytes([number << 3 | 2, len(payload)]) + payload
    body = field(1, field(2, field(2, field(1, bytes(15) + b"\xfe") + field(2, bytes(7) + b"\x01") +
                                   field(5, b"\xff"))))
    assert request(kolben.otlp_http, "POST", "/v1/traces", body, PROTOBUF).status == 200
    answer = get(kolben.ui, f"/api/kolben/trace/{0xfe:032x}")
    assert answer.status == 200
    assert "\ufffd" in json.loads(answer.body)["names"][0]


def gauge(name, value=1.0, **labels):
    return {"name": name, "gauge": {"dataPoints": [{
        "timeUnixNano": str(time.time_ns()), "asDouble": value,
        "attributes": [attribute(key, text) for key, text in labels.items()]}]}}


def send_metrics(kolben, *metrics):
    return post_json(kolben.otlp_http, "/v1/metrics", {"resourceMetrics": [{
        "resource": {"attributes": [attribute("service.name", "hostile")]},
        "scopeMetrics": [{"metrics": list(metrics)}]}]})


def test_no_program_can_spoil_the_scrape_of_all_others(kolben):
    """Prometheus drops a scrape whole for one label that is there twice, or that is no UTF-8."""
    evil = {"job": "e", "le": "1", "__name__": "e", "instance": "e", "a.b": "1", "a_b": "2"}
    assert send_metrics(kolben, gauge("hostile", **evil), gauge("", **evil),
                        gauge('a{b="c"} 1\nx', **evil)).status == 200
    lines = [line for line in get(kolben.port("prometheus"), "/metrics").text.splitlines()
             if line.startswith("hostile{")]
    assert lines
    for line in lines:
        names = re.findall(r'[{,]([a-zA-Z_][a-zA-Z0-9_]*)="', line)
        assert len(names) == len(set(names)), line
        assert "__name__" not in names


def test_bodies_that_never_end_take_no_memory_from_the_others(kolben):
    """40 peers with 8 MiB each and no end would be 320 MiB; the bound is four of the largest bodies."""
    head = (b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
            b"Content-Length: 67108864\r\n\r\n")
    peers = []
    for _ in range(40):
        peer = socket.create_connection(("127.0.0.1", kolben.otlp_http), timeout=10)
        peers.append(peer)
        try:
            peer.sendall(head + bytes(8 << 20))
        except OSError:
            pass  # refused while it still sent
    def refused():
        rejected = get(kolben.ui, "/api/kolben/status").json()["rejected"]
        return any(row["reason"] == "too_many_bytes" for row in rejected)
    wait_until(refused, "some were refused, with the reason counted")
    assert kolben.send_spans(span("small", 0x5a, 1)).status == 200
    for peer in peers:
        peer.close()


def test_a_name_of_a_stranger_for_this_machine_is_refused(kolben):
    answer = request(kolben.ui, "GET", "/api/services", headers={"Host": "evil.example:16686"})
    assert answer.status == 403
    assert "allowed_hosts" in answer.text
    assert request(kolben.ui, "GET", "/api/services", headers={"Host": "localhost:1"}).status == 200


NODE_FETCH = """
const dns = require('dns');
dns.lookup = (name, options, done) =>
  options.all ? done(null, [{address: '127.0.0.1', family: 4}]) : done(null, '127.0.0.1', 4);
fetch(process.argv[1], {method: 'POST', body: process.argv[2], headers: JSON.parse(process.argv[3])})
  .then(async (answer) => console.log(answer.status, await answer.text()));
"""


def test_nodes_fetch_by_an_alias_of_this_machine_is_no_browser(kolben):
    """It sends Accept-Language and Sec-Fetch-Mode, as browsers do."""
    if shutil.which("node") is None:
        pytest.skip("no node")
    spans = [{"traceId": f"{0x40de:032x}", "id": f"{1:016x}", "name": "fetched",
              "timestamp": time.time_ns() // 1000, "duration": 5}]
    def fetch(**headers):
        url = f"http://zipkin.example:{kolben.port('zipkin')}/api/v2/spans"
        return subprocess.run(["node", "-e", NODE_FETCH, url, json.dumps(spans),
                               json.dumps({"Content-Type": "application/json", **headers})],
                              capture_output=True, text=True, timeout=30).stdout
    assert fetch() == "202 \n"
    assert fetch(Referer="http://evil.example/").startswith("403 ")


def test_silent_peers_do_not_hold_up_the_stop(tmp_path, programs):
    kolben = programs(Kolben(tmp_path))
    peers = [socket.create_connection(("127.0.0.1", kolben.port(name)))
             for name in ("otlp/grpc", "otlp/http", "zipkin", "query")]
    peers[0].sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    for peer in peers[1:]:
        peer.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
    assert kolben.send_spans(span("kept", 0x4e, 1)).status == 200
    began = time.monotonic()
    assert kolben.stop() == 0
    assert time.monotonic() - began < 8
    for peer in peers:
        peer.close()


def limited(kind, limit, *more):
    """For preexec_fn: the limit, and what else is to be done."""
    return lambda: [resource.setrlimit(kind, (limit, limit)), *[call() for call in more]]


@pytest.mark.parametrize("limit, inherited", [(20, 0), (32, 0), (64, 20), (58, 0)])
def test_few_descriptors_are_refused_with_the_limit_that_is_needed(tmp_path, programs, limit, inherited):
    def open_some():
        for _ in range(inherited):
            os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)
    kolben = programs(Kolben(tmp_path, wait=False, close_fds=False,
                             preexec_fn=limited(resource.RLIMIT_NOFILE, limit, open_some)))
    assert kolben.process.wait(20) == 1
    assert re.fullmatch(rf"kolben: only {limit} files may be open, \d+ are, 56 more are needed: "
                        r"raise the limit \(ulimit -n\)\n", kolben.stderr)


def test_the_built_in_configuration_runs_with_64_descriptors(tmp_path, programs):
    kolben = programs(Kolben(tmp_path, preexec_fn=limited(resource.RLIMIT_NOFILE, 64)))
    assert kolben.send_spans(span("few", 1, 1)).status == 200
    assert [trace["rootName"] for trace in kolben.search()] == ["few"]
    assert kolben.stop() == 0


def test_components_that_need_more_descriptors_than_there_are_say_so(tmp_path, programs):
    both = '{protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}'
    more = "receivers:\n" + "".join(f"  otlp/{n}: {both}\n" for n in range(20)) + \
        "service: {pipelines: {traces: {receivers: [otlp, " + \
        ", ".join(f"otlp/{n}" for n in range(20)) + "]}}}\n"
    (tmp_path / "more.yaml").write_text(more)
    kolben = programs(Kolben(tmp_path, "--config", tmp_path / "more.yaml", wait=False,
                             preexec_fn=limited(resource.RLIMIT_NOFILE, 80)))
    assert kolben.process.wait(20) == 1
    assert re.search(r'failed to start "otlp/\d+" receiver: only 80 files may be open', kolben.stderr)


FILE_TOO_LARGE = "File too large; raise the limit of a file's size (ulimit -f)"


def test_a_limit_of_file_sizes_in_which_no_store_fits_is_told(tmp_path, programs):
    """Without care the kernel would end the program (SIGXFSZ)."""
    said, told = os.pipe()  # a file of output is within the limit, too
    kolben = programs(Kolben(tmp_path, wait=False, preexec_fn=limited(
        resource.RLIMIT_FSIZE, 0, lambda: os.dup2(told, 2))))
    os.close(told)
    with open(said, encoding="utf-8") as text:
        assert FILE_TOO_LARGE in text.read()
    assert kolben.process.wait(20) == 1


def test_a_limit_of_file_sizes_refuses_what_does_not_fit(tmp_path, programs):
    kolben = programs(Kolben(tmp_path, preexec_fn=limited(resource.RLIMIT_FSIZE, 100_000)))
    refused = kolben.send_spans(span("large", 1, 1, filler=os.urandom(100_000).hex()))
    assert refused.status == 429
    assert FILE_TOO_LARGE in refused.json()["message"]
    assert FILE_TOO_LARGE in get(kolben.port("health_check"), "/").text
    assert kolben.is_running()
    assert kolben.stop() == 0


def test_closed_standard_streams_end_in_no_file_of_ours(tmp_path, programs):
    kolben = programs(Kolben(tmp_path, preexec_fn=lambda: [os.close(n) for n in (0, 1, 2)]))
    assert [os.readlink(f"/proc/{kolben.pid}/fd/{n}") for n in (1, 2)] == ["/dev/null"] * 2
    assert kolben.send_spans(span("a", 1, 1)).status == 200
    assert kolben.stop() == 0
