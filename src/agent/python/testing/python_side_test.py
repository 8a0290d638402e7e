#!/usr/bin/env python3
"""The agent's Python side over a table that the test keeps: no library, no agent."""
import abc
import asyncio
import contextvars
import importlib
import os
import struct
import sys
import threading
import types
import unittest
import unittest.mock

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True

import kolben_agent  # noqa: E402

# In the place of kolben_agent/table.py; each test begins with one that was told nothing.
table = kolben_agent.table = sys.modules["kolben_agent.table"] = types.ModuleType("table")


def unpack_attributes(packed):
    """A dictionary; the other way round than packing.attributes()."""
    def value(kind, at):
        if kind in (packing.STRING, packing.LIST):
            size = struct.unpack_from("=I", packed, at)[0]
            at += 4
            if kind == packing.STRING:
                return packed[at:at + size].decode(), at + size
            items, end = [], at + size
            while at < end:
                item, at = value(packed[at], at + 1)
                items.append(item)
            return items, at
        if kind == packing.BOOL:
            return packed[at] == 1, at + 1
        form = "=q" if kind == packing.INT else "=d"
        return struct.unpack_from(form, packed, at)[0], at + 8

    found, at = {}, 0
    while at < len(packed):
        kind, size = struct.unpack_from("=BI", packed, at)
        at += 5
        key = packed[at:at + size].decode()
        found[key], at = value(kind, at + size)
    return found


def unpack_span(packed):
    names = ("name", "message", "scope", "version", "attributes", "events", "links")
    start, end, kind, status, *sizes = struct.unpack_from("=QQIIIIIIIIIIII", packed)
    at, found = 64, {"start": start, "end": end, "kind": kind, "status": status,
                     "dropped": sizes[-3:]}
    for name, size in zip(names, sizes[:-3]):
        found[name] = packed[at:at + size]
        at += size
    assert at == len(packed)
    for name in names[:4]:
        found[name] = found[name].decode()
    found["attributes"] = unpack_attributes(found["attributes"])
    return found


def unpack_events(packed):
    at, found = 0, []
    while at < len(packed):
        time, name, size = struct.unpack_from("=QII", packed, at)
        at += 16
        found.append((time, packed[at:at + name].decode(),
                      unpack_attributes(packed[at + name:at + name + size])))
        at += name + size
    return found


class FakeTable:
    """Notes what it is told."""

    def __init__(self):
        self.spans, self.logs, self.measured, self.worked, self.routes = [], [], [], [], []
        self.parents, self.dropped, self.instruments = {}, [], []
        self.thread = (0, 0)
        self.served = None  # a traceparent
        self.is_sampled = True
        self.is_full = False
        self.told, self.texts = 0, []
        self.request_attributes = {}

    def span_start(self, parent):
        if self.is_full:
            return bytes(63)
        number = len(self.parents) + 1
        self.parents[number] = parent or None
        trace = parent[3:35] if parent else b"%032x" % (1000 + number)
        traceparent = b"00-%s-%016x-%02x" % (trace, number, self.is_sampled)
        return traceparent + number.to_bytes(8, sys.byteorder)

    def span_finish(self, span, packed=None):
        if packed is None:
            self.dropped.append(span)
        else:
            self.spans.append(dict(unpack_span(packed), number=span))

    def log_packed(self, packed):
        time, severity, *sizes = struct.unpack_from("=QiIIIII", packed)
        at, texts = 32, []
        for length in sizes[:4]:
            texts.append(packed[at:at + length])
            at += length
        assert at == len(packed)
        self.logs.append((severity, texts[0].decode(), texts[1].decode(), texts[2].decode(),
                          unpack_attributes(texts[3])))

    def output_is_told(self, begins):
        self.told += 1 if begins else -1

    def output_text_is_told(self, begin, size):
        self.texts.append((begin, size))

    def instrument(self, kind, name, unit, description):
        self.instruments.append((kind, name, unit, description))
        return len(self.instruments)

    def record_packed(self, instrument, value, packed):
        self.measured.append((self.instruments[instrument - 1][1].decode(), value,
                              unpack_attributes(packed)))

    def traceparent(self):
        return self.served

    def request(self):
        return self.thread[0]

    def follow_greenlets(self):
        self.follows_greenlets = True

    def work_for(self, request, span):
        self.thread = (request, span)
        self.worked.append(self.thread)

    def request_packed(self, packed):
        self.request_attributes.update(unpack_attributes(packed))

    def request_route(self, route):
        self.routes.append(route)


table.native = FakeTable()

from kolben_agent import imports, observers, packing, patching, records, work  # noqa: E402

SERVED = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"


class SideTest(unittest.TestCase):
    """Each test has a table and an API of its own."""

    def setUp(self):
        self.table = table.native
        self.table.__init__()
        work.own.set(work.NOTHING)
        work.carried.set(0)
        for name in [name for name in sys.modules if name.startswith(("opentelemetry",
                                                                      "kolben_agent.api"))]:
            del sys.modules[name]
        self.finders = imports.Finder(), imports.FallbackFinder()
        sys.meta_path.insert(0, self.finders[0])
        sys.meta_path.append(self.finders[1])

    def tearDown(self):
        for finder in self.finders:
            sys.meta_path.remove(finder)

    def api(self, name="trace"):
        return importlib.import_module("opentelemetry." + name)

    def tracer(self):
        return self.api().get_tracer("shop", "1.2")


