// Nothing that was acknowledged is missing and nothing is doubled, whichever call of the disk
// fails, wherever the power is cut: during writes to the log, builds, merges, changes of the
// manifest.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/random.h"
#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

class LedgerTest : public EngineTest {
 protected:
  LedgerTest() {
    // Small enough that a few batches go through everything that a store does.
    options_.build_rows = 3;
    options_.merge_parts_min = 2;
    options_.tail_bytes_max = 256 << 10;
  }

  static Batch batch(std::uint64_t i) {
    // Traces of two spans that come in different batches, so that merges reunite them.
    return make_spans({{.trace = i / 2 + 1,
                        .id = i,
                        .start = kNow + i,
                        .attributes = {{"filler", std::string(12'000, 'x')}}}});
  }

  // A sender tries again, a little later.
  void send(std::uint64_t i) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      sent_.insert(i);
      if (store(*engine_, batch(i))) {
        acknowledged_.insert(i);
        return;
      }
      clock_.advance_nanos(1'000'000'000);
    }
  }

  void work(std::uint64_t first, std::uint64_t batches) {
    for (std::uint64_t i = first; i < first + batches; ++i) {
      send(i);
      // The next ones go on without what failed.
      if (i % 5 == 0) static_cast<void>(engine_->flush());
      if (i % 9 == 0) static_cast<void>(engine_->maintain());
      if (i % 17 == 0) static_cast<void>(engine_->compact());
    }
  }

  // The store without a close, and without any effect on the disk of its end.
  void cut_power(FaultyFileSystem& files, Random& random) {
    files.set_fault({.at = 1, .and_all_after = true});
    engine_.reset();
    files.set_fault({});
    files.cut_power(random);
  }

  void check(const std::string& when) {
    const std::vector<StoredSpan> all = spans();
    std::map<SpanId, int> times;
    for (const StoredSpan& span : all) ++times[span.span_id];
    for (const std::uint64_t i : acknowledged_) {
      EXPECT_EQ(times[span_id(i)], 1) << when << ", span " << i;
    }
    for (const std::uint64_t i : sent_) {
      EXPECT_LE(times[span_id(i)], 1) << when << ", span " << i;
    }
    EXPECT_LE(all.size(), sent_.size()) << when;
  }

  std::set<std::uint64_t> sent_, acknowledged_;
};

// Runs a store until its disk fails, for every call that can fail.
class FaultTest : public LedgerTest, public testing::WithParamInterface<int> {
 protected:
  Fault fault(std::uint64_t at) const {
    switch (GetParam()) {
      case 0:
        return {.at = at};
      case 1:
        return {.at = at, .and_all_after = true};
      case 2:
        return {.at = at, .kind = Fault::Kind::kShortWrite};
      case 3:
        return {.at = at, .error_number = ENOSPC};
      case 4:
        return {.at = at, .and_all_after = true, .error_number = ENOSPC, .only_paths = "/parts/"};
      default:
        return {.at = at, .only_syncs = true};
    }
  }
};

TEST_P(FaultTest, NothingAcknowledgedIsMissingAndNothingIsDoubled) {
  constexpr std::uint64_t kBatches = 12;
  constexpr std::uint64_t kCallsMax = 2000;
  for (std::uint64_t at = 1; at < kCallsMax; ++at) {
    Random random(at);
    const std::string when = "fault " + std::to_string(at);
    sent_.clear();
    acknowledged_.clear();
    options_.path = path("faulty-" + std::to_string(at));
    FaultyFileSystem files(system_file_system());
    files.set_fault(fault(at));
    const Status opened = open(files);
    if (opened) work(1, kBatches);
    const bool was_hit = files.operations() >= at;
    switch (at % 3) {
      case 0:
        if (opened) static_cast<void>(engine_->close());
        engine_.reset();
        files.cut_power(random);
        break;
      case 1:
        if (opened) options_.path = copy_of_files("survivor-" + std::to_string(at));
        engine_.reset();
        break;
      default:
        cut_power(files, random);
    }
    reports_.clear();
    const Status again = open();
    ASSERT_TRUE(again) << when << ": " << again.to_string();
    check(when);
    EXPECT_THAT(reports_, testing::IsEmpty()) << when;
    engine_.reset();
    std::filesystem::remove_all(options_.path);
    std::filesystem::remove_all(path("faulty-" + std::to_string(at)));
    if (HasFailure() || !was_hit) return;
  }
  FAIL() << "the store made more calls than the test foresees";
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, testing::Range(0, 6));

TEST_F(LedgerTest, PowerCutsAtRandomMomentsLoseAndDoubleNothing) {
  constexpr std::uint64_t kStores = 12;
  constexpr std::uint64_t kCuts = 8;
  constexpr std::uint64_t kBatches = 15;
  for (std::uint64_t seed = 1; seed <= kStores; ++seed) {
    Random random(seed);
    sent_.clear();
    acknowledged_.clear();
    options_.path = path("cut-" + std::to_string(seed));
    FaultyFileSystem files(system_file_system());
    std::uint64_t next = 1;
    for (std::uint64_t cut = 1; cut <= kCuts; ++cut) {
      const std::string when = "store " + std::to_string(seed) + ", cut " + std::to_string(cut);
      reports_.clear();
      const Status opened = open(files);
      ASSERT_TRUE(opened) << when << ": " << opened.to_string();
      EXPECT_THAT(reports_, testing::IsEmpty()) << when;
      check(when);
      files.set_fault({.at = 1 + random.below(400), .and_all_after = true});
      work(next, kBatches);
      next += kBatches;
      cut_power(files, random);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace kolben::storage::engine
