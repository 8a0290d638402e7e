// The cores that a bench computes on.
#pragma once

#include <sched.h>

#include <cstddef>

#include "base/check.h"

namespace kolben::bench {

inline cpu_set_t allowed_cores() {
  cpu_set_t cores;
  KOLBEN_CHECK(::sched_getaffinity(0, sizeof cores, &cores) == 0);
  return cores;
}

inline cpu_set_t first_of(const cpu_set_t& cores) {
  cpu_set_t first;
  CPU_ZERO(&first);
  for (std::size_t core = 0; core < CPU_SETSIZE && CPU_COUNT(&first) == 0; ++core) {
    if (CPU_ISSET(core, &cores)) CPU_SET(core, &first);
  }
  return first;
}

// Of the calling thread, and of those that it starts.
inline void keep_to(const cpu_set_t& cores) {
  KOLBEN_CHECK(::sched_setaffinity(0, sizeof cores, &cores) == 0);
}

}  // namespace kolben::bench
