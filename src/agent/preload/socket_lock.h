// Takes a socket of Connections for one thread.
#pragma once

#include "agent/preload/connections.h"
#include "agent/preload/stack_frame.h"

namespace kolben::agent {

// A socket's state, for one thread at a time. Never waits long: the other thread may have been
// stopped, or may be the one that this signal handler interrupts. What is then not looked at is
// noted in Socket::missed.
class SocketLock {
 public:
  explicit SocketLock(Socket* socket) {
    constexpr int kTriesMax = 500;  // some microseconds, more than any of our sections takes
    if (socket == nullptr) return;
    const Holder self = holder_at(stack_pointer());
    for (int i = 0; i < kTriesMax; ++i) {
      Holder nobody = 0;
      if (socket->holder.compare_exchange_strong(nobody, self, std::memory_order_acquire)) {
        socket_ = socket;
        return;
      }
      relax();
    }
    socket->missed.store(true, std::memory_order_relaxed);
  }
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;
  ~SocketLock() {
    if (socket_ != nullptr) socket_->holder.store(0, std::memory_order_release);
  }
  explicit operator bool() const { return socket_ != nullptr; }

 private:
  // Lets the other thread have the cache line, and the core's other half.
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  Socket* socket_ = nullptr;
};

}  // namespace kolben::agent
