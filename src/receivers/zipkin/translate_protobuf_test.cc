#include <gtest/gtest.h>

#include <string>

#include "otlp/encode.h"
#include "receivers/zipkin/translate.h"
#include "wire/hex.h"
#include "wire/protobuf_writer.h"
#include "zipkin/translate.h"

namespace kolben::receivers::zipkin {
namespace {

// By hand, from zipkin.proto.
std::string field(char tag, std::string_view content) {
  EXPECT_LT(content.size(), 128U);
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

std::string list_of(std::string_view span) {
  std::string message;
  wire::ProtobufWriter(message).bytes(1, span);
  return message;
}

const std::string kIds = field('\x0a', bytes_of("5982fe77008310cc80f1da5e10147519")) +
                         field('\x1a', bytes_of("67fae42571535f60"));
const std::string kTime = bytes_of("b0a5f14681630500");  // 1516781775726000, little end first

const Span& first_span(const Batch& batch) {
  return batch.traces().resources[0].scopes[0].spans[0];
}

std::string as_otlp(const Batch& batch) {
  std::string message;
  otlp::encode(batch, message);
  return message;
}

std::string error_of(std::string_view message) {
  const Result<Batch> batch = translate_protobuf(message, {});
  return batch.has_value() ? "none" : std::string(batch.error().message());
}

TEST(TranslateProtobuf, AServerSpanKeepsEverything) {
  // The tags first: the order of fields is the sender's.
  const std::string message = list_of(
      tag("http.method", "GET") + tag("error", "boom") + tag("w3c.tracestate", "a=b") + kIds +
      field('\x12', bytes_of("90394f6bcffb5d13")) + "\x20\x02" + field('\x2a', "/m/n/2.6.1") +
      "\x31" + kTime + "\x38\x90\xcb\x01" +
      field('\x42', field('\x0a', "api") + field('\x12', bytes_of("0a000001")) + "\x20\x90\x3f") +
      field('\x4a',
            field('\x0a', "web") + field('\x1a', bytes_of("fe800000000000000000000000000001"))) +
      field('\x52', "\x09" + kTime + field('\x12', "cache miss")) + "\x60\x01" + "\x68\x01");
  const Result<Batch> batch = translate_protobuf(message, {});
  ASSERT_TRUE(batch.has_value()) << batch.error().to_string();
  const Result<Batch> json = translate(R"([{
      "traceId": "5982fe77008310cc80f1da5e10147519", "parentId": "90394f6bcffb5d13",
      "id": "67fae42571535f60", "kind": "SERVER", "name": "/m/n/2.6.1",
      "timestamp": 1516781775726000, "duration": 26000,
      "localEndpoint": {"serviceName": "api", "ipv4": "10.0.0.1", "port": 8080},
      "remoteEndpoint": {"serviceName": "web", "ipv6": "fe80::1"},
      "annotations": [{"timestamp": 1516781775726000, "value": "cache miss"}],
      "tags": {"http.method": "GET", "error": "boom", "w3c.tracestate": "a=b"}}])",
                                       {});
  ASSERT_TRUE(json.has_value()) << json.error().to_string();
  EXPECT_EQ(wire::to_hex(as_otlp(*batch)), wire::to_hex(as_otlp(*json)));
  const Span& span = first_span(*batch);
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.duration_nanos(), 26'000'000U);
  EXPECT_EQ(find(span.attributes, "net.host.ip")->as_string(), "10.0.0.1");
  EXPECT_EQ(find(span.attributes, "net.peer.ip")->as_string(), "fe80::1");
  EXPECT_EQ(span.events[0].time_unix_nano, span.start_time_unix_nano);
}

