// Takes a socket of Connections for one thread.
#pragma once

#include "agent/preload/connections.h"
#include "agent/preload/short_wait.h"
#include "agent/preload/stack_frame.h"

namespace kolben::agent {

// A socket's state, for one thread at a time. Never waits long: the other thread may have been
// stopped, or may be the one that this signal handler interrupts. What is then not looked at is
// noted in Socket::missed.
class SocketLock {
 public:
  SocketLock(const System& system, Socket* socket) {
    if (socket == nullptr) return;
    const Holder self = holder_at(stack_pointer());
    const bool is_ours = wait_shortly(system, [&] {
      Holder nobody = 0;
      return socket->holder.compare_exchange_strong(nobody, self, std::memory_order_acquire);
    });
    if (is_ours) {
      socket_ = socket;
    } else {
      socket->missed.store(true, std::memory_order_relaxed);
    }
  }
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;
  ~SocketLock() {
    if (socket_ != nullptr) socket_->holder.store(0, std::memory_order_release);
  }
  explicit operator bool() const { return socket_ != nullptr; }

 private:
  Socket* socket_ = nullptr;
};

}  // namespace kolben::agent
