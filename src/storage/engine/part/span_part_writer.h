// SpanPartWriter: spans into a part, trace by trace. SpanRows gathers and orders them first.
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "model/traces.h"
#include "storage/engine/part/part_writer.h"
#include "storage/engine/part/trace_index.h"

namespace kolben::storage::part {

// A span that lies in memory somewhere, with the numbers of its resource and scope.
struct SpanRow {
  const Span* span = nullptr;
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
  std::uint64_t fingerprint = 0;  // of a span straight from the log; 0: none
};

// Sorts into the order of rows: start of the trace, trace id, start, span id.
void sort_rows(std::vector<SpanRow>& rows);

class SpanPartWriter {
 public:
  explicit SpanPartWriter(PartWriter::Append append);

  // For the numbers of rows, and for the facts that rows do not tell (arrival, sequence, class).
  PartWriter& part() { return part_; }

  // The rows of one trace, or of several, sorted. A trace comes whole, in one call. Rows that say
  // the same as the one before them are left out and counted.
  void add(std::span<const SpanRow> rows);
  // Ends the part.
  Status finish();

  std::uint64_t duplicates() const { return duplicates_; }

 private:
  void add_trace(std::span<const SpanRow> rows);
  void add_row(const SpanRow& row);
  void add_parents(std::span<const SpanRow> rows);
  void add_events(const Span& span);
  void add_links(const Span& span);
  void end_group();

  PartWriter part_;
  GroupWriter group_;
  TraceIndexWriter index_;
  OperationTable operations_;
  std::string fingerprints_;
  bool has_fingerprints_ = true;
  GroupFacts facts_;
  std::uint64_t previous_trace_start_ = 0;
  std::uint64_t previous_start_ = 0;
  std::uint64_t duplicates_ = 0;
  std::vector<SpanRow> trace_;  // of the trace at hand, without copies
};

}  // namespace kolben::storage::part
