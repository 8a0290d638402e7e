#include "agent/process/database_attributes.h"

#include "agent/process/attribute_writer.h"

namespace kolben::agent {
namespace {

constexpr std::size_t kAttributesUsual = 12;
constexpr std::string_view kRedis = "redis";
constexpr std::string_view kMongodb = "mongodb";

void add_old(const DatabaseCall& call, const StreamPeer& peer, AttributeWriter& writer) {
  writer.text("db.system", call.system);
  if (call.system != kRedis) writer.text("db.name", call.database);
  // opentelemetry-instrumentation-pymongo: the command's name.
  writer.text("db.statement", call.system == kMongodb ? call.operation : call.text);
  writer.text("db.mongodb.collection", call.collection);
  writer.text("db.user", call.user);
  writer.text("net.peer.name", peer.address);
  writer.number("net.peer.port", peer.port);
  if (call.system == kRedis && call.database != "0") {
    writer.text("db.redis.database_index", call.database);
  }
}

void add_stable(const DatabaseCall& call, const StreamPeer& peer, AttributeWriter& writer) {
  writer.text("db.system.name", call.system);
  writer.text("db.namespace", call.database);
  writer.text("db.collection.name", call.collection);
  writer.text("db.operation.name", call.operation);
  if (call.batch_size > 1) writer.number("db.operation.batch.size", call.batch_size);
  writer.text("db.query.summary", call.summary);
  writer.text("db.query.text", call.text);
  writer.text("server.address", peer.address);
  writer.number("server.port", peer.port);
  writer.text("network.peer.address", peer.address);
  writer.number("network.peer.port", peer.port);
  writer.text("db.response.status_code", call.error_code);
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

void add_database_attributes(const DatabaseCall& call, const StreamPeer& peer,
                             SemanticConventions conventions, Attributes& attributes,
                             Arena& arena) {
  attributes.reserve(arena, kAttributesUsual);
  AttributeWriter writer(attributes, arena);
  if (conventions.old_database) add_old(call, peer, writer);
  if (conventions.stable_database) add_stable(call, peer, writer);
  // Of all conventions the only place for what the database answered instead.
  writer.text("error.type", database_error_type(call));
}

std::string database_span_name(const DatabaseCall& call, const StreamPeer& peer, bool is_stable) {
  const std::string_view operation = call.operation.empty() ? call.summary : call.operation;
  if (operation.empty()) return std::string(call.system);
  if (!is_stable && call.system == kMongodb) {
    return call.database.empty() ? std::string(operation) : call.database + '.' + call.operation;
  }
  if (!is_stable) {
    const bool is_batch = call.batch_size > 1;
    return std::string(is_batch ? operation : first_word(operation));
  }
  if (!call.summary.empty()) return call.summary;
  std::string name(operation);
  if (!call.collection.empty()) return name + ' ' + call.collection;
  // The database of Redis is a number, which says nothing in a name.
  if (call.system != kRedis) return call.database.empty() ? name : name + " " + call.database;
  if (peer.address.empty()) return name;
  name += ' ' + peer.address;
  if (peer.port != 0) name += ':' + std::to_string(peer.port);
  return name;
}

std::string_view database_error_type(const DatabaseCall& call) {
  if (!call.error_code.empty()) return call.error_code;
  switch (call.end) {
    case CallEnd::kAnswered:
    case CallEnd::kReset:
      return {};
    case CallEnd::kSkipped:
      return "skipped";
    case CallEnd::kClosed:
      return "connection_closed";
    case CallEnd::kProcessEnded:
      return "process_ended";
  }
  return {};
}

}  // namespace kolben::agent
