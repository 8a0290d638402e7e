#include "agent/process/span_builder.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "agent/process/messaging_attributes.h"
#include "agent/process/rpc_attributes.h"
#include "agent/process/web_calls.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent {
namespace {

void add_links(std::string_view links, const Limits& limits, Span& span, Arena& arena) {
  while (const auto link = next_link(links)) {
    if (span.links.size() >= limits.span_links_max) {
      ++span.dropped_links_count;
      continue;
    }
    SpanLink& target = span.links.add(arena);
    target.trace_id = link->trace_id;
    target.span_id = link->span_id;
    target.dropped_attributes_count = add_encoded_attributes(
        link->attributes, {limits.link_attributes_max, limits.span_value_bytes_max},
        target.attributes, arena);
  }
}

// Of the lines that a message has, see MessagingCall::contexts.
bool message_context(std::string_view lines, std::uint8_t formats, Traceparent* context) {
  TraceHeaders headers;
  while (!lines.empty()) {
    const std::size_t size = std::min(lines.find('\n'), lines.size());
    headers.take(lines.data(), size);
    lines.remove_prefix(std::min(size + 1, lines.size()));
  }
  return headers.context(formats, context);
}

// The spans that the messages say they are of; not the one that this span is below. False: none.
bool add_message_links(const MessagingCall& call, std::uint8_t formats, Span& span, Arena& arena) {
  constexpr std::uint8_t kDefined = 3;  // sampled, random
  bool has_any = false;
  for (const std::string& lines : call.contexts) {
    Traceparent context;
    if (!message_context(lines, formats, &context)) continue;
    has_any = true;
    SpanLink link;
    std::copy(std::begin(context.trace_id), std::end(context.trace_id),
              link.trace_id.bytes.begin());
    link.span_id = span_id_of(context.span_id);
    link.flags = context.flags & kDefined;
    const auto is_same = [&](const SpanLink& other) {
      return other.trace_id == link.trace_id && other.span_id == link.span_id;
    };
    const bool is_parent = span.trace_id == link.trace_id && span.parent_span_id == link.span_id;
    if (is_parent || std::any_of(span.links.begin(), span.links.end(), is_same)) continue;
    span.links.add(arena) = link;
  }
  if (has_any) span.dropped_links_count += call.contexts_dropped;
  return has_any;
}

}  // namespace

AttributeLimits SpanBuilder::span_limits() const {
  return {settings_.limits.span_attributes_max, settings_.limits.span_value_bytes_max};
}

// `error_status`: the smallest HTTP status that is an error for this side.
void SpanBuilder::begin(const HttpExchange& exchange, std::uint16_t error_status,
                        Span& span) const {
  const Exchange& fixed = exchange.record->fixed;
  span.trace_id = trace_id_of(fixed.self);
  span.span_id = span_id_of(fixed.self);
  span.parent_span_id = span_id_of(fixed.parent_span_id);
  span.flags = fixed.self.flags;
  span.start_time_unix_nano = fixed.start_time;
  span.end_time_unix_nano = fixed.end_time;
  const bool is_cut_off = fixed.end_reason == EndReason::kProcessEnded;
  if (is_cut_off) span.status_message = "the process ended";
  const bool is_missing = exchange.status == 0 && fixed.end_reason != EndReason::kUnseen;
  if (exchange.status >= error_status || is_missing || is_cut_off) {
    span.status_code = SpanStatusCode::kError;
  }
}

void SpanBuilder::finish(const HttpExchange& exchange, Span& span, Arena& arena) const {
  span.dropped_attributes_count = limit_attributes(span_limits(), span.attributes, arena);
  span.dropped_attributes_count +=
      add_encoded_attributes(exchange.record->attributes, span_limits(), span.attributes, arena);
}

// Names of unknown methods begin with "HTTP", unless these are to be told.
std::string SpanBuilder::with_method(std::string name, std::string_view method) const {
  constexpr std::string_view kUnknown = "HTTP";
  if (settings_.conventions.all_methods && !is_known_method(method)) {
    name.replace(0, kUnknown.size(), method);
  }
  return name;
}

void SpanBuilder::build_server(const HttpExchange& exchange, Span& span, Arena& arena) {
  // A client's mistake (4xx) is no error of the server; no answer at all is one.
  begin(exchange, 500, span);
  span.kind = SpanKind::kServer;
  const std::string name = names_.server_name(exchange.request.method, exchange.record->route,
                                              exchange.target.path, exchange.status);
  span.name = owned_text(with_method(name, exchange.request.method), Limits::kNoLimit, arena);
  add_server_attributes(exchange, settings_.conventions, span.attributes, arena);
  add_captured_headers(exchange, false, settings_, span.attributes, arena);
  finish(exchange, span, arena);
}

void SpanBuilder::build_client(const HttpExchange& exchange, Span& span, Arena& arena) {
  begin(exchange, 400, span);
  link(*exchange.record, span, arena);
  span.kind = SpanKind::kClient;
  const std::string name = SpanNames::client_name(exchange.request.method);
  span.name = owned_text(with_method(name, exchange.request.method), Limits::kNoLimit, arena);
  add_client_attributes(exchange, settings_.conventions, span.attributes, arena);
  add_captured_headers(exchange, true, settings_, span.attributes, arena);
  finish(exchange, span, arena);
}

// A parent of another trace is none.
void SpanBuilder::link(const ExchangeView& record, Span& span, Arena& arena) {
  if (record.linked_trace_id.empty()) return;
  Origin origin;
  record.linked_trace_id.copy(reinterpret_cast<char*>(origin.linked_trace_id),
                              sizeof origin.linked_trace_id);
  std::copy(std::begin(record.fixed.parent_span_id), std::end(record.fixed.parent_span_id),
            std::begin(origin.parent_span_id));
  span.parent_span_id = {};
  add_link(origin, span, arena);
}

