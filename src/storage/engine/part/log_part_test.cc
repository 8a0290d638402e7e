#include "storage/engine/part/log_part_writer.h"

#include <algorithm>

#include "storage/engine/part/log_group.h"
#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::part {
namespace {

std::vector<std::string> requests_of(const Batch& batch) {
  std::vector<std::string> requests;
  for_each_scope(batch.logs().resources, [&](const Surroundings& around, const ScopeLogs& scope) {
    for (const LogRecord& record : scope.records) requests.push_back(request_of(around, record));
  });
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::vector<std::string> requests_of(const std::shared_ptr<const Part>& part) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = LogGroup::open(part, i);
    EXPECT_TRUE(group.has_value()) << group.status().to_string();
    if (!group) return requests;
    const NumberColumn* resources = *group->columns().numbers(log_column::kResource);
    const NumberColumn* scopes = *group->columns().numbers(log_column::kScope);
    for (std::uint32_t row = 0; row < group->rows(); ++row) {
      Arena arena;
      LogRecord record;
      const Status read = group->read(row, arena, record);
      EXPECT_TRUE(read.is_ok()) << read.to_string();
      requests.push_back(
          request_of(surroundings_of(*part, (*resources)[row], (*scopes)[row]), record));
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

TEST(LogPart, GivesBackEveryFieldOfEveryRecord) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTelemetry random(seed);
    const Batch batch = random.logs(1 + random.below(3000));
    ASSERT_EQ(requests_of(part_of(batch)), requests_of(batch));
  }
}

TEST(LogPart, RowGroupsAreCutAndTheirTimesKnown) {
  RandomTelemetry random(11);
  const Batch batch = random.logs(40'000);
  const auto part = part_of(batch);
  ASSERT_GE(part->groups(), 3U);
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = LogGroup::open(part, i);
    const auto times = *group->effective_times();
    EXPECT_EQ(part->group(i).first_time, *std::min_element(times.begin(), times.end()));
    EXPECT_EQ(part->group(i).last_time, *std::max_element(times.begin(), times.end()));
  }
}

TEST(LogPart, EveryDamagedByteIsFound) {
  RandomTelemetry random(4);
  expect_every_damaged_byte_is_found(part_bytes_of(random.logs(60)));
}

}  // namespace
}  // namespace kolben::storage::part
