// Store: where telemetry stays. The embedded engine (storage/engine) and, past one machine,
// ClickHouse stand behind it; nobody else knows which.
//
// Writing: write() takes a wire batch at once or refuses it (RESOURCE_EXHAUSTED with a delay when
// its bounded memory is full, or the disk is), and calls `on_durable` when the batch is on disk:
// what was acknowledged survives kill -9 and power loss. A batch is searchable when it is
// acknowledged. The copies that a sender's retry makes are stored once: same trace id, span id and
// content.
//
// Reading: every call may be slow, runs on the caller's thread (and on the store's scan threads),
// and stops with DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED at its budget, see Limits of plan.h. Reads
// see everything that was acknowledged before they began. Answers are the same whatever the threads
// did. What counts spans counts each copy of a span that is not merged with the others yet; what
// shows traces shows each span once.
//
// All calls are safe from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "storage/plan.h"

namespace kolben::storage {

// How much of its question a query answered.
struct Coverage {
  bool is_complete = true;  // otherwise the time was up (Limits::partial)
  // Everything that starts at this time or later is in the answer: ask for what is before to go on.
  std::uint64_t searched_back_to = 0;
};

struct ServiceCount {
  std::string name;
  std::uint32_t spans = 0;
  std::uint32_t errors = 0;
};

// Why a trace was found: of its spans that match the one that took longest; of equals the earliest,
// then the one with the least id.
struct TraceMatch {
  SpanId span_id;
  std::string service, name;
  std::uint64_t duration = 0;  // nanoseconds
  std::string detail;          // of TraceQuery::detail_keys; the beginning of a long text
  std::uint32_t spans = 0;     // that match
};

// What a result list shows of a trace; exact at the time of the query.
struct TraceSummary {
  TraceId trace_id;
  std::string root_service;  // of the earliest span without a parent; empty where there is none
  std::string root_name;
  std::string first_service = {};  // of the earliest span
  std::string first_name = {};
  std::uint64_t start_unix_nano = 0;  // of the earliest span
  std::uint64_t end_unix_nano = 0;    // of the latest
  std::uint32_t spans = 0;
  std::uint32_t errors = 0;
  std::uint32_t orphans = 0;           // spans whose parent is not in the store
  std::vector<ServiceCount> services;  // by name
  std::optional<TraceMatch> match = {};
};

struct TracePage {
  std::vector<TraceSummary> traces;
  std::string next_cursor;  // empty: this was the last page
  std::uint64_t spans_scanned = 0;
  Coverage coverage = {};
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
  Coverage coverage = {};
};

// The named ranges of OTLP's severity numbers.
enum class LogLevel : std::uint8_t { kNone, kTrace, kDebug, kInfo, kWarn, kError, kFatal };
inline constexpr std::size_t kLogLevels = 7;
// Four numbers each from 1 on; what lies outside of them names no level.
constexpr LogLevel log_level_of(std::int32_t severity_number) {
  if (severity_number < 1 || severity_number > 24) return LogLevel::kNone;
  return static_cast<LogLevel>(1 + (severity_number - 1) / 4);
}

struct LogHistogram {
  using Bucket = std::array<std::uint64_t, kLogLevels>;  // log records, by level

  std::uint64_t begin_unix_nano = 0;  // of the first bucket
  std::uint64_t bucket_nanos = 0;
  std::vector<Bucket> buckets;
  std::uint64_t total = 0;
  std::uint64_t records_scanned = 0;
};

// What was measured of the spans of a group that start in one slice of time.
struct AggregateBucket {
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  std::uint64_t measured = 0;  // spans whose measured field is a number; the others follow it
  double sum = 0, least = 0, greatest = 0;
  std::vector<double> quantiles;  // as asked for; 0 where nothing was measured
};

struct AggregateGroup {
  std::vector<std::optional<std::string>> values;  // one for each field of group_by
  std::uint64_t count = 0;
  std::vector<AggregateBucket> buckets;
  AggregateBucket whole;  // all buckets at once
};

struct Aggregate {
  std::uint64_t begin_unix_nano = 0;   // of the first bucket
  std::uint64_t bucket_nanos = 0;      // a rate is a count divided by it
  std::uint64_t oldest_unix_nano = 0;  // of all spans that there are; 0: there are none
  std::vector<AggregateGroup> groups;  // most spans first, then by values
  // The groups beyond the limit, added up; without quantiles.
  std::uint64_t other_groups = 0;
  std::uint64_t other_count = 0;
  std::uint64_t other_errors = 0;
  double other_sum = 0;  // of what was measured
  std::uint64_t total = 0;
  std::uint64_t spans_scanned = 0;
  Coverage coverage = {};
};

struct HeatMap {
  std::uint64_t begin_unix_nano = 0;
  std::uint64_t bucket_nanos = 0;
  std::uint32_t buckets = 0;
  // Durations of row i are below 2^i and at least 2^(i-1) nanoseconds; of row 0 they are 0.
  static constexpr std::uint32_t kRows = 65;
  std::vector<std::uint64_t> counts;  // row by row: kRows * buckets
  std::uint64_t total = 0;
  std::uint64_t spans_scanned = 0;
  Coverage coverage = {};

