#!/usr/bin/env python3
"""ClickHouse on the reference data, in the schema of the Collector's ClickHouse exporter.

    bench/clickhouse_bench.py BIN SPANS [narrow|wide]     BIN: where clickhouse_rows is

The engine comes as the Python package chdb-core; tools/bench puts it into build/chdb. One thread,
as the store is measured: insert from Native blocks in memory order (nothing is parsed), merge to one
part, bytes on disk, and the questions of store_bench under the names that it gives them.
"""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# The table of opentelemetry-collector-contrib/exporter/clickhouseexporter, its documented columns,
# codecs and indexes.
MAP = "Map(LowCardinality(String), String) CODEC(ZSTD(1))"
SCHEMA = f"""
CREATE TABLE otel_traces (
  Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
  TraceId String CODEC(ZSTD(1)),
  SpanId String CODEC(ZSTD(1)),
  ParentSpanId String CODEC(ZSTD(1)),
  TraceState String CODEC(ZSTD(1)),
  SpanName LowCardinality(String) CODEC(ZSTD(1)),
  SpanKind LowCardinality(String) CODEC(ZSTD(1)),
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  ResourceAttributes {MAP},
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion String CODEC(ZSTD(1)),
  SpanAttributes {MAP},
  Duration UInt64 CODEC(ZSTD(1)),
  StatusCode LowCardinality(String) CODEC(ZSTD(1)),
  StatusMessage String CODEC(ZSTD(1)),
  `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(1)),
  `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(1)),
  `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
  INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_duration Duration TYPE minmax GRANULARITY 1
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1
"""
COLUMNS = ("Timestamp UInt64, TraceId String, SpanId String, ParentSpanId String, "
           "TraceState String, SpanName String, SpanKind String, ServiceName String, "
           "ResourceAttributes Map(String, String), ScopeName String, ScopeVersion String, "
           "SpanAttributes Map(String, String), Duration UInt64, StatusCode String, "
           "StatusMessage String, `Events.Timestamp` Array(UInt64), `Events.Name` Array(String), "
           "`Events.Attributes` Array(Map(String, String))")
TIMES = ("* REPLACE (fromUnixTimestamp64Nano(toInt64(Timestamp)) AS Timestamp, "
         "arrayMap(t -> fromUnixTimestamp64Nano(toInt64(t)), `Events.Timestamp`) "
         "AS `Events.Timestamp`)")


TABLE = "bench.otel_traces"
METHOD = "SpanAttributes['http.request.method']"
QUESTIONS = {
    "= on an attribute, every fourth has it": f"SELECT count() FROM {TABLE} WHERE {METHOD} = 'GET'",
    "= on an attribute, no such value": f"SELECT count() FROM {TABLE} WHERE {METHOD} = 'NONE'",
    "= on unique values":
        f"SELECT count() FROM {TABLE} WHERE SpanAttributes['url.path'] = '/api/v1/carts/99'",
    ">= on an integer attribute":
        f"SELECT count() FROM {TABLE} WHERE "
        "toInt64OrNull(SpanAttributes['db.response.returned_rows']) >= 90",
    "> on the duration": f"SELECT count() FROM {TABLE} WHERE Duration > 20000000",
    "regex on an attribute":
        f"SELECT count() FROM {TABLE} WHERE match(SpanAttributes['rpc.service'], '^.*checkout.*$')",
    "regex on the name": f"SELECT count() FROM {TABLE} WHERE match(SpanName, '^SELECT .*$')",
    "heat map of all":
        f"SELECT intDiv(toUnixTimestamp64Nano(Timestamp), 60000000000) AS minute, "
        f"toUInt8(floor(log2(greatest(Duration, 1)))) AS height, count() FROM {TABLE} "
        f"GROUP BY minute, height",
    "newest 20 traces of a service":
        f"SELECT TraceId, max(Timestamp) AS t FROM {TABLE} WHERE ServiceName = 'cart' "
        f"GROUP BY TraceId ORDER BY t DESC LIMIT 20",
}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    import chdb.session
    bin_directory, spans = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    data = sys.argv[3] if len(sys.argv) > 3 else "narrow"
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIRECTORY")) as directory:
        rows = pathlib.Path(directory) / "rows.json"
        with rows.open("wb") as out:
            subprocess.run([bin_directory / "clickhouse_rows", str(spans), data], stdout=out, check=True)
        session = chdb.session.Session(f"{directory}/store")

        def ask(text):
            return str(session.query(text, "CSV")).strip()

        ask("SET max_threads = 1")
        ask("SET max_insert_threads = 1")
        ask("CREATE DATABASE bench")
        ask("USE bench")
        ask(SCHEMA.replace("otel_traces", "bench.otel_traces"))
        ask(f"SELECT {TIMES} FROM file('{rows}', JSONEachRow, '{COLUMNS}') "
            f"INTO OUTFILE '{directory}/rows.native' FORMAT Native")
        rows.unlink()
        before = cpu_seconds()
        ask(f"INSERT INTO bench.otel_traces SELECT * FROM file('{directory}/rows.native', Native)")
        ask("OPTIMIZE TABLE bench.otel_traces FINAL")
        cpu = cpu_seconds() - before
        count, size = map(int, ask("SELECT sum(rows), sum(bytes_on_disk) FROM system.parts "
                                   "WHERE active AND table = 'otel_traces'").split(","))

        def median_ms(text):
            times = []
            for _ in range(7):
                began = time.monotonic()
                ask(text)
                times.append(1000 * (time.monotonic() - began))
            return statistics.median(times[1:])

        trace = ask("SELECT TraceId FROM bench.otel_traces LIMIT 1 OFFSET 12345").strip('"')
        version = ask("SELECT version()").strip('"')

        def row(what, figure, unit):
            print(f"  {what:<44} {figure:>10.2f} {unit}", flush=True)

        print(f"ClickHouse {version}, {count} spans, {data} data, one thread")
        row("insert and merge, spans a CPU second", count / cpu / 1000, "k/s")
        row("on disk, a span", size / count, "bytes")
        row("a trace by id, warm", median_ms(f"SELECT * FROM {TABLE} WHERE TraceId = '{trace}'"), "ms")
        for what, text in QUESTIONS.items():
            row(what, median_ms(text), "ms")
        session.close()


if __name__ == "__main__":
    main()
