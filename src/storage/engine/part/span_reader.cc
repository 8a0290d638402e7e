// SpanGroup::read(): a span put together again from its columns.
#include <algorithm>
#include <cstring>

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/span_group.h"

namespace kolben::storage::part {
namespace {

using namespace span_column;

// Fields out of columns of one row; the first failure stays.
class FieldReader {
 public:
  FieldReader(RowGroup& group, std::uint32_t row) : group_(group), row_(row) {}

  std::uint64_t number(std::uint32_t column) {
    if (!status_.is_ok()) return 0;
    Result<const NumberColumn*> numbers = group_.numbers(column);
    if (!numbers) return fail(std::move(numbers).error());
    return row_ < (*numbers)->size ? (**numbers)[row_] : fail(data_loss("a column is too short"));
  }
  std::uint32_t number32(std::uint32_t column) {
    return static_cast<std::uint32_t>(number(column));
  }
  std::string_view text(std::uint32_t column) {
    if (!status_.is_ok()) return {};
    Result<const TextColumn*> texts = group_.texts(column);
    if (!texts) {
      fail(std::move(texts).error());
      return {};
    }
    if (row_ < (*texts)->size) return (**texts)[row_];
    fail(data_loss("a column is too short"));
    return {};
  }
  template <typename IdType>
  IdType id(std::uint32_t column) {
    IdType id;
    if (!status_.is_ok()) return id;
    Result<std::string_view> ids = group_.raw(column, sizeof(id.bytes));
    if (!ids) {
      fail(std::move(ids).error());
    } else if (ids->size() / sizeof(id.bytes) <= row_) {
      fail(data_loss("a column is too short"));
    } else {
      std::memcpy(id.bytes.data(), ids->data() + row_ * sizeof(id.bytes), sizeof(id.bytes));
    }
    return id;
  }
  Status status() { return std::move(status_); }

 private:
  std::uint64_t fail(Status status) {
    status_ = std::move(status);
    return 0;
  }

  RowGroup& group_;
  const std::uint32_t row_;
  Status status_;
};

// Runs are in the order of their rows.
const TraceRun& run_of(std::span<const TraceRun> traces, std::uint32_t row) {
  const auto after = std::upper_bound(
      traces.begin(), traces.end(), row,
      [](std::uint32_t wanted, const TraceRun& run) { return wanted < run.first; });
  return *(after - 1);
}

}  // namespace

Status SpanGroup::read(std::uint32_t row, Arena& arena, Span& span) {
  KOLBEN_TRY(const std::span<const TraceRun> traces, this->traces());
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, this->starts());
  KOLBEN_TRY(span.parent_span_id, parent_id(row));
  span.trace_id = run_of(traces, row).id;
  span.start_time_unix_nano = starts[row];
  FieldReader fields(group_, row);
  span.span_id = fields.id<SpanId>(kSpanId);
  span.end_time_unix_nano = starts[row] + fields.number(kDuration);
  span.name = fields.text(kName);
  span.kind = static_cast<SpanKind>(static_cast<std::int32_t>(fields.number32(kKind)));
  span.status_code =
      static_cast<SpanStatusCode>(static_cast<std::int32_t>(fields.number32(kStatus)));
  span.status_message = fields.text(kStatusMessage);
  span.trace_state = fields.text(kTraceState);
  span.flags = fields.number32(kFlags);
  span.dropped_attributes_count = fields.number32(kDroppedAttributes);
  span.dropped_events_count = fields.number32(kDroppedEvents);
  span.dropped_links_count = fields.number32(kDroppedLinks);
  KOLBEN_RETURN_IF_ERROR(fields.status());
  KOLBEN_RETURN_IF_ERROR(attributes_.read(group_, Place::kRow, row, arena, span.attributes));

  KOLBEN_RETURN_IF_ERROR(event_rows().status());
  span.events.reserve(arena, events_.first[row + 1] - events_.first[row]);
  for (std::uint32_t item = events_.first[row]; item < events_.first[row + 1]; ++item) {
    KOLBEN_RETURN_IF_ERROR(read_event(item, starts[row], arena, span.events.add(arena)));
  }
  KOLBEN_RETURN_IF_ERROR(link_rows().status());
  span.links.reserve(arena, links_.first[row + 1] - links_.first[row]);
  for (std::uint32_t item = links_.first[row]; item < links_.first[row + 1]; ++item) {
    KOLBEN_RETURN_IF_ERROR(read_link(item, arena, span.links.add(arena)));
  }
  return Status::ok();
}

Status SpanGroup::read_event(std::uint32_t item, std::uint64_t start, Arena& arena,
                             SpanEvent& event) {
  FieldReader fields(group_, item);
  event.time_unix_nano = start + unzigzag(fields.number(kEventTime));
  event.name = fields.text(kEventName);
  event.dropped_attributes_count = fields.number32(kEventDroppedAttributes);
  KOLBEN_RETURN_IF_ERROR(fields.status());
  return event_attributes_.read(group_, Place::kEvent, item, arena, event.attributes);
}

Status SpanGroup::read_link(std::uint32_t item, Arena& arena, SpanLink& link) {
  FieldReader fields(group_, item);
  link.trace_id = fields.id<TraceId>(kLinkTraceId);
  link.span_id = fields.id<SpanId>(kLinkSpanId);
  link.trace_state = fields.text(kLinkTraceState);
  link.dropped_attributes_count = fields.number32(kLinkDroppedAttributes);
  link.flags = fields.number32(kLinkFlags);
  KOLBEN_RETURN_IF_ERROR(fields.status());
  return link_attributes_.read(group_, Place::kLink, item, arena, link.attributes);
}

}  // namespace kolben::storage::part
