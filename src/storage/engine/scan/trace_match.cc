#include "storage/engine/scan/trace_match.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "model/value_text.h"

namespace kolben::storage::scan {
namespace {

// As much of a text as a line of a list can show.
constexpr std::size_t kDetailBytesMax = 300;

// Whole characters of UTF-8.
std::string beginning_of(std::string_view text) {
  if (text.size() > kDetailBytesMax) {
    std::size_t size = kDetailBytesMax;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    text = text.substr(0, size);
  }
  return std::string(text);
}

}  // namespace

Result<TraceSummary> TraceMatches::summary(const TraceId& id) {
  KOLBEN_TRY(TraceSummary summary, place_.reader.summary(id));
  if (question_.with_match) {
    KOLBEN_TRY(summary.match, match(id));
  }
  return summary;
}

Result<TraceMatch> TraceMatches::match(const TraceId& id) {
  KOLBEN_TRY(const std::vector<TraceRow> rows, place_.reader.rows(id));
  TraceMatch match;
  std::size_t best = rows.size();
  for (const std::uint32_t i : by_group(rows)) {
    KOLBEN_TRY(const std::shared_ptr<GroupScan> group, place_.groups.get(rows[i].place));
    KOLBEN_TRY(const Selection* matching, this->matching(*group));
    if (!matching->test(rows[i].row)) continue;
    KOLBEN_TRY(const std::span<const std::uint64_t> durations, group->spans().durations());
    const std::uint64_t duration = durations[rows[i].row];
    ++match.spans;
    const bool is_better = best == rows.size() || duration > match.duration ||
                           (duration == match.duration && i < best);
    if (!is_better) continue;
    best = i;
    match.duration = duration;
  }
  if (best != rows.size()) KOLBEN_RETURN_IF_ERROR(describe(rows[best], match));
  return match;
}

Result<const Selection*> TraceMatches::matching(GroupScan& group) {
  const auto known = std::find_if(selections_.begin(), selections_.end(),
                                  [&](const auto& one) { return one.first == group.place(); });
  if (known != selections_.end()) return &known->second;
  KOLBEN_TRY(Selection rows, group.select(0, place_.judge));
  if (selections_.size() == kGroupsMax) selections_.erase(selections_.begin());
  selections_.emplace_back(group.place(), std::move(rows));
  return &selections_.back().second;
}

Status TraceMatches::describe(const TraceRow& row, TraceMatch& match) {
  Arena arena;
  KOLBEN_TRY(const TraceReader::FullSpan full, place_.reader.read(row, arena));
  match.span_id = full.span.span_id;
  match.service = service_name(full.resource->resource);
  match.name = full.span.name;
  for (const std::string& key : question_.detail_keys) {
    const Value* const value = find(full.span.attributes, key);
    if (value == nullptr) continue;
    match.detail = beginning_of(value_text(*value));
    break;
  }
  return Status::ok();
}

}  // namespace kolben::storage::scan
