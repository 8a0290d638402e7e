#include "agent/process/messaging_attributes.h"

#include <cstdint>
#include <string>
#include <utility>

#include "agent/process/attribute_writer.h"
#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

constexpr std::size_t kAttributesUsual = 13;

// Of what brokers say to Produce and Fetch, by https://kafka.apache.org/protocol.html ("Error
// Codes").
constexpr std::pair<std::uint16_t, std::string_view> kKafkaErrors[] = {
    {0xffff, "UNKNOWN_SERVER_ERROR"},
    {1, "OFFSET_OUT_OF_RANGE"},
    {2, "CORRUPT_MESSAGE"},
    {3, "UNKNOWN_TOPIC_OR_PARTITION"},
    {5, "LEADER_NOT_AVAILABLE"},
    {6, "NOT_LEADER_OR_FOLLOWER"},
    {7, "REQUEST_TIMED_OUT"},
    {9, "REPLICA_NOT_AVAILABLE"},
    {10, "MESSAGE_TOO_LARGE"},
    {17, "INVALID_TOPIC_EXCEPTION"},
    {18, "RECORD_LIST_TOO_LARGE"},
    {19, "NOT_ENOUGH_REPLICAS"},
    {20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
    {21, "INVALID_REQUIRED_ACKS"},
    {29, "TOPIC_AUTHORIZATION_FAILED"},
    {31, "CLUSTER_AUTHORIZATION_FAILED"},
    {32, "INVALID_TIMESTAMP"},
    {43, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
    {45, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
    {47, "INVALID_PRODUCER_EPOCH"},
    {48, "INVALID_TXN_STATE"},
    {53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
    {56, "KAFKA_STORAGE_ERROR"},
    {59, "UNKNOWN_PRODUCER_ID"},
    {70, "FETCH_SESSION_ID_NOT_FOUND"},
    {71, "INVALID_FETCH_SESSION_EPOCH"},
    {74, "FENCED_LEADER_EPOCH"},
    {75, "UNKNOWN_LEADER_EPOCH"},
    {76, "UNSUPPORTED_COMPRESSION_TYPE"},
    {78, "OFFSET_NOT_AVAILABLE"},
    {87, "INVALID_RECORD"},
    {90, "PRODUCER_FENCED"},
    {100, "UNKNOWN_TOPIC_ID"},
};

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
  AttributeWriter writer(attributes, arena);
  writer.text("messaging.system", call.system);
  writer.text("messaging.operation.name", operation_of(call));
  writer.text("messaging.operation.type", call.sends ? "send" : "receive");
  writer.text("messaging.destination.name", call.destination);
  if (call.partition >= 0) {
    writer.text("messaging.destination.partition.id", std::to_string(call.partition));
  }
  if (call.messages >= 0) writer.any_number("messaging.batch.message_count", call.messages);
  if (call.offset >= 0) writer.any_number("messaging.kafka.offset", call.offset);
  writer.text("messaging.client.id", call.client_id);
  writer.text("server.address", peer.address);
  writer.number("server.port", peer.port);
  writer.text("network.peer.address", peer.address);
  writer.number("network.peer.port", peer.port);
  writer.text("error.type", messaging_error_type(call));
}

std::string messaging_error_type(const MessagingCall& call) {
  if (call.end == CallEnd::kClosed) return "connection_closed";
  if (call.end == CallEnd::kProcessEnded) return "process_ended";
  if (call.error == 0) return "";
  for (const auto& [code, name] : kKafkaErrors) {
    if (code == call.error) return std::string(name);
  }
  return std::to_string(static_cast<std::int16_t>(call.error));
}

}  // namespace kolben::agent
