#include "zipkin/translate.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "wire/hex.h"

namespace kolben::zipkin {
namespace {

Span& add_span(Batch& batch) {
  Arena& arena = batch.arena();
  ResourceSpans& resource = batch.traces().resources.add(arena);
  set(resource.resource.attributes, arena, "service.name", Value::string("api"));
  ScopeSpans& scope = resource.scopes.add(arena);
  scope.scope.name = "flask";
  Span& span = scope.spans.add(arena);
  span.trace_id = *TraceId::from_hex("5982fe77008310cc80f1da5e10147519");
  span.span_id = *SpanId::from_hex("67fae42571535f60");
  span.name = "GET /";
  span.start_time_unix_nano = 1'516'781'775'726'000'500;
  span.end_time_unix_nano = span.start_time_unix_nano + 26'000'000;
  return span;
}

void make_erroneous_server_span(Batch& batch) {
  Arena& arena = batch.arena();
  Span& span = add_span(batch);
  span.parent_span_id = *SpanId::from_hex("90394f6bcffb5d13");
  span.kind = SpanKind::kServer;
  span.status_code = SpanStatusCode::kError;
  span.status_message = "boom";
  set(span.attributes, arena, "net.peer.ip", Value::string("10.0.0.2"));
  set(span.attributes, arena, "net.peer.port", Value::integer(5000));
  set(span.attributes, arena, "http.status_code", Value::integer(500));
  SpanEvent& event = span.events.add(arena);
  event.time_unix_nano = span.start_time_unix_nano;
  event.name = "retry";
}

TEST(Translate, AnErroneousServerSpan) {
  Batch batch(Signal::kTraces);
  make_erroneous_server_span(batch);
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
  EXPECT_EQ(translate_to_protobuf(DecodedTraces(), "x"), "");
}

// By hand, from zipkin.proto.
std::string field(char tag, std::string_view content) {
  EXPECT_LT(content.size(), 128u);
  return std::string(1, tag) + static_cast<char>(content.size()) + std::string(content);
}

std::string bytes_of(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  EXPECT_TRUE(wire::read_hex(hex, bytes.data()));
  return bytes;
}

std::string tag(std::string_view key, std::string_view value) {
  return field('\x5a', field('\x0a', key) + field('\x12', value));
}

TEST(TranslateToProtobuf, AnErroneousServerSpan) {
  Batch batch(Signal::kTraces);
  make_erroneous_server_span(batch);
  const std::string time = bytes_of("b0a5f14681630500");  // 1516781775726000, little end first
  const std::string span =
      field('\x0a', bytes_of("5982fe77008310cc80f1da5e10147519")) +
      field('\x12', bytes_of("90394f6bcffb5d13")) + field('\x1a', bytes_of("67fae42571535f60")) +
      "\x20\x02" + field('\x2a', "GET /") + "\x31" + time + "\x38\x90\xcb\x01" +
      field('\x42', field('\x0a', "api")) +
      field('\x4a', field('\x12', bytes_of("0a000002")) + "\x20\x88\x27") +
      field('\x52', "\x09" + time + field('\x12', "retry")) + tag("http.status_code", "500") +
      tag("otel.scope.name", "flask") + tag("otel.status_code", "ERROR") + tag("error", "boom") +
      tag("otel.status_description", "boom");
  const std::string message = translate_to_protobuf(batch.traces(), "unknown_service");
  ASSERT_GT(message.size(), 3u);
  const auto low = static_cast<unsigned char>(message[1]);
  const auto high = static_cast<unsigned char>(message[2]);
  EXPECT_EQ(message[0], '\x0a');
  EXPECT_EQ(static_cast<std::size_t>((low & 127) + 128 * high), span.size());
  EXPECT_EQ(wire::to_hex(message.substr(3)), wire::to_hex(span));
}

TEST(TranslateToProtobuf, WhatIsMissingIsLeftOut) {
  Batch batch(Signal::kTraces);
  Span& span = add_span(batch);
  span.name = "";
  span.end_time_unix_nano = span.start_time_unix_nano;
  const std::string message = translate_to_protobuf(batch.traces(), "unknown_service");
  // trace id, id, time, local endpoint, scope: no parent, kind, name, duration.
  const std::string wanted = field('\x0a', bytes_of("5982fe77008310cc80f1da5e10147519")) +
                             field('\x1a', bytes_of("67fae42571535f60")) + "\x31" +
                             bytes_of("b0a5f14681630500") + field('\x42', field('\x0a', "api")) +
                             tag("otel.scope.name", "flask");
  EXPECT_EQ(wire::to_hex(message), wire::to_hex(field('\x0a', wanted)));
}

TEST(TranslateToProtobuf, AddressesAreBytesAndWhatIsNoneIsATag) {
  Batch batch(Signal::kTraces);
  Span& span = add_span(batch);
  set(span.attributes, batch.arena(), "net.host.ip", Value::string("fe80::1"));
  set(span.attributes, batch.arena(), "net.peer.ip", Value::string("unix:/run/x"));
  set(span.attributes, batch.arena(), "net.host.port", Value::integer(70000));  // none
  const std::string message = translate_to_protobuf(batch.traces(), "unknown_service");
  const std::string local =
      field('\x0a', "api") + field('\x1a', bytes_of("fe800000000000000000000000000001"));
  EXPECT_NE(message.find(field('\x42', local)), std::string::npos);
  EXPECT_NE(message.find(tag("net.peer.ip", "unix:/run/x")), std::string::npos);
  EXPECT_NE(message.find(tag("net.host.port", "70000")), std::string::npos);
  EXPECT_EQ(message.find('\x4a'), std::string::npos);  // no remote endpoint
  const std::string json = translate(batch.traces(), "unknown_service");
  EXPECT_NE(json.find(R"("tags":{"net.peer.ip":"unix:/run/x","net.host.port":"70000",)"),
            std::string::npos)
      << json;
  EXPECT_EQ(json.find("\"port\""), std::string::npos) << json;
}

}  // namespace
}  // namespace kolben::zipkin
