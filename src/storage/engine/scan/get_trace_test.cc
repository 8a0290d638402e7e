// A trace that lies in more row groups than are kept: each is read once or twice, not for each
// span.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

constexpr std::uint64_t kParts = 20;
constexpr std::uint64_t kSpansEach = 50;
// Blocks that one reading of all columns of a row group takes at most, and readings.
constexpr std::uint64_t kBlocks = 30;
constexpr std::uint64_t kReadings = 3;

class CountingSource final : public part::BlockSource {
 public:
  CountingSource(std::string bytes, std::atomic<std::uint64_t>& reads)
      : source_(Bytes::from_string(std::move(bytes))), reads_(reads) {}
  std::uint64_t size() const override { return source_.size(); }
  Result<Bytes> read(const part::BlockRef& block) const override {
    ++reads_;
    return source_.read(block);
  }
  Result<Bytes> read_raw(std::uint64_t offset, std::uint32_t bytes) const override {
    return source_.read_raw(offset, bytes);
  }

 private:
  part::MemorySource source_;
  std::atomic<std::uint64_t>& reads_;
};

class InterleavedTrace : public testing::Test {
 protected:
  // Spans of one trace, dealt out to the parts in turn.
  void SetUp() override {
    id_.bytes[0] = 1;
    for (std::uint64_t part = 0; part < kParts; ++part) {
      Batch batch(Signal::kTraces);
      Arena& arena = batch.arena();
      List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
      for (std::uint64_t i = 0; i < kSpansEach; ++i) {
        Span& span = spans.add(arena);
        const std::uint64_t number = 1 + i * kParts + part;
        span.trace_id = id_;
        std::memcpy(span.span_id.bytes.data(), &number, sizeof number);
        span.start_time_unix_nano = number;
        span.end_time_unix_nano = number + 1;
        span.name = arena.copy("span " + std::to_string(number));
      }
      auto opened =
          part::Part::open(std::make_shared<CountingSource>(part::part_bytes_of(batch), reads_));
      ASSERT_TRUE(opened.has_value());
      snapshot_.spans.push_back({*opened, nullptr});
    }
    reads_ = 0;
  }

  TraceId id_;
  std::atomic<std::uint64_t> reads_ = 0;
  Snapshot snapshot_;
  ScanThreads threads_{1};
};

TEST_F(InterleavedTrace, IsReadRowGroupByRowGroupAndStandsInTheOrderOfTime) {
  Context context{snapshot_, threads_, system_clock()};
  const auto trace = get_trace(context, id_);
  ASSERT_TRUE(trace.has_value()) << trace.status().to_string();
  EXPECT_EQ(trace->items(), kParts * kSpansEach);
  std::uint64_t number = 0;
  for (const Span& span : trace->traces().resources[0].scopes[0].spans) {
    ++number;
    EXPECT_EQ(span.start_time_unix_nano, number);
    EXPECT_EQ(span.name, "span " + std::to_string(number));
  }
  EXPECT_EQ(number, kParts * kSpansEach);
  EXPECT_LE(reads_, kReadings * kParts * kBlocks);
}

TEST_F(InterleavedTrace, IsSummedUpRowGroupByRowGroup) {
  Context context{snapshot_, threads_, system_clock()};
  const auto page = search(context, {.filter = Filter{And{}}});
  ASSERT_TRUE(page.has_value()) << page.status().to_string();
  ASSERT_EQ(page->traces.size(), 1U);
  EXPECT_EQ(page->traces[0].spans, kParts * kSpansEach);
  EXPECT_EQ(page->traces[0].root_name, "span 1");
  EXPECT_LE(reads_, kReadings * kParts * kBlocks);
}

}  // namespace
}  // namespace kolben::storage::scan
