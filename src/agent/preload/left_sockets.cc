// The part of Connections for what was begun and is never ended: our code was left by a jump out of
// a signal handler, or its thread did not come along into a fork's child.
#include "agent/preload/connections.h"
#include "agent/preload/stack_frame.h"

namespace kolben::agent {
namespace {

constexpr std::uintptr_t kAnywhere = 0;

}  // namespace

// Calls `use(socket)` for each that somebody is at: below that frame, or anywhere.
template <typename Use>
void Connections::for_each_held(std::uintptr_t frame, Use use) {
  const auto look = [&](Socket& socket) {
    const Holder holder = socket.holder.load(std::memory_order_relaxed);
    if (holder != 0 && (frame == kAnywhere || is_below(holder, frame))) use(socket);
  };
  Socket* sockets = sockets_.load(std::memory_order_acquire);
  if (sockets == nullptr) return;
  const int highest = highest_.load(std::memory_order_relaxed);
  for (int file = 0; file <= highest; ++file) look(sockets[file]);
  Socket* plaintexts = plaintexts_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; plaintexts != nullptr && i < kSessionsMax; ++i) look(plaintexts[i]);
}

// What it was about to change may be half changed: nothing is made of it but its end.
void Connections::lose(Socket& socket) {
  give_up(socket);
  socket.last = nullptr;
  socket.pipelined = 0;
  socket.missed.store(true, std::memory_order_relaxed);
  socket.holder.store(0, std::memory_order_release);
}

void Connections::give_back(ThreadState& thread, std::uintptr_t frame) {
  for_each_held(frame, [this](Socket& socket) {
    count_untraced(ring_);
    lose(socket);
  });
  disown_records(ring_, pid_, thread.tid);
}

void Connections::lose_held() {
  for_each_held(kAnywhere, [this](Socket& socket) { lose(socket); });
}

void Connections::lose_memory(ThreadState& thread) {
  process_ends(thread);
  thread.last_read = {};
  thread.forked_request = {};
  sockets_.store(nullptr, std::memory_order_release);
  exchanges_.init(nullptr, 0);
  memory_ = nullptr;
}

}  // namespace kolben::agent