void SpanBuilder::add_link(const Origin& origin, Span& span, Arena& arena) {
  if (!is_linked(origin)) return;
  SpanLink& link = span.links.add(arena);
  std::copy(std::begin(origin.linked_trace_id), std::end(origin.linked_trace_id),
            link.trace_id.bytes.begin());
  link.span_id = span_id_of(origin.parent_span_id);
}

void SpanBuilder::begin_call(const Origin& origin, std::uint32_t number, Span& span, Arena& arena) {
  const Context context = context_of(origin, number);
  span.trace_id = trace_id_of(context);
  span.span_id = span_id_of(context);
  if (!is_linked(origin)) span.parent_span_id = span_id_of(origin.parent_span_id);
  add_link(origin, span, arena);
  span.flags = context.flags;
  span.kind = SpanKind::kClient;
}

void SpanBuilder::build_database(const DatabaseCall& call, const StreamPeer& peer, Span& span,
                                 Arena& arena) const {
  const SemanticConventions& conventions = settings_.conventions;
  begin_call(call.origin, call.number, span, arena);
  span.start_time_unix_nano = call.start_time;
  span.end_time_unix_nano = std::max(call.start_time, call.end_time);
  const std::string name = database_span_name(call, peer, !conventions.old_database);
  span.name = owned_text(name, Limits::kNoLimit, arena);
  add_database_attributes(call, peer, conventions, span.attributes, arena);
  if (!database_error_type(call).empty()) span.status_code = SpanStatusCode::kError;
  if (call.end == CallEnd::kProcessEnded) span.status_message = "the process ended";
  span.dropped_attributes_count = limit_attributes(span_limits(), span.attributes, arena);
}

void SpanBuilder::build_grpc(const WebCall& call, const Origin& origin, const StreamPeer& peer,
                             Span& span, Arena& arena) const {
  begin_call(origin, call.number, span, arena);
  if (peer.is_client) {
    span.kind = SpanKind::kServer;
    if (has_remote_parent(call, origin)) {
      span.trace_state = owned_text(call.tracestate, Limits::kNoLimit, arena);
    }
  }
  span.start_time_unix_nano = call.start_time;
  span.end_time_unix_nano = std::max(call.start_time, call.end_time);
  span.name = owned_text(rpc_span_name(call), Limits::kNoLimit, arena);
  add_rpc_attributes(call, peer, settings_.conventions, span.attributes, arena);
  if (is_rpc_error(call, peer.is_client)) span.status_code = SpanStatusCode::kError;
  if (call.end == CallEnd::kProcessEnded) span.status_message = "the process ended";
  span.dropped_attributes_count = limit_attributes(span_limits(), span.attributes, arena);
}

void SpanBuilder::build_messaging(const MessagingCall& call, const StreamPeer& peer, Span& span,
                                  Arena& arena) const {
  begin_call(call.origin, call.number, span, arena);
  span.start_time_unix_nano = call.start_time;
  span.end_time_unix_nano = std::max(call.start_time, call.end_time);
  span.name = owned_text(messaging_span_name(call), Limits::kNoLimit, arena);
  add_messaging_attributes(call, peer, span.attributes, arena);
  // Messages that say whose they are have a producer, which is not this one.
  const bool is_told = add_message_links(call, settings_.trace_formats, span, arena);
  if (call.sends && !is_told) span.kind = SpanKind::kProducer;
  if (!messaging_error_type(call).empty()) span.status_code = SpanStatusCode::kError;
  if (call.end == CallEnd::kProcessEnded) span.status_message = "the process ended";
  span.dropped_attributes_count = limit_attributes(span_limits(), span.attributes, arena);
}

void SpanBuilder::build_manual(const SpanView& view, Span& span, Arena& arena) const {
  const SpanRecord& fixed = view.fixed;
  span.trace_id = trace_id_of(fixed.self);
  span.span_id = span_id_of(fixed.self);
  span.parent_span_id = span_id_of(fixed.parent_span_id);
  span.flags = fixed.self.flags;
  span.start_time_unix_nano = fixed.start_time;
  span.end_time_unix_nano = fixed.end_time;
  span.name = owned_text(view.name, Limits::kNoLimit, arena);
  const bool is_known_kind = fixed.kind >= 1 && fixed.kind <= 5;
  span.kind = is_known_kind ? static_cast<SpanKind>(fixed.kind) : SpanKind::kInternal;
  if (fixed.status_code <= 2) span.status_code = static_cast<SpanStatusCode>(fixed.status_code);
  span.status_message = owned_text(view.status_message, Limits::kNoLimit, arena);
  span.dropped_attributes_count =
      fixed.dropped_attributes_count +
      add_encoded_attributes(view.attributes, span_limits(), span.attributes, arena);
  span.dropped_events_count = fixed.dropped_events_count;
  span.dropped_links_count = fixed.dropped_links_count;
  const Limits& limits = settings_.limits;
  std::string_view events = view.events;
  while (const auto event = next_event(events)) {
    if (span.events.size() >= limits.span_events_max) {
      ++span.dropped_events_count;
      continue;
    }
    SpanEvent& target = span.events.add(arena);
    target.time_unix_nano = event->time;
    target.name = owned_text(event->name, Limits::kNoLimit, arena);
    target.dropped_attributes_count = add_encoded_attributes(
        event->attributes, {limits.event_attributes_max, limits.span_value_bytes_max},
        target.attributes, arena);
  }
  add_links(view.links, limits, span, arena);
}

}  // namespace kolben::agent
