#include "agent/process/records.h"

#include <cstring>

namespace kolben::agent {
namespace {

// Takes pieces off the front; once something is missing it stays failed.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T fixed() {
    T value{};
    const std::string_view bytes = text(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  std::string_view text(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

template <typename View>
std::optional<View> if_ok(const Cursor& cursor, const View& view) {
  return cursor.ok() ? std::optional<View>(view) : std::nullopt;
}

}  // namespace

std::optional<RawRecord> parse_record(std::string_view bytes) {
  Cursor cursor(bytes);
  RawRecord record;
  record.header = cursor.fixed<RecordHeader>();
  if (!cursor.ok() || record.header.size < sizeof(RecordHeader) ||
      record.header.size > bytes.size()) {
    return std::nullopt;
  }
  record.payload = cursor.text(record.header.size - sizeof(RecordHeader));
  return record;
}

std::optional<ProcessStartView> parse_process_start(std::string_view payload) {
  Cursor cursor(payload);
  ProcessStartView view;
  view.fixed = cursor.fixed<ProcessStart>();
  view.executable = cursor.text(view.fixed.executable_size);
  view.service_name = cursor.text(view.fixed.service_name_size);
  view.resource_attributes = cursor.text(view.fixed.resource_attributes_size);
  return if_ok(cursor, view);
}

std::optional<ExchangeView> parse_exchange(std::string_view payload) {
  Cursor cursor(payload);
  ExchangeView view;
  view.fixed = cursor.fixed<Exchange>();
  view.local_address = cursor.text(view.fixed.local_address_size);
  view.peer_address = cursor.text(view.fixed.peer_address_size);
  view.request_head = cursor.text(view.fixed.request_head_size);
  view.route = cursor.text(view.fixed.route_size);
  view.attributes = cursor.text(view.fixed.attributes_size);
  view.linked_trace_id = cursor.text(view.fixed.linked_size);
  view.response_head = cursor.text(view.fixed.response_head_size);
  return if_ok(cursor, view);
}

std::optional<SpanView> parse_span(std::string_view payload) {
  Cursor cursor(payload);
  SpanView view;
  view.fixed = cursor.fixed<SpanRecord>();
  view.name = cursor.text(view.fixed.name_size);
  view.status_message = cursor.text(view.fixed.status_message_size);
  view.scope_name = cursor.text(view.fixed.scope_name_size);
  view.scope_version = cursor.text(view.fixed.scope_version_size);
  view.attributes = cursor.text(view.fixed.attributes_size);
  view.events = cursor.text(view.fixed.events_size);
  view.links = cursor.text(view.fixed.links_size);
  return if_ok(cursor, view);
}

std::optional<MeasurementView> parse_measurement(std::string_view payload) {
  Cursor cursor(payload);
  MeasurementView view;
  view.fixed = cursor.fixed<Measurement>();
  view.name = cursor.text(view.fixed.name_size);
  view.unit = cursor.text(view.fixed.unit_size);
  view.description = cursor.text(view.fixed.description_size);
  view.attributes = cursor.text(view.fixed.attributes_size);
  return if_ok(cursor, view);
}

std::optional<OutputView> parse_output(std::string_view payload) {
  Cursor cursor(payload);
  OutputView view;
  view.fixed = cursor.fixed<Output>();
  view.path = cursor.text(view.fixed.path_size);
  view.bytes = cursor.text(view.fixed.bytes_size);
  return if_ok(cursor, view);
}

std::optional<LogView> parse_log(std::string_view payload) {
  Cursor cursor(payload);
  LogView view;
  view.fixed = cursor.fixed<LogRecordHeader>();
  view.severity_text = cursor.text(view.fixed.severity_text_size);
  view.scope_name = cursor.text(view.fixed.scope_name_size);
  view.body = cursor.text(view.fixed.body_size);
  view.attributes = cursor.text(view.fixed.attributes_size);
  return if_ok(cursor, view);
}

std::optional<ToldTextView> parse_told_text(std::string_view payload) {
  Cursor cursor(payload);
  ToldTextView view;
  view.fixed = cursor.fixed<ToldText>();
  view.begin = cursor.text(view.fixed.begin_size);
  return if_ok(cursor, view);
}

std::optional<StatementView> parse_statement(std::string_view payload) {
  Cursor cursor(payload);
  StatementView view;
  view.fixed = cursor.fixed<Statement>();
  view.database = cursor.text(view.fixed.database_size);
  view.text = cursor.text(view.fixed.text_size);
  return if_ok(cursor, view);
}

std::optional<CommandView> parse_command(std::string_view payload) {
  Cursor cursor(payload);
  CommandView view;
  view.fixed = cursor.fixed<Command>();
  view.executable = cursor.text(view.fixed.executable_size);
  view.script = cursor.text(view.fixed.script_size);
  return if_ok(cursor, view);
}

std::optional<Exit> parse_exit(std::string_view payload) {
  Cursor cursor(payload);
  const auto fixed = cursor.fixed<Exit>();
  return if_ok(cursor, fixed);
}

std::optional<ChildEnded> parse_child_ended(std::string_view payload) {
  Cursor cursor(payload);
  const auto fixed = cursor.fixed<ChildEnded>();
  return if_ok(cursor, fixed);
}

std::optional<StreamPieceView> parse_stream_piece(std::string_view payload) {
  Cursor cursor(payload);
  StreamPieceView view;
  view.fixed = cursor.fixed<StreamPiece>();
  view.peer_address = cursor.text(view.fixed.peer_address_size);
  view.local_address = cursor.text(view.fixed.local_address_size);
  view.requests = cursor.text(view.fixed.request_count * sizeof(StreamRequest));
  view.segments = cursor.text(view.fixed.segment_count * sizeof(StreamSegment));
  view.bytes = cursor.text(view.fixed.bytes_size);
  std::uint64_t seen = 0;
  std::string_view segments = view.segments;
  while (const auto segment = next_segment(segments)) seen += segment->seen;
  return seen == view.bytes.size() ? if_ok(cursor, view) : std::nullopt;
}

std::uint64_t StreamPieceView::bytes_with_unseen() const {
  std::uint64_t size = bytes.size();
  std::string_view rest = segments;
  while (const auto segment = next_segment(rest)) size += segment->unseen;
  return size;
}

std::optional<StreamEnd> parse_stream_end(std::string_view payload) {
  Cursor cursor(payload);
  const auto fixed = cursor.fixed<StreamEnd>();
  return if_ok(cursor, fixed);
}

namespace {

template <typename T>
std::optional<T> next_of(std::string_view& all) {
  if (all.size() < sizeof(T)) return std::nullopt;
  T one;
  std::memcpy(&one, all.data(), sizeof one);
  all.remove_prefix(sizeof one);
  return one;
}

}  // namespace

std::optional<StreamSegment> next_segment(std::string_view& segments) {
  return next_of<StreamSegment>(segments);
}

std::optional<StreamRequest> next_request(std::string_view& requests) {
  return next_of<StreamRequest>(requests);
}

std::optional<EventView> next_event(std::string_view& events) {
  if (events.empty()) return std::nullopt;
  Cursor cursor(events);
  EventView view;
  view.time = cursor.fixed<std::uint64_t>();
  const auto name_size = cursor.fixed<std::uint32_t>();
  const auto attributes_size = cursor.fixed<std::uint32_t>();
  view.name = cursor.text(name_size);
  view.attributes = cursor.text(attributes_size);
  events = cursor.rest();
  return if_ok(cursor, view);
}

std::optional<LinkView> next_link(std::string_view& links) {
  if (links.empty()) return std::nullopt;
  Cursor cursor(links);
  LinkView view;
  view.trace_id = cursor.fixed<TraceId>();
  view.span_id = cursor.fixed<SpanId>();
  const auto attributes_size = cursor.fixed<std::uint32_t>();
  view.attributes = cursor.text(attributes_size);
  links = cursor.rest();
  return if_ok(cursor, view);
}

TraceId trace_id_of(const Context& context) {
  TraceId id;
  std::memcpy(id.bytes.data(), context.trace_id, id.bytes.size());
  return id;
}

SpanId span_id_of(const Context& context) {
  return span_id_of(context.span_id);
}

SpanId span_id_of(const std::uint8_t (&bytes)[8]) {
  SpanId id;
  std::memcpy(id.bytes.data(), bytes, id.bytes.size());
  return id;
}

}  // namespace kolben::agent
