#include "storage/engine/part/span_part_writer.h"

#include <algorithm>
#include <unordered_map>

#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

// Up to so many rows of a trace a parent is looked for one by one.
constexpr std::size_t kLinearParentsMax = 24;

enum ParentCode : std::uint64_t { kNone = 0, kElsewhere = 1, kFirstHere = 2 };

template <typename Enum>
std::uint64_t number_of(Enum value) {
  return static_cast<std::uint32_t>(value);
}

}  // namespace

SpanPartWriter::Columns::Columns(GroupWriter& group)
    : trace_id(group.raw(span_column::kTraceId, 16)),
      span_id(group.raw(span_column::kSpanId, 8)),
      foreign_parent(group.raw(span_column::kForeignParent, 8)),
      link_trace_id(group.raw(span_column::kLinkTraceId, 16)),
      link_span_id(group.raw(span_column::kLinkSpanId, 8)),
      trace_rows(group.plain_numbers(span_column::kTraceRows)),
      parent(group.plain_numbers(span_column::kParent)),
      start(group.plain_numbers(span_column::kStart)),
      duration(group.plain_numbers(span_column::kDuration)),
      kind(group.numbers(span_column::kKind)),
      status(group.numbers(span_column::kStatus)),
      flags(group.numbers(span_column::kFlags)),
      dropped_attributes(group.numbers(span_column::kDroppedAttributes)),
      dropped_events(group.numbers(span_column::kDroppedEvents)),
      dropped_links(group.numbers(span_column::kDroppedLinks)),
      resource(group.numbers(span_column::kResource)),
      scope(group.numbers(span_column::kScope)),
      shape(group.plain_numbers(span_column::kShape)),
      events(group.plain_numbers(span_column::kEvents)),
      links(group.plain_numbers(span_column::kLinks)),
      event_time(group.plain_numbers(span_column::kEventTime)),
      event_dropped(group.numbers(span_column::kEventDroppedAttributes)),
      event_shape(group.plain_numbers(span_column::kEventShape)),
      link_dropped(group.numbers(span_column::kLinkDroppedAttributes)),
      link_flags(group.numbers(span_column::kLinkFlags)),
      link_shape(group.plain_numbers(span_column::kLinkShape)),
      name(group.texts(span_column::kName)),
      status_message(group.texts(span_column::kStatusMessage)),
      trace_state(group.texts(span_column::kTraceState)),
      event_name(group.texts(span_column::kEventName)),
      link_trace_state(group.texts(span_column::kLinkTraceState)) {}

SpanPartWriter::SpanPartWriter(PartWriter::Append append)
    : part_(Table::kSpans, std::move(append)), group_(part_.schema()), columns_(group_) {}

void SpanPartWriter::add(std::span<const SpanRow> rows) {
  while (!rows.empty()) {
    const TraceId& id = rows.front().span->trace_id;
    std::size_t end = 1;
    while (end < rows.size() && rows[end].span->trace_id == id) ++end;
    add_trace(rows.first(end));
    rows = rows.subspan(end);
  }
}

void SpanPartWriter::add_trace(std::span<const SpanRow> rows) {
  trace_.assign(rows.begin(), rows.end());
  leave_out_copies();
  std::span<const SpanRow> left = trace_;
  while (!left.empty()) {
    const auto [count, size] = slice_of(left);
    if (facts_.rows > 0 && (facts_.rows + count > kSpanGroupRows || !(size_ + size).fits())) {
      end_group();
    }
    size_ += size;
    add_slice(left.first(count));
    left = left.subspan(count);
  }
}

// So many of the first rows as a row group holds: most traces are far from that.
SpanPartWriter::Slice SpanPartWriter::slice_of(std::span<const SpanRow> rows) {
  Slice slice;
  for (const SpanRow& row : rows.first(std::min<std::size_t>(rows.size(), kSpanGroupRows))) {
    const RowSize with_row = slice.size + size_of(*row.span);
    if (slice.rows > 0 && !with_row.fits()) break;
    slice.size = with_row;
    ++slice.rows;
  }
  return slice;
}

// Equal rows have equal starts and ids, so they stand together.
void SpanPartWriter::leave_out_copies() {
  std::size_t kept = 0;
  for (const SpanRow& row : trace_) {
    bool is_copy = false;
    for (std::size_t i = kept; i > 0 && !is_copy; --i) {
      const SpanRow& before = trace_[i - 1];
      if (before.span->span_id != row.span->span_id ||
          before.span->start_time_unix_nano != row.span->start_time_unix_nano) {
        break;
      }
      is_copy = before.resource == row.resource && before.scope == row.scope &&
                is_same(*before.span, *row.span);
    }
    if (!is_copy) trace_[kept++] = row;
  }
  duplicates_ += trace_.size() - kept;
  trace_.resize(kept);
}

