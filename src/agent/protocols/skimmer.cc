#include "agent/protocols/skimmer.h"

#include "agent/protocols/http2/framing.h"
#include "agent/protocols/kafka/framing.h"
#include "agent/protocols/memcached/framing.h"
#include "agent/protocols/mongodb/framing.h"
#include "agent/protocols/mysql/framing.h"
#include "agent/protocols/postgresql/framing.h"
#include "agent/protocols/redis/framing.h"

namespace kolben::agent {
namespace {

// Where the last text of `size` bytes ends, of which more may follow; what then is left of the
// message is not shown.
std::size_t cut_after_texts(SkimSide& side, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0 || --side.texts_left != 0) continue;
    side.unseen_left += side.seen_left - (i + 1);
    side.seen_left = i + 1;
    return i + 1;
  }
  return size;
}

}  // namespace

bool Skimmer::skip(Direction direction, std::uint64_t bytes) {
  SkimSide& side = state_.side(direction);
  if (side.seen_left != 0 || side.unseen_left < bytes) return false;
  side.unseen_left -= bytes;
  return true;
}

Run Skimmer::next(Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& side = state_.side(direction);
  std::uint64_t* left = side.seen_left != 0     ? &side.seen_left
                        : side.unseen_left != 0 ? &side.unseen_left
                                                : nullptr;
  if (left != nullptr) {
    std::size_t taken = *left < size ? static_cast<std::size_t>(*left) : size;
    const bool is_seen = left == &side.seen_left;
    if (is_seen && side.texts_left != 0) taken = cut_after_texts(side, bytes, taken);
    RedisSide& redis = state_.redis[static_cast<int>(direction)];
    if (is_seen && redis.word_left != 0 && redis::add_to_word(redis, bytes, taken)) {
      state_.lost = true;
    }
    *left -= taken;
    return {taken, is_seen};
  }
  switch (protocol_) {
    case Protocol::kPostgresql:
      return postgresql::skim(state_, direction, bytes, size);
    case Protocol::kRedis:
      return redis::skim(state_, direction, bytes, size);
    case Protocol::kHttp2:
      return http2::skim(state_, direction, bytes, size);
    case Protocol::kMysql:
      return mysql::skim(state_, direction, bytes, size);
    case Protocol::kMemcached:
      return memcached::skim(state_, direction, bytes, size);
    case Protocol::kMongodb:
      return mongodb::skim(state_, direction, bytes, size);
    case Protocol::kKafka:
      return kafka::skim(state_, direction, bytes, size);
    case Protocol::kNone:
      break;
  }
  state_.lost = true;
  return {size, false};
}

}  // namespace kolben::agent
