#include "exporters/debug/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::exporters::debug {
namespace {

using testing::HasSubstr;
using testing::Not;

// A batch with one server span, made by hand.
Batch one_span(std::string_view name) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  ResourceSpans& resource = batch.traces().resources.add(arena);
  set(resource.resource.attributes, arena, "service.name", Value::string("todo"));
  ScopeSpans& scope = resource.scopes.add(arena);
  scope.scope.name = "tests";
  Span& span = scope.spans.add(arena);
  span.trace_id = *TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  span.span_id = *SpanId::from_hex("b7ad6b7169203331");
  span.name = name;
  span.kind = SpanKind::kServer;
  span.start_time_unix_nano = 1'730'125'233'000'000'001;
  span.end_time_unix_nano = 1'730'125'233'500'000'000;
  set(span.attributes, arena, "http.method", Value::string("GET"));
  set(span.attributes, arena, "http.status_code", Value::integer(200));
  batch.recount();
  return batch;
}

TEST(SummaryLine, CountsResourcesAndSpans) {
  EXPECT_EQ(summary_line(one_span("GET /")), "Traces {\"resource spans\": 1, \"spans\": 1}");
}

TEST(DetailedText, ShowsASpanAsTheCollectorDoes) {
  const Batch batch = one_span("GET /");
  EXPECT_EQ(detailed_text(batch),
            "ResourceSpans #0\n"
            "Resource SchemaURL: \n"
            "Resource attributes:\n"
            "     -> service.name: Str(todo)\n"
            "ScopeSpans #0\n"
            "ScopeSpans SchemaURL: \n"
            "InstrumentationScope tests \n"
            "Span #0\n"
            "    Trace ID       : 0af7651916cd43dd8448eb211c80319c\n"
            "    Parent ID      : \n"
            "    ID             : b7ad6b7169203331\n"
            "    Name           : GET /\n"
            "    Kind           : Server\n"
            "    Start time     : 2024-10-28 14:20:33.000000001 +0000 UTC\n"
            "    End time       : 2024-10-28 14:20:33.5 +0000 UTC\n"
            "    Status code    : Unset\n"
            "    Status message : \n"
            "Attributes:\n"
            "     -> http.method: Str(GET)\n"
            "     -> http.status_code: Int(200)\n");
}

TEST(NormalText, IsALineASpan) {
  EXPECT_THAT(normal_text(one_span("GET /")),
              HasSubstr("GET / 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 "
                        "http.method=GET http.status_code=200\n"));
}

TEST(DetailedText, ShowsArraysAndMapsAsJson) {
  Batch batch = one_span("GET /");
  Arena& arena = batch.arena();
  List<Value> items;
  items.push_back(arena, Value::string("a"));
  items.push_back(arena, Value::bytes("ab"));
  set(batch.traces().resources[0].scopes[0].spans[0].attributes, arena, "list",
      Value::array(items));
  EXPECT_THAT(detailed_text(batch), HasSubstr("     -> list: Slice([\"a\",\"YWI=\"])\n"));
}

TEST(Texts, AStrangersBytesCantDriveTheTerminal) {
  const std::string text = detailed_text(one_span("\x1b[2J\xff\xc2\x9b"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd"));
}

}  // namespace
}  // namespace kolben::exporters::debug
