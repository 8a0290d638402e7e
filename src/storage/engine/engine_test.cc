#include "storage/engine/engine.h"

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EngineTest, WhatIsAcknowledgedIsFoundAtOnce) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 7, .id = 1, .name = "GET /a"},
                                          {.trace = 7, .id = 2, .parent = 1, .service = "db"}})));
  EXPECT_THAT(spans(), ElementsAre(StoredSpan{trace_id(7), span_id(1), "GET /a", "shop", kNow},
                                   StoredSpan{trace_id(7), span_id(2), "GET /", "db", kNow}));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 8, .id = 3}})));
  EXPECT_THAT(spans(), SizeIs(3));
}

TEST_F(EngineTest, ASnapshotStaysAsItWas) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  const auto before = engine_->snapshot();
  ASSERT_TRUE(before);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  ASSERT_TRUE(engine_->compact());
  EXPECT_THAT(rows_of(before->spans), SizeIs(1));
  EXPECT_THAT(spans(), SizeIs(2));
}

TEST_F(EngineTest, TheTailBecomesPartsAndTheLogIsGivenBack) {
  options_.build_rows = 50;
  ASSERT_TRUE(open());
  for (std::uint64_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i,
                                             .id = i,
                                             .start = kNow + i,
                                             .attributes = {{"filler", std::string(500, 'x')}}}})));
  }
  ASSERT_TRUE(engine_->flush());
  EXPECT_GE(engine_->parts().size(), 6U);
  EXPECT_EQ(engine_->log_segments(), 1U);
  EXPECT_THAT(spans(), SizeIs(300));
}

TEST_F(EngineTest, EverythingIsThereAfterClosingAndOpening) {
  ASSERT_TRUE(open());
  for (std::uint64_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i, .start = kNow + i}})));
  }
  ASSERT_TRUE(engine_->close());
  // Nothing is left to be read again.
  EXPECT_THAT(*system_file_system().list(options_.path + "/wal"), IsEmpty());
  ASSERT_TRUE(open());
  EXPECT_EQ(engine_->stats().spans, 300U);
  EXPECT_THAT(spans(), SizeIs(300));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(EngineTest, EverythingIsThereAfterAKill) {
  ASSERT_TRUE(open());
  for (std::uint64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
  }
  options_.path = copy_of_files("killed");
  ASSERT_TRUE(open());
  EXPECT_EQ(engine_->stats().spans, 100U);
  EXPECT_THAT(spans(), SizeIs(100));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(EngineTest, ARetryIsStoredOnceAlsoAfterARestart) {
  const auto same = [] { return make_spans({{.trace = 1, .id = 1}, {.trace = 1, .id = 2}}); };
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, same()));
  ASSERT_TRUE(store(*engine_, same()));
  EXPECT_EQ(engine_->stats().spans, 2U);
  EXPECT_EQ(engine_->stats().duplicates_dropped, 2U);
  ASSERT_TRUE(engine_->close());
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, same()));
  EXPECT_EQ(engine_->stats().spans, 2U);
  options_.path = copy_of_files("killed");
  ASSERT_TRUE(open());
  EXPECT_EQ(engine_->stats().spans, 2U);
  EXPECT_THAT(spans(), SizeIs(2));
}

TEST_F(EngineTest, ARetryOfLogsOrMetricsIsStoredOnceAlsoAfterARestart) {
  const auto logs = [] { return make_logs({{.body = "a"}, {.body = "b"}}); };
  const auto points = [] { return make_points(kNow, 3); };
  ASSERT_TRUE(open());
  for (int restart = 0; restart < 3; ++restart) {
    ASSERT_TRUE(store(*engine_, logs()));
    ASSERT_TRUE(store(*engine_, points()));
    EXPECT_EQ(engine_->stats().log_records, 2U) << restart;
    EXPECT_EQ(engine_->stats().metric_points, 3U) << restart;
    if (restart == 0) {
      ASSERT_TRUE(engine_->close());
    } else {
      options_.path = copy_of_files("killed-" + std::to_string(restart));
    }
    ASSERT_TRUE(open());
  }
}

TEST_F(EngineTest, LogRecordsWithoutATimeAreNoCopies) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_logs({{.time = 0}})));
  ASSERT_TRUE(store(*engine_, make_logs({{.time = 0}})));
  EXPECT_EQ(engine_->stats().log_records, 2U);
}

TEST_F(EngineTest, SpansThatShareAnIdAndDifferAreBothKept) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.id = 1, .kind = SpanKind::kClient},
                                          {.id = 1, .service = "db", .kind = SpanKind::kServer}})));
  EXPECT_THAT(spans(), SizeIs(2));
  ASSERT_TRUE(engine_->compact());
  EXPECT_THAT(spans(), SizeIs(2));
}

TEST_F(EngineTest, AFullTailRefusesWithADelayAndTakesAgainOnceItIsInParts) {
  options_.tail_bytes_max = 64 << 10;
  ASSERT_TRUE(open(files_));
  files_.set_fault(
      {.at = 1, .and_all_after = true, .error_number = ENOSPC, .only_paths = "/parts/"});
  Status refused;
  for (std::uint64_t i = 1; i <= 200 && refused; ++i) {
    refused = store(
        *engine_,
        make_spans({{.trace = i, .id = i, .attributes = {{"filler", std::string(900, 'x')}}}}));
  }
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted) << refused.to_string();
  EXPECT_TRUE(refused.is_retryable());
  files_.set_fault({});
  ASSERT_TRUE(engine_->flush());
  EXPECT_TRUE(store(*engine_, make_spans({{.trace = 1000, .id = 1000}})));
}

TEST_F(EngineTest, EveryQuerySeesWhatWasAcknowledgedBeforeItWhileTheTailBecomesParts) {
  options_.build_rows = 20;
  options_.merge_parts_min = 4;
  ASSERT_TRUE(open());
  std::atomic<std::uint64_t> acknowledged{0};
  std::thread sender([&] {
    for (std::uint64_t i = 1; i <= 400; ++i) {
      ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i, .start = kNow + i}})));
      acknowledged = i;
    }
  });
  while (acknowledged < 400) {
    const std::uint64_t before = acknowledged;
    const std::vector<StoredSpan> seen = spans();
    const std::set<StoredSpan> different(seen.begin(), seen.end());
    EXPECT_GE(seen.size(), before);
    EXPECT_EQ(seen.size(), different.size());
  }
  sender.join();
  EXPECT_THAT(spans(), SizeIs(400));
}

}  // namespace
}  // namespace kolben::storage::engine
