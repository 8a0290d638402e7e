#include "agent/process/web_calls.h"

#include <cstring>

#include "base/random.h"

namespace kolben::agent {
namespace {

// A value that could end a line of a head was no header's.
std::string_view one_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

EndReason end_reason(CallEnd end) {
  if (end == CallEnd::kAnswered) return EndReason::kComplete;
  return end == CallEnd::kProcessEnded ? EndReason::kProcessEnded : EndReason::kClosed;
}

}  // namespace

Origin origin_of(const Context& self, const std::uint8_t (&parent_span_id)[8]) {
  Origin origin;
  std::memcpy(origin.trace_id, self.trace_id, sizeof origin.trace_id);
  std::memcpy(origin.span_id, self.span_id, sizeof origin.span_id);
  std::memcpy(origin.parent_span_id, parent_span_id, sizeof origin.parent_span_id);
  origin.flags = self.flags;
  return origin;
}

Context context_of(const Origin& origin, std::uint32_t number) {
  Context context;
  std::memcpy(context.trace_id, origin.trace_id, sizeof context.trace_id);
  std::memcpy(context.span_id, origin.span_id, sizeof context.span_id);
  context.flags = origin.flags;
  if (number == 0) return context;
  std::uint64_t value = 0;
  std::memcpy(&value, origin.span_id, sizeof value);
  value = Random(value + number).next();
  std::memcpy(context.span_id, &value, sizeof value);
  return context;
}

bool is_linked(const Origin& origin) {
  constexpr std::uint8_t kNone[sizeof origin.linked_trace_id] = {};
  return std::memcmp(origin.linked_trace_id, kNone, sizeof kNone) != 0;
}

Origin origin_of(const WebCall& call, const Settings& settings) {
  Traceparent header;
  if (!call.trace_headers.context(settings.trace_formats, &header)) return call.origin;
  constexpr std::uint8_t kDefined = 3;  // sampled, random
  Origin origin = call.origin;
  std::memcpy(origin.trace_id, header.trace_id, sizeof origin.trace_id);
  std::memcpy(origin.parent_span_id, header.span_id, sizeof origin.parent_span_id);
  std::memset(origin.linked_trace_id, 0, sizeof origin.linked_trace_id);
  origin.flags = settings.sampler.child(header.trace_id, header.flags & kDefined);
  return origin;
}

bool has_remote_parent(const WebCall& call, const Origin& origin) {
  return std::memcmp(call.origin.parent_span_id, origin.parent_span_id,
                     sizeof origin.parent_span_id) != 0;
}

HttpTwoExchange::HttpTwoExchange(const WebCall& call, const Origin& origin, const StreamPeer& peer,
                                 Arena& arena) {
  std::string head;
  head.append(one_line(call.method)).append(" ").append(one_line(call.path)).append(" HTTP/2\r\n");
  head.append("host: ").append(one_line(call.authority)).append("\r\nuser-agent: ");
  head.append(one_line(call.user_agent)).append("\r\n");
  if (peer.is_client) {
    head.append("forwarded: ").append(one_line(call.forwarded)).append("\r\nx-forwarded-for: ");
    head.append(one_line(call.x_forwarded_for)).append("\r\n");
  }
  const bool has_parent = peer.is_client && has_remote_parent(call, origin);
  if (has_parent) head.append("tracestate: ").append(one_line(call.tracestate)).append("\r\n");
  head.append("\r\n");
  Exchange& fixed = view_.fixed;
  fixed.start_time = call.start_time;
  fixed.end_time = call.end_time > call.start_time ? call.end_time : call.start_time;
  fixed.self = context_of(origin, call.number);
  if (!is_linked(origin)) {
    std::memcpy(fixed.parent_span_id, origin.parent_span_id, sizeof fixed.parent_span_id);
  }
  fixed.parent_is_remote = has_parent ? 1 : 0;
  fixed.request_body_bytes = call.request_bytes;
  fixed.response_body_bytes = call.response_bytes;
  fixed.peer_port = peer.port;
  fixed.local_port = peer.local_port;
  fixed.end_reason = end_reason(call.end);
  fixed.is_encrypted = call.scheme == "https" ? 1 : 0;
  fixed.response_status = call.status;
  fixed.response_minor_version = kMinorVersionOfHttp2;
  view_.peer_address = arena.copy(peer.address);
  view_.local_address = arena.copy(peer.local_address);
  view_.request_head = arena.copy(head);
}

}  // namespace kolben::agent
