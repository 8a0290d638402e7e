// The calls that read, write and manage file numbers. A hook calls the real function exactly once
// with the program's own arguments (or, for a request that we write into, with ours in between),
// returns what it returned, and notes the bytes before or after. See agent.h for the guard.
#include <errno.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/duplicated_file.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Injection;
using kolben::agent::note_duplicated;
using kolben::agent::OwnCall;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// More pieces than this are not looked at; IOV_MAX.
constexpr std::size_t kPiecesMax = 1024;

std::size_t total_bytes(const iovec* pieces, int count) {
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += pieces[i].iov_len;
  return bytes;
}

// Bytes that went past us: who follows the connection must not go on as if there had been none.
// Nothing but a flag is set, in a signal handler too.
void note_unseen(const ThreadGuard& guard, int file, ssize_t bytes) {
  if (bytes > 0 && (guard || guard.is_nested())) agent_instance.connections.skipped(file);
}

void note_how_it_went(int file) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.asks_how_it_went(guard.thread(), file);
}

void note_received(int file, const iovec* pieces, std::size_t count, ssize_t result, bool wanted) {
  if (result < 0 && errno == ECONNRESET) note_how_it_went(file);
  if (result < 0 || !wanted) return;
  ThreadGuard guard;
  if (!guard || count > kPiecesMax) return note_unseen(guard, file, result);
  const int pieces_count = static_cast<int>(count);
  if (result == 0) {
    if (total_bytes(pieces, pieces_count) != 0) {
      agent_instance.connections.received_end(guard.thread(), file);
    }
    return;
  }
  agent_instance.connections.received(guard.thread(), file, pieces, pieces_count,
                                      static_cast<std::size_t>(result));
}

void note_received(int file, void* buffer, std::size_t size, ssize_t result, bool wanted = true) {
  const iovec piece = {buffer, size};
  note_received(file, &piece, 1, result, wanted);
}

void note_sent(int file, const iovec* pieces, std::size_t count, ssize_t result) {
  if (result <= 0) return;
  ThreadGuard guard;
  if (!guard || count > kPiecesMax) return note_unseen(guard, file, result);
  const int pieces_count = static_cast<int>(count);
  const auto bytes = static_cast<std::size_t>(result);
  agent_instance.connections.sent(guard.thread(), file, pieces, pieces_count, bytes);
  if (agent_instance.outputs.may_have(file)) {
    agent_instance.outputs.written(guard.thread(), file, pieces, pieces_count, bytes);
  }
}

void note_not_sent(int file) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.not_sent(guard.thread(), file);
}

// Before a write: the rest of a header of ours has to go first. False: it cannot now (errno).
bool ready_to_send(int file) {
  ThreadGuard guard;
  if (!guard || agent_instance.connections.finish_injection(file)) return true;
  guard.keep_errno();
  return false;
}

// Requests up to this size are joined with our header, so that the program's own call can write
// them.
constexpr std::size_t kJoinBytesMax = 8192;

// The real call for the pieces of an injection, joined where they are not too many: the program may
// have forbidden itself (seccomp) the calls that it does not use. Not inlined, for its stack.
template <typename Whole, typename Pieces>
__attribute__((noinline)) ssize_t send_joined(const Injection& injection, Whole whole,
                                              Pieces in_pieces) {
  const std::size_t all = total_bytes(injection.pieces, injection.count);
  if (all > kJoinBytesMax) return in_pieces();
  // Not more than that: a thread may have little.
  auto* joined = static_cast<char*>(__builtin_alloca(all));
  std::size_t size = 0;
  for (int i = 0; i < injection.count; ++i) {
    const iovec& piece = injection.pieces[i];
    memcpy(joined + size, piece.iov_base, piece.iov_len);
    size += piece.iov_len;
  }
  return whole(joined, size);
}

// What cannot be joined may need a call that the program's filter does not let pass.
bool fits_filter(const iovec* pieces, std::size_t count) {
  return agent_instance.filter.allows_vectors() ||
         total_bytes(pieces, static_cast<int>(count)) <= kJoinBytesMax / 2;
}

ssize_t send_as_message(int file, Injection& injection, int flags) {
  msghdr message = {};
  message.msg_iov = injection.pieces;
  message.msg_iovlen = static_cast<std::size_t>(injection.count);
  return KOLBEN_REAL(sendmsg)(file, &message, flags);
}

// Writes the pieces with our header in between, where this is the place for it; false: it is not.
template <typename Call>
bool send_with_header(int file, const iovec* pieces, std::size_t count, int flags, Call real_call,
                      ssize_t* result) {
  constexpr int kForeignFlags = MSG_OOB | MSG_ZEROCOPY | MSG_FASTOPEN;
  constexpr std::size_t kMost = kolben::agent::kRequestPiecesMax;
  const bool is_foreign = (flags & kForeignFlags) != 0;
  if (is_foreign || count > kMost) {
    // What has begun is gone on with, in a shorter write.
    if (!agent_instance.connections.has_edits(file)) return false;
    count = count < kMost ? count : kMost;
  }
  Injection injection;
  {
    ThreadGuard guard;
    if (!guard) return false;
    const int pieces_count = static_cast<int>(count);
    if (!agent_instance.connections.prepare_injection(guard.thread(), file, pieces, pieces_count,
                                                      total_bytes(pieces, pieces_count),
                                                      &injection)) {
      return false;
    }
  }
  // The kernel may keep the pages of MSG_ZEROCOPY: not those of a stack.
  const ssize_t written = injection.count == 0 ? 0
                          : is_foreign         ? send_as_message(file, injection, flags)
                                               : real_call(injection);
  *result = written;
  if (written > 0 || injection.writer != nullptr) {
    ThreadGuard guard;
    const auto taken = static_cast<ssize_t>(agent_instance.connections.injected(
        file, injection, written > 0 ? static_cast<std::size_t>(written) : 0));
    if (written > 0 || injection.count == 0) *result = taken;
  }
  return true;
}