class PackingTest(unittest.TestCase):
    def test_values_of_all_types(self):
        values = {"text": "köln", "yes": True, "no": False, "count": -7, "ratio": 0.5,
                  "texts": ["a", ""], "numbers": (1, 2), "bytes": b"b", "huge": 1 << 70}
        self.assertEqual(unpack_attributes(packing.attributes(values)), {
            **values, "numbers": [1, 2], "bytes": "b", "huge": str(1 << 70)})

    def test_what_is_no_value_is_left_out(self):
        self.assertEqual(packing.attributes({"none": None, "map": {}, "": 1, 5: 1, "set": {1}}), b"")
        self.assertEqual(packing.attributes(None), b"")
        nested = packing.attributes({"nested": ["a", ["b"], None, "c"]})
        self.assertEqual(unpack_attributes(nested), {"nested": ["a", "c"]})

    def test_what_does_not_fit_is_left_out_whole(self):
        many = {f"key{i}": "x" * 1000 for i in range(100)}
        packed = packing.attributes(many)
        self.assertLessEqual(len(packed), packing.ATTRIBUTES_BYTES_MAX)
        self.assertTrue(set(unpack_attributes(packed).values()) == {"x" * 1000})
        self.assertEqual(len(unpack_attributes(packed)), 12)

    def test_a_long_text_is_cut_between_characters(self):
        cut = unpack_attributes(packing.attributes({"long": "ö" * 9000}))["long"]
        self.assertEqual(cut, "ö" * (packing.TEXT_BYTES_MAX // 2))
        self.assertEqual(packing.text("ö" * 300, 11), ("ö" * 5).encode())
        self.assertEqual(packing.text("\ud800"), b"?")

    def test_a_span_s_record_fits_into_the_ring(self):
        huge = {f"key{i}": "x" * 9000 for i in range(50)}
        event = packing.event("n" * 9000, 1, huge)
        packed = packing.span("n" * 9000, 1, 1, 2, 2, "m" * 9000, "s" * 9000, "v" * 9000, huge,
                              [event] * 50, [packing.link(1, 2, huge)] * 50, 7, 8)
        self.assertLess(len(packed), 31 * 1024)
        told = unpack_span(packed)
        self.assertEqual(told["dropped"], [50 - len(told["attributes"]),
                                           57 - len(unpack_events(told["events"])), 8])
        self.assertLess(len(packing.log(1, 9, "l" * 9000, "s" * 9000, "b" * 90000, huge)), 31 * 1024)


class SpanTest(SideTest):
    def test_a_span_is_told_at_its_end(self):
        trace = self.api()
        with self.tracer().start_as_current_span("checkout", kind=trace.SpanKind.CLIENT,
                                                 attributes={"n": 1}) as span:
            span.set_attributes({"m": "x"})
            span.set_attribute("n", 2)
            span.add_event("paid", {"amount": 12}, timestamp=5)
            self.assertEqual(self.table.spans, [])
        span.set_attribute("late", 1)
        span.end()
        [told] = self.table.spans
        self.assertEqual((told["name"], told["kind"], told["status"], told["scope"],
                          told["version"]), ("checkout", 3, 0, "shop", "1.2"))
        self.assertEqual(told["attributes"], {"n": 2, "m": "x"})
        self.assertEqual(unpack_events(told["events"]), [(5, "paid", {"amount": 12})])
        self.assertLess(told["start"], told["end"])

    def test_parents(self):
        trace, context = self.api(), self.api("context")
        tracer = self.tracer()
        with tracer.start_as_current_span("root"):
            with tracer.start_as_current_span("child") as child:
                self.assertIs(trace.get_current_span(), child)
            tracer.start_span("explicit", context=trace.set_span_in_context(child)).end()
            tracer.start_span("none", context=context.Context()).end()
        self.assertIsNone(self.table.parents[1])
        self.assertEqual(self.table.parents[2][36:52], b"%016x" % 1)
        self.assertEqual(self.table.parents[3][36:52], b"%016x" % 2)
        self.assertIsNone(self.table.parents[4])

    def test_below_the_request_that_the_thread_serves(self):
        trace, baggage, context = self.api(), self.api("baggage"), self.api("context")
        self.table.served = SERVED
        tracer = self.tracer()
        for above in (None, context.get_current(), baggage.set_baggage("a", "b")):
            tracer.start_span("x", context=above).end()
        self.assertEqual(set(self.table.parents.values()), {SERVED})
        tracer.start_span("root", context=context.Context()).end()
        self.assertIsNone(self.table.parents[4])

    def test_a_remote_parent_of_the_same_trace_is_above_the_request(self):
        propagate = self.api("propagate")
        self.table.served = SERVED
        same = {"traceparent": f"00-{'a' * 32}-{'c' * 16}-01"}
        other = {"traceparent": f"00-{'d' * 32}-{'c' * 16}-01"}
        self.tracer().start_span("x", context=propagate.extract(same)).end()
        self.tracer().start_span("x", context=propagate.extract(other)).end()
        self.assertEqual(self.table.parents[1], SERVED)
        self.assertEqual(self.table.parents[2], other["traceparent"].encode())

    def test_the_current_span_where_there_is_none_is_the_request_s(self):
        trace = self.api()
        self.assertFalse(trace.get_current_span().get_span_context().is_valid)
        self.table.served, self.table.thread = SERVED, (5, 0)
        span = trace.get_current_span()
        self.assertEqual(span.get_span_context().span_id, int("b" * 16, 16))
        self.assertTrue(span.is_recording())
        span.set_attribute("user", "ann")
        self.table.thread = (6, 0)  # another request by now
        span.set_attribute("user", "bob")
        self.assertEqual(self.table.request_attributes, {"user": "ann"})

    def test_what_the_thread_works_for_follows_the_current_span(self):
        self.table.thread = (7, 0)
        tracer = self.tracer()
        with tracer.start_as_current_span("outer"):
            self.assertEqual(self.table.thread, (7, 1))
            with tracer.start_as_current_span("inner"):
                self.assertEqual(self.table.thread, (7, 2))
            self.assertEqual(self.table.thread, (7, 1))
        self.assertEqual(self.table.thread, (7, 0))

    def test_greenlets_do_not_tell_what_their_thread_works_for(self):
        sys.modules["gevent"] = types.ModuleType("gevent")
        try:
            with self.tracer().start_as_current_span("outer"):
                self.tracer().start_span("inner").end()
        finally:
            del sys.modules["gevent"]
        self.assertEqual(self.table.worked, [])
        self.assertEqual(self.table.parents[2][36:52], b"%016x" % 1)

    def test_exceptions(self):
        trace = self.api()

        def fail(**options):
            with self.assertRaises(ValueError):
                with self.tracer().start_as_current_span("x", **options):
                    raise ValueError("boom")
            return self.table.spans[-1]
        told = fail()
        self.assertEqual((told["status"], told["message"]), (2, "ValueError: boom"))
        [(_, name, attributes)] = unpack_events(told["events"])
        self.assertEqual((name, attributes["exception.type"]), ("exception", "ValueError"))
        self.assertIn("raise ValueError", attributes["exception.stacktrace"])
        self.assertEqual(fail(record_exception=False)["events"], b"")
        self.assertEqual(fail(set_status_on_exception=False)["status"], 0)
        with self.assertRaises(SystemExit):
            with self.tracer().start_as_current_span("x"):
                sys.exit(0)
        self.assertEqual(self.table.spans[-1]["status"], 0)
        with self.assertRaises(KeyError), trace.use_span(self.tracer().start_span("x"), True):
            raise KeyError("k")
        self.assertEqual(self.table.spans[-1]["message"], "KeyError: 'k'")

    def test_the_status_ok_is_final(self):
        trace = self.api()
        span = self.tracer().start_span("x")
        span.set_status(trace.StatusCode.ERROR, "first")
        span.set_status(trace.StatusCode.UNSET)
        self.assertEqual(span.status.description, "first")
        span.set_status(trace.Status(trace.StatusCode.OK))
        span.set_status(trace.StatusCode.ERROR, "second")
        span.end()
        self.assertEqual(self.table.spans[0]["status"], 1)

    def test_as_a_decorator(self):
        tracer = self.tracer()

        @tracer.start_as_current_span("plain")
        def plain(a, b=2):
            """Says so."""
            return a + b

        @tracer.start_as_current_span("coroutine")
        async def coroutine():
            await asyncio.sleep(0)
            return 7
        self.assertEqual((plain(1), plain(1, b=4), plain.__doc__), (3, 5, "Says so."))
        self.assertEqual(asyncio.run(coroutine()), 7)
        self.assertEqual([span["name"] for span in self.table.spans], ["plain", "plain", "coroutine"])

    def test_what_is_not_sampled_is_not_kept(self):
        self.table.is_sampled = False
        with self.tracer().start_as_current_span("x", attributes={"a": 1}) as span:
            self.assertFalse(span.is_recording())
            self.assertTrue(span.get_span_context().is_valid)
        self.assertEqual((self.table.spans, self.table.dropped), ([], [1]))

    def test_without_room_what_is_below_goes_to_the_parent(self):
        tracer = self.tracer()
        with tracer.start_as_current_span("parent") as parent:
            self.table.is_full = True
            with tracer.start_as_current_span("no room") as span:
                self.assertEqual(span.get_span_context(), parent.get_span_context())
            self.table.is_full = False
            tracer.start_span("child").end()
        self.assertEqual(self.table.parents[2][36:52], b"%016x" % 1)

    def test_a_span_that_is_dropped_frees_its_place(self):
        self.tracer().start_span("dropped")
        self.assertEqual((self.table.spans, self.table.dropped), ([], [1]))

    def test_a_provider_that_the_program_sets_wins(self):
        trace = self.api()
        early = self.tracer()

        class Provider(trace.TracerProvider):
            def get_tracer(self, *arguments, **named):
                return trace.NoOpTracer()
        self.assertIsInstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        provider = Provider()
        trace.set_tracer_provider(provider)
        trace.set_tracer_provider(Provider())  # too late
        self.assertIs(trace.get_tracer_provider(), provider)
        self.table.served = SERVED
        with early.start_as_current_span("x") as span:
            self.assertFalse(span.get_span_context().is_valid)
        early.start_span("x").end()
        self.assertFalse(trace.get_current_span().get_span_context().is_valid)
        self.assertEqual(self.table.parents, {})


class LaterVersionTest(SideTest):
    def test_methods_that_nobody_knows_yet(self):
        """A later API may ask for more than our classes have."""
        imports.PATCHES.pop("opentelemetry.trace")
        try:
            trace = self.api()
        finally:
            imports.PATCHES["opentelemetry.trace"] = "api_trace"
        for kind in (trace.Span, trace.Tracer, trace.TracerProvider):
            kind.__abstractmethods__ = kind.__abstractmethods__ | {"later"}
            kind.later = abc.abstractmethod(lambda self: None)
        imports.patch(trace)
        with trace.get_tracer("t").start_as_current_span("x"):
            pass
        self.assertEqual(len(self.table.spans), 1)

    def test_an_api_without_what_is_replaced_is_left_alone(self):
        imports.PATCHES.pop("opentelemetry.trace")
        try:
            trace = self.api()
        finally:
            imports.PATCHES["opentelemetry.trace"] = "api_trace"
        del trace._TRACER_PROVIDER
        before = trace.get_current_span
        imports.patch(trace)
        self.assertIs(trace.get_current_span, before)


class NoAgentTest(SideTest):
    def tearDown(self):
        super().tearDown()
        table.native = self.table

    def test_without_the_agent_no_api_is_found(self):
        table.native = None
        with self.assertRaises(ImportError):
            self.api()

    def test_without_the_agent_nothing_is_patched(self):
        table.native = None
        module = types.ModuleType("threading")
        module.Thread = type("Thread", (), {"start": 1, "_bootstrap_inner": 2})
        imports.patch(module)
        self.assertEqual((module.Thread.start, module.Thread._bootstrap_inner), (1, 2))

    def test_of_itself_the_interface_does_nothing(self):
        sys.meta_path.remove(self.finders[0])  # nothing is patched
        self.finders = self.finders[1:]
        trace, metrics = self.api(), self.api("metrics")
        with trace.get_tracer("t").start_as_current_span("x") as span:
            span.set_attribute("a", 1)
            self.assertFalse(span.is_recording())
        meter = metrics.get_meter("m")
        meter.create_counter("c").add(1)
        meter.create_gauge("g").set(1)
        meter.create_observable_gauge("o", [lambda options: []])
        self.assertEqual((self.table.parents, self.table.instruments), ({}, []))


class MetricTest(SideTest):
    def test_instruments(self):
        meter = self.api("metrics").get_meter("m")
        meter.create_counter("c", "1", "Counted").add(2, {"a": "b"})
        meter.create_up_down_counter("u").add(-1)
        meter.create_histogram("h", explicit_bucket_boundaries_advisory=[1, 2]).record(0.5)
        meter.create_gauge("g").set(3)
        meter.create_counter("c2").add("no number")
        self.assertEqual(self.table.measured, [("c", 2, {"a": "b"}), ("u", -1, {}), ("h", 0.5, {}),
                                               ("g", 3, {})])
        self.assertEqual(self.table.instruments[0], (1, b"c", b"1", b"Counted"))

    def test_observed_totals_are_told_as_differences(self):
        metrics = self.api("metrics")
        totals = iter([10, 15, 15, 4])
        observed = observers.Observed(1, True, True, [
            lambda options: [metrics.Observation(next(totals), {"cpu": 1})]], lambda: False)
        self.table.instruments.append((1, b"ticks", b"", b""))
        for _ in range(5):  # the last one raises StopIteration, which is the program's own affair
            observed.observe()
        self.assertEqual([value for _, value, _ in self.table.measured], [10, 5, 0, 4])

    def test_a_provider_that_the_program_sets_wins(self):
        metrics = self.api("metrics")
        counter = metrics.get_meter("m").create_counter("c")
        real = []

        class Counter(metrics.NoOpCounter):
            def add(self, amount, attributes=None, context=None):
                real.append((self.name, amount))

        class Meter(metrics.NoOpMeter):
            def create_counter(self, name, unit="", description=""):
                return Counter(name)

        class Provider(metrics.MeterProvider):
            def get_meter(self, name, *more, **named):
                return Meter(name)
        counter.add(1)
        metrics.set_meter_provider(Provider())
        counter.add(2)
        metrics.get_meter("other").create_counter("d").add(3)
        self.assertEqual((real, len(self.table.measured)), ([("c", 2), ("d", 3)], 1))

    def test_a_meter_s_name_may_be_anything(self):
        meter = self.api("metrics").get_meter(["no", "text"])
        meter.create_counter("c").add(2)
        self.assertEqual(len(self.table.measured), 1)

    def test_an_instrument_is_made_once(self):
        metrics = self.api("metrics")
        for _ in range(5):
            metrics.get_meter("m").create_counter("c").add(1)
        self.assertEqual([text for _, text, *_ in self.table.instruments], [b"c"])
        self.assertEqual(len(self.table.measured), 5)

    def test_the_interval(self):
        for value, want in (("500", 0.5), ("", 60.0), ("soon", 60.0), ("0", 60.0), ("nan", 60.0),
                            ("inf", 60.0), ("-1", 60.0)):
            os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = value
            self.assertEqual(observers.interval(), want)
        del os.environ["OTEL_METRIC_EXPORT_INTERVAL"]


class InterfaceTest(SideTest):
    """Of the API that we bring along."""

    def test_trace_state(self):
        state = self.api().TraceState([("a", "1"), ("b", "2"), ("A", "wrong"), ("c", "no,comma")])
        self.assertEqual(state.to_header(), "a=1,b=2")
        self.assertEqual(state.add("c", "3").to_header(), "c=3,a=1,b=2")
        self.assertEqual(state.update("b", "5").to_header(), "b=5,a=1")
        self.assertEqual(state.delete("a").to_header(), "b=2")
        self.assertEqual(type(state).from_header(["a=1 , b=2", "c=3"]).to_header(), "a=1,b=2,c=3")
        self.assertEqual(type(state).from_header(["broken"]).to_header(), "")

    def test_headers_there_and_back(self):
        trace, baggage, propagate = self.api(), self.api("baggage"), self.api("propagate")
        context = trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(
            5, 6, False, trace.TraceFlags(1), trace.TraceState([("a", "1")]))))
        context = baggage.set_baggage("name", "Ann, ö", baggage.set_baggage("b", "c", context))
        headers = {}
        propagate.inject(headers, context)
        self.assertEqual(headers["traceparent"], f"00-{5:032x}-{6:016x}-01")
        self.assertEqual(headers["tracestate"], "a=1")
        found = propagate.extract(headers)
        span = trace.get_current_span(found).get_span_context()
        self.assertEqual((span.trace_id, span.span_id, span.is_remote), (5, 6, True))
        self.assertEqual(dict(baggage.get_all(found)), {"b": "c", "name": "Ann, ö"})
        self.assertEqual(baggage.get_baggage("b", baggage.remove_baggage("b", found)), None)
        for broken in ("", "00-00-00-00", f"00-{0:032x}-{6:016x}-01", f"ff-{5:032x}-{6:016x}-01",
                       f"00-{5:032x}-{6:016x}-01-more"):
            found = propagate.extract({"traceparent": broken})
            self.assertFalse(trace.get_current_span(found).get_span_context().is_valid, broken)

    def test_headers_of_other_formats_there_and_back(self):
        trace, propagate = self.api(), self.api("propagate")
        trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        wanted = {"b3": {"b3": f"{trace_id}-{span_id}-%d"},
                  "b3multi": {"X-B3-TraceId": trace_id, "X-B3-SpanId": span_id, "X-B3-Sampled": "%d"},
                  "jaeger": {"uber-trace-id": f"{trace_id}:{span_id}:0:%d"}}
        wanted["b3,b3multi , JAEGER,unknown"] = {k: v for one in wanted.values() for k, v in one.items()}
        wanted["unknown"] = {"traceparent": f"00-{trace_id}-{span_id}-0%d"}
        wanted["none"] = {}
        for names, headers in wanted.items():
            with unittest.mock.patch.dict(os.environ, OTEL_PROPAGATORS=names):
                propagator = propagate._of_environment()
            for flags in (0, 1):
                context = trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(
                    int(trace_id, 16), int(span_id, 16), False, trace.TraceFlags(flags))))
                sent = {}
                propagator.inject(sent, context)
                self.assertEqual(sent, {k: v.replace("%d", str(flags)) for k, v in headers.items()})
                found = trace.get_current_span(propagator.extract(sent)).get_span_context()
                self.assertEqual((found.trace_id, found.is_remote, found.trace_flags),
                                 (int(trace_id, 16), True, flags) if sent else (0, False, 0), names)
            propagator.inject(sent, trace.set_span_in_context(trace.INVALID_SPAN))

    def test_headers_of_other_formats_as_others_write_them(self):
        trace, propagate = self.api(), self.api("propagate")
        with unittest.mock.patch.dict(os.environ, OTEL_PROPAGATORS="tracecontext,b3,b3multi,jaeger"):
            propagator = propagate._of_environment()

        def found(**headers):
            carrier = {name.replace("_", "-"): value for name, value in headers.items()}
            context = trace.get_current_span(propagator.extract(carrier)).get_span_context()
            return context.trace_id, context.span_id, int(context.trace_flags)
        self.assertEqual(found(b3="5-6"), (5, 6, 1))
        self.assertEqual(found(b3="5-6-d-7"), (5, 6, 1))
        self.assertEqual(found(x_b3_traceid="A", x_b3_spanid="b", x_b3_sampled="false"), (10, 11, 0))
        self.assertEqual(found(uber_trace_id="5%3A6%3a0%3A3"), (5, 6, 1))
        self.assertEqual(found(uber_trace_id="5:6:0:1", b3="7-8-0"), (7, 8, 0))
        self.assertEqual(found(traceparent=f"00-{1:032x}-{2:016x}-01", b3="7-8-0"), (1, 2, 1))
        for broken in ("", "0", "d", "x-6-1", "0-6-1", "5-0-1", "5", f"{1:033x}-6-1"):
            self.assertEqual(found(b3=broken, uber_trace_id=broken.replace("-", ":")), (0, 0, 0), broken)
            self.assertEqual(found(x_b3_traceid=broken, x_b3_spanid="6"),
                             (13, 6, 1) if broken == "d" else (5, 6, 1) if broken == "5" else (0, 0, 0))

    def test_a_context_is_not_changed(self):
        context = self.api("context")
        first = context.set_value("a", 1)
        with self.assertRaises(ValueError):
            first["a"] = 2
        token = context.attach(first)
        self.assertEqual((context.get_value("a"), context.get_current()), (1, first))
        context.detach(token)
        context.detach(token)  # a second time does nothing
        self.assertIsNone(context.get_value("a"))

    def test_all_names_are_there(self):
        for name in ("trace", "metrics", "context", "baggage", "propagate", "trace.status",
                     "trace.propagation", "trace.propagation.tracecontext", "propagators.textmap",
                     "propagators.composite", "propagators.b3", "propagators.jaeger",
                     "baggage.propagation", "util.types", "version",
                     "environment_variables"):
            module = self.api(name)
            for public in getattr(module, "__all__", ()):
                self.assertTrue(hasattr(module, public), public)


