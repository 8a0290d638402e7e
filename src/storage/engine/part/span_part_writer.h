// SpanPartWriter: spans into a part, trace by trace, in the order of span_order.h. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/engine/part/operations.h"
#include "storage/engine/part/part_writer.h"
#include "storage/engine/part/row_size.h"
#include "storage/engine/part/span_order.h"
#include "storage/engine/part/trace_index.h"

namespace kolben::storage::part {

class SpanPartWriter {
 public:
  explicit SpanPartWriter(PartWriter::Append append);
  SpanPartWriter(const SpanPartWriter&) = delete;
  SpanPartWriter& operator=(const SpanPartWriter&) = delete;

  // For the numbers of rows' resources and scopes, and for the facts that rows do not tell
  // (arrival, sequence, retention class).
  PartWriter& part() { return part_; }

  // The rows of one trace, or of several, sorted. A trace comes whole, in one call. Rows that say
  // the same as one with their id before them are left out and counted.
  void add(std::span<const SpanRow> rows);
  // Ends the part.
  Status finish();

  std::uint64_t duplicates() const { return duplicates_; }

 private:
  // The writers of the columns that every row has, found once.
  struct Columns {
    explicit Columns(GroupWriter& group);
    std::string &trace_id, &span_id, &foreign_parent, &link_trace_id, &link_span_id;
    NumberChunkWriter &trace_rows, &parent, &start, &duration, &kind, &status, &flags;
    NumberChunkWriter &dropped_attributes, &dropped_events, &dropped_links;
    NumberChunkWriter &resource, &scope, &shape, &events, &links;
    NumberChunkWriter &event_time, &event_dropped, &event_shape;
    NumberChunkWriter &link_dropped, &link_flags, &link_shape;
    TextChunkWriter &name, &status_message, &trace_state, &event_name, &link_trace_state;
  };

  // The first rows of a trace.
  struct Slice {
    std::size_t rows = 0;
    RowSize size;
  };

  void add_trace(std::span<const SpanRow> rows);
  static Slice slice_of(std::span<const SpanRow> rows);
  void leave_out_copies();
  void add_slice(std::span<const SpanRow> rows);
  void add_parents(std::span<const SpanRow> rows);
  void add_row(const SpanRow& row);
  void add_events(const Span& span);
  void add_links(const Span& span);
  void end_group();

  PartWriter part_;
  GroupWriter group_;
  Columns columns_;
  TraceIndexWriter index_;
  OperationTable operations_;
  std::string fingerprints_;
  bool has_fingerprints_ = true;
  GroupFacts facts_;               // of the row group at hand
  RowSize size_;                   // of its rows
  std::uint64_t trace_start_ = 0;  // of the trace before
  std::uint64_t duplicates_ = 0;
  std::vector<SpanRow> trace_;  // the trace at hand, without copies
};

}  // namespace kolben::storage::part
