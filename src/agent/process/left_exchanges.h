// LeftExchanges: requests that a process has left unanswered though it had forked since they came:
// a child may have the connection, and answer. Such a request is told when that is not to be
// expected any more; where the child tells of it, not at all.
//
// One thread. Bound: kHeldMax, of which the oldest make room.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace kolben::agent {

class LeftExchanges {
 public:
  // Whether that is what the record tells of. An exchange's payload.
  static bool is_left(std::string_view payload);

  void keep(std::string_view record, SpanId span, std::uint64_t now);
  // A record of the same span came.
  void answered(SpanId span);
  bool empty() const { return held_.empty(); }
  // The next one that is to be told, one that was left as one that was closed; `all`: whether
  // it is due or not.
  std::optional<std::string> take(std::uint64_t now, bool all);

  // A child that takes longer to answer is told of twice.
  static constexpr std::uint64_t kHeldNanos = 60'000'000'000;
  static constexpr std::size_t kHeldMax = 1024;

 private:
  struct Held {
    SpanId span;
    std::uint64_t since;
    std::string record;
  };
  std::deque<Held> held_;
};

}  // namespace kolben::agent
