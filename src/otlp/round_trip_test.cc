#include <gtest/gtest.h>

#include "otlp/testing.h"

namespace kolben::otlp {
namespace {

class RoundTrip : public testing::TestWithParam<Signal> {};

INSTANTIATE_TEST_SUITE_P(Signals, RoundTrip, testing::ValuesIn(kAllSignals),
                         [](const auto& signal) { return std::string(to_string(signal.param)); });

TEST_P(RoundTrip, EveryFieldSurvivesTheModel) {
  const std::string bytes = golden(GetParam(), ".bin");
  Batch batch = wire_batch(GetParam(), {bytes});
  ASSERT_TRUE(decode(batch)) << decode(batch).to_string();
  EXPECT_FALSE(batch.is_wire());
  EXPECT_EQ(encoded(batch), bytes);
}

TEST_P(RoundTrip, CheckCountsWhatDecodeFinds) {
  const std::string bytes = golden(GetParam(), ".bin");
  Batch batch = wire_batch(GetParam(), {bytes});
  const std::uint64_t items = batch.items();
  EXPECT_GT(items, 0u);
  ASSERT_TRUE(decode(batch));
  EXPECT_EQ(batch.items(), items);
}

TEST_P(RoundTrip, ACloneIsTheSameWithoutTheOriginal) {
  const std::string bytes = golden(GetParam(), ".bin");
  Batch copy(GetParam());
  {
    Batch batch = wire_batch(GetParam(), {bytes});
    ASSERT_TRUE(decode(batch));
    copy = batch.clone();
  }
  EXPECT_TRUE(copy.pieces().empty());
  EXPECT_EQ(encoded(copy), bytes);
}

TEST_P(RoundTrip, SeveralPiecesBecomeOneTree) {
  const std::string bytes = golden(GetParam(), ".bin");
  Batch batch = wire_batch(GetParam(), {bytes, bytes, ""});
  EXPECT_EQ(encoded(batch), bytes + bytes);
  ASSERT_TRUE(decode(batch));
  EXPECT_EQ(encoded(batch), bytes + bytes);
}

TEST_P(RoundTrip, ToWireAndBack) {
  const std::string bytes = golden(GetParam(), ".bin");
  Batch batch = wire_batch(GetParam(), {bytes, bytes});
  const std::uint64_t items = batch.items();
  ASSERT_TRUE(decode(batch));
  to_wire(batch);
  ASSERT_TRUE(batch.is_wire());
  EXPECT_EQ(batch.items(), items);
  EXPECT_EQ(encoded(batch), bytes + bytes);
}

TEST_P(RoundTrip, JsonOfAnotherLibraryIsReadToTheSameBytes) {
  const auto batch = decode_json(GetParam(), golden(GetParam(), ".json"));
  ASSERT_TRUE(batch) << batch.error().to_string();
  EXPECT_EQ(check(GetParam(), encoded(*batch)).value_or(0), batch->items());
  Batch decoded = batch->clone();
  ASSERT_TRUE(decode(decoded));
  EXPECT_EQ(encoded(decoded), golden(GetParam(), ".bin"));
}

TEST_P(RoundTrip, OurJsonIsReadToTheSameBytes) {
  const std::string bytes = golden(GetParam(), ".bin");
  const std::string text = to_json(wire_batch(GetParam(), {bytes}));
  auto batch = decode_json(GetParam(), text);
  ASSERT_TRUE(batch) << batch.error().to_string();
  ASSERT_TRUE(decode(*batch));
  EXPECT_EQ(encoded(*batch), bytes);
  EXPECT_EQ(to_json(*batch), text) << "wire and decoded form give the same text";
}

TEST_P(RoundTrip, EmptyRequest) {
  Batch batch = wire_batch(GetParam(), {""});
  EXPECT_EQ(batch.items(), 0u);
  ASSERT_TRUE(decode(batch));
  EXPECT_EQ(encoded(batch), "");
  EXPECT_EQ(to_json(batch), "{}");
  ASSERT_TRUE(decode_json(GetParam(), "{}"));
}

TEST(Decode, FieldsOfASpan) {
  Batch batch = wire_batch(Signal::kTraces, {golden(Signal::kTraces, ".bin")});
  ASSERT_TRUE(decode(batch));
  const ResourceSpans& resource = batch.traces().resources[0];
  EXPECT_EQ(service_name(resource.resource), "todo");
  EXPECT_EQ(resource.resource.entity_refs[0].description_keys.size(), 2u);
  EXPECT_EQ(resource.scopes[0].scope.name, "todo-flask");
  const Span& span = resource.scopes[0].spans[0];
  EXPECT_EQ(span.trace_id.to_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span.parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.duration_nanos(), 1'500'000u);
  EXPECT_EQ(span.flags, 0x301u);
  EXPECT_EQ(span.status_code, SpanStatusCode::kError);
  EXPECT_EQ(span.status_message, "boom");
  EXPECT_EQ(span.dropped_links_count, UINT32_MAX);
  EXPECT_EQ(find(span.attributes, "int min")->as_int(), INT64_MIN);
  EXPECT_EQ(find(span.attributes, "bytes")->as_bytes(), std::string_view("\0\xfe\xff", 3));
  EXPECT_EQ(find(span.attributes, "nothing")->type(), ValueType::kEmpty);
  const Value& inner = find(span.attributes, "array")->as_array()[0];
  EXPECT_EQ(inner.as_kvlist()[0].value.as_array()[2].as_int(), -1);
  EXPECT_EQ(span.links[0].trace_state, "x=y");
}

TEST(Decode, StringsAreViewsIntoThePiece) {
  Batch batch = wire_batch(Signal::kTraces, {golden(Signal::kTraces, ".bin")});
  const std::string_view message = batch.pieces()[0].message.view();
  ASSERT_TRUE(decode(batch));
  const std::string_view name = batch.traces().resources[0].scopes[0].spans[0].name;
  EXPECT_GE(name.data(), message.data());
  EXPECT_LT(name.data(), message.data() + message.size());
}

TEST(Decode, MessagesThatComeInPartsAreMerged) {
  using wire::ProtobufWriter;
  const std::string status_a = nested(15, nested(2, "boom"));
  const std::string status_b = nested(15, protobuf([](ProtobufWriter& out) { out.varint(3, 2); }));
  const std::string span = nested(5, "first") + status_a + nested(5, "last") + status_b;
  Batch batch = wire_batch(Signal::kTraces, {request_of_span(span)});
  ASSERT_TRUE(decode(batch));
  const Span& decoded = batch.traces().resources[0].scopes[0].spans[0];
  EXPECT_EQ(decoded.name, "last");
  EXPECT_EQ(decoded.status_message, "boom");
  EXPECT_EQ(decoded.status_code, SpanStatusCode::kError);
}

TEST(Decode, RowsOfAttributesWithOthersBetweenThem) {
  std::string span;
  for (int i = 0; i < 100; ++i) {
    span += nested(9, nested(1, "key" + std::to_string(i)) + nested(2, nested(1, "value")));
    if (i % 3 == 0) span += nested(5, "name");
  }
  Batch batch = wire_batch(Signal::kTraces, {request_of_span(span)});
  ASSERT_TRUE(decode(batch));
  const Span& decoded = batch.traces().resources[0].scopes[0].spans[0];
  ASSERT_EQ(decoded.attributes.size(), 100u);
  EXPECT_EQ(decoded.attributes[99].key, "key99");
}

TEST(Decode, NumbersComePackedOrNot) {
  using wire::ProtobufWriter;
  const std::string point = protobuf([](ProtobufWriter& out) {
    out.fixed64(6, 1);
    out.real(7, 0.5);
    const std::uint64_t counts[] = {2, 3};
    out.bytes(6, {reinterpret_cast<const char*>(counts), sizeof(counts)});
  });
  Batch batch =
      wire_batch(Signal::kMetrics, {nested(1, nested(2, nested(2, nested(9, nested(1, point)))))});
  ASSERT_TRUE(decode(batch));
  const HistogramPoint& decoded =
      batch.metrics().resources[0].scopes[0].metrics[0].histogram_points[0];
  ASSERT_EQ(decoded.bucket_counts.size(), 3u);
  EXPECT_EQ(decoded.bucket_counts[2], 3u);
  EXPECT_EQ(decoded.explicit_bounds[0], 0.5);
}

TEST(Decode, BytesThatAreNoRequestLeaveTheBatchAsItWas) {
  Batch batch = wire_batch(Signal::kTraces, {golden(Signal::kTraces, ".bin"), "\x0a\x05"});
  const Status status = decode(batch);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "resourceSpans[0]: cut off (at byte 0)");
  EXPECT_TRUE(batch.is_wire());
  EXPECT_EQ(batch.pieces().size(), 2u);
}

}  // namespace
}  // namespace kolben::otlp