class LoggingTest(SideTest):
    def test_severities(self):
        numbers = {0: 0, 5: 0, 10: 5, 11: 6, 13: 8, 19: 8, 20: 9, 30: 13, 40: 17, 50: 21, 51: 22,
                   99: 24}
        self.assertEqual({level: records.severity(level) for level in numbers}, numbers)

    def test_a_record_is_told_and_its_output_marked(self):
        import logging

        class Logger(logging.Logger):
            pass

        class Module:
            class Handler(logging.Handler):
                pass
        Module.Logger = Logger
        records.patch(Module)
        logger, seen = Logger("shop"), []

        class Handler(Module.Handler):
            def emit(self, record):
                seen.append(self_table.told)
                self.format(record)
        self_table = self.table
        logger.addHandler(Handler())
        try:
            raise KeyError("k")
        except KeyError:
            logger.exception("a %s", "text", extra={"user": 5, "none": None})
        logger.warning({"not": "a text"})
        self.assertEqual((seen, self.table.told), ([1, 1], 0))
        (severity, level, scope, body, attributes), second = self.table.logs
        self.assertEqual((severity, level, scope, body), (17, "ERROR", "shop", "a text"))
        self.assertEqual((attributes["user"], attributes["exception.type"]), (5, "KeyError"))
        self.assertEqual(attributes["code.function.name"],
                         "test_a_record_is_told_and_its_output_marked")
        self.assertEqual(second[1:4], ("WARN", "shop", "{'not': 'a text'}"))
        (begin, size), second = self.table.texts
        self.assertTrue(begin.startswith(b"a text\nTraceback ") and len(begin) == min(size, 256))
        self.assertEqual(second, (b"{'not': 'a text'}", 17))

    def test_a_text_is_as_long_as_its_handler_s_stream_writes_it(self):
        class Stream:
            encoding, errors = "latin-1", "backslashreplace"
        records._tell_text(Stream, "\u00e4\u20ac")
        records._tell_text(None, "\u00e4")
        records._tell_text(None, b"no text")
        records._tell_text(None, "x" * 300)
        self.assertEqual(self.table.texts, [(b"\xe4\\u20ac", 7), (b"\xc3\xa4", 2), (b"x" * 256, 300)])

    def test_who_does_not_want_logs_gets_none(self):
        for environment, want in (({}, True), ({"OTEL_LOGS_EXPORTER": "none"}, False),
                                  ({"OTEL_LOGS_EXPORTER": "console"}, True), (
                {"OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "False"}, False)):
            self.assertIs(records._is_wanted(environment), want)


class PatchingTest(SideTest):
    def test_what_is_replaced_says_what_it_said(self):
        class Thing:
            def does(self, a, b=1):
                """It."""
                return a + b
        before = Thing.does
        patching.replace(Thing, "does", lambda original: lambda self, a, b=1: 10 * original(self, a, b))
        self.assertEqual(Thing().does(1, b=2), 30)
        self.assertEqual((Thing.does.__name__, Thing.does.__qualname__, Thing.does.__doc__),
                         (before.__name__, before.__qualname__, before.__doc__))

    def test_a_patch_that_fails_leaves_the_module(self):
        imports.patch(types.ModuleType("threading"))  # without anything that it has
        imports.patch(types.ModuleType("unheard.of"))

    def test_what_anyio_runs_in_a_thread_works_for_its_caller(self):
        module = types.ModuleType("anyio.to_thread")

        async def run_sync(func, *args, **kwargs):
            return func(*args)
        module.run_sync = run_sync
        imports.patch(module)
        self.assertEqual(asyncio.run(module.run_sync(max, 1, 2)), 2)
        self.table.thread = (9, 0)
        seen = asyncio.run(module.run_sync(lambda: self.table.thread, limiter=None))
        self.assertEqual((seen, self.table.worked[-1]), ((9, 0), (0, 0)))

    def test_threads_start_with_what_their_starter_worked_for(self):
        class Thread(threading.Thread):
            start, _bootstrap_inner = threading.Thread.start, threading.Thread._bootstrap_inner

        class Module:
            pass
        Module.Thread = Thread
        from kolben_agent import threads
        threads.patch(Module)
        self.table.thread = (9, 0)
        thread = Thread(target=int)
        thread.start()
        thread.join()
        self.assertEqual(self.table.worked, [(9, 0)])
        self.assertNotIn("_bootstrap_inner", vars(thread))

    def test_gunicorn_s_threads_serve_the_request_that_they_have_read(self):
        module = types.ModuleType("gunicorn.workers.gthread")
        seen = []

        class ThreadWorker:
            def handle_request(self, req, conn):
                seen.append((req, conn, table.native.thread, work.own.get()))
                if conn is None:
                    raise ValueError
                return "kept"
        module.ThreadWorker = ThreadWorker
        imports.patch(module)
        self.table.thread = (7, 3)
        self.assertEqual(ThreadWorker().handle_request("request", "connection"), "kept")
        self.assertEqual(self.table.thread, (0, 0))
        self.table.thread = (8, 0)
        with self.assertRaises(ValueError):
            ThreadWorker().handle_request("request", None)
        self.assertEqual(seen, [("request", "connection", (7, 0), (7, 0)),
                                ("request", None, (8, 0), (8, 0))])
        self.assertEqual((self.table.thread, work.own.get()), ((0, 0), (0, 0)))

    def test_a_thread_that_nobody_asked_for_is_left_alone(self):
        class Thread(threading.Thread):
            start = threading.Thread.start

        class Module:
            pass
        Module.Thread = Thread
        from kolben_agent import threads
        threads.patch(Module)
        thread = Thread(target=int)
        thread.start()
        thread.join()
        self.assertEqual((self.table.worked, "_bootstrap_inner" in vars(thread)), ([], False))


class Greenlet:
    """One of a stand-in for the module greenlet, with a context of its own."""

    def __init__(self):
        self.context = contextvars.Context()


class GreenletTest(SideTest):
    def setUp(self):
        super().setUp()
        self.greenlet = types.ModuleType("greenlet")
        self.greenlet.GREENLET_USE_CONTEXT_VARS = True
        self.greenlet.settrace = self.settrace
        self.greenlet.gettrace = lambda: self.trace
        self.trace = None
        self.gevent, self.hub = types.ModuleType("gevent"), types.ModuleType("gevent.hub")
        started, self.soon = [], []
        self.gevent.Greenlet = types.SimpleNamespace(add_spawn_callback=started.append)

        def start():
            child = Greenlet()
            for callback in started:
                callback(child)
            return child
        self.start = start
        loop = types.SimpleNamespace(run_callback=self.soon.append)
        self.hub.Hub = type("Hub", (), {"run": lambda hub: "ran", "loop": loop})
        self.hub.spawn_raw = lambda *arguments: Greenlet()
        self.threads = types.ModuleType("eventlet.greenthread")
        self.threads.GreenThread = type("GreenThread", (Greenlet,), {})
        self.threads._spawn_n = lambda *arguments: ("timer", Greenlet())
        self.modules = (self.greenlet, self.gevent, self.hub, self.threads)
        for module in self.modules:
            sys.modules[module.__name__] = module
            imports.patch(module)
        self.now = self.main = Greenlet()

    def tearDown(self):
        for module in self.modules:
            del sys.modules[module.__name__]
        work.greenlets.are_followed = False
        super().tearDown()

    def settrace(self, function):
        before, self.trace = self.trace, function
        return before

    def switch(self, to):
        before, self.now = self.now, to
        to.context.run(self.trace, "switch", (before, to))

    def test_each_works_for_the_request_that_it_has_read(self):
        self.assertEqual(self.hub.Hub().run(), "ran")
        first, second, third = Greenlet(), Greenlet(), Greenlet()
        self.switch(first)
        self.table.thread = (7, 0)
        self.switch(second)
        self.assertEqual(self.table.thread, (0, 0))
        self.table.thread = (8, 0)
        self.switch(first)
        self.assertEqual(self.table.thread, (7, 0))
        self.switch(third)
        self.assertEqual(self.table.thread, (0, 0))
        self.switch(second)
        self.assertEqual(self.table.thread, (8, 0))
        self.assertTrue(self.table.follows_greenlets)

    def test_one_that_is_spawned_works_for_whom_its_spawner_works(self):
        self.hub.Hub().run()
        for spawn in (self.start, self.hub.spawn_raw, self.threads.GreenThread,
                      lambda: self.threads._spawn_n(0)[1]):
            server = Greenlet()
            self.switch(server)
            self.table.thread = (7, 0)
            child = spawn()
            self.table.thread = (9, 0)  # it has read another one by now
            self.switch(self.main)
            self.switch(child)
            self.assertEqual(self.table.thread, (7, 0))
            self.switch(server)
            self.switch(child)
            self.assertEqual(self.table.thread, (7, 0))
        self.assertEqual(self.threads._spawn_n(0)[0], "timer")

    def test_spans_are_those_of_each(self):
        self.hub.Hub().run()
        first, second = Greenlet(), Greenlet()
        self.switch(first)
        self.table.thread = (7, 0)
        manager = self.tracer().start_as_current_span("x")
        first.context.run(manager.__enter__)
        self.assertEqual(self.table.thread, (7, 1))
        self.switch(second)
        self.assertEqual(self.table.thread, (0, 0))
        self.switch(first)
        self.assertEqual(self.table.thread, (7, 1))
        first.context.run(manager.__exit__, None, None, None)
        self.assertEqual(self.table.thread, (7, 0))

    def test_the_program_s_own_function_is_called_still(self):
        seen = []
        before = lambda *arguments: seen.append(("before", arguments))
        self.assertIsNone(self.greenlet.settrace(before))
        self.hub.Hub().run()
        self.assertIs(self.greenlet.gettrace(), before)
        self.switch(Greenlet())
        self.assertEqual([name for name, _ in seen], ["before"])
        self.assertIs(self.greenlet.settrace(None), before)
        self.table.thread = (7, 0)
        self.switch(Greenlet())
        self.assertEqual((len(seen), self.table.thread), (1, (0, 0)))
        with self.assertRaises(TypeError):
            self.greenlet.settrace(1)

    def test_a_function_of_the_program_that_raises_is_called_no_more(self):
        """As without us; and each is followed still."""
        def raises(*arguments):
            raise KeyError(arguments[0])
        self.greenlet.settrace(raises)
        self.hub.Hub().run()
        self.table.thread = (7, 0)
        with self.assertRaises(KeyError):
            self.switch(Greenlet())
        self.trace = None  # as greenlet does
        self.assertIsNone(self.greenlet.gettrace())
        self.table.thread = (9, 0)
        for function in self.soon:
            function()
        self.assertEqual(self.table.thread, (0, 0))
        first = Greenlet()
        self.switch(first)
        self.table.thread = (8, 0)
        self.switch(Greenlet())
        self.assertEqual(self.table.thread, (0, 0))
        self.switch(first)
        self.assertEqual(self.table.thread, (8, 0))

    def test_without_a_hub_nothing_is_told(self):
        self.table.thread = (7, 0)
        self.assertNotIn("_kolben_inherits", self.start().__dict__)
        self.assertIsNone(self.trace)
        work.tell(7, 1)
        self.assertEqual(self.table.worked, [])


class FlaskTest(SideTest):
    """Stands for flask.app and flask.globals."""

    def serve(self, dispatch, rule, *arguments):
        flask = types.ModuleType("flask")
        flask.request = types.SimpleNamespace(url_rule=rule)
        context = contextvars.ContextVar("request")
        context.set(types.SimpleNamespace(request=flask.request))
        app = types.ModuleType("flask.app")
        app.Flask = type("Flask", (), {"full_dispatch_request": dispatch})
        names = {"flask": flask, "flask.globals": types.SimpleNamespace(_cv_request=context)}
        with unittest.mock.patch.dict(sys.modules, names):
            imports.patch(app)
            return app.Flask().full_dispatch_request(*arguments)

    def test_the_rule_of_a_request_is_its_route(self):
        rule = types.SimpleNamespace(rule="/hello/<int:n>")
        self.assertEqual(self.serve(lambda self: "answer", rule), "answer")
        self.assertEqual(self.table.routes, [b"/hello/<int:n>"])

    def test_without_a_rule_there_is_no_route(self):
        self.assertEqual(self.serve(lambda self: "not found", None), "not found")
        self.assertEqual(self.table.routes, [])

    def test_versions_that_hand_the_context_on_are_known_too(self):
        rule = types.SimpleNamespace(rule="/hello")
        self.assertEqual(self.serve(lambda self, context: context, rule, 7), 7)
        self.assertEqual(self.table.routes, [b"/hello"])


if __name__ == "__main__":
    has_folder = len(sys.argv) > 1 and os.path.isdir(sys.argv[1])  # of the programs; not needed here
    unittest.main(argv=[sys.argv[0], *sys.argv[2 if has_folder else 1:]])
