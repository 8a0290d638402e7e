#include "agent/process/messaging_attributes.h"

#include "agent/process/limits.h"
#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

constexpr std::size_t kAttributesUsual = 11;

std::string_view operation_of(const MessagingCall& call) {
  return call.sends ? "send" : "poll";
}

}  // namespace

std::string messaging_span_name(const MessagingCall& call) {
  std::string name(operation_of(call));
  if (!call.destination.empty()) name += ' ' + call.destination;
  return name;
}

void add_messaging_attributes(const MessagingCall& call, const StreamPeer& peer,
                              Attributes& attributes, Arena& arena) {
  attributes.reserve(arena, kAttributesUsual);
  const auto text = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    const std::string_view owned = owned_text(value, Limits::kNoLimit, arena);
    attributes.push_back(arena, {key, Value::string(owned)});
  };
  const auto port = [&](std::string_view key) {
    if (peer.port != 0) attributes.push_back(arena, {key, Value::integer(peer.port)});
  };
  text("messaging.system", call.system);
  text("messaging.operation.name", operation_of(call));
  text("messaging.operation.type", call.sends ? "send" : "receive");
  text("messaging.destination.name", call.destination);
  if (call.partition >= 0) {
    text("messaging.destination.partition.id", std::to_string(call.partition));
  }
  text("messaging.client.id", call.client_id);
  text("server.address", peer.address);
  port("server.port");
  text("network.peer.address", peer.address);
  port("network.peer.port");
  text("error.type", messaging_error_type(call));
}

std::string_view messaging_error_type(const MessagingCall& call) {
  if (call.end == CallEnd::kClosed) return "connection_closed";
  return call.end == CallEnd::kProcessEnded ? "process_ended" : "";
}

}  // namespace kolben::agent