// `real_call()` writes what the program wants, `real_call(injection)` that with our header in it.
template <typename Call, typename Inject>
ssize_t traced_send(int file, const iovec* pieces, std::size_t count, int flags, bool may_inject,
                    Call real_call, Inject real_injection) {
  if (!agent_instance.active()) return real_call();
  ssize_t result = 0;
  if (!agent_instance.connections.may_inject(file)) {
    result = real_call();
  } else {
    if (!ready_to_send(file)) return -1;
    const bool may_write =
        (may_inject && fits_filter(pieces, count)) || agent_instance.connections.has_edits(file);
    if (!may_write || !send_with_header(file, pieces, count, flags, real_injection, &result)) {
      result = real_call();
    }
    if (result <= 0) note_not_sent(file);
  }
  note_sent(file, pieces, count, result);
  return result;
}

void note_accepted(int file, const sockaddr* peer, const socklen_t* size) {
  if (file < 0) return;
  ThreadGuard guard;
  if (!guard) return;
  if (!agent_instance.process.is_server()) agent_instance.process.becomes_server(guard.thread());
  agent_instance.connections.accepted(guard.thread(), file, peer,
                                      peer != nullptr && size != nullptr ? *size : 0);
}

// Most are files and the like, of which nothing is known.
void note_closed(int file) {
  if (!agent_instance.outputs.knows(file) && !agent_instance.connections.knows(file)) return;
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.closes(guard.thread(), file);
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
    if (guard) agent_instance.connections.connected(guard.thread(), file, peer, size);
  }
  return result;
}

KOLBEN_EXPORT int getsockopt(int file, int level, int name, void* value, socklen_t* size) noexcept {
  if (level == SOL_SOCKET && name == SO_ERROR) note_how_it_went(file);
  return KOLBEN_REAL(getsockopt)(file, level, name, value, size);
}

KOLBEN_EXPORT int close(int file) {
  note_closed(file);
  return KOLBEN_REAL(close)(file);
}

KOLBEN_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  if ((static_cast<unsigned>(flags) & CLOSE_RANGE_CLOEXEC) == 0) {  // else nothing is closed yet
    ThreadGuard guard;
    if (guard) agent_instance.closes_range(guard.thread(), first, last);
  }
  return KOLBEN_REAL(close_range)(first, last, flags);
}

KOLBEN_EXPORT void closefrom(int first) noexcept {
  {
    ThreadGuard guard;
    if (guard) {
      agent_instance.closes_range(guard.thread(), first < 0 ? 0 : static_cast<unsigned>(first),
                                  ~0U);
    }
  }
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

KOLBEN_EXPORT ssize_t read(int file, void* buffer, size_t size) {
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

namespace {
// What is only peeked at comes again; what is out of band is not the stream, and what is thrown
// away (MSG_TRUNC) nobody sees.
bool belongs_to_stream(int file, int flags, ssize_t result) {
  if ((flags & (MSG_PEEK | MSG_TRUNC | MSG_OOB | MSG_ERRQUEUE)) == 0) return true;
  const bool is_lost = (flags & MSG_TRUNC) != 0 && (flags & (MSG_PEEK | MSG_ERRQUEUE)) == 0;
  if (is_lost && result > 0) {
    note_unseen(ThreadGuard(), file, result);
  }
  return false;
}
}  // namespace

KOLBEN_EXPORT ssize_t recv(int file, void* buffer, size_t size, int flags) {
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

KOLBEN_EXPORT ssize_t write(int file, const void* buffer, size_t size) {
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

KOLBEN_EXPORT ssize_t writev(int file, const iovec* pieces, int count) {
  return traced_send(
      file, pieces, static_cast<std::size_t>(count), 0, true,
      [&] { return KOLBEN_REAL(writev)(file, pieces, count); },
      [&](Injection& injection) {
        return KOLBEN_REAL(writev)(file, injection.pieces, injection.count);
      });
}

KOLBEN_EXPORT ssize_t send(int file, const void* buffer, size_t size, int flags) {
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

KOLBEN_EXPORT ssize_t sendmsg(int file, const msghdr* message, int flags) {
  const bool plain = message->msg_name == nullptr && message->msg_controllen == 0;
  return traced_send(
      file, message->msg_iov, message->msg_iovlen, flags, plain,
      [&] { return KOLBEN_REAL(sendmsg)(file, message, flags); },
      [&](Injection& injection) { return send_as_message(file, injection, flags); });
}

KOLBEN_EXPORT ssize_t sendfile(int to, int from, off_t* offset, size_t size) noexcept {
  const bool may_have_begun = agent_instance.active() && agent_instance.connections.may_inject(to);
  if (may_have_begun && !ready_to_send(to)) return -1;
  const ssize_t result = KOLBEN_REAL(sendfile)(to, from, offset, size);
  if (result > 0) {
    ThreadGuard guard;
    if (guard) {
      agent_instance.connections.sent_unseen(guard.thread(), to, static_cast<std::size_t>(result));
    } else {
      note_unseen(guard, to, result);
    }
  }
  return result;
}

KOLBEN_EXPORT ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) noexcept {
  static_assert(sizeof(off_t) == sizeof(off64_t));
  return sendfile(to, from, offset, size);
}

// --- waiting -------------------------------------------------------------------------------------

KOLBEN_EXPORT int epoll_wait(int file, epoll_event* events, int count, int timeout) {
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
