// OwnBaggage: the baggage that the application has set, within a span or for the request that is
// served: members of the header, encoded. Plain data, usable when all bytes are zero.
#pragma once

#include <cstdint>

#include "agent/protocols/header_list.h"

namespace kolben::agent {

// Of one span or request; not more members either than a header has (kBaggageHeader).
inline constexpr std::uint32_t kOwnBaggageBytesMax = 1024;

struct OwnBaggage {
  std::uint64_t span;  // the handle of the open span that it is set in; 0: of none
  std::uint32_t size;
  char members[kOwnBaggageBytesMax];

  // Whatever another thread does meanwhile, within its bounds.
  ListText list() const { return {members, size < sizeof(members) ? size : sizeof(members)}; }
  void clear() {
    span = 0;
    size = 0;
  }
  // To `before`, which may be its own list, in the place of what has that key. False: it is no key,
  // or there is no room; nothing has changed then.
  bool set(ListText before, ListText key, ListText value);
};

}  // namespace kolben::agent