void SpanPartWriter::add_slice(std::span<const SpanRow> rows) {
  const Span& first = *rows.front().span;
  if (facts_.rows == 0) {
    facts_.first_time = facts_.last_time = first.start_time_unix_nano;
    trace_start_ = first.start_time_unix_nano;
  }
  index_.add(first.trace_id, {static_cast<std::uint32_t>(part_.groups()), facts_.rows});
  columns_.trace_id.append(first.trace_id.as_bytes());
  columns_.trace_rows.add(rows.size());
  add_parents(rows);
  std::uint64_t before = trace_start_;
  for (const SpanRow& row : rows) {
    columns_.start.add(zigzag(row.span->start_time_unix_nano - before));
    before = row.span->start_time_unix_nano;
    add_row(row);
  }
  trace_start_ = first.start_time_unix_nano;
  facts_.rows += static_cast<std::uint32_t>(rows.size());
  facts_.last_time = std::max(facts_.last_time, before);
}

void SpanPartWriter::add_parents(std::span<const SpanRow> rows) {
  std::unordered_map<SpanId, std::size_t, IdHash> row_of;
  if (rows.size() > kLinearParentsMax) {
    for (std::size_t i = 0; i < rows.size(); ++i) row_of.try_emplace(rows[i].span->span_id, i);
  }
  const auto find = [&](const SpanId& id) -> std::size_t {
    if (rows.size() > kLinearParentsMax) {
      const auto found = row_of.find(id);
      return found == row_of.end() ? rows.size() : found->second;
    }
    std::size_t i = 0;
    while (i < rows.size() && rows[i].span->span_id != id) ++i;
    return i;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SpanId& parent = rows[i].span->parent_span_id;
    if (parent.is_zero()) {
      columns_.parent.add(kNone);
      continue;
    }
    const std::size_t row = find(parent);
    if (row < rows.size()) {
      columns_.parent.add(kFirstHere + zigzag(i - row));
    } else {
      columns_.parent.add(kElsewhere);
      columns_.foreign_parent.append(parent.as_bytes());
    }
  }
}

void SpanPartWriter::add_row(const SpanRow& row) {
  const Span& span = *row.span;
  columns_.span_id.append(span.span_id.as_bytes());
  columns_.duration.add(span.end_time_unix_nano - span.start_time_unix_nano);
  columns_.name.add(span.name);
  columns_.kind.add(number_of(span.kind));
  columns_.status.add(number_of(span.status_code));
  columns_.status_message.add(span.status_message);
  columns_.trace_state.add(span.trace_state);
  columns_.flags.add(span.flags);
  columns_.dropped_attributes.add(span.dropped_attributes_count);
  columns_.dropped_events.add(span.dropped_events_count);
  columns_.dropped_links.add(span.dropped_links_count);
  columns_.resource.add(row.resource);
  columns_.scope.add(row.scope);
  columns_.shape.add(group_.add_attributes(Place::kRow, span.attributes));
  add_events(span);
  add_links(span);
  operations_.add(row.resource, span.name, span.kind, span.status_code == SpanStatusCode::kError);
  if (row.fingerprint == 0) has_fingerprints_ = false;
  if (has_fingerprints_) put_fixed(fingerprints_, row.fingerprint);
}

void SpanPartWriter::add_events(const Span& span) {
  columns_.events.add(span.events.size());
  for (const SpanEvent& event : span.events) {
    columns_.event_time.add(zigzag(event.time_unix_nano - span.start_time_unix_nano));
    columns_.event_name.add(event.name);
    columns_.event_dropped.add(event.dropped_attributes_count);
    columns_.event_shape.add(group_.add_attributes(Place::kEvent, event.attributes));
  }
}

void SpanPartWriter::add_links(const Span& span) {
  columns_.links.add(span.links.size());
  for (const SpanLink& link : span.links) {
    columns_.link_trace_id.append(link.trace_id.as_bytes());
    columns_.link_span_id.append(link.span_id.as_bytes());
    columns_.link_trace_state.add(link.trace_state);
    columns_.link_dropped.add(link.dropped_attributes_count);
    columns_.link_flags.add(link.flags);
    columns_.link_shape.add(group_.add_attributes(Place::kLink, link.attributes));
  }
}

void SpanPartWriter::end_group() {
  if (facts_.rows == 0) return;
  part_.add_group(group_, facts_);
  facts_ = {};
  size_ = {};
}

Status SpanPartWriter::finish() {
  end_group();
  part_.blocks().operations = part_.write(operations_.encode(part_));
  part_.blocks().trace_index = index_.finish(part_.sink());
  if (has_fingerprints_ && !fingerprints_.empty()) {
    part_.blocks().fingerprints = part_.write(fingerprints_);
  }
  return part_.finish();
}

}  // namespace kolben::storage::part
