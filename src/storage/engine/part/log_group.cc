#include "storage/engine/part/log_group.h"

#include <algorithm>
#include <string>

#include "otlp/fragments.h"
#include "storage/engine/part/column_finder.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

using namespace log_column;

template <typename IdType>
bool read_id(std::string_view bytes, IdType& id) {
  const auto read = IdType::from_bytes(bytes);
  if (read) id = *read;
  return read.has_value();
}

}  // namespace

Result<LogGroup> LogGroup::open(std::shared_ptr<const Part> part, std::size_t index) {
  KOLBEN_TRY(RowGroup group, RowGroup::open(std::move(part), index));
  return LogGroup(std::move(group));
}

Status LogGroup::damaged(const char* what) const {
  return data_loss("row group " + std::to_string(group_.index()) + ": " + what);
}

Result<std::span<const std::uint64_t>> LogGroup::times() {
  if (has_times_) return std::span<const std::uint64_t>(times_);
  ColumnFinder rows(group_, this->rows());
  const NumberColumn* differences = nullptr;
  const NumberColumn* observed = nullptr;
  rows.find(differences, kTime);
  rows.find(observed, kObservedTime);
  KOLBEN_RETURN_IF_ERROR(rows.status());
  std::uint64_t time = 0;
  for (std::uint32_t row = 0; row < this->rows(); ++row) {
    time += unzigzag((*differences)[row]);
    times_.push_back(time);
    effective_times_.push_back(time != 0 ? time : unzigzag((*observed)[row]));
  }
  has_times_ = true;
  return std::span<const std::uint64_t>(times_);
}

Result<std::span<const std::uint64_t>> LogGroup::effective_times() {
  KOLBEN_RETURN_IF_ERROR(times().status());
  return std::span<const std::uint64_t>(effective_times_);
}

Status LogGroup::load_fields() {
  if (fields_.are_there) return Status::ok();
  KOLBEN_RETURN_IF_ERROR(times().status());
  ColumnFinder rows(group_, this->rows());
  rows.find(fields_.observed_time, kObservedTime);
  rows.find(fields_.severity_number, kSeverityNumber);
  rows.find(fields_.severity_text, kSeverityText);
  rows.find(fields_.trace_id, kTraceId);
  rows.find(fields_.span_id, kSpanId);
  rows.find(fields_.flags, kFlags);
  rows.find(fields_.dropped_attributes, kDroppedAttributes);
  rows.find(fields_.event_name, kEventName);
  KOLBEN_RETURN_IF_ERROR(rows.status());
  fields_.are_there = true;
  return Status::ok();
}

// A column of many different templates has no dictionary; the variables are ordered as if it had.
void LogGroup::number_templates() {
  const TextColumn& column = *bodies_.template_text;
  bodies_.templates = column.entries.values;
  if (!column.has_dictionary) {
    std::sort(bodies_.templates.begin(), bodies_.templates.end());
    const auto end = std::unique(bodies_.templates.begin(), bodies_.templates.end());
    bodies_.templates.erase(end, bodies_.templates.end());
  }
  for (std::uint32_t i = 0; i < column.size; ++i) {
    const auto found = column.has_dictionary ? bodies_.templates.begin() + column.entry_of(i)
                                             : std::lower_bound(bodies_.templates.begin(),
                                                                bodies_.templates.end(), column[i]);
    bodies_.template_of.push_back(static_cast<std::uint32_t>(found - bodies_.templates.begin()));
  }
}

Status LogGroup::place_bodies(std::vector<std::uint32_t>& lines) {
  std::uint32_t next_body = 0;
  std::uint32_t next_template = 0;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    const std::uint64_t type = (*bodies_.type)[row];
    if (type > kTemplateBody) return damaged("a body of an unknown type");
    std::uint32_t place = 0;
    std::uint32_t line = 0;
    if (type == kTemplateBody) {
      if (next_template == bodies_.template_of.size()) return damaged("templates are missing");
      place = next_template++;
      line = lines[bodies_.template_of[place]]++;
    } else if (type != static_cast<std::uint64_t>(ValueType::kEmpty)) {
      if (next_body == bodies_.body->size) return damaged("bodies are missing");
      place = next_body++;
    }
    bodies_.place.push_back(place);
    bodies_.line.push_back(line);
  }
  return Status::ok();
}

Status LogGroup::load_bodies() {
  if (bodies_.are_there) return Status::ok();
  ColumnFinder all(group_, rows());
  all.find(bodies_.type, kBodyType);
  KOLBEN_RETURN_IF_ERROR(all.status());
  KOLBEN_TRY(bodies_.body, group_.texts(kBody));
  KOLBEN_TRY(bodies_.template_text, group_.texts(kTemplate));
  number_templates();
  std::vector<std::uint32_t> lines(bodies_.templates.size(), 0);
  KOLBEN_RETURN_IF_ERROR(place_bodies(lines));
  const Chunk* chunk = group_.directory().find(kVariables);
  if (chunk == nullptr) return damaged("variables are missing");
  KOLBEN_TRY(const Bytes block, part().source().read(chunk->data));
  if (!bodies_.variables.open(block, bodies_.templates, lines)) {
    return damaged("the variables of templates are malformed");
  }
  bodies_.are_there = true;
  return Status::ok();
}

Status LogGroup::read_body(std::uint32_t row, Arena& arena, Value& body) {
  KOLBEN_RETURN_IF_ERROR(load_bodies());
  const std::uint64_t type = (*bodies_.type)[row];
  const std::uint32_t place = bodies_.place[row];
  if (type == kTemplateBody) {
    scratch_.clear();
    bodies_.variables.append_line(bodies_.template_of[place], bodies_.line[row], scratch_);
    body = Value::string(arena.copy(scratch_));
  } else if (type == static_cast<std::uint64_t>(ValueType::kEmpty)) {
    body = Value();
  } else if (type == static_cast<std::uint64_t>(ValueType::kString)) {
    body = Value::string((*bodies_.body)[place]);
  } else if (!otlp::decode_fragment((*bodies_.body)[place], body, arena)) {
    return damaged("a body is malformed");
  }
  return Status::ok();
}

Status LogGroup::read(std::uint32_t row, Arena& arena, LogRecord& record) {
  KOLBEN_RETURN_IF_ERROR(load_fields());
  record.time_unix_nano = times_[row];
  record.observed_time_unix_nano = times_[row] + unzigzag((*fields_.observed_time)[row]);
  record.severity_number =
      static_cast<std::int32_t>(static_cast<std::uint32_t>((*fields_.severity_number)[row]));
  record.severity_text = (*fields_.severity_text)[row];
  record.flags = static_cast<std::uint32_t>((*fields_.flags)[row]);
  record.dropped_attributes_count = static_cast<std::uint32_t>((*fields_.dropped_attributes)[row]);
  record.event_name = (*fields_.event_name)[row];
  if (!read_id((*fields_.trace_id)[row], record.trace_id) ||
      !read_id((*fields_.span_id)[row], record.span_id)) {
    return damaged("an id has another length than it should");
  }
  KOLBEN_RETURN_IF_ERROR(attributes_.read(group_, Place::kRow, row, arena, record.attributes));
  return read_body(row, arena, record.body);
}

}  // namespace kolben::storage::part
