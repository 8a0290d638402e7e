"""The page's own calls (docs/page-api.md) on the real store: which traces, in which order, and why."""
import time

from harness import get, span

NOW = time.time_ns()


def call(kolben, path, **parameters):
    answer = get(kolben.ui, f"/api/kolben/{path}", **parameters)
    assert answer.status == 200, answer.text
    return answer.json()


def send_requests(kolben):
    """Trace 1 is new and short, 2 old and long, 3 has lost its root; each asks the database once."""
    sent = kolben.send_spans(
        span("GET /orders", 1, 0x10, start=NOW - 1_000_000_000, micros=2_000),
        span("SELECT", 1, 0x11, parent=0x10, start=NOW - 999_000_000, micros=500, kind=3,
             **{"db.statement": "SELECT * FROM orders"}),
        span("GET /report", 2, 0x20, start=NOW - 60_000_000_000, micros=548_000),
        span("SELECT", 2, 0x21, parent=0x20, start=NOW - 59_900_000_000, micros=430_000, kind=3,
             **{"db.statement": "SELECT count(*) FROM orders"}),
        span("SELECT", 2, 0x22, parent=0x20, start=NOW - 59_300_000_000, micros=7, kind=3),
        span("inner", 3, 0x30, parent=0x39, start=NOW - 2_000_000_000, micros=10))
    assert sent.status == 200, sent.text


def test_search_tells_order_match_and_what_stands_for_a_missing_root(kolben):
    send_requests(kolben)
    newest = call(kolben, "search")["traces"]
    assert [t["rootName"] for t in newest] == ["GET /orders", "", "GET /report"]
    assert newest[1]["first"] == {"service": "test", "name": "inner"}
    assert "first" not in newest[0] and "match" not in newest[0]
    page = call(kolben, "search", order="longest", limit=2)
    assert [t["rootName"] for t in page["traces"]] == ["GET /report", "GET /orders"]
    rest = call(kolben, "search", order="longest", limit=2, cursor=page["nextCursor"])
    assert [t["first"]["name"] for t in rest["traces"]] == ["inner"] and rest["nextCursor"] == ""
    found = call(kolben, "search", tag="name=SELECT", order="longest")["traces"]
    match = found[0]["match"]
    assert (match["spans"], match["name"], match["durationMicros"]) == (2, "SELECT", 430_000)
    assert match["detail"] == "SELECT count(*) FROM orders"
    rows = call(kolben, f"trace/{found[0]['traceId']}")
    at = rows["spanId"].index(match["spanId"])
    assert rows["details"][rows["detail"][at]] == "SELECT count(*) FROM orders"
    assert call(kolben, f"trace/{found[0]['traceId']}/find", text="COUNT(*)") == {"rows": [at], "spans": 3}


def test_a_pattern_has_to_match_the_whole_value(kolben):
    send_requests(kolben)
    assert call(kolben, "search", tag="db.statement=~orders")["traces"] == []
    assert len(call(kolben, "search", tag="db.statement=~.*orders.*")["traces"]) == 2
    assert get(kolben.ui, "/api/kolben/search", order="slowest").status == 400
