// Shapes of a damaged part that name more items than their column has values.
#include "storage/engine/scan/shapes_walk.h"

#include <gtest/gtest.h>

#include <cstring>

#include "storage/engine/part/forged_part.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

constexpr std::uint64_t kSpans = 1000;
constexpr std::uint64_t kValues = 10;

// All spans have the number `all`, the first ones `some`: 0 to 9.
Batch spans() {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
  for (std::uint64_t i = 0; i < kSpans; ++i) {
    Span& span = spans.add(arena);
    span.trace_id.bytes[0] = 1;
    const std::uint64_t id = i + 1;
    std::memcpy(span.span_id.bytes.data(), &id, sizeof id);
    span.start_time_unix_nano = id;
    const auto number = static_cast<std::int64_t>(i);
    set(span.attributes, arena, "all", Value::integer(number));
    if (i < kValues) set(span.attributes, arena, "some", Value::integer(number));
  }
  batch.recount();
  return batch;
}

// `all` has the values of `some`.
std::shared_ptr<const part::Part> part_with_too_few_values() {
  const std::string good = part::part_bytes_of(spans());
  const auto opened = part::open_part(good);
  std::uint32_t all = 0;
  std::uint32_t some = 0;
  for (std::uint32_t i = 0; i < opened->columns().size(); ++i) {
    (opened->columns()[i].key == "all" ? all : some) = part::kFirstAttributeColumn + i;
  }
  return part::open_part(part::with_directories(good, [&](part::GroupDirectory& group) {
    for (part::Chunk& chunk : group.chunks) {
      if (chunk.column != all) continue;
      chunk = *group.find(some);
      chunk.column = all;
    }
  }));
}

TEST(ShapesWalk, ItemsBeyondTheValuesMatchNothing) {
  Snapshot snapshot;
  snapshot.spans.push_back({part_with_too_few_values(), nullptr});
  ScanThreads threads(1);
  Context context{snapshot, threads, system_clock()};
  const auto spans_above = [&context](std::int64_t number) {
    const Filter above{
        Compare{Attribute{AttributeScope::kSpan, "all"}, Operator::kGreater, number}};
    return heat_map(context, {.filter = above})->total;
  };
  EXPECT_EQ(spans_above(6), 3U);
  EXPECT_EQ(spans_above(0), kValues - 1);
}

}  // namespace
}  // namespace kolben::storage::scan
