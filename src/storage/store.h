// Store: where telemetry stays. The embedded engine (storage/engine) and, past one machine,
// ClickHouse stand behind it; nobody else knows which.
//
// Writing: write() takes a wire batch at once or refuses it (RESOURCE_EXHAUSTED with a delay when
// its bounded memory is full, or the disk is), and calls `on_durable` when the batch is on disk:
// what was acknowledged survives kill -9 and power loss. A batch is searchable when it is
// acknowledged. The copies that a sender's retry makes are stored once: same trace id, span id and
// content.
//
// Reading: every call may be slow, runs on the caller's thread, and stops with DEADLINE_EXCEEDED or
// RESOURCE_EXHAUSTED at its budget. Reads see everything that was acknowledged before they began.
//
// All calls are safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "storage/plan.h"

namespace kolben::storage {

struct ServiceCount {
  std::string name;
  std::uint32_t spans = 0;
  std::uint32_t errors = 0;
};

// What a result list shows of a trace; exact at the time of the query.
struct TraceSummary {
  TraceId trace_id;
  std::string root_service;  // of the earliest span without a parent; empty where there is none
  std::string root_name;
  std::uint64_t start_unix_nano = 0;  // of the earliest span
  std::uint64_t end_unix_nano = 0;    // of the latest
  std::uint32_t spans = 0;
  std::uint32_t errors = 0;
  std::uint32_t orphans = 0;           // spans whose parent is not in the store
  std::vector<ServiceCount> services;  // by name
};

struct TracePage {
  std::vector<TraceSummary> traces;
  std::string next_cursor;  // empty: this was the last page
  std::uint64_t spans_scanned = 0;
};

// One slice of time; latencies in nanoseconds, of the matching spans that start in it.
struct HistogramBucket {
  std::uint64_t start_unix_nano = 0;
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  double p50 = 0, p95 = 0, p99 = 0;  // 0 where count is 0
};

struct Histogram {
  std::uint64_t bucket_nanos = 0;
  std::vector<HistogramBucket> buckets;
  std::uint64_t total = 0;
  std::uint64_t spans_scanned = 0;
};

struct Operation {
  std::string name;
  SpanKind kind = SpanKind::kUnspecified;
};

struct ServiceLink {
  std::string parent, child;
  std::uint64_t calls = 0;
};

struct KeyCount {
  std::string key;
  AttributeScope scope = AttributeScope::kSpan;
  std::uint64_t count = 0;
};

struct StoreStats {
  std::uint64_t spans = 0, log_records = 0, metric_points = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t oldest_unix_nano = 0, newest_unix_nano = 0;
  std::uint64_t duplicates_dropped = 0;
};

class Store {
 public:
  using OnDurable = UniqueFunction<void(Status)>;

  virtual ~Store() = default;

  // On error nothing was taken and `batch` and `on_durable` are untouched.
  [[nodiscard]] virtual Status write(Batch&& batch, OnDurable&& on_durable) = 0;

  virtual Result<TracePage> search(const TraceQuery& query) = 0;
  // All spans of the trace, decoded, oldest span first within a resource; NOT_FOUND where there are
  // none. Batches larger than the reading budget fail with RESOURCE_EXHAUSTED.
  virtual Result<Batch> get_trace(const TraceId& id) = 0;
  virtual Result<Histogram> histogram(const HistogramQuery& query) = 0;
  // Log records, decoded, oldest first.
  virtual Result<Batch> logs(const LogQuery& query) = 0;

  // Sorted by name.
  virtual Result<std::vector<std::string>> services() = 0;
  // `service` empty: of all services.
  virtual Result<std::vector<Operation>> operations(std::string_view service) = 0;
  // Attribute keys that begin with `prefix`, most frequent first.
  virtual Result<std::vector<KeyCount>> keys(std::string_view prefix, std::uint32_t limit) = 0;
  // Values seen under `key` that begin with `prefix`, in their text form, most frequent first.
  virtual Result<std::vector<std::string>> values(const Field& field, std::string_view prefix,
                                                  std::uint32_t limit) = 0;
  virtual Result<std::vector<ServiceLink>> dependencies(TimeRange range) = 0;
  virtual StoreStats stats() = 0;
};

}  // namespace kolben::storage
