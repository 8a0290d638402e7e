// Records of the ring (agent/ring/record.h) as views, checked: a broken program may have scribbled
// over the mapping, so every size is compared with what is there. The views point into the record's
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/ring/record.h"
#include "model/ids.h"

namespace kolben::agent {

// The header and what follows it; nothing where the sizes disagree.
struct RawRecord {
  RecordHeader header;
  std::string_view payload;
};
std::optional<RawRecord> parse_record(std::string_view bytes);

struct ProcessStartView {
  ProcessStart fixed;
  std::string_view executable;
  std::string_view service_name, resource_attributes;  // as its variables had them
};

struct ExchangeView {
  Exchange fixed;
  std::string_view local_address, peer_address;
  std::string_view request_head;
  std::string_view route;
  std::string_view attributes;  // encoded
  std::string_view linked_trace_id;
  std::string_view response_head;  // where headers of it are captured
};

struct SpanView {
  SpanRecord fixed;
  std::string_view name, status_message, scope_name, scope_version;
  std::string_view attributes, events, links;  // encoded
};

struct MeasurementView {
  Measurement fixed;
  std::string_view name, unit, description;
  std::string_view attributes;  // encoded
};

struct OutputView {
  Output fixed;
  std::string_view path, bytes;
};

struct ToldTextView {
  ToldText fixed;
  std::string_view begin;
};

struct StatementView {
  Statement fixed;
  std::string_view database, text;
};

struct StreamPieceView {
  StreamPiece fixed;
  std::string_view peer_address, local_address;
  std::string_view requests;  // see next_request()
  std::string_view segments;  // see next_segment()
  std::string_view bytes;     // those that are seen

  // As many as went over the connection.
  std::uint64_t bytes_with_unseen() const;
};

struct CommandView {
  Command fixed;
  std::string_view executable;
  std::string_view script;
};

struct LogView {
  LogRecordHeader fixed;
  std::string_view severity_text, scope_name, body;
  std::string_view attributes;  // encoded
};

// Each reads the payload of a record of its type; nothing where it is damaged.
std::optional<ProcessStartView> parse_process_start(std::string_view payload);
std::optional<ExchangeView> parse_exchange(std::string_view payload);
std::optional<SpanView> parse_span(std::string_view payload);
std::optional<MeasurementView> parse_measurement(std::string_view payload);
std::optional<OutputView> parse_output(std::string_view payload);
std::optional<LogView> parse_log(std::string_view payload);
std::optional<ToldTextView> parse_told_text(std::string_view payload);
std::optional<StatementView> parse_statement(std::string_view payload);
std::optional<CommandView> parse_command(std::string_view payload);
std::optional<Exit> parse_exit(std::string_view payload);
std::optional<ChildEnded> parse_child_ended(std::string_view payload);
// Also nothing where the segments do not make up the bytes.
std::optional<StreamPieceView> parse_stream_piece(std::string_view payload);
std::optional<StreamEnd> parse_stream_end(std::string_view payload);

// Takes the next one off `segments`; nothing at the end.
std::optional<StreamSegment> next_segment(std::string_view& segments);
std::optional<StreamRequest> next_request(std::string_view& requests);

struct EventView {
  std::uint64_t time = 0;
  std::string_view name;
  std::string_view attributes;  // encoded
};
// Takes the next event off `events`; nothing at the end or where it is damaged.
std::optional<EventView> next_event(std::string_view& events);

struct LinkView {
  TraceId trace_id;
  SpanId span_id;
  std::string_view attributes;  // encoded
};
// The same for links.
std::optional<LinkView> next_link(std::string_view& links);

// Whether the span is to be exported: the sampler has decided (agent/protocols/sampler.h).
inline bool is_sampled(const Context& context) {
  return (context.flags & 1) != 0;
}
TraceId trace_id_of(const Context& context);
SpanId span_id_of(const Context& context);
SpanId span_id_of(const std::uint8_t (&bytes)[8]);

}  // namespace kolben::agent
