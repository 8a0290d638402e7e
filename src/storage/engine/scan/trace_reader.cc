#include "storage/engine/scan/trace_reader.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "otlp/fragments.h"
#include "storage/engine/part/span_order.h"

namespace kolben::storage::scan {
namespace {

// Spans of one trace, id and start that a span is compared with: sane ones have one or two.
constexpr int kCopiesMax = 100;

using part::TraceRun;

auto order_of(const TraceRow& row) {
  return std::tie(row.start, row.id, row.place.part, row.place.group, row.row);
}

// The run of a trace that begins at the row; null where another does.
const TraceRun* run_at(std::span<const TraceRun> runs, const TraceId& id, std::uint32_t row) {
  const auto found = std::partition_point(runs.begin(), runs.end(),
                                          [row](const TraceRun& run) { return run.first < row; });
  return found != runs.end() && found->first == row && found->id == id ? &*found : nullptr;
}

template <typename Entry, typename Message>
bool say_the_same(const Entry& a, const Entry& b, Message Entry::* message) {
  std::string text_a;
  std::string text_b;
  otlp::encode_fragment(a.*message, text_a);
  otlp::encode_fragment(b.*message, text_b);
  return text_a == text_b && a.schema_url == b.schema_url;
}

}  // namespace

std::vector<std::uint32_t> by_group(const std::vector<TraceRow>& rows) {
  std::vector<std::uint32_t> order;
  order.reserve(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].copy_of == i) order.push_back(i);
  }
  const auto group_of = [&rows](std::uint32_t i) {
    return std::pair(rows[i].place.part, rows[i].place.group);
  };
  std::sort(order.begin(), order.end(), [&group_of](std::uint32_t a, std::uint32_t b) {
    return std::pair(group_of(a), a) < std::pair(group_of(b), b);
  });
  return order;
}

// Where the trace may be.
Status TraceReader::add_places(const TraceId& id, const RunRef* here, std::vector<RunRef>& places) {
  if (here != nullptr && split_ != nullptr && !split_->contains(id)) {
    places.push_back(*here);
    return Status::ok();
  }
  const std::size_t parts = query_.snapshot().spans.size();
  if (reads_ahead_) {
    for (std::size_t i = 0; i < parts; ++i) query_.part(i).part->expect_trace(id);
  }
  for (std::uint32_t i = 0; i < parts; ++i) {
    found_.clear();
    KOLBEN_RETURN_IF_ERROR(query_.part(i).part->find_trace(id, found_));
    for (const part::TracePlace& place : found_) places.push_back({{i, place.group, 0}, place.row});
  }
  return Status::ok();
}

Status TraceReader::add_rows(const RunRef& place, const TraceId& id, std::vector<TraceRow>& rows) {
  KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get(place.group));
  KOLBEN_TRY(const std::span<const TraceRun> runs, group->spans().traces());
  const TraceRun* run = run_at(runs, id, place.row);
  if (run == nullptr) return Status::ok();  // another of the same hash
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, group->spans().starts());
  for (std::uint32_t row = run->first; row < run->first + run->rows; ++row) {
    if (group->is_deleted(row)) continue;
    TraceRow& added = rows.emplace_back();
    added.place = group->place();
    added.row = row;
    added.start = starts[row];
    KOLBEN_TRY(added.id, group->spans().span_id(row));
    KOLBEN_TRY(added.parent, group->spans().parent_id(row));
  }
  return Status::ok();
}

Result<std::vector<TraceRow>> TraceReader::rows(const TraceId& id, const RunRef* here) {
  std::vector<RunRef> places;
  KOLBEN_RETURN_IF_ERROR(add_places(id, here, places));
  if (reads_ahead_) {
    for (const RunRef& place : places) {
      KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get(place.group));
      group->part().expect_group(group->spans().columns().directory());
    }
  }
  std::vector<TraceRow> rows;
  for (const RunRef& place : places) KOLBEN_RETURN_IF_ERROR(add_rows(place, id, rows));
  std::sort(rows.begin(), rows.end(),
            [](const TraceRow& a, const TraceRow& b) { return order_of(a) < order_of(b); });
  KOLBEN_RETURN_IF_ERROR(mark_copies(rows));
  return rows;
}

// Copies have one start and one id, so they stand together; a part has none by itself.
Status TraceReader::mark_copies(std::vector<TraceRow>& rows) {
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    rows[i].copy_of = i;
    int compared = 0;
    for (std::uint32_t before = i; before-- > 0 && compared < kCopiesMax;) {
      const TraceRow& other = rows[before];
      if (other.start != rows[i].start || other.id != rows[i].id) break;
      if (other.copy_of != before || other.place.part == rows[i].place.part) continue;
      ++compared;
      KOLBEN_TRY(const bool same, is_copy(rows[i], other));
      if (same) rows[i].copy_of = before;
    }
  }
  return Status::ok();
}

Result<TraceReader::FullSpan> TraceReader::read(const TraceRow& row, Arena& arena) {
  FullSpan full;
  KOLBEN_TRY(full.owner, groups_.get(row.place));
  part::SpanGroup& spans = full.owner->spans();
  KOLBEN_RETURN_IF_ERROR(spans.read(row.row, arena, full.span));
  KOLBEN_TRY(const part::NumberColumn* resources,
             spans.columns().numbers(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* scopes, spans.columns().numbers(part::span_column::kScope));
  if (row.row >= resources->size || row.row >= scopes->size ||
      (*resources)[row.row] >= spans.part().resources().size() ||
      (*scopes)[row.row] >= spans.part().scopes().size()) {
    return data_loss("a span names a resource or scope that its part does not have");
  }
  full.resource = &spans.part().resources()[(*resources)[row.row]];
  full.scope = &spans.part().scopes()[(*scopes)[row.row]];
  return full;
}

Result<bool> TraceReader::is_copy(const TraceRow& a, const TraceRow& b) {
  Arena arena;
  KOLBEN_TRY(const FullSpan one, read(a, arena));
  KOLBEN_TRY(const FullSpan other, read(b, arena));
  return part::is_same(one.span, other.span) &&
         say_the_same(*one.resource, *other.resource, &part::ResourceEntry::resource) &&
         say_the_same(*one.scope, *other.scope, &part::ScopeEntry::scope);
}

Result<std::optional<std::uint64_t>> TraceReader::earliest(const TraceId& id, std::uint64_t known) {
  std::optional<std::uint64_t> earliest;
  if (known != UINT64_MAX) earliest = known;
  for (std::uint32_t i = 0; i < query_.snapshot().spans.size(); ++i) {
    const part::Part& part = *query_.part(i).part;
    if (earliest && part.facts().first_time >= *earliest) continue;
    found_.clear();
    KOLBEN_RETURN_IF_ERROR(part.find_trace(id, found_));
    for (const part::TracePlace& place : found_) {
      if (place.group >= part.groups()) return data_loss("the trace index names no row group");
      if (earliest && part.group(place.group).first_time >= *earliest) continue;
      KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get({i, place.group, 0}));
      KOLBEN_TRY(const std::span<const TraceRun> runs, group->spans().traces());
      const TraceRun* run = run_at(runs, id, place.row);
      if (run == nullptr) continue;
      KOLBEN_TRY(const std::span<const std::uint64_t> starts, group->spans().starts());
      std::uint32_t row = run->first;
      while (row < run->first + run->rows && group->is_deleted(row)) ++row;
      if (row == run->first + run->rows) continue;
      if (!earliest || starts[row] < *earliest) earliest = starts[row];
    }
  }
  return earliest;
}

}  // namespace kolben::storage::scan
