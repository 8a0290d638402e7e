// The calls that read, write and manage file numbers. A hook calls the real function exactly once
// with the program's own arguments (or, for a request that we write into, with ours in between),
// returns what it returned, and notes the bytes before or after. See agent.h for the guard.
#include <errno.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/duplicated_file.h"
#include "agent/preload/noted_bytes.h"
#include "agent/preload/real.h"
#include "agent/preload/traced_send.h"

using kolben::agent::agent_instance;
using kolben::agent::belongs_to_stream;
using kolben::agent::Injection;
using kolben::agent::note_duplicated;
using kolben::agent::note_how_it_went;
using kolben::agent::note_received;
using kolben::agent::OwnCall;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::send_as_message;
using kolben::agent::send_joined;
using kolben::agent::ThreadGuard;
using kolben::agent::traced_send;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

void note_accepted(int file, const sockaddr* peer, const socklen_t* size) {
  if (file < 0) return;
  ThreadGuard guard;
  if (!guard) return;
  if (!agent_instance.process.is_server()) agent_instance.process.becomes_server(guard.thread());
  agent_instance.connections.accepted(guard.thread(), file, peer,
                                      peer != nullptr && size != nullptr ? *size : 0);
}

// Most are files and the like, of which nothing is known.
[[gnu::hot]] void note_closed(int file) {
  if (!agent_instance.outputs.knows(file) && !agent_instance.connections.knows(file)) return;
  ThreadGuard guard;
  if (!guard) return agent_instance.closes_unfollowed(file);
  agent_instance.closes(guard.thread(), file);
}

void note_closed_range(unsigned first, unsigned last) {
  ThreadGuard guard;
  if (!guard) return agent_instance.closes_range_unfollowed(first, last);
  agent_instance.closes_range(guard.thread(), first, last);
}

// Not on a Unix socket: those of programs that talk to their own children are such.
void note_listening(int file) {
  ThreadGuard guard;
  if (!guard || agent_instance.process.is_server()) return;
  if (!agent_instance.filter.allows(OwnCall::kGetsockname)) return;
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  const bool is_ip = address.ss_family == AF_INET || address.ss_family == AF_INET6;
  if (is_ip) agent_instance.process.becomes_server(guard.thread());
}

// `timeout`: in nanoseconds, less than zero: none.
template <typename Wait>
int traced_wait(std::int64_t timeout, Wait wait) {
  {
    ThreadGuard guard;
    if (guard) agent_instance.connections.waits_for_events(guard.thread());
  }
  const int events = wait();
  ThreadGuard guard;
  if (guard) agent_instance.connections.events_came(guard.thread(), events, timeout);
  return events;
}

constexpr std::int64_t kNanosOfMilli = 1'000'000;

std::int64_t nanos_of(const timespec* time) {
  constexpr time_t kSecondsMax = 1'000'000'000;  // years
  if (time == nullptr || time->tv_sec > kSecondsMax) return -1;
  return time->tv_sec * (1000 * kNanosOfMilli) + time->tv_nsec;
}

}  // namespace

extern "C" {

// --- connections ---------------------------------------------------------------------------------

KOLBEN_EXPORT int accept(int file, sockaddr* peer, socklen_t* size) {
  const int accepted = KOLBEN_REAL(accept)(file, peer, size);
  note_accepted(accepted, peer, size);
  return accepted;
}

KOLBEN_EXPORT int accept4(int file, sockaddr* peer, socklen_t* size, int flags) {
  const int accepted = KOLBEN_REAL(accept4)(file, peer, size, flags);
  note_accepted(accepted, peer, size);
  return accepted;
}

KOLBEN_EXPORT int listen(int file, int backlog) noexcept {
  const int result = KOLBEN_REAL(listen)(file, backlog);
  if (result == 0) note_listening(file);
  return result;
}

KOLBEN_EXPORT int connect(int file, const sockaddr* peer, socklen_t size) {
  const int result = KOLBEN_REAL(connect)(file, peer, size);
  if (result == 0 || errno == EINPROGRESS) {
    ThreadGuard guard;
    if (!guard) {
      agent_instance.closes_unfollowed(file);
    } else {
      agent_instance.connections.connected(guard.thread(), file, peer, size);
    }
  }
  return result;
}

KOLBEN_EXPORT int getsockopt(int file, int level, int name, void* value, socklen_t* size) noexcept {
  if (level == SOL_SOCKET && name == SO_ERROR) note_how_it_went(file);
  return KOLBEN_REAL(getsockopt)(file, level, name, value, size);
}

[[gnu::hot]] KOLBEN_EXPORT int close(int file) {
  note_closed(file);
  return KOLBEN_REAL(close)(file);
}

KOLBEN_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  if ((static_cast<unsigned>(flags) & CLOSE_RANGE_CLOEXEC) == 0) {  // else nothing is closed yet
    note_closed_range(first, last);
  }
  return KOLBEN_REAL(close_range)(first, last, flags);
}

