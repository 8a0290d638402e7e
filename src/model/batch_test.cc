#include "model/batch.h"

#include <gtest/gtest.h>

namespace kolben {
namespace {

std::vector<WirePiece> one_piece(std::string message) {
  std::vector<WirePiece> pieces;
  pieces.push_back({Bytes::from_string(std::move(message)), {}, wire::Compression::kNone});
  return pieces;
}

TEST(Batch, NamesOfSignals) {
  EXPECT_EQ(to_string(Signal::kMetrics), "metrics");
  EXPECT_EQ(items_name(Signal::kLogs), "log_records");
}

TEST(Batch, MergingWireBatchesCopiesNothing) {
  Batch batch = Batch::from_wire(Signal::kTraces, one_piece("abc"), 2);
  Batch other = Batch::from_wire(Signal::kTraces, one_piece("defg"), 3);
  const char* bytes = other.pieces()[0].message.data();
  batch.append_wire(std::move(other));
  EXPECT_EQ(batch.items(), 5u);
  EXPECT_EQ(batch.bytes(), 7u);
  ASSERT_EQ(batch.pieces().size(), 2u);
  EXPECT_EQ(batch.pieces()[1].message.data(), bytes);
}

TEST(Batch, CloneOfWireSharesTheBytes) {
  const Batch batch = Batch::from_wire(Signal::kLogs, one_piece("abc"), 1);
  const Batch copy = batch.clone();
  EXPECT_TRUE(copy.is_wire());
  EXPECT_EQ(copy.items(), 1u);
  EXPECT_EQ(copy.pieces()[0].message.data(), batch.pieces()[0].message.data());
}

TEST(Batch, CloneOfDecodedDataOutlivesItsSource) {
  Batch copy(Signal::kTraces);
  {
    Batch batch(Signal::kTraces);
    Arena& arena = batch.arena();
    ResourceSpans& resource = batch.traces().resources.add(arena);
    set(resource.resource.attributes, arena, arena.copy("service.name"),
        Value::string(arena.copy("todo")));
    Span& span = resource.scopes.add(arena).spans.add(arena);
    span.name = arena.copy("GET /");
    span.events.add(arena).name = arena.copy("exception");
    batch.recount();
    copy = batch.clone();
  }
  ASSERT_EQ(copy.items(), 1u);
  const ResourceSpans& resource = copy.traces().resources[0];
  EXPECT_EQ(service_name(resource.resource), "todo");
  EXPECT_EQ(resource.scopes[0].spans[0].name, "GET /");
  EXPECT_EQ(resource.scopes[0].spans[0].events[0].name, "exception");
}

TEST(Batch, RecountCountsPointsOfAllKinds) {
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  Metric& metric = batch.metrics().resources.add(arena).scopes.add(arena).metrics.add(arena);
  metric.kind = MetricKind::kSum;
  metric.number_points.add(arena);
  metric.number_points.add(arena);
  EXPECT_TRUE(batch.empty());
  batch.recount();
  EXPECT_EQ(batch.items(), 2u);
}

TEST(Batch, BecomingWireDropsTheDecodedData) {
  Batch batch(Signal::kLogs);
  batch.logs().resources.add(batch.arena());
  batch.become_wire(one_piece("abc"), 1);
  EXPECT_TRUE(batch.is_wire());
  EXPECT_EQ(batch.bytes(), 3u);
  batch.begin_decoded();
  EXPECT_TRUE(batch.logs().resources.empty());
  EXPECT_EQ(batch.pieces().size(), 1u) << "strings will point into it";
}

}  // namespace
}  // namespace kolben
