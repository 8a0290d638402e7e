// What goes, and when: by size, by age, by rule; on full disks too.
#include "storage/engine/retention.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kHour = 3'600'000'000'000;

class RetentionTest : public EngineTest {
 protected:
  std::vector<std::size_t> counts_;
  // A part of one span of about `bytes` bytes that do not compress.
  void add_part(std::uint64_t trace, std::size_t bytes = 100) {
    std::string noise;
    Random random(trace);
    while (noise.size() < bytes) noise += std::to_string(random.next());
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = trace,
                                             .id = trace,
                                             .start = clock_.unix_nanos(),
                                             .attributes = {{"noise", noise}}}})));
    ASSERT_TRUE(engine_->flush());
  }
};

TEST_F(RetentionTest, TheOldestPartsGoWhenThereAreTooManyBytes) {
  options_.retention_bytes_max = 400'000;
  ASSERT_EQ(open().to_string(), "OK");
  for (std::uint64_t i = 1; i <= 20; ++i) {
    clock_.advance_nanos(kHour);
    add_part(i, 100'000);
    ASSERT_TRUE(engine_->maintain());
    EXPECT_LE(engine_->stats().disk_bytes, options_.retention_bytes_max);
  }
  EXPECT_EQ(count_of(1), 0U);
  EXPECT_EQ(count_of(20), 1U);
}

TEST_F(RetentionTest, PartsGoWhenEverythingInThemIsTooOld) {
  options_.retention_age_max = std::chrono::hours(10);
  ASSERT_EQ(open().to_string(), "OK");
  add_part(1);
  clock_.advance_nanos(6 * kHour);
  add_part(2);
  clock_.advance_nanos(5 * kHour);
  ASSERT_TRUE(engine_->maintain());
  EXPECT_EQ(count_of(1), 0U);
  EXPECT_EQ(count_of(2), 1U);
  EXPECT_THAT(*system_file_system().list(options_.path + "/parts"), SizeIs(1));
}

// A clock whose time of day can be set, as an operator or a time server does.
class ClockThatIsSet final : public Clock {
 public:
  std::uint64_t unix_nanos() const override { return now_ + ahead_; }
  std::uint64_t steady_nanos() const override { return now_; }
  void advance(std::uint64_t nanos) { now_ += nanos; }
  void set_ahead(std::uint64_t nanos) { ahead_ = nanos; }

 private:
  std::atomic<std::uint64_t> now_{kNow}, ahead_{0};
};

TEST_F(RetentionTest, NothingGoesRightAfterTheClockWasSet) {
  options_.retention_age_max = std::chrono::hours(10);
  ClockThatIsSet clock;
  const auto opened = Engine::open(options_, no_accidents_, clock, [this](const std::string& line) {
    const std::lock_guard lock(reports_mutex_);
    reports_.push_back(line);
  });
  ASSERT_TRUE(opened) << opened.status().to_string();
  Engine& engine = **opened;
  const auto parts_left = [&] {
    EXPECT_TRUE(engine.maintain());
    return engine.parts().size();
  };
  ASSERT_TRUE(store(engine, make_spans({{.trace = 1}})));
  ASSERT_TRUE(engine.flush());
  EXPECT_EQ(parts_left(), 1U);
  clock.set_ahead(100 * kHour);
  EXPECT_EQ(parts_left(), 1U);
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("the clock went 360000 s astray")));
  clock.set_ahead(0);
  EXPECT_EQ(parts_left(), 1U);
  clock.set_ahead(100 * kHour);
  EXPECT_EQ(parts_left(), 1U);
  clock.advance(kHour);  // and it stayed so
  EXPECT_EQ(parts_left(), 0U);
}

