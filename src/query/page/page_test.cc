#include "query/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "query/conditions.h"
#include "query/page/page_filter.h"
#include "query/page/page_fixture.h"
#include "query/page/trace_json.h"
#include "query/testing/filter_text.h"

namespace kolben::query::page {
namespace {

using net::http::Response;
using query::testing::FakeStore;
using query::testing::golden_difference;
using query::testing::header;
using query::testing::to_text;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kTrace[] = "/api/kolben/trace/5b8efff798038103d269b633813fc60c";

using PageApi = SampleFixture;

TEST_F(PageApi, StatusShowsStoreReceiversRejectionsAndPorts) {
  store_.stats_answer = {
      .spans = 5, .log_records = 6, .metric_points = 7, .disk_bytes = 8, .wal_bytes = 3};
  auto& telemetry = host_.telemetry();
  const pipeline::Labels grpc = {{"receiver", "otlp"}, {"transport", "grpc"}};
  telemetry.counter("otelcol_receiver_accepted_spans", "", grpc).add(3);
  telemetry.counter("otelcol_receiver_refused_spans", "", grpc).add(1);
  telemetry.counter("otelcol_receiver_accepted_log_records", "", grpc).add(2);
  telemetry
      .counter("kolben_listener_rejected", "",
               {{"listener", "otlp/grpc"}, {"reason", "http1_on_grpc_port"}})
      .add(4);
  telemetry.counter("kolben_listener_rejected", "", {{"listener", "a"}, {"reason", "none yet"}});
  telemetry.counter("otelcol_exporter_sent_spans", "", {{"exporter", "x"}}).add(9);
  host_.report_port({"otlp/grpc", "127.0.0.1", 4317});
  EXPECT_EQ(golden_difference("page_status.json", body("/api/kolben/status")), "");
}

TEST_F(PageApi, Search) {
  store_.next_cursor = "next<>";
  store_.match_answer.span_id.bytes[7] = 0xa3;
  store_.match_answer.name = "SELECT";
  store_.match_answer.duration = 1500;
  store_.match_answer.detail = "SELECT \"id\" FROM tasks";
  store_.match_answer.spans = 2;
  EXPECT_EQ(golden_difference("page_search.json",
                              body("/api/kolben/search?service=todo&limit=5&cursor=c%2B1")),
            "");
  EXPECT_EQ(store_.last_search().limit, 5U);
  EXPECT_EQ(store_.last_search().cursor, "c+1");
  EXPECT_EQ(to_text(store_.last_search().filter), "service = \"todo\"");
  EXPECT_THAT(store_.last_search().detail_keys, ::testing::Contains("db.statement"));
}

TEST_F(PageApi, SearchTellsNoMatchWhereEverythingMatches) {
  EXPECT_THAT(body("/api/kolben/search"), ::testing::Not(HasSubstr("\"match\"")));
  EXPECT_FALSE(store_.last_search().with_match);
}

TEST_F(PageApi, SearchHasTwoOrders) {
  get("/api/kolben/search");
  EXPECT_EQ(store_.last_search().order, storage::TraceOrder::kNewest);
  get("/api/kolben/search?order=longest");
  EXPECT_EQ(store_.last_search().order, storage::TraceOrder::kLongest);
  EXPECT_EQ(get("/api/kolben/search?order=newest").status, 200);
  const Response wrong = get("/api/kolben/search?order=shortest");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body.view(), HasSubstr("'order' is newest or longest"));
}

// The root is not there yet: the earliest span stands for it.
TEST_F(PageApi, ATraceWithoutRootIsCalledByItsEarliestSpan) {
  FakeStore store;
  store.add_traces(R"({"resourceSpans": [{"scopeSpans": [{"spans": [
    {"traceId": "000000000000000000000000000000aa", "spanId": "00000000000000a2",
     "parentSpanId": "00000000000000a1", "name": "inner", "startTimeUnixNano": "7"},
    {"traceId": "000000000000000000000000000000aa", "spanId": "00000000000000a3",
     "parentSpanId": "00000000000000a2", "name": "later", "startTimeUnixNano": "8"}]}]}]})");
  const Response response = get(store, query::testing::get("/api/kolben/search"));
  EXPECT_THAT(response.body.view(),
              HasSubstr("\"rootService\":\"\",\"rootName\":\"\",\"first\":{\"service\":"
                        "\"unknown_service\",\"name\":\"inner\"}"));
}

