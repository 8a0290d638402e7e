#include "storage/engine/scan/intrinsic_scan.h"

#include <algorithm>
#include <string>

#include "storage/engine/scan/code_hits.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;
using part::SpanGroup;
namespace span_column = part::span_column;

// Numbers beyond it mean the same as it does: "unspecified", or that there is a parent.
constexpr std::uint64_t kNumberMax = 6;

Value value_of(Intrinsic field, std::uint64_t number) {
  switch (field) {
    case Intrinsic::kKind:
      return Value::string(kind_text(static_cast<SpanKind>(number)));
    case Intrinsic::kStatus:
      return Value::string(status_text(static_cast<SpanStatusCode>(number)));
    default:
      return Value::boolean(number == 0);  // the code of no parent
  }
}

std::uint32_t text_column(Intrinsic field) {
  switch (field) {
    case Intrinsic::kStatusMessage:
      return span_column::kStatusMessage;
    case Intrinsic::kTraceState:
      return span_column::kTraceState;
    case Intrinsic::kEventName:
      return span_column::kEventName;
    default:
      return span_column::kName;
  }
}

}  // namespace

Result<Prospect> IntrinsicScan::prepare(SpanGroup& group) {
  switch (field_) {
    case Intrinsic::kName:
    case Intrinsic::kStatusMessage:
    case Intrinsic::kTraceState:
      return prepare_column(group, text_column(field_), plan_.test(ColumnType::kString), true);
    case Intrinsic::kEventName: {
      KOLBEN_TRY(Prospect prospect,
                 prepare_column(group, text_column(field_), plan_.test(ColumnType::kString), true));
      // Not every span has events.
      if (prospect.satisfied == Outcome::kAll) prospect.satisfied = Outcome::kSome;
      prospect.there = column_->values() > 0 ? Outcome::kSome : Outcome::kNone;
      return prospect;
    }
    case Intrinsic::kKind:
      return prepare_number(group, span_column::kKind);
    case Intrinsic::kStatus:
      return prepare_number(group, span_column::kStatus);
    case Intrinsic::kIsRoot:
      return prepare_number(group, span_column::kParent);
    case Intrinsic::kDuration:
      return prepare_duration(group);
    default:
      return Prospect();
  }
}

Result<Prospect> IntrinsicScan::prepare_column(SpanGroup& group, std::uint32_t column,
                                               const ValueTest& test, bool is_text) {
  KOLBEN_TRY(column_, ColumnScan::open(group.columns(), column, test, is_text));
  Prospect prospect;
  prospect.there = Outcome::kAll;
  prospect.satisfied = column_->outcome();
  return prospect;
}

Result<Prospect> IntrinsicScan::prepare_number(SpanGroup& group, std::uint32_t column) {
  for (std::uint64_t number = 0; number <= kNumberMax; ++number) {
    verdicts_.push_back(plan_.condition->is_satisfied_by(value_of(field_, number)) ? 1 : 0);
  }
  Prospect prospect;
  prospect.there = Outcome::kAll;
  prospect.satisfied = Outcome::kSome;
  const part::Chunk* chunk = group.columns().directory().find(column);
  if (chunk == nullptr) return prospect;  // find() will say so
  // What the zone says; enumerations have few values.
  const std::uint64_t least = std::min(chunk->least, kNumberMax);
  const std::uint64_t greatest = std::min(chunk->greatest, kNumberMax);
  std::uint64_t satisfied = 0;
  for (std::uint64_t number = least; number <= greatest; ++number) satisfied += verdicts_[number];
  if (satisfied == 0) prospect.satisfied = Outcome::kNone;
  if (satisfied == greatest - least + 1) prospect.satisfied = Outcome::kAll;
  return prospect;
}

Result<Prospect> IntrinsicScan::prepare_duration(SpanGroup& group) {
  const bool has_column = group.columns().directory().find(span_column::kDuration) != nullptr;
  if (has_column && !group.durations_may_wrap()) {
    return prepare_column(group, span_column::kDuration, plan_.unsigned_test, false);
  }
  Prospect prospect;
  prospect.there = Outcome::kAll;
  if (plan_.unsigned_test.kind() != ValueTest::Kind::kNone) prospect.satisfied = Outcome::kSome;
  return prospect;
}

