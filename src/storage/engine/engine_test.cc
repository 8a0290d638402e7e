#include "storage/engine/engine.h"

#include <gmock/gmock.h>

#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;

TEST_F(EngineTest, WhatIsAcknowledgedIsFoundAtOnce) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 7, .id = 1, .name = "GET /a"},
                                          {.trace = 7, .id = 2, .parent = 1, .service = "db"}})));
  const auto trace = engine_->get_trace(trace_id(7));
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->items(), 2U);
  ASSERT_EQ(trace->traces().resources.size(), 2U);
  EXPECT_EQ(trace->traces().resources[0].scopes[0].spans[0].name, "GET /a");
  EXPECT_EQ(trace->traces().resources[0].scopes[0].scope.version, "1.0");

  const auto page = engine_->search({.filter = everything()});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->traces.size(), 1U);
  const TraceSummary& summary = page->traces[0];
  EXPECT_EQ(summary.trace_id, trace_id(7));
  EXPECT_EQ(summary.root_name, "GET /a");
  EXPECT_EQ(summary.root_service, "shop");
  EXPECT_EQ(summary.spans, 2U);
  EXPECT_EQ(summary.services.size(), 2U);
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(EngineTest, AnUnknownTraceIsNotFound) {
  ASSERT_TRUE(open());
  EXPECT_EQ(engine_->get_trace(trace_id(1)).error().code(), StatusCode::kNotFound);
}

TEST_F(EngineTest, EverythingIsThereAfterClosingAndOpening) {
  ASSERT_TRUE(open());
  for (std::uint64_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i,
                                             .id = i,
                                             .start = kNow + i,
                                             .attributes = {{"filler", std::string(500, 'x')}}}})));
  }
  ASSERT_TRUE(engine_->close());
  ASSERT_TRUE(open());
  EXPECT_GT(engine_->views().size(), 2U);  // several segments
  EXPECT_EQ(engine_->stats().spans, 300U);
  for (std::uint64_t i = 1; i <= 300; ++i) EXPECT_TRUE(engine_->get_trace(trace_id(i))) << i;
  EXPECT_THAT(*engine_->services(), ElementsAre("shop"));
}

TEST_F(EngineTest, EverythingIsThereAfterAKill) {
  ASSERT_TRUE(open());
  for (std::uint64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
  }
  options_.path = copy_of_files("killed");
  ASSERT_TRUE(open());
  EXPECT_EQ(engine_->stats().spans, 100U);
  EXPECT_THAT(reports_, ElementsAre());
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
}

TEST_F(EngineTest, SpansThatShareAnIdAndDifferAreBothKept) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.id = 1, .kind = SpanKind::kClient},
                                          {.id = 1, .service = "db", .kind = SpanKind::kServer}})));
  EXPECT_EQ(engine_->get_trace(trace_id(1))->items(), 2U);
}

}  // namespace
}  // namespace kolben::storage::engine
