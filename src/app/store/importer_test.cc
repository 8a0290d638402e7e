#include "app/store/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "otlp/json.h"

namespace kolben::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Batch a_span() {
  auto batch = otlp::decode_json(
      Signal::kTraces, R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]})");
  EXPECT_TRUE(batch) << batch.status().to_string();
  return std::move(*batch);
}

Status full() {
  return resource_exhausted("no room").with_retry_after(1ms);
}

// A store that answers in turn: at the door, or, where the door is open, from the disk.
class ImporterTest : public ::testing::Test {
 protected:
  struct Answer {
    Status door, disk;
  };
  Importer importer(std::chrono::nanoseconds wait_max) {
    return Importer(
        [this](Batch&& batch, storage::Store::OnDurable&& on_durable) {
          items_sent_ += batch.items();
          const Answer answer = next_ < answers_.size() ? answers_[next_] : Answer{};
          ++next_;
          if (answer.door) on_durable(answer.disk);
          return answer.door;
        },
        wait_max, [this](const Status& refusal) { waits_.emplace_back(refusal.message()); });
  }

  std::vector<Answer> answers_;
  std::size_t next_ = 0;
  std::uint64_t items_sent_ = 0;
  std::vector<std::string> waits_;
};

TEST_F(ImporterTest, WhatTheStoreTakesCounts) {
  Importer one = importer(1s);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(one.add(a_span()));
  EXPECT_TRUE(one.finish());
  EXPECT_EQ(one.items(), 3U);
  EXPECT_EQ(items_sent_, 3U);
}

TEST_F(ImporterTest, WhatIsRefusedForNowIsSentAgain) {
  answers_ = {{full(), {}}, {{}, full()}, {full(), {}}, {{}, {}}};
  Importer one = importer(60s);
  ASSERT_TRUE(one.add(a_span()));
  EXPECT_TRUE(one.finish());
  EXPECT_EQ(one.items(), 1U);
  EXPECT_EQ(next_, 4U);
  EXPECT_THAT(waits_, SizeIs(0));  // a moment is nobody's concern
}

TEST_F(ImporterTest, WhatIsRefusedForGoodEndsIt) {
  answers_ = {{{}, {}}, {invalid_argument("too large"), {}}};
  Importer one = importer(60s);
  ASSERT_TRUE(one.add(a_span()));
  EXPECT_EQ(one.add(a_span()).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(one.finish());
  EXPECT_EQ(one.items(), 1U);
}

TEST_F(ImporterTest, AStoreThatStaysFullEndsItWithItsWords) {
  for (const bool at_door : {true, false}) {
    answers_.assign(100, at_door ? Answer{full(), {}} : Answer{{}, full()});
    next_ = 0;
    Importer one = importer(100ms);
    Status ended = one.add(a_span());
    if (ended) ended = one.finish();
    EXPECT_EQ(ended.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(ended.message()), HasSubstr("no room"));
    EXPECT_EQ(one.items(), 0U);
    EXPECT_LT(next_, 10U);  // 20, 40 and 80 ms
  }
}

TEST_F(ImporterTest, AWaitOfMoreThanAMomentIsToldOnce) {
  answers_.assign(100, Answer{full(), {}});
  Importer one = importer(4s);
  EXPECT_FALSE(one.add(a_span()));
  EXPECT_THAT(waits_, ::testing::ElementsAre("no room"));
  EXPECT_GT(next_, 7U);  // there were several after the first second
}

TEST(Patience, PausesGrowUntilItIsEnough) {
  Patience patience(3s);
  std::chrono::nanoseconds now = 1000s;
  std::vector<std::chrono::nanoseconds> pauses;
  while (const auto pause = patience.next_pause(now)) {
    pauses.push_back(*pause);
    now += *pause;
  }
  EXPECT_THAT(pauses, ::testing::ElementsAre(20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1s, 740ms));
  EXPECT_EQ(patience.waited(now), 3s);
  patience.succeeded();
  EXPECT_EQ(patience.next_pause(now), 20ms);
}

}  // namespace
}  // namespace kolben::app