  std::uint64_t at(std::uint32_t row, std::uint32_t bucket) const {
    return counts[std::size_t{row} * buckets + bucket];
  }
};

struct ValueCount {
  std::string value;
  std::uint64_t count = 0;
};

struct TopValues {
  std::vector<ValueCount> values;  // most frequent first, then by value
  std::uint64_t different = 0;     // values in all
  std::uint64_t total = 0;         // matching spans
  std::uint64_t missing = 0;       // of them, without the field
  std::uint64_t spans_scanned = 0;
  Coverage coverage = {};
};

struct DifferenceEntry {
  Field field;
  std::string value;
  std::uint64_t selected = 0, baseline = 0;  // spans that have it
};

struct Difference {
  std::uint64_t selected = 0, baseline = 0;  // spans of the sets
  // By the difference of the shares, greatest first; then by field and value.
  std::vector<DifferenceEntry> entries;
  // Fields with too many different values to compare (ids, mostly).
  std::vector<Field> skipped;
  std::uint64_t spans_scanned = 0;
  Coverage coverage = {};
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
  std::uint64_t wal_bytes = 0;  // of them: files of fixed size, for what was not sorted in yet
  std::uint64_t oldest_unix_nano = 0, newest_unix_nano = 0;
  std::uint64_t duplicates_dropped = 0;
  std::uint64_t damaged_queries = 0;  // that failed because what they had to read was damaged
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
  virtual Result<Aggregate> aggregate(const AggregateQuery&) {
    return unimplemented("this store does not aggregate");
  }
  virtual Result<HeatMap> heat_map(const HeatMapQuery&) {
    return unimplemented("this store does not draw heat maps");
  }
  virtual Result<TopValues> top_values(const TopValuesQuery&) {
    return unimplemented("this store does not count values");
  }
  virtual Result<Difference> difference(const DifferenceQuery&) {
    return unimplemented("this store does not compare sets of spans");
  }
  // Log records, decoded, in the order that the query names; over all resources, so that one is
  // named again wherever another comes between; resources and scopes that are named again share
  // their lists, which are to be read only. RESOURCE_EXHAUSTED where `skip` or `limit` is beyond
  // what a query looks at: no record is left out in silence.
  virtual Result<Batch> logs(const LogQuery& query) = 0;
  virtual Result<LogHistogram> log_histogram(const LogHistogramQuery&) {
    return unimplemented("this store does not count log records");
  }

  // Sorted by name.
  virtual Result<std::vector<std::string>> services() = 0;
  // `service` empty: of all services.
  virtual Result<std::vector<Operation>> operations(std::string_view service) = 0;
  // Attribute keys that begin with `prefix`, most frequent first.
  virtual Result<std::vector<KeyCount>> keys(std::string_view prefix, std::uint32_t limit) = 0;
  // Values seen under `key` that begin with `prefix`, in their text form, most frequent first.
  virtual Result<std::vector<std::string>> values(const Field& field, std::string_view prefix,
                                                  std::uint32_t limit) = 0;
  // The same of log records.
  virtual Result<std::vector<std::string>> log_services() {
    return unimplemented("this store does not list the services of log records");
  }
  virtual Result<std::vector<KeyCount>> log_keys(std::string_view, std::uint32_t) {
    return unimplemented("this store does not list the keys of log records");
  }
  virtual Result<std::vector<ServiceLink>> dependencies(TimeRange range) = 0;
  virtual StoreStats stats() = 0;
  // Why the store takes nothing at all until the disk has room, or works, again; OK otherwise, also
  // while write() refuses for a moment because more comes than goes.
  virtual Status health() { return Status::ok(); }
};

}  // namespace kolben::storage