TEST(TranslateProtobuf, WhatTheExporterWritesIsTheSameInBothEncodings) {
  Batch sent(Signal::kTraces);
  Arena& arena = sent.arena();
  for (const char* service : {"api", "web", "api"}) {
    ResourceSpans& resource = sent.traces().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name", Value::string(service));
    ScopeSpans& scope = resource.scopes.add(arena);
    scope.scope.name = "flask";
    Span& span = scope.spans.add(arena);
    span.trace_id = *TraceId::from_hex("5982fe77008310cc80f1da5e10147519");
    span.span_id = *SpanId::from_hex("67fae42571535f60");
    span.kind = SpanKind::kClient;
    span.start_time_unix_nano = 1'516'781'775'726'000'000;
    span.end_time_unix_nano = span.start_time_unix_nano + 5'000'000;
    span.status_code = SpanStatusCode::kError;
    set(span.attributes, arena, "peer.service", Value::string("db"));
  }
  const auto json = translate(kolben::zipkin::translate(sent.traces(), "x"), {});
  const auto protobuf =
      translate_protobuf(kolben::zipkin::translate_to_protobuf(sent.traces(), "x"), {});
  ASSERT_TRUE(json.has_value() && protobuf.has_value());
  EXPECT_EQ(protobuf->items(), 3U);
  EXPECT_EQ(protobuf->traces().resources.size(), 2U);
  EXPECT_EQ(wire::to_hex(as_otlp(*protobuf)), wire::to_hex(as_otlp(*json)));
}

TEST(TranslateProtobuf, IdsOf64BitsAreFilledUp) {
  const auto batch = translate_protobuf(list_of(field('\x0a', bytes_of("80f1da5e10147519")) +
                                                field('\x1a', bytes_of("67fae42571535f60"))),
                                        {});
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(first_span(*batch).trace_id.to_hex(), "000000000000000080f1da5e10147519");
  EXPECT_EQ(service_name(batch->traces().resources[0].resource), "unknown_service");
}

TEST(TranslateProtobuf, WhatIsNoAddressOrPortIsLeftOut) {
  const auto batch = translate_protobuf(
      list_of(kIds + field('\x42', field('\x12', "\x7f") + "\x20\xf0\xa2\x04")), {});  // 70000
  ASSERT_TRUE(batch.has_value());
  EXPECT_TRUE(first_span(*batch).attributes.empty());
}

TEST(TranslateProtobuf, MistakesNameTheirPlace) {
  EXPECT_EQ(error_of(list_of(kIds) + list_of(field('\x0a', "abc"))),
            "[1].trace_id: want 8 or 16 bytes");
  EXPECT_EQ(error_of(list_of("")), "[0].trace_id: want 8 or 16 bytes");
  EXPECT_EQ(error_of(list_of(field('\x0a', "12345678"))), "[0].id: want 8 bytes");
  EXPECT_EQ(error_of(list_of(kIds + field('\x12', "123"))), "[0].parent_id: want 8 bytes");
  EXPECT_EQ(error_of("[{}]"), "[0]: malformed protobuf");
  EXPECT_EQ(error_of("\x08\x01"), "[0]: malformed protobuf");  // spans that are a number
  EXPECT_EQ(error_of(list_of(kIds + "\x22\x01x")), "[0]: malformed protobuf");  // a kind of bytes
  EXPECT_EQ(error_of(list_of(kIds + field('\x5a', "\x0a\x05x"))), "[0].tags: malformed protobuf");
  EXPECT_EQ(error_of(list_of(kIds + field('\x52', "\x09x"))),
            "[0].annotations: malformed protobuf");
  EXPECT_EQ(error_of(list_of(kIds + field('\x42', "\x0a\x7fx"))), "[0]: malformed protobuf");
}

TEST(TranslateProtobuf, WhatIsCutOffIsRefusedOrEndsBetweenFields) {
  const std::string span = kIds + field('\x42', field('\x0a', "api")) + tag("a", "b");
  const std::string whole = list_of(span);
  EXPECT_EQ(error_of(whole), "none");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(error_of(std::string_view(whole).substr(0, size)), "[0]: malformed protobuf") << size;
  }
  EXPECT_EQ(error_of(""), "none");  // a list of no spans is no bytes
}

}  // namespace
}  // namespace kolben::receivers::zipkin
