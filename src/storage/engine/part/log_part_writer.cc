#include "storage/engine/part/log_part_writer.h"

#include <algorithm>

#include "otlp/fragments.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/log_template.h"

namespace kolben::storage::part {
namespace {

constexpr std::uint64_t kMinuteNanos = 60'000'000'000;

// Ids that are none are empty texts.
template <std::size_t N>
std::string_view text_of(const Id<N>& id) {
  return id.is_zero() ? std::string_view() : id.as_bytes();
}

}  // namespace

void sort_rows(std::vector<LogRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const LogRow& a, const LogRow& b) {
    const std::uint64_t time_a = a.record->effective_time_unix_nano();
    const std::uint64_t time_b = b.record->effective_time_unix_nano();
    if (time_a / kMinuteNanos != time_b / kMinuteNanos) return time_a < time_b;
    if (a.resource != b.resource) return a.resource < b.resource;
    return time_a < time_b;
  });
}

LogPartWriter::Columns::Columns(GroupWriter& group)
    : time(group.plain_numbers(log_column::kTime)),
      observed_time(group.plain_numbers(log_column::kObservedTime)),
      severity_number(group.numbers(log_column::kSeverityNumber)),
      body_type(group.numbers(log_column::kBodyType)),
      flags(group.numbers(log_column::kFlags)),
      dropped_attributes(group.numbers(log_column::kDroppedAttributes)),
      resource(group.numbers(log_column::kResource)),
      scope(group.numbers(log_column::kScope)),
      shape(group.plain_numbers(log_column::kShape)),
      severity_text(group.texts(log_column::kSeverityText)),
      body(group.texts(log_column::kBody)),
      template_text(group.texts(log_column::kTemplate)),
      trace_id(group.texts(log_column::kTraceId)),
      span_id(group.texts(log_column::kSpanId)),
      event_name(group.texts(log_column::kEventName)) {}

LogPartWriter::LogPartWriter(PartWriter::Append append)
    : part_(Table::kLogs, std::move(append)), group_(part_.schema()), columns_(group_) {}

void LogPartWriter::add(std::span<const LogRow> rows) {
  for (const LogRow& row : rows) {
    const RowSize size = size_of(*row.record);
    if (facts_.rows == kGroupRowsMax || (facts_.rows > 0 && !(size_ + size).fits())) end_group();
    size_ += size;
    add_row(row);
  }
}

void LogPartWriter::add_row(const LogRow& row) {
  const LogRecord& record = *row.record;
  const std::uint64_t time = record.effective_time_unix_nano();
  if (facts_.rows == 0) {
    facts_.first_time = facts_.last_time = time;
    time_before_ = 0;
  }
  facts_.first_time = std::min(facts_.first_time, time);
  facts_.last_time = std::max(facts_.last_time, time);
  ++facts_.rows;
  columns_.time.add(zigzag(record.time_unix_nano - time_before_));
  time_before_ = record.time_unix_nano;
  columns_.observed_time.add(zigzag(record.observed_time_unix_nano - record.time_unix_nano));
  columns_.severity_number.add(static_cast<std::uint32_t>(record.severity_number));
  columns_.severity_text.add(record.severity_text);
  columns_.trace_id.add(text_of(record.trace_id));
  columns_.span_id.add(text_of(record.span_id));
  columns_.flags.add(record.flags);
  columns_.dropped_attributes.add(record.dropped_attributes_count);
  columns_.event_name.add(record.event_name);
  columns_.resource.add(row.resource);
  columns_.scope.add(row.scope);
  columns_.shape.add(group_.add_attributes(Place::kRow, record.attributes));
  add_body(record.body);
}

void LogPartWriter::add_body(const Value& body) {
  if (body.type() == ValueType::kString &&
      split_template(body.as_string(), template_, line_variables_)) {
    const auto found =
        templates_.try_emplace(template_, static_cast<std::uint32_t>(templates_.size())).first;
    columns_.body_type.add(kTemplateBody);
    columns_.template_text.add(template_);
    variables_.add(found->second, line_variables_);
    return;
  }
  columns_.body_type.add(static_cast<std::uint64_t>(body.type()));
  if (body.type() == ValueType::kString) {
    columns_.body.add(body.as_string());
  } else if (body.type() != ValueType::kEmpty) {
    scratch_.clear();
    otlp::encode_fragment(body, scratch_);
    columns_.body.add(scratch_);
  }
}

void LogPartWriter::end_group() {
  if (facts_.rows == 0) return;
  // The map is ordered as the column's dictionary is.
  std::vector<std::uint32_t> order;
  for (const auto& [text, number] : templates_) order.push_back(number);
  Chunk variables;
  variables.column = log_column::kVariables;
  variables.form = ChunkForm::kRaw;
  variables.values = static_cast<std::uint32_t>(templates_.size());
  const std::string block = variables_.finish(order);
  if (!block.empty()) variables.data = part_.write(block);
  group_.add_chunk(variables);
  templates_.clear();
  part_.add_group(group_, facts_);
  facts_ = {};
  size_ = {};
}

Status LogPartWriter::finish() {
  end_group();
  return part_.finish();
}

}  // namespace kolben::storage::part
