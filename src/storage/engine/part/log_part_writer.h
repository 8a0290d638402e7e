// LogPartWriter: log records into a part, in the order of (minute, resource, time). One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/logs.h"
#include "storage/engine/part/log_variables.h"
#include "storage/engine/part/part_writer.h"
#include "storage/engine/part/row_size.h"

namespace kolben::storage::part {

// A log record that lies in memory somewhere, with the numbers of its resource and scope.
struct LogRow {
  const LogRecord* record = nullptr;
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
};

// Into the order of rows. Records that are equal in it keep theirs.
void sort_rows(std::vector<LogRow>& rows);

class LogPartWriter {
 public:
  explicit LogPartWriter(PartWriter::Append append);
  LogPartWriter(const LogPartWriter&) = delete;
  LogPartWriter& operator=(const LogPartWriter&) = delete;

  // For the numbers of rows' resources and scopes, and for the facts that rows do not tell.
  PartWriter& part() { return part_; }

  // Sorted rows.
  void add(std::span<const LogRow> rows);
  // Ends the part.
  Status finish();

 private:
  struct Columns {
    explicit Columns(GroupWriter& group);
    NumberChunkWriter &time, &observed_time, &severity_number, &body_type, &flags;
    NumberChunkWriter &dropped_attributes, &resource, &scope, &shape;
    TextChunkWriter &severity_text, &body, &template_text, &trace_id, &span_id, &event_name;
  };

  void add_row(const LogRow& row);
  void add_body(const Value& body);
  void end_group();

  PartWriter part_;
  GroupWriter group_;
  Columns columns_;
  std::map<std::string, std::uint32_t, std::less<>> templates_;  // of the row group: their numbers
  VariablesWriter variables_;
  std::string template_;  // of the line at hand
  std::vector<std::string_view> line_variables_;
  GroupFacts facts_;  // of the row group at hand
  RowSize size_;      // of its rows
  std::uint64_t time_before_ = 0;
  std::string scratch_;
};

}  // namespace kolben::storage::part