KOLBEN_EXPORT void closefrom(int first) noexcept {
  note_closed_range(first < 0 ? 0 : static_cast<unsigned>(first), ~0U);
  KOLBEN_REAL(closefrom)(first);
}

KOLBEN_EXPORT int shutdown(int file, int how) noexcept {
  if (how != SHUT_RD) {
    ThreadGuard guard;
    if (guard) agent_instance.connections.shut_down(guard.thread(), file);
  }
  return KOLBEN_REAL(shutdown)(file, how);
}

KOLBEN_EXPORT int dup2(int from, int to) noexcept {
  if (from != to) note_closed(to);
  return note_duplicated(from, KOLBEN_REAL(dup2)(from, to));
}

KOLBEN_EXPORT int dup3(int from, int to, int flags) noexcept {
  if (from != to) note_closed(to);
  return note_duplicated(from, KOLBEN_REAL(dup3)(from, to, flags));
}

// --- reading -------------------------------------------------------------------------------------

[[gnu::hot]] KOLBEN_EXPORT ssize_t read(int file, void* buffer, size_t size) {
  const ssize_t result = KOLBEN_REAL(read)(file, buffer, size);
  note_received(file, buffer, size, result);
  return result;
}

KOLBEN_EXPORT ssize_t __read_chk(int file, void* buffer, size_t size, size_t buffer_size) {
  using Function = ssize_t (*)(int, void*, size_t, size_t);
  const ssize_t result = real<Function>(Real::k___read_chk)(file, buffer, size, buffer_size);
  note_received(file, buffer, size, result);
  return result;
}

