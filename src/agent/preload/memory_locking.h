// MemoryLocking: one mlockall() of a program that has a single thread. Our memory is not locked,
// does not count, and where it would make the program's call fail it goes.
//
// ThreadGuard held, also while the real function runs: nobody may touch what is hidden meanwhile.
#pragma once

#include "agent/preload/connections.h"
#include "agent/preload/own_memory.h"
#include "agent/preload/thread_state.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

class MemoryLocking {
 public:
  using LockAll = int (*)(int flags);
  // All outlive it, the ring where the program lets it.
  MemoryLocking(OwnMemory& memory, Connections& connections, RingHeader* ring, LockAll real_call)
      : memory_(memory), connections_(connections), ring_(ring), real_call_(real_call) {}

  // What comes of the real call is what would have come without us, as far as that can be; errno,
  // too.
  int lock_alone(ThreadState& thread, int flags);
  // It had to go and did not come back: nothing may be written into it any more.
  bool has_lost_ring() const { return has_lost_ring_; }

 private:
  int lock_hidden(int flags);
  bool would_fit_without_us();
  int lock_without_us(ThreadState& thread, int flags);

  OwnMemory& memory_;
  Connections& connections_;
  RingHeader* const ring_;
  const LockAll real_call_;
  bool has_lost_ring_ = false;
};

}  // namespace kolben::agent
