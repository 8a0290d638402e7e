// LogGroup: a row group of log records, with what its columns mean. What it computes, it keeps. One
// thread. Every error is DATA_LOSS, or what the disk said.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/logs.h"
#include "storage/engine/part/attribute_reader.h"
#include "storage/engine/part/log_variables.h"
#include "storage/engine/part/row_group.h"

namespace kolben::storage::part {

class LogGroup {
 public:
  static Result<LogGroup> open(std::shared_ptr<const Part> part, std::size_t index);
  LogGroup(LogGroup&&) = default;
  LogGroup& operator=(LogGroup&&) = default;

  RowGroup& columns() { return group_; }
  const Part& part() const { return group_.part(); }
  std::uint32_t rows() const { return group_.rows(); }

  // time_unix_nano of each row (0: unknown), and the effective times (the observed ones there).
  Result<std::span<const std::uint64_t>> times();
  Result<std::span<const std::uint64_t>> effective_times();
  // Bodies are asked for by row; their texts live in `arena` or in this row group.
  Status read_body(std::uint32_t row, Arena& arena, Value& body);
  // Fills `record`, all fields.
  Status read(std::uint32_t row, Arena& arena, LogRecord& record);

 private:
  struct Fields {
    const NumberColumn *observed_time = nullptr, *severity_number = nullptr, *flags = nullptr;
    const NumberColumn* dropped_attributes = nullptr;
    const TextColumn *severity_text = nullptr, *trace_id = nullptr, *span_id = nullptr;
    const TextColumn* event_name = nullptr;
    bool are_there = false;
  };
  struct Bodies {
    const NumberColumn* type = nullptr;
    const TextColumn *body = nullptr, *template_text = nullptr;
    std::vector<std::string_view> templates;  // the different ones, ascending
    std::vector<std::uint32_t> template_of;   // of each text of the template column: which
    std::vector<std::uint32_t> place;         // of each row among those of its kind
    std::vector<std::uint32_t> line;          // of each row of a template, within it
    Variables variables;
    bool are_there = false;
  };

  explicit LogGroup(RowGroup group) : group_(std::move(group)) {}
  Status load_fields();
  Status load_bodies();
  Status place_bodies(std::vector<std::uint32_t>& lines);
  void number_templates();
  Status damaged(const char* what) const;

  RowGroup group_;
  std::vector<std::uint64_t> times_, effective_times_;
  Fields fields_;
  Bodies bodies_;
  AttributeReader attributes_;
  std::string scratch_;
  bool has_times_ = false;
};

}  // namespace kolben::storage::part
