#include "otlp/check.h"

#include <gtest/gtest.h>

#include "otlp/testing.h"

namespace kolben::otlp {
namespace {

using wire::ProtobufWriter;

// What check() says about a request with one span of these fields.
std::string verdict(std::string_view span) {
  const auto items = check(Signal::kTraces, request_of_span(span));
  return items ? std::to_string(*items) : std::string(items.error().message());
}

std::string nested_arrays(int depth) {
  std::string value = nested(1, "deep");
  for (int i = 0; i < depth; ++i) value = nested(5, nested(1, value));
  return nested(9, nested(1, "key") + nested(2, value));
}

// An empty span is two bytes on the wire.
TEST(Check, ManyEmptyMessagesAreRefusedBeforeTheyTakeMemory) {
  constexpr std::size_t kSpans = 4'000'000;
  std::string spans;
  for (std::size_t i = 0; i < kSpans; ++i) spans.append("\x12\x00", 2);
  const auto wrapped = [](char tag, const std::string& content) {
    std::string message(1, tag);
    std::size_t size = content.size();
    for (; size >= 128; size >>= 7) message += static_cast<char>((size & 127) | 128);
    message += static_cast<char>(size);
    return message + content;
  };
  const auto result = check(Signal::kTraces, wrapped('\x0a', wrapped('\x12', spans)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), StatusCode::kResourceExhausted);
}

TEST(Check, CountsTheGoldenRequests) {
  EXPECT_EQ(check(Signal::kTraces, golden(Signal::kTraces, ".bin")).value_or(0), 3u);
  EXPECT_EQ(check(Signal::kMetrics, golden(Signal::kMetrics, ".bin")).value_or(0), 9u);
  EXPECT_EQ(check(Signal::kLogs, golden(Signal::kLogs, ".bin")).value_or(0), 3u);
}

TEST(Check, ErrorsNameThePathAndTheByte) {
  const std::string span = nested(5, "name") + nested(1, std::string(15, 'x'));
  const std::string spans = nested(2, "") + nested(2, "") + nested(2, span);
  const auto items = check(Signal::kTraces, nested(1, nested(2, spans)));
  ASSERT_FALSE(items);
  EXPECT_EQ(items.error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(items.error().message(),
            "resourceSpans[0].scopeSpans[0].spans[2].traceId: 15 bytes, want 16 or none "
            "(at byte 16)");
}

TEST(Check, IdsAreEmptyOrOfTheirLength) {
  EXPECT_EQ(verdict(nested(1, "") + nested(2, "") + nested(4, "")), "1");
  EXPECT_EQ(verdict(nested(1, std::string(16, 'x')) + nested(2, "12345678")), "1");
  EXPECT_EQ(verdict(nested(2, "1234567")),
            "resourceSpans[0].scopeSpans[0].spans[0].spanId: 7 bytes, want 8 or none (at byte 6)");
  EXPECT_NE(verdict(nested(4, "1")).find("spans[0].parentSpanId: 1 bytes"), std::string::npos);
}

TEST(Check, UnknownFieldsAreIgnored) {
  EXPECT_EQ(verdict(protobuf([](ProtobufWriter& out) {
              out.varint(17, 1);
              out.fixed64(100, 1);
              out.fixed32(1000, 1);
              out.bytes(536870911, "x");
            })),
            "1");
}

TEST(Check, KnownFieldsOfAnotherWireTypeAreRefused) {
  const auto refused = [](auto write, std::string_view field) {
    const std::string message = verdict(protobuf(write));
    EXPECT_NE(message.find(std::string("spans[0].") + std::string(field) + ": wire type"),
              std::string::npos)
        << message;
  };
  refused([](ProtobufWriter& out) { out.varint(5, 1); }, "name");
  refused([](ProtobufWriter& out) { out.bytes(6, "x"); }, "kind");
  refused([](ProtobufWriter& out) { out.varint(7, 1); }, "startTimeUnixNano");
  refused([](ProtobufWriter& out) { out.varint(16, 1); }, "flags");
  refused([](ProtobufWriter& out) { out.fixed64(9, 1); }, "attributes[0]");
}

TEST(Check, GroupsAreRefused) {
  EXPECT_NE(verdict("\x9b\x06\x9c\x06").find("#99: wire type 3"), std::string::npos);
}

TEST(Check, StringsNeedNotBeUtf8) {
  EXPECT_EQ(verdict(nested(5, "\xff\xfe")), "1");
}

TEST(Check, ValuesNestAsDeepAsTheBoundAndNoDeeper) {
  EXPECT_EQ(verdict(nested_arrays(kValueDepthMax)), "1");
  EXPECT_NE(verdict(nested_arrays(kValueDepthMax + 1)).find("nested deeper than 64 values"),
            std::string::npos);
  // Far deeper: neither check nor decode may run out of stack.
  const std::string deep = request_of_span(nested_arrays(2000));
  EXPECT_FALSE(check(Signal::kTraces, deep));
  Batch batch = wire_batch(Signal::kTraces, {deep});
  EXPECT_FALSE(decode(batch));
}

TEST(Check, DecodeAgreesAboutTheDepth) {
  for (const int depth : {kValueDepthMax, kValueDepthMax + 1}) {
    Batch batch = wire_batch(Signal::kTraces, {request_of_span(nested_arrays(depth))});
    EXPECT_EQ(decode(batch).is_ok(), depth == kValueDepthMax);
  }
}

TEST(Check, OnlyTheLastKindOfAMetricCounts) {
  const std::string points = nested(1, "") + nested(1, "");
  const std::string metric = nested(5, points) + nested(7, points) + nested(7, points);
  const std::string request = nested(1, nested(2, nested(2, metric)));
  EXPECT_EQ(check(Signal::kMetrics, request).value_or(0), 4u);
  Batch batch = wire_batch(Signal::kMetrics, {request});
  ASSERT_TRUE(decode(batch));
  EXPECT_EQ(batch.items(), 4u);
  EXPECT_EQ(batch.metrics().resources[0].scopes[0].metrics[0].kind, MetricKind::kSum);
}

TEST(Check, EmptyEnvelopesAreFine) {
  EXPECT_EQ(check(Signal::kLogs, "").value_or(9), 0u);
  EXPECT_EQ(check(Signal::kLogs, nested(1, "")).value_or(9), 0u);
  EXPECT_EQ(check(Signal::kLogs, nested(1, nested(2, ""))).value_or(9), 0u);
}

}  // namespace
}  // namespace kolben::otlp
