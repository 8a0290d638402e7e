// Connections in the protocols of agent/protocols/protocol.h: the first byte picks the protocol;
// then come pieces, each a byte whose lowest bit says who speaks, two of its length, and its bytes.
// Cut as they are and byte by byte they must give the same calls, and give up at the same place.
// What is no protocol is looked at as SQL.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/protocols/sql.h"
#include "agent/protocols/testing/conversation.h"

namespace {

using kolben::agent::Direction;
using kolben::agent::Protocol;
using kolben::agent::testing::Conversation;

// kNone, PostgreSQL, Redis, HTTP/2, MySQL, Memcached, MongoDB, Kafka
constexpr std::uint8_t kProtocols = 8;

void speak(std::string_view bytes, Conversation& talk) {
  while (bytes.size() >= 3 && !talk.given_up()) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const bool is_client = (byte(0) & 1) == 0;
    const std::size_t size = byte(1) | std::size_t{byte(2)} << 8;
    bytes.remove_prefix(3);
    const std::string_view piece = bytes.substr(0, size);
    bytes.remove_prefix(piece.size());
    if (is_client) {
      talk.client(piece);
    } else {
      talk.server(piece);
    }
  }
  talk.close();
}

void check_sql(std::string_view text) {
  using namespace kolben::agent;
  for (const SqlDialect dialect :
       {SqlDialect::kStandard, SqlDialect::kMysql, SqlDialect::kMysqlWithoutBackslashes,
        SqlDialect::kMysqlOfUnknownMode, SqlDialect::kSqlite}) {
    if (sanitized_sql(text, dialect).size() > text.size()) std::abort();
    if (sql_summary(text, dialect).size() > kSummaryBytesMax) std::abort();
  }
  has_placeholders(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto protocol = static_cast<Protocol>(data[0] % kProtocols);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (protocol == Protocol::kNone) {
    check_sql(bytes);
    return 0;
  }
  Conversation whole(protocol);
  Conversation cut(protocol, 1);
  speak(bytes, whole);
  speak(bytes, cut);
  if (whole.told() != cut.told() || whole.given_up() != cut.given_up()) std::abort();
  for (const auto direction : {Direction::kRequests, Direction::kReplies}) {
    kolben::agent::detect_protocol(direction, data + 1, size - 1);
  }
  return 0;
}
