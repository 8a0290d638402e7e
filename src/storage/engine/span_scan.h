// SpanScan: which rows of a segment match. Compiled once a query (SpanQuery), prepared once a
// segment (SpanScan): conditions that every match must meet and that columns can answer go first,
// page by page; what is left is decided row by row, on the span's bytes where it must be.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/unique_function.h"
#include "storage/engine/body_reader.h"
#include "storage/engine/segment_view.h"
#include "storage/evaluate.h"

namespace kolben::storage::engine {

// The duration of a trace over all segments.
using TraceDuration = UniqueFunction<std::uint64_t(const TraceId&)>;

class SpanQuery {
 public:
  static Result<SpanQuery> compile(const Filter& filter, TimeRange range);
  // The conditions point into the filter, which moves with its address.
  SpanQuery(SpanQuery&&) noexcept = default;
  SpanQuery& operator=(SpanQuery&&) noexcept = default;

  const TimeRange& range() const { return range_; }

 private:
  friend class SpanScan;
  SpanQuery() = default;
  void sort_conjuncts(const CompiledFilter::Node& node);

  TimeRange range_;
  std::unique_ptr<CompiledFilter> filter_;
  // What every match meets, by what answers it.
  std::vector<const Condition*> service_, name_, facts_, duration_, is_root_;
  std::vector<const Condition*> attribute_keys_;  // that must be there: for skipping segments
  std::vector<const CompiledFilter::Node*> rest_;
};

class SpanScan {
 public:
  // All outlive the scan.
  SpanScan(const SpanQuery& query, const SegmentView& view, BodyReader& bodies,
           TraceDuration& trace_duration);

  // False where no row of the segment can match.
  bool may_match() const { return may_match_; }
  bool may_match_page(std::size_t page) const;
  // Appends the rows of the page that match. An error only where the disk lost something.
  Status scan(std::size_t page, std::vector<std::uint32_t>& rows);
  // The rows that were looked at.
  std::uint64_t rows_scanned() const { return rows_scanned_; }

 private:
  enum class Known : std::uint8_t { kUnknown, kYes, kNo };

  bool meets_columns(std::uint32_t row);
  bool meets_name(std::uint32_t name);
  bool decide(const Condition& condition, std::uint32_t row);
  bool decide_on_bytes(const Condition& condition, std::uint32_t row);
  bool knows_keys() const;

  const SpanQuery& query_;
  const SegmentView& view_;
  BodyReader& bodies_;
  TraceDuration& trace_duration_;
  bool may_match_ = true;
  std::vector<char> services_;  // by number, whether it is wanted; empty: all are
  bool facts_[256] = {};
  std::vector<Known> names_;  // empty: all are wanted
  Status failure_;
  std::uint64_t rows_scanned_ = 0;
};

}  // namespace kolben::storage::engine
