// After a call that made another number of a file.
#pragma once

#include "agent/preload/agent.h"

namespace kolben::agent {

// `to`: what the call returned; comes back.
inline int note_duplicated(int from, int to) {
  if (to < 0 || from == to || !agent_instance.connections.knows(from)) return to;
  ThreadGuard guard;
  if (guard) agent_instance.connections.duplicated(guard.thread(), from, to);
  return to;
}

}  // namespace kolben::agent
