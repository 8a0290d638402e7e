#include "storage/engine/part/span_order.h"

#include <algorithm>
#include <bit>

namespace kolben::storage::part {
namespace {

struct TraceRows {
  TraceId id;
  std::uint64_t start = UINT64_MAX;
  std::uint32_t rows = 0;
  std::uint32_t next = 0;  // where its next row goes
};

// Numbers the traces of the rows in the order in which they come.
class TraceNumbers {
 public:
  explicit TraceNumbers(std::size_t rows) : slots_(std::bit_ceil(rows * 2 + 2), 0) {}

  std::uint32_t number_of(const TraceId& id) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = IdHash()(id) & mask;; slot = (slot + 1) & mask) {
      if (slots_[slot] == 0) {
        traces_.push_back({id, UINT64_MAX, 0, 0});
        slots_[slot] = static_cast<std::uint32_t>(traces_.size());
      }
      if (traces_[slots_[slot] - 1].id == id) return slots_[slot] - 1;
    }
  }
  std::vector<TraceRows>& traces() { return traces_; }

 private:
  std::vector<std::uint32_t> slots_;  // number + 1; 0: free
  std::vector<TraceRows> traces_;
};

bool comes_before(const SpanRow& a, const SpanRow& b) {
  if (a.span->start_time_unix_nano != b.span->start_time_unix_nano) {
    return a.span->start_time_unix_nano < b.span->start_time_unix_nano;
  }
  return a.span->span_id < b.span->span_id;
}

bool is_same(const SpanEvent& a, const SpanEvent& b) {
  return a.time_unix_nano == b.time_unix_nano && a.name == b.name &&
         a.dropped_attributes_count == b.dropped_attributes_count && a.attributes == b.attributes;
}

bool is_same(const SpanLink& a, const SpanLink& b) {
  return a.trace_id == b.trace_id && a.span_id == b.span_id && a.trace_state == b.trace_state &&
         a.dropped_attributes_count == b.dropped_attributes_count && a.flags == b.flags &&
         a.attributes == b.attributes;
}

template <typename T>
bool are_same(const List<T>& a, const List<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& one, const T& other) { return is_same(one, other); });
}

}  // namespace

bool is_same(const Span& a, const Span& b) {
  return a.trace_id == b.trace_id && a.span_id == b.span_id &&
         a.parent_span_id == b.parent_span_id && a.start_time_unix_nano == b.start_time_unix_nano &&
         a.end_time_unix_nano == b.end_time_unix_nano && a.name == b.name && a.kind == b.kind &&
         a.status_code == b.status_code && a.status_message == b.status_message &&
         a.trace_state == b.trace_state && a.flags == b.flags &&
         a.dropped_attributes_count == b.dropped_attributes_count &&
         a.dropped_events_count == b.dropped_events_count &&
         a.dropped_links_count == b.dropped_links_count && a.attributes == b.attributes &&
         are_same(a.events, b.events) && are_same(a.links, b.links);
}

// Rows of a trace are few and traces are many: the rows are dealt out to their traces, the traces
// are sorted, and then the rows within each.
void sort_rows(std::vector<SpanRow>& rows) {
  TraceNumbers numbers(rows.size());
  std::vector<std::uint32_t> trace_of(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t number = numbers.number_of(rows[i].span->trace_id);
    TraceRows& trace = numbers.traces()[number];
    trace.start = std::min(trace.start, rows[i].span->start_time_unix_nano);
    ++trace.rows;
    trace_of[i] = number;
  }
  std::vector<TraceRows>& traces = numbers.traces();
  std::vector<std::uint32_t> order(traces.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&traces](std::uint32_t a, std::uint32_t b) {
    if (traces[a].start != traces[b].start) return traces[a].start < traces[b].start;
    return traces[a].id < traces[b].id;
  });
  std::uint32_t next = 0;
  for (const std::uint32_t number : order) {
    traces[number].next = next;
    next += traces[number].rows;
  }
  std::vector<SpanRow> sorted(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) sorted[traces[trace_of[i]].next++] = rows[i];
  auto begin = sorted.begin();
  for (const std::uint32_t number : order) {
    const auto end = begin + traces[number].rows;
    std::stable_sort(begin, end, comes_before);
    begin = end;
  }
  rows = std::move(sorted);
}

}  // namespace kolben::storage::part
