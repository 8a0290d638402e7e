// mlockall(): a program that wants its memory never to wait for a disk means its own, not ours.
#include <sys/mman.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Real;
using kolben::agent::real;

extern "C" {

__attribute__((visibility("default"))) int mlockall(int flags) noexcept {
  if (!agent_instance.active()) return KOLBEN_REAL(mlockall)(flags);
  return agent_instance.lock_all(flags, [](int wanted) { return KOLBEN_REAL(mlockall)(wanted); });
}

}  // extern "C"