TEST_F(RetentionTest, TracesThatARuleNamesAreKeptLonger) {
  options_.retention_age_max = std::chrono::hours(10);
  options_.retention_rules = {
      {.name = "errors", .errors = true, .age_max = std::chrono::hours(100)},
      {.name = "slow payments",
       .service = "pay",
       .longer_than = std::chrono::seconds(1),
       .age_max = std::chrono::hours(50)}};
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_,
                    make_spans({{.trace = 1, .id = 1},
                                {.trace = 2, .id = 2, .status = SpanStatusCode::kError},
                                {.trace = 2, .id = 3},  // a whole trace is kept
                                {.trace = 3, .id = 4, .service = "pay", .duration = 2'000'000'000},
                                {.trace = 4, .id = 5, .service = "pay", .duration = 1'000},
                                {.trace = 5, .id = 6, .duration = 2'000'000'000}})));
  ASSERT_TRUE(engine_->flush());
  EXPECT_THAT(engine_->parts(), SizeIs(3));
  const auto counts = [&] {
    ASSERT_TRUE(engine_->maintain());
    counts_.clear();
    for (std::uint64_t trace = 1; trace <= 5; ++trace) counts_.push_back(count_of(trace));
  };
  counts();
  EXPECT_THAT(counts_, ElementsAre(1, 2, 1, 1, 1));
  clock_.advance_nanos(20 * kHour);
  counts();
  EXPECT_THAT(counts_, ElementsAre(0, 2, 1, 0, 0));
  // The classes are known by their names, whatever the order of the rules.
  engine_.reset();
  std::swap(options_.retention_rules[0], options_.retention_rules[1]);
  ASSERT_EQ(open().to_string(), "OK");
  clock_.advance_nanos(40 * kHour);
  counts();
  EXPECT_THAT(counts_, ElementsAre(0, 2, 0, 0, 0));
}

TEST_F(RetentionTest, TheSizeLimitHoldsOnADiskThatIsFullAlready) {
  ASSERT_TRUE(open(files_));
  for (std::uint64_t i = 1; i <= 6; ++i) add_part(i, 100'000);
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  files_.set_room(0);
  options_.retention_bytes_max = 120'000;
  ASSERT_TRUE(open(files_));
  EXPECT_EQ(count_of(1), 0U);
  EXPECT_EQ(count_of(6), 1U);
  // Where nothing of it reached the manifest, too.
  options_.path = copy_of_files("killed");
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(count_of(1), 0U);
  EXPECT_EQ(count_of(6), 1U);
}

TEST_F(RetentionTest, WithALimitForFreeRoomTheOldestMakeRoom) {
  options_.disk_free_bytes_min = 100'000;
  ASSERT_TRUE(open(files_));
  add_part(1, 200'000);
  add_part(2, 200'000);
  files_.set_room(50'000);
  ASSERT_TRUE(engine_->maintain());
  EXPECT_EQ(count_of(1), 0U);
  EXPECT_EQ(count_of(2), 1U);
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("nearly full")));
}

TEST_F(RetentionTest, WithoutOneNothingGoes) {
  ASSERT_TRUE(open(files_));
  add_part(1, 200'000);
  files_.set_room(0);
  static_cast<void>(engine_->maintain());
  EXPECT_EQ(count_of(1), 1U);
}

TEST(RetentionOrderTest, WhatExpiresFirstGoesFirst) {
  Options options;
  options.retention_age_max = std::chrono::nanoseconds(100);
  options.retention_rules = {{.name = "kept", .age_max = std::chrono::nanoseconds(1000)}};
  const RetentionClasses classes(options, {});
  std::vector<ManifestPart> parts(3);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].number = i + 1;
    parts[i].bytes = 10;
    parts[i].last_received = 10 * i;
  }
  parts[0].retention_class = 1;
  EXPECT_THAT(choose_removed(parts, classes, 50, 0, 30), IsEmpty());
  EXPECT_THAT(choose_removed(parts, classes, 50, 5, 30), ElementsAre(2));
  EXPECT_THAT(choose_removed(parts, classes, 50, 30, 30), ElementsAre(2, 3, 1));
  EXPECT_THAT(choose_removed(parts, classes, 111, 0, 30), ElementsAre(2));
}

}  // namespace
}  // namespace kolben::storage::engine
