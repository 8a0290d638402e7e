// For tests: batches made into parts in memory, and rows as requests of one item each, so that what
// went in can be compared with what comes out, field by field and whatever the order.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/batch.h"
#include "otlp/encode.h"
#include "storage/engine/part/log_part_writer.h"
#include "storage/engine/part/part.h"
#include "storage/engine/part/point_part_writer.h"
#include "storage/engine/part/span_part_writer.h"

namespace kolben::storage::part {

// What an item stands in.
struct Surroundings {
  const Resource& resource;
  std::string_view resource_schema;
  const Scope& scope;
  std::string_view scope_schema;
};

inline Surroundings surroundings_of(const Part& part, std::size_t resource, std::size_t scope) {
  const ResourceEntry& resource_entry = part.resources()[resource];
  const ScopeEntry& scope_entry = part.scopes()[scope];
  return {resource_entry.resource, resource_entry.schema_url, scope_entry.scope,
          scope_entry.schema_url};
}

// Calls `visit(surroundings, scope)` for each scope of each resource.
template <typename ResourceNode, typename Visit>
void for_each_scope(const List<ResourceNode>& resources, Visit visit) {
  for (const ResourceNode& resource : resources) {
    for (const auto& scope : resource.scopes) {
      visit(Surroundings{resource.resource, resource.schema_url, scope.scope, scope.schema_url},
            scope);
    }
  }
}

// The scope of a batch that holds nothing else.
template <typename ResourceNode>
auto& add_scope(const Surroundings& around, List<ResourceNode>& resources, Arena& arena) {
  ResourceNode& resource = resources.add(arena);
  resource.resource = around.resource;
  resource.schema_url = around.resource_schema;
  auto& scope = resource.scopes.add(arena);
  scope.scope = around.scope;
  scope.schema_url = around.scope_schema;
  return scope;
}

inline std::string encoded(const Batch& batch) {
  std::string bytes;
  otlp::encode(batch, bytes);
  return bytes;
}

inline std::string request_of(const Surroundings& around, const Span& span) {
  Batch batch(Signal::kTraces);
  add_scope(around, batch.traces().resources, batch.arena()).spans.push_back(batch.arena(), span);
  return encoded(batch);
}

inline std::string request_of(const Surroundings& around, const LogRecord& record) {
  Batch batch(Signal::kLogs);
  add_scope(around, batch.logs().resources, batch.arena()).records.push_back(batch.arena(), record);
  return encoded(batch);
}

// Numbers the resources and scopes of a batch for a part; calls `visit(resource, scope number,
// scope)` for each scope.
template <typename ResourceNode, typename Visit>
void number_scopes(const List<ResourceNode>& resources, PartWriter& part, Visit visit) {
  for_each_scope(resources, [&](const Surroundings& around, const auto& scope) {
    visit(part.resource(around.resource, around.resource_schema),
          part.scope(around.scope, around.scope_schema), scope);
  });
}

template <typename Visit>
void for_each_point(const Metric& metric, Visit visit) {
  for (const NumberPoint& point : metric.number_points) visit(&point);
  for (const HistogramPoint& point : metric.histogram_points) visit(&point);
  for (const ExponentialHistogramPoint& point : metric.exponential_histogram_points) visit(&point);
  for (const SummaryPoint& point : metric.summary_points) visit(&point);
}

inline void write_rows(const DecodedTraces& traces, SpanPartWriter& writer) {
  std::vector<SpanRow> rows;
  number_scopes(traces.resources, writer.part(),
                [&](std::uint32_t resource, std::uint32_t number, const ScopeSpans& scope) {
                  for (const Span& span : scope.spans) rows.push_back({&span, resource, number, 0});
                });
  sort_rows(rows);
  writer.add(rows);
}

inline void write_rows(const DecodedLogs& logs, LogPartWriter& writer) {
  std::vector<LogRow> rows;
  number_scopes(logs.resources, writer.part(),
                [&](std::uint32_t resource, std::uint32_t number, const ScopeLogs& scope) {
                  for (const LogRecord& record : scope.records) {
                    rows.push_back({&record, resource, number});
                  }
                });
  sort_rows(rows);
  writer.add(rows);
}

inline void write_rows(const DecodedMetrics& metrics, PointPartWriter& writer) {
  std::vector<PointRow> rows;
  number_scopes(
      metrics.resources, writer.part(),
      [&](std::uint32_t resource, std::uint32_t number, const ScopeMetrics& scope) {
        for (const Metric& metric : scope.metrics) {
          for_each_point(metric, [&](const auto* point) {
            rows.push_back({point,
                            writer.series().number_of(resource, number, metric, point->attributes),
                            point->time_unix_nano});
          });
        }
      });
  writer.add(std::move(rows));
}

template <typename Writer, typename Decoded>
std::string written(const Decoded& decoded) {
  std::string bytes;
  Writer writer([&bytes](std::string_view more) {
    bytes += more;
    return Status::ok();
  });
  write_rows(decoded, writer);
  const Status finished = writer.finish();
  EXPECT_TRUE(finished.is_ok()) << finished.to_string();
  return bytes;
}

inline std::string part_bytes_of(const Batch& batch) {
  switch (batch.signal()) {
    case Signal::kTraces:
      return written<SpanPartWriter>(batch.traces());
    case Signal::kLogs:
      return written<LogPartWriter>(batch.logs());
    case Signal::kMetrics:
      return written<PointPartWriter>(batch.metrics());
  }
  return {};
}

inline std::shared_ptr<const Part> open_part(std::string bytes) {
  auto part = Part::open(std::make_shared<MemorySource>(Bytes::from_string(std::move(bytes))));
  EXPECT_TRUE(part.has_value()) << part.status().to_string();
  return part ? std::move(*part) : nullptr;
}

inline std::shared_ptr<const Part> part_of(const Batch& batch) {
  return open_part(part_bytes_of(batch));
}

// Of a whole part: a bit of each byte in turn.
inline void expect_every_damaged_byte_is_found(const std::string& good) {
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    auto part = Part::open(std::make_shared<MemorySource>(Bytes::from_string(std::move(bytes))));
    const Status status = part ? (*part)->check() : part.status();
    ASSERT_FALSE(status.is_ok()) << "byte " << at;
  }
}

}  // namespace kolben::storage::part
