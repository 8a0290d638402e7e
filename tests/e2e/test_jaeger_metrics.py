"""Jaeger's /api/metrics/* on the real store, asked as the Monitor tab of Jaeger's page asks."""
import datetime
import time

import pytest

from harness import get, span

END = time.time_ns() // 1_000_000  # milliseconds
SECOND = 1_000_000_000


@pytest.fixture
def kolben(shared_kolben):
    """20 requests half a minute ago, of 10, 20 ... 200 ms, 5 of them failed; one half an hour ago."""
    if not shared_kolben.search():
        begin = END * 1_000_000 - 30 * SECOND
        sent = shared_kolben.send_spans(
            *(span("GET /" if i % 2 else "POST /add", 1, i, start=begin + i, micros=i * 10_000, error=i % 4 == 0)
              for i in range(1, 21)),
            *(span("SELECT", 1, 100 + i, parent=1, start=begin + i, micros=9, kind=3) for i in range(9)),
            span("GET /", 2, 200, start=END * 1_000_000 - 1800 * SECOND, micros=70_000), service="to do")
        assert sent.status == 200, sent.text
    return shared_kolben


def ask(kolben, what, **parameters):
    """As the page asks for an hour: a point a minute, rates of ten minutes."""
    answer = get(kolben.ui, f"/api/metrics/{what}", service="to do", endTs=END, lookback=3_600_000,
                 step=60_000, ratePer=600_000, **parameters)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def points(metric):
    """(seconds before the end, value) of each, as the page reads them; NaN is a gap."""
    return [(round(END / 1000 - datetime.datetime.fromisoformat(
        point["timestamp"].replace("Z", "+00:00")).timestamp()),
        None if point["gaugeValue"]["doubleValue"] == "NaN" else point["gaugeValue"]["doubleValue"])
        for point in metric["metricPoints"]]


def test_the_graphs_of_a_service(kolben):
    calls = ask(kolben, "calls", quantile=0.95)
    assert (calls["name"], calls["type"]) == ("service_call_rate", "GAUGE") and calls["help"]
    assert [metric["labels"] for metric in calls["metrics"]] == [[{"name": "service_name", "value": "to do"}]]
    line = dict(points(calls["metrics"][0]))
    assert list(line) == list(range(29 * 60, -1, -60)), "from the oldest span to the end, a minute apart"
    assert line[0] == pytest.approx(20 / 600)
    assert line[29 * 60] == line[20 * 60] == pytest.approx(1 / 600)
    assert line[19 * 60] == line[60] == 0

    errors = ask(kolben, "errors", quantile=0.95)
    assert errors["name"] == "service_error_rate"
    line = dict(points(errors["metrics"][0]))
    assert (line[0], line[20 * 60], line[19 * 60]) == (0.25, 0, None)

    for quantile, millis in ((0.5, 100), (0.75, 150), (0.95, 190)):
        latencies = ask(kolben, "latencies", quantile=quantile)
        assert latencies["name"] == "service_latencies"
        line = dict(points(latencies["metrics"][0]))
        assert line[0] == pytest.approx(millis)
        assert line[60] is None and line[29 * 60] == pytest.approx(70)


def test_the_table_of_operations(kolben):
    for what, values in (("calls", (10 / 600, 10 / 600)), ("errors", (0, 0.5)), ("latencies", (190, 200))):
        answer = ask(kolben, what, quantile=0.95, groupByOperation="true")
        assert answer["name"].startswith("service_operation_")
        found = {}
        for metric in answer["metrics"]:
            service, operation = metric["labels"]
            assert service == {"name": "service_name", "value": "to do"}
            assert operation["name"] == "operation"
            found[operation["value"]] = dict(points(metric))[0]
        assert set(found) == {"GET /", "POST /add"}
        assert found["GET /"] == pytest.approx(values[0])
        assert found["POST /add"] == pytest.approx(values[1])


def test_kinds_services_and_steps(kolben):
    databases = ask(kolben, "calls", spanKind=["client", "producer"])
    assert dict(points(databases["metrics"][0]))[0] == pytest.approx(9 / 600)
    assert get(kolben.ui, "/api/metrics/calls", service="nobody").json()["metrics"] == []
    assert get(kolben.ui, "/api/metrics/minstep").json()["data"] == 1
    refused = get(kolben.ui, "/api/metrics/latencies", service="to do")
    assert refused.status == 400 and "quantile" in refused.json()["errors"][0]["msg"]