Status IntrinsicScan::find(SpanGroup& group, Found& found) {
  switch (field_) {
    case Intrinsic::kEventName:
      return find_event_names(group, found);
    case Intrinsic::kName:
    case Intrinsic::kStatusMessage:
    case Intrinsic::kTraceState:
      if (found.wants_there) found.there.fill();
      return find_column(group, found.satisfied);
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
    case Intrinsic::kIsRoot:
      if (found.wants_there) found.there.fill();
      return find_number(group, found.satisfied);
    case Intrinsic::kDuration:
      if (found.wants_there) found.there.fill();
      return column_ ? find_column(group, found.satisfied) : find_duration(group, found.satisfied);
    default:
      return Status::ok();
  }
}

Status IntrinsicScan::find_column(SpanGroup& group, Selection& satisfied) {
  if (column_->values() != group.rows()) {
    return data_loss("row group " + std::to_string(group.columns().index()) +
                     " has rows without a value");
  }
  if (column_->outcome() == Outcome::kAll) satisfied.fill();
  if (column_->outcome() != Outcome::kSome) return Status::ok();
  std::vector<std::uint8_t> hits;
  KOLBEN_RETURN_IF_ERROR(column_->read_hits(group.columns(), 0, hits));
  satisfied.add_hits(hits.data());
  return Status::ok();
}

Status IntrinsicScan::find_number(SpanGroup& group, Selection& satisfied) {
  const std::uint32_t column = field_ == Intrinsic::kKind     ? span_column::kKind
                               : field_ == Intrinsic::kStatus ? span_column::kStatus
                                                              : span_column::kParent;
  KOLBEN_TRY(const std::span<const std::uint8_t> codes, group.columns().code_bytes(column));
  KOLBEN_TRY(const part::NumberColumn* numbers, codes.empty()
                                                    ? group.columns().numbers(column)
                                                    : group.columns().number_dictionary(column));
  if (numbers->size != group.rows()) {
    return data_loss("row group " + std::to_string(group.columns().index()) +
                     " has rows without a value");
  }
  const auto verdict = [this](std::uint64_t number) {
    return verdicts_[std::min(number, kNumberMax)];
  };
  std::vector<std::uint8_t> hits(numbers->size);
  if (codes.empty()) {
    for (std::size_t row = 0; row < hits.size(); ++row) hits[row] = verdict((*numbers)[row]);
  } else {
    std::vector<std::uint8_t> by_code;
    for (const std::uint64_t number : numbers->entries) by_code.push_back(verdict(number));
    match_codes(codes, by_code, hits.data());
  }
  satisfied.add_hits(hits.data());
  return Status::ok();
}

Status IntrinsicScan::find_duration(SpanGroup& group, Selection& satisfied) {
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, group.durations());
  for (std::uint32_t row = 0; row < group.rows(); ++row) {
    satisfied.set(row, plan_.unsigned_test.number(durations[row]));
  }
  return Status::ok();
}

Status IntrinsicScan::find_event_names(SpanGroup& group, Found& found) {
  KOLBEN_TRY(const std::span<const std::uint32_t> rows, group.event_rows());
  if (found.wants_there) {
    for (const std::uint32_t row : rows) found.there.set(row);
  }
  if (column_->outcome() == Outcome::kNone) return Status::ok();
  std::vector<std::uint8_t> hits(rows.size(), 1);
  if (column_->outcome() == Outcome::kSome) {
    KOLBEN_RETURN_IF_ERROR(column_->read_hits(group.columns(), rows.size(), hits));
  }
  for (std::size_t event = 0; event < rows.size(); ++event)
    found.satisfied.set(rows[event], hits[event] != 0);
  return Status::ok();
}

}  // namespace kolben::storage::scan