TEST_F(PageApi, HistogramHasNoLatencyWhereNothingHappened) {
  store_.histogram_answer = {
      .bucket_nanos = 60'000'000'000,
      .buckets = {{1'700'000'000'000'000'000, 2, 1, 1'500'000, 2'000'000.5, 3'000'000},
                  {1'700'000'060'000'000'000, 0, 0, 0, 0, 0}},
      .total = 2,
      .spans_scanned = 10};
  EXPECT_EQ(golden_difference("page_histogram.json", body("/api/kolben/histogram?buckets=2")), "");
  EXPECT_EQ(store_.last_histogram().buckets, 2U);
}

TEST_F(PageApi, TraceIsColumnsInTreeOrder) {
  const Response response = get(kTrace);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(golden_difference("page_trace.json", response.body.view()), "");
}

// Columns are put together piece by piece: a thousand and a half spans are several pieces.
TEST(TraceColumns, LongOnesStayWhole) {
  constexpr std::uint64_t kSpans = 1500;
  Batch batch(Signal::kTraces);
  auto& spans = batch.traces().resources.add(batch.arena()).scopes.add(batch.arena()).spans;
  std::string ids;
  std::string starts;
  JsonWriter json(starts);
  for (std::uint64_t i = 0; i < kSpans; ++i) {
    Span& span = spans.add(batch.arena());
    span.span_id.bytes[6] = static_cast<std::uint8_t>(i >> 8);
    span.span_id.bytes[7] = static_cast<std::uint8_t>(i);
    span.start_time_unix_nano = 1'000'000 + i * 100'010;
    ids += (i == 0 ? "\"" : ",\"") + span.span_id.to_hex() + '"';
    write_micros(json, i * 100'010);
  }
  const std::string text = trace_columns({}, trace_rows(batch.traces()), {});
  EXPECT_THAT(text, HasSubstr("\"spanId\":[" + ids + "],\"parent\":["));
  EXPECT_THAT(text, HasSubstr("\"startMicros\":[" + starts + "],\"durationsMicros\":["));
}

TEST(TraceColumns, HaveNoDetailsWhereTheyAreVeryMany) {
  for (const bool is_large : {false, true}) {
    Batch batch(Signal::kTraces);
    auto& spans = batch.traces().resources.add(batch.arena()).scopes.add(batch.arena()).spans;
    const std::size_t count = kDetailRowsMax + (is_large ? 1 : 0);
    for (std::size_t i = 0; i < count; ++i) spans.add(batch.arena()).span_id.bytes[0] = 1;
    set(spans[0].attributes, batch.arena(), "db.statement", Value::string("SELECT 1"));
    const std::string text = trace_columns({}, trace_rows(batch.traces()), {});
    EXPECT_THAT(text, HasSubstr(is_large ? "\"details\":[]" : "\"details\":[\"SELECT 1\"]"));
  }
}

TEST(TraceColumns, OfNoSpansAreEmpty) {
  EXPECT_THAT(trace_columns({}, {}, {}), HasSubstr("\"spanId\":[],\"parent\":[]"));
}

TEST_F(PageApi, SpanInAllDetail) {
  EXPECT_EQ(
      golden_difference("page_span.json", body(std::string(kTrace) + "/span/00000000000000a1")),
      "");
}

TEST_F(PageApi, LogsOldestFirst) {
  EXPECT_EQ(golden_difference("page_logs.json", body(std::string(kTrace) + "/logs")), "");
}

TEST_F(PageApi, LogsOfATraceEndWhereTheAnswerIsFull) {
  const Batch logs = *store_.logs({});
  const std::string whole = trace_logs(logs.logs(), false);
  EXPECT_THAT(whole, HasSubstr("\"truncated\":false"));
  const std::string part = trace_logs(logs.logs(), false, 20);
  EXPECT_THAT(part, HasSubstr("\"truncated\":true"));
  // The line that is one too much is a whole one.
  EXPECT_TRUE(whole.starts_with(part.substr(0, part.find("],\"truncated\""))));
  EXPECT_EQ(log_lines(logs.logs()).size(), 3U);
  std::string text;
  JsonWriter json(text);
  EXPECT_EQ(write_logs(json, text, log_lines(logs.logs()), TraceIds::kTold, 20), 1U);
}

TEST_F(PageApi, FindsRowsOfATrace) {
  EXPECT_EQ(body(std::string(kTrace) + "/find?text=oops"), "{\"rows\":[0],\"spans\":4}");
  EXPECT_EQ(body(std::string(kTrace) + "/find?text=nowhere"), "{\"rows\":[],\"spans\":4}");
  EXPECT_EQ(get(std::string(kTrace) + "/find").status, 400);
  EXPECT_EQ(get(std::string(kTrace) + "/find?text=" + std::string(201, 'x')).status, 400);
  EXPECT_EQ(get("/api/kolben/trace/ff/find?text=x").status, 404);
  store_.add_trace(Batch(Signal::kTraces), *TraceId::from_hex(std::string(32, 'e')));
  EXPECT_EQ(get("/api/kolben/trace/" + std::string(32, 'e') + "/find?text=x").status, 404);
  const Response latin1 = get(std::string(kTrace) + "/find?text=f%FCr");
  EXPECT_EQ(latin1.status, 400);
  EXPECT_THAT(latin1.body.view(), HasSubstr("param 'text' is not UTF-8"));
}

TEST_F(PageApi, NamesForCompletion) {
  store_.service_names = {"", "todo"};
  store_.operation_list = {{"GET /", SpanKind::kServer}};
  store_.key_list = {{"http.host", storage::AttributeScope::kSpan, 3}};
  store_.value_list = {"a\"b"};
  EXPECT_EQ(body("/api/kolben/services"), "{\"services\":[\"empty-service-name\",\"todo\"]}");
  EXPECT_EQ(body("/api/kolben/operations?service=todo"),
            "{\"operations\":[{\"name\":\"GET /\",\"kind\":\"server\"}]}");
  EXPECT_EQ(body("/api/kolben/keys?prefix=h"), "{\"keys\":[{\"key\":\"http.host\",\"count\":3}]}");
  EXPECT_EQ(body("/api/kolben/values?key=span.kind&prefix=h"), "{\"values\":[\"a\\\"b\"]}");
  EXPECT_EQ(to_text(store_.last_values_field()), "kind");
  EXPECT_EQ(get("/api/kolben/values").status, 400);
}

TEST_F(PageApi, ErrorsHaveACodeAndAMessage) {
  EXPECT_EQ(get("/api/kolben/trace/ff").status, 404);
  EXPECT_EQ(body("/api/kolben/trace/ff"),
            "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":"
            "\"there is no trace 000000000000000000000000000000ff\"}}");
  EXPECT_EQ(get("/api/kolben/trace/xyz").status, 400);
  EXPECT_EQ(get(std::string(kTrace) + "/span/a1").status, 400);
  EXPECT_EQ(get(std::string(kTrace) + "/span/00000000000000dd").status, 404);
  EXPECT_EQ(get(std::string(kTrace) + "/span/00000000000000a1?nth=2").status, 404);
  EXPECT_EQ(get("/api/kolben/nothing").status, 404);
  EXPECT_EQ(get("/api/kolben").status, 404);
  EXPECT_EQ(get("/api/kolben/search?limit=9999").status, 400);
  EXPECT_EQ(get("/api/kolben/histogram?buckets=0").status, 400);
  store_.fail_with(deadline_exceeded("the search took more than 10 s"));
  EXPECT_EQ(get("/api/kolben/search").status, 503);
}

TEST(PageFilterTest, Parameters) {
  const auto filter = [](std::string_view query) -> std::string {
    const auto parameters = Parameters::parse("/x?" + std::string(query));
    const auto wanted = parse_page_filter(*parameters, 1'700'000'000'000'000'000);
    return wanted ? to_text(wanted->filter) : "error: " + std::string(wanted.error().message());
  };
  EXPECT_EQ(filter(""), "()");
  EXPECT_EQ(filter("service=a&operation=b&errors=true"),
            "(service = \"a\" and name = \"b\" and status = \"error\")");
  EXPECT_EQ(filter("tag=http.host%3Dlocalhost:5000&tag=n%3E%3D5&tag=k"),
            "(any.http.host = \"localhost:5000\" and any.n >= 5 and any.k exists)");
  EXPECT_EQ(filter("minDuration=100ms"), "duration >= 100000000");
  EXPECT_EQ(filter("tag="), "error: an empty tag");
  EXPECT_EQ(filter("start=2&end=1"), "error: 'start' must lie before 'end'");
  std::string many;
  for (std::size_t i = 0; i <= kConditionsMax; ++i) many += "&tag=k";
  EXPECT_EQ(filter(many), "error: more than 64 conditions");
}

TEST(PageFilterTest, TheLastHourByDefault) {
  constexpr std::uint64_t kNow = 1'700'000'000'000'000'000;
  const auto range = [](std::string_view query) {
    return parse_page_filter(*Parameters::parse("/x?" + std::string(query)), kNow)->range;
  };
  EXPECT_EQ(range("").end, kNow + 1);
  EXPECT_EQ(range("").begin, kNow + 1 - 3'600'000'000'000);
  EXPECT_EQ(range("start=5&end=6").begin, 5U);
  EXPECT_EQ(range("start=5&end=6").end, 6U);
  EXPECT_EQ(range("start=0").begin, 0U);
}

}  // namespace
}  // namespace kolben::query::page