KOLBEN_EXPORT ssize_t readv(int file, const iovec* pieces, int count) {
  const ssize_t result = KOLBEN_REAL(readv)(file, pieces, count);
  note_received(file, pieces, static_cast<std::size_t>(count), result, true);
  return result;
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t recv(int file, void* buffer, size_t size, int flags) {
  const ssize_t result = KOLBEN_REAL(recv)(file, buffer, size, flags);
  note_received(file, buffer, size, result, belongs_to_stream(file, flags, result));
  return result;
}

KOLBEN_EXPORT ssize_t __recv_chk(int file, void* buffer, size_t size, size_t buffer_size,
                                 int flags) {
  using Function = ssize_t (*)(int, void*, size_t, size_t, int);
  const ssize_t result = real<Function>(Real::k___recv_chk)(file, buffer, size, buffer_size, flags);
  note_received(file, buffer, size, result, belongs_to_stream(file, flags, result));
  return result;
}

KOLBEN_EXPORT ssize_t recvfrom(int file, void* buffer, size_t size, int flags, sockaddr* peer,
                               socklen_t* peer_size) {
  const ssize_t result = KOLBEN_REAL(recvfrom)(file, buffer, size, flags, peer, peer_size);
  note_received(file, buffer, size, result, belongs_to_stream(file, flags, result));
  return result;
}

KOLBEN_EXPORT ssize_t __recvfrom_chk(int file, void* buffer, size_t size, size_t buffer_size,
                                     int flags, sockaddr* peer, socklen_t* peer_size) {
  using Function = ssize_t (*)(int, void*, size_t, size_t, int, sockaddr*, socklen_t*);
  const ssize_t result = real<Function>(Real::k___recvfrom_chk)(file, buffer, size, buffer_size,
                                                                flags, peer, peer_size);
  note_received(file, buffer, size, result, belongs_to_stream(file, flags, result));
  return result;
}

KOLBEN_EXPORT ssize_t recvmsg(int file, msghdr* message, int flags) {
  const ssize_t result = KOLBEN_REAL(recvmsg)(file, message, flags);
  if (result >= 0) {
    note_received(file, message->msg_iov, message->msg_iovlen, result,
                  belongs_to_stream(file, flags, result));
  }
  return result;
}

// --- writing -------------------------------------------------------------------------------------

[[gnu::hot]] KOLBEN_EXPORT ssize_t write(int file, const void* buffer, size_t size) {
  const iovec piece = {const_cast<void*>(buffer), size};
  return traced_send(
      file, &piece, 1, 0, true, [&] { return KOLBEN_REAL(write)(file, buffer, size); },
      [&](Injection& injection) {
        return send_joined(
            injection,
            [&](const char* all, size_t bytes) { return KOLBEN_REAL(write)(file, all, bytes); },
            [&] { return KOLBEN_REAL(writev)(file, injection.pieces, injection.count); });
      });
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t writev(int file, const iovec* pieces, int count) {
  return traced_send(
      file, pieces, static_cast<std::size_t>(count), 0, true,
      [&] { return KOLBEN_REAL(writev)(file, pieces, count); },
      [&](Injection& injection) {
        return KOLBEN_REAL(writev)(file, injection.pieces, injection.count);
      });
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t send(int file, const void* buffer, size_t size, int flags) {
  const iovec piece = {const_cast<void*>(buffer), size};
  return traced_send(
      file, &piece, 1, flags, true, [&] { return KOLBEN_REAL(send)(file, buffer, size, flags); },
      [&](Injection& injection) {
        return send_joined(
            injection,
            [&](const char* all, size_t bytes) {
              return KOLBEN_REAL(send)(file, all, bytes, flags);
            },
            [&] { return send_as_message(file, injection, flags); });
      });
}

KOLBEN_EXPORT ssize_t sendto(int file, const void* buffer, size_t size, int flags,
                             const sockaddr* peer, socklen_t peer_size) {
  const iovec piece = {const_cast<void*>(buffer), size};
  return traced_send(
      file, &piece, 1, flags, peer == nullptr,
      [&] { return KOLBEN_REAL(sendto)(file, buffer, size, flags, peer, peer_size); },
      [&](Injection& injection) {
        return send_joined(
            injection,
            [&](const char* all, size_t bytes) {
              return KOLBEN_REAL(sendto)(file, all, bytes, flags, nullptr, 0);
            },
            [&] { return send_as_message(file, injection, flags); });
      });
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t sendmsg(int file, const msghdr* message, int flags) {
  const bool plain = message->msg_name == nullptr && message->msg_controllen == 0;
  return traced_send(
      file, message->msg_iov, message->msg_iovlen, flags, plain,
      [&] { return KOLBEN_REAL(sendmsg)(file, message, flags); },
      [&](Injection& injection) { return send_as_message(file, injection, flags); });
}

// --- waiting -------------------------------------------------------------------------------------

[[gnu::hot]] KOLBEN_EXPORT int epoll_wait(int file, epoll_event* events, int count, int timeout) {
  return traced_wait(timeout * kNanosOfMilli,
                     [&] { return KOLBEN_REAL(epoll_wait)(file, events, count, timeout); });
}

KOLBEN_EXPORT int epoll_pwait(int file, epoll_event* events, int count, int timeout,
                              const sigset_t* mask) {
  return traced_wait(timeout * kNanosOfMilli,
                     [&] { return KOLBEN_REAL(epoll_pwait)(file, events, count, timeout, mask); });
}

KOLBEN_EXPORT int epoll_pwait2(int file, epoll_event* events, int count, const timespec* timeout,
                               const sigset_t* mask) {
  return traced_wait(nanos_of(timeout),
                     [&] { return KOLBEN_REAL(epoll_pwait2)(file, events, count, timeout, mask); });
}

}  // extern "C"
