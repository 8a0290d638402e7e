// Whose a call is, and how it ended.
#pragma once

#include <cstdint>

namespace kolben::agent {

// Where a span belongs. It comes with the bytes in which a call begins, and goes out with the call.
struct Origin {
  std::uint8_t trace_id[16] = {};
  std::uint8_t span_id[8] = {};
  std::uint8_t parent_span_id[8] = {};
  std::uint8_t linked_trace_id[16] = {};  // not zero: the parent is of this trace, and only linked
  std::uint8_t flags = 0;
};

enum class CallEnd : std::uint8_t {
  kAnswered,
  kSkipped,       // the server passed over it, because of an error before
  kReset,         // one of both gave it up (HTTP/2)
  kClosed,        // the connection was closed before the answer
  kProcessEnded,  // or the process ended
};

}  // namespace kolben::agent
