#include "agent/protocols/protocol.h"

#include "agent/protocols/http2/framing.h"
#include "agent/protocols/kafka/framing.h"
#include "agent/protocols/memcached/framing.h"
#include "agent/protocols/mongodb/framing.h"
#include "agent/protocols/mysql/framing.h"
#include "agent/protocols/postgresql/framing.h"
#include "agent/protocols/redis/framing.h"

namespace kolben::agent {
namespace {

// By Direction; null: that side does not speak first.
struct FirstMessage {
  Protocol protocol;
  bool (*begins[2])(const std::uint8_t* bytes, std::size_t size);
};

// A protocol is a line here, one in skimmer.cc and one in parsers.cc.
constexpr FirstMessage kProtocols[] = {
    {Protocol::kPostgresql, {postgresql::begins, nullptr}},
    {Protocol::kRedis, {redis::begins, nullptr}},
    {Protocol::kHttp2, {http2::begins, http2::greets}},
    {Protocol::kMysql, {nullptr, mysql::greets}},
    {Protocol::kMemcached, {memcached::begins, nullptr}},
    {Protocol::kMongodb, {mongodb::begins, nullptr}},
    {Protocol::kKafka, {kafka::begins, nullptr}},
};

}  // namespace

Protocol detect_protocol(Direction direction, const std::uint8_t* bytes, std::size_t size) {
  for (const FirstMessage& one : kProtocols) {
    const auto begins = one.begins[static_cast<int>(direction)];
    if (begins != nullptr && begins(bytes, size)) return one.protocol;
  }
  return Protocol::kNone;
}

bool may_greet(const std::uint8_t* bytes, std::size_t size) {
  static_assert(mysql::kGreetingBytesSure <= kFirstWordsMax);
  return size < mysql::kGreetingBytesSure && mysql::may_greet(bytes, size);
}

}  // namespace kolben::agent
