#include "zipkin/translate.h"

#include <gtest/gtest.h>

namespace kolben::zipkin {
namespace {

TEST(Translate, AnErroneousServerSpan) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  ResourceSpans& resource = batch.traces().resources.add(arena);
  set(resource.resource.attributes, arena, "service.name", Value::string("api"));
  ScopeSpans& scope = resource.scopes.add(arena);
  scope.scope.name = "flask";
  Span& span = scope.spans.add(arena);
  span.trace_id = *TraceId::from_hex("5982fe77008310cc80f1da5e10147519");
  span.span_id = *SpanId::from_hex("67fae42571535f60");
  span.parent_span_id = *SpanId::from_hex("90394f6bcffb5d13");
  span.name = "GET /";
  span.kind = SpanKind::kServer;
  span.start_time_unix_nano = 1'516'781'775'726'000'500;
  span.end_time_unix_nano = span.start_time_unix_nano + 26'000'000;
  span.status_code = SpanStatusCode::kError;
  span.status_message = "boom";
  set(span.attributes, arena, "net.peer.ip", Value::string("10.0.0.2"));
  set(span.attributes, arena, "net.peer.port", Value::integer(5000));
  set(span.attributes, arena, "http.status_code", Value::integer(500));
  SpanEvent& event = span.events.add(arena);
  event.time_unix_nano = span.start_time_unix_nano;
  event.name = "retry";
  EXPECT_EQ(
      translate(batch.traces(), "unknown_service"),
      R"([{"traceId":"5982fe77008310cc80f1da5e10147519","id":"67fae42571535f60",)"
      R"("parentId":"90394f6bcffb5d13","name":"GET /","kind":"SERVER",)"
      R"("timestamp":1516781775726000,"duration":26000,"localEndpoint":{"serviceName":"api"},)"
      R"("remoteEndpoint":{"ipv4":"10.0.0.2","port":5000},)"
      R"("annotations":[{"timestamp":1516781775726000,"value":"retry"}],)"
      R"("tags":{"http.status_code":"500","otel.scope.name":"flask","otel.status_code":"ERROR",)"
      R"("error":"boom","otel.status_description":"boom"}}])");
}

TEST(Translate, NothingIsAnEmptyList) {
  EXPECT_EQ(translate(DecodedTraces(), "x"), "[]");
}

}  // namespace
}  // namespace kolben::zipkin
