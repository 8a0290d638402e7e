// How operations, or the statements that databases are sent, do: how often they are called, how
// often they fail, how long they take, and what that was in the time of the same length before
// (docs/page-api.md). Asks the store for aggregates, of both times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/call.h"

namespace kolben::query::page {

inline constexpr std::uint32_t kPerformanceRowsDefault = 100;
// More than anybody reads; a service with more has ids in its span names.
inline constexpr std::uint32_t kPerformanceRowsMax = 1000;
// The pixels of a small line.
inline constexpr std::uint32_t kSeriesBucketsDefault = 40;
inline constexpr std::uint32_t kSeriesBucketsMax = 200;

// Of a set of spans; times in nanoseconds.
struct Figures {
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  double time = 0;  // the sum of the durations
  double p50 = 0, p95 = 0, p99 = 0;

  double error_share() const {
    return count == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(count);
  }
};

struct PerformanceRow {
  std::string service;
  std::string name;  // of the spans, or the statement
  // Of a statement: the attribute that it stands in, and the database's name.
  std::string_view key;
  std::string system;
  Figures now, before;
  // Over time; empty where there was no memory for it.
  std::vector<std::uint64_t> counts;
  std::vector<double> p95s;
};

// A range of time, and how many seconds of it the store can tell of.
struct Window {
  storage::TimeRange range = {};
  double seconds = 0;

  double rate(std::uint64_t count) const {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  }
};

struct Performance {
  bool is_by_statement = false;
  Window now, before;
  std::uint64_t bucket_nanos = 0;  // 0: rows have no series
  std::vector<PerformanceRow> rows;
  std::uint64_t other_rows = 0;
  Figures others, total;  // without percentiles
  std::uint64_t before_count = 0;
  std::uint64_t spans_scanned = 0;
  std::uint64_t took_nanos = 0;
};

// INVALID_ARGUMENT names the parameter that is wrong.
Result<Performance> measure_performance(const Call& call);

}  // namespace kolben::query::page
