// SpanGroup::read(): a span put together again from its columns.
#include <algorithm>

#include "storage/engine/part/column_finder.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/span_group.h"

namespace kolben::storage::part {
namespace {

using namespace span_column;

std::uint32_t number32(const NumberColumn* column, std::uint32_t at) {
  return static_cast<std::uint32_t>((*column)[at]);
}

// Runs are in the order of their rows.
const TraceRun& run_of(std::span<const TraceRun> traces, std::uint32_t row) {
  const auto after = std::upper_bound(
      traces.begin(), traces.end(), row,
      [](std::uint32_t wanted, const TraceRun& run) { return wanted < run.first; });
  return *(after - 1);
}

}  // namespace

Status SpanGroup::load_fields() {
  if (fields_.are_there) return Status::ok();
  KOLBEN_RETURN_IF_ERROR(starts().status());
  KOLBEN_RETURN_IF_ERROR(parents().status());
  KOLBEN_RETURN_IF_ERROR(event_rows().status());
  KOLBEN_RETURN_IF_ERROR(link_rows().status());
  ColumnFinder rows(group_, this->rows());
  rows.find_ids(fields_.span_ids, kSpanId, sizeof(SpanId));
  rows.find(fields_.duration, kDuration);
  rows.find(fields_.name, kName);
  rows.find(fields_.kind, kKind);
  rows.find(fields_.status, kStatus);
  rows.find(fields_.status_message, kStatusMessage);
  rows.find(fields_.trace_state, kTraceState);
  rows.find(fields_.flags, kFlags);
  rows.find(fields_.dropped_attributes, kDroppedAttributes);
  rows.find(fields_.dropped_events, kDroppedEvents);
  rows.find(fields_.dropped_links, kDroppedLinks);
  KOLBEN_RETURN_IF_ERROR(rows.status());
  ColumnFinder events(group_, events_.rows.size());
  events.find(fields_.event_time, kEventTime);
  events.find(fields_.event_name, kEventName);
  events.find(fields_.event_dropped, kEventDroppedAttributes);
  KOLBEN_RETURN_IF_ERROR(events.status());
  ColumnFinder links(group_, links_.rows.size());
  links.find_ids(fields_.link_trace_ids, kLinkTraceId, sizeof(TraceId));
  links.find_ids(fields_.link_span_ids, kLinkSpanId, sizeof(SpanId));
  links.find(fields_.link_trace_state, kLinkTraceState);
  links.find(fields_.link_dropped, kLinkDroppedAttributes);
  links.find(fields_.link_flags, kLinkFlags);
  KOLBEN_RETURN_IF_ERROR(links.status());
  fields_.are_there = true;
  return Status::ok();
}

Status SpanGroup::read(std::uint32_t row, Arena& arena, Span& span) {
  KOLBEN_RETURN_IF_ERROR(load_fields());
  span.trace_id = run_of(traces_, row).id;
  span.span_id = id_at<SpanId>(fields_.span_ids, row);
  if (parents_[row] != kNoParent) {
    KOLBEN_TRY(span.parent_span_id, parent_id(row));
  }
  span.start_time_unix_nano = starts_[row];
  span.end_time_unix_nano = starts_[row] + (*fields_.duration)[row];
  span.name = (*fields_.name)[row];
  span.kind = static_cast<SpanKind>(number32(fields_.kind, row));
  span.status_code = static_cast<SpanStatusCode>(number32(fields_.status, row));
  span.status_message = (*fields_.status_message)[row];
  span.trace_state = (*fields_.trace_state)[row];
  span.flags = number32(fields_.flags, row);
  span.dropped_attributes_count = number32(fields_.dropped_attributes, row);
  span.dropped_events_count = number32(fields_.dropped_events, row);
  span.dropped_links_count = number32(fields_.dropped_links, row);
  KOLBEN_RETURN_IF_ERROR(attributes_.read(group_, Place::kRow, row, arena, span.attributes));
  span.events.reserve(arena, events_.first[row + 1] - events_.first[row]);
  for (std::uint32_t item = events_.first[row]; item < events_.first[row + 1]; ++item) {
    KOLBEN_RETURN_IF_ERROR(read_event(item, starts_[row], arena, span.events.add(arena)));
  }
  span.links.reserve(arena, links_.first[row + 1] - links_.first[row]);
  for (std::uint32_t item = links_.first[row]; item < links_.first[row + 1]; ++item) {
    KOLBEN_RETURN_IF_ERROR(read_link(item, arena, span.links.add(arena)));
  }
  return Status::ok();
}

Status SpanGroup::read_event(std::uint32_t item, std::uint64_t start, Arena& arena,
                             SpanEvent& event) {
  event.time_unix_nano = start + unzigzag((*fields_.event_time)[item]);
  event.name = (*fields_.event_name)[item];
  event.dropped_attributes_count = number32(fields_.event_dropped, item);
  return event_attributes_.read(group_, Place::kEvent, item, arena, event.attributes);
}

Status SpanGroup::read_link(std::uint32_t item, Arena& arena, SpanLink& link) {
  link.trace_id = id_at<TraceId>(fields_.link_trace_ids, item);
  link.span_id = id_at<SpanId>(fields_.link_span_ids, item);
  link.trace_state = (*fields_.link_trace_state)[item];
  link.dropped_attributes_count = number32(fields_.link_dropped, item);
  link.flags = number32(fields_.link_flags, item);
  return link_attributes_.read(group_, Place::kLink, item, arena, link.attributes);
}

}  // namespace kolben::storage::part
