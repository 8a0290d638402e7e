// Of FieldValues: what every span has without attributes.
#include <algorithm>

#include "storage/engine/part/ints.h"
#include "storage/engine/scan/field_values.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;
namespace span_column = part::span_column;

StoredValue stored_text(std::string_view text) {
  return {ColumnType::kString, 0, text};
}

StoredValue stored_number(std::uint64_t number) {
  const auto shown = static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
  return {ColumnType::kInt, part::ordered(shown), {}};
}

StoredValue enum_value(Intrinsic field, std::uint64_t number) {
  switch (field) {
    case Intrinsic::kKind:
      return stored_text(kind_text(static_cast<SpanKind>(number)));
    case Intrinsic::kStatus:
      return stored_text(status_text(static_cast<SpanStatusCode>(number)));
    default:
      return {ColumnType::kBool, number == 0 ? 1U : 0U, {}};  // the code of no parent
  }
}

Status too_short() {
  return data_loss("a row group has rows without a value");
}

}  // namespace

Status FieldValues::read_intrinsic(Intrinsic field, GroupScan& scan, const Selection& rows,
                                   Workplace& place) {
  const auto& resources = scan.part().resources();
  const auto& scopes = scan.part().scopes();
  Value text;
  switch (field) {
    case Intrinsic::kServiceName:
      return read_table(scan, span_column::kResource, resources.size(), [&](std::size_t i) {
        text = Value::string(resources[i].service);
        return &text;
      });
    case Intrinsic::kScopeName:
    case Intrinsic::kScopeVersion:
      return read_table(scan, span_column::kScope, scopes.size(), [&](std::size_t i) {
        text = Value::string(field == Intrinsic::kScopeName ? scopes[i].scope.name
                                                            : scopes[i].scope.version);
        return &text;
      });
    case Intrinsic::kName:
      return read_texts(scan, span_column::kName);
    case Intrinsic::kStatusMessage:
      return read_texts(scan, span_column::kStatusMessage);
    case Intrinsic::kTraceState:
      return read_texts(scan, span_column::kTraceState);
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
    case Intrinsic::kIsRoot:
      return read_enum(field, scan);
    case Intrinsic::kDuration:
      return read_durations(scan, rows);
    case Intrinsic::kEventName:
      return read_event_names(scan);
    case Intrinsic::kTraceDuration:
    case Intrinsic::kTraceSpans:
    case Intrinsic::kRootService:
    case Intrinsic::kRootName:
      return read_traces(field, scan, rows, place);
    case Intrinsic::kSeverity:
    case Intrinsic::kBody:
      break;
  }
  return Status::ok();
}

Status FieldValues::read_texts(GroupScan& scan, std::uint32_t column) {
  KOLBEN_TRY(const part::TextColumn* texts, scan.spans().columns().texts(column));
  if (texts->size != scan.rows()) return too_short();
  for (const std::string_view text : texts->entries.values) add(stored_text(text));
  for (std::uint32_t row = 0; row < scan.rows(); ++row) {
    numbers_[row] = !texts->has_dictionary ? row : texts->codes.empty() ? 0 : texts->codes[row];
  }
  return Status::ok();
}

Status FieldValues::read_enum(Intrinsic field, GroupScan& scan) {
  // Numbers beyond the last mean the same as it does.
  constexpr std::uint64_t kLast = 6;
  const std::uint32_t column = field == Intrinsic::kKind     ? span_column::kKind
                               : field == Intrinsic::kStatus ? span_column::kStatus
                                                             : span_column::kParent;
  KOLBEN_TRY(const part::NumberColumn* numbers, scan.spans().columns().numbers(column));
  if (numbers->size != scan.rows()) return too_short();
  for (std::uint64_t number = 0; number <= kLast; ++number) add(enum_value(field, number));
  for (std::uint32_t row = 0; row < scan.rows(); ++row) {
    numbers_[row] = static_cast<std::uint32_t>(std::min((*numbers)[row], kLast));
  }
  return Status::ok();
}

Status FieldValues::read_durations(GroupScan& scan, const Selection& rows) {
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
  rows.for_each([&](std::uint32_t row) { numbers_[row] = add(stored_number(durations[row])); });
  return Status::ok();
}

Status FieldValues::read_event_names(GroupScan& scan) {
  KOLBEN_TRY(const std::span<const std::uint32_t> rows, scan.spans().event_rows());
  if (rows.empty()) return Status::ok();
  KOLBEN_TRY(const part::TextColumn* texts, scan.spans().columns().texts(span_column::kEventName));
  if (texts->size != rows.size()) return too_short();
  for (const std::string_view text : texts->entries.values) add(stored_text(text));
  for (std::uint32_t event = 0; event < rows.size(); ++event) {
    give(rows[event], !texts->has_dictionary ? event
                      : texts->codes.empty() ? 0
                                             : texts->codes[event]);
  }
  return Status::ok();
}

Status FieldValues::read_traces(Intrinsic field, GroupScan& scan, const Selection& rows,
                                Workplace& place) {
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
  for (const part::TraceRun& run : runs) {
    if (!rows.any(run.first, run.first + run.rows)) continue;
    const RunRef here{scan.place(), run.first};
    KOLBEN_TRY(const TraceFacts facts, place.reader.facts(run.id, &here));
    std::uint32_t number = kNone;
    if (field == Intrinsic::kTraceDuration) {
      number = add(stored_number(facts.duration));
    } else if (field == Intrinsic::kTraceSpans) {
      number = add(stored_number(facts.spans));
    } else if (facts.has_root) {
      number = add(
          Value::string(field == Intrinsic::kRootService ? facts.root_service : facts.root_name));
    }
    for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) numbers_[row] = number;
  }
  return Status::ok();
}

}  // namespace kolben::storage::scan
