#include "storage/engine/part/log_part_writer.h"

#include <algorithm>

#include "storage/engine/part/log_group.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::part {
namespace {

// A record with what surrounds it, as the bytes of a request.
std::string request_of(const Resource& resource, std::string_view resource_schema,
                       const Scope& scope, std::string_view scope_schema, const LogRecord& record) {
  Batch batch(Signal::kLogs);
  ResourceLogs& resource_logs = batch.logs().resources.add(batch.arena());
  resource_logs.resource = resource;
  resource_logs.schema_url = resource_schema;
  ScopeLogs& scope_logs = resource_logs.scopes.add(batch.arena());
  scope_logs.scope = scope;
  scope_logs.schema_url = scope_schema;
  scope_logs.records.push_back(batch.arena(), record);
  std::string out;
  otlp::encode(batch, out);
  return out;
}

std::vector<std::string> requests_of(const Batch& batch) {
  std::vector<std::string> requests;
  for (const ResourceLogs& resource : batch.logs().resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        requests.push_back(request_of(resource.resource, resource.schema_url, scope.scope,
                                      scope.schema_url, record));
      }
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::vector<std::string> requests_of(const std::shared_ptr<const Part>& part) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = LogGroup::open(part, i);
    EXPECT_TRUE(group.has_value());
    const NumberColumn* resources = *group->columns().numbers(log_column::kResource);
    const NumberColumn* scopes = *group->columns().numbers(log_column::kScope);
    for (std::uint32_t row = 0; row < group->rows(); ++row) {
      Arena arena;
      LogRecord record;
      const Status read = group->read(row, arena, record);
      EXPECT_TRUE(read.is_ok()) << read.to_string();
      const ResourceEntry& resource = part->resources()[(*resources)[row]];
      const ScopeEntry& scope = part->scopes()[(*scopes)[row]];
      requests.push_back(request_of(resource.resource, resource.schema_url, scope.scope,
                                    scope.schema_url, record));
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::string part_bytes_of_logs(const Batch& batch) {
  std::string bytes;
  LogPartWriter writer([&bytes](std::string_view more) {
    bytes += more;
    return Status::ok();
  });
  std::vector<LogRow> rows;
  for (const ResourceLogs& resource : batch.logs().resources) {
    const std::uint32_t number = writer.part().resource(resource.resource, resource.schema_url);
    for (const ScopeLogs& scope : resource.scopes) {
      const std::uint32_t scope_number = writer.part().scope(scope.scope, scope.schema_url);
      for (const LogRecord& record : scope.records) rows.push_back({&record, number, scope_number});
    }
  }
  sort_rows(rows);
  writer.add(rows);
  EXPECT_TRUE(writer.finish().is_ok());
  return bytes;
}

TEST(LogPart, GivesBackEveryFieldOfEveryRecord) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTelemetry random(seed);
    const Batch batch = random.logs(1 + random.below(3000));
    const std::vector<std::string> want = requests_of(batch);
    const std::vector<std::string> got = requests_of(open_part(part_bytes_of_logs(batch)));
    ASSERT_EQ(want.size(), got.size());
    for (std::size_t i = 0; i < want.size(); ++i) ASSERT_EQ(want[i], got[i]);
  }
}

TEST(LogPart, RowGroupsAreCutAndTheirTimesKnown) {
  RandomTelemetry random(11);
  const Batch batch = random.logs(40'000);
  const auto part = open_part(part_bytes_of_logs(batch));
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
  const std::string good = part_bytes_of_logs(random.logs(60));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    auto part = Part::open(std::make_shared<MemorySource>(Bytes::from_string(std::move(bytes))));
    const Status status = part ? (*part)->check() : part.status();
    ASSERT_FALSE(status.is_ok()) << "byte " << at;
  }
}

}  // namespace
}  // namespace kolben::storage::part
