// A call of the program's that writes, with our header in it where a request begins
// (hooks_socket.cc).
#pragma once

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

#include "agent/preload/agent.h"
#include "agent/preload/noted_bytes.h"
#include "agent/preload/real.h"

namespace kolben::agent {

inline void note_not_sent(int file) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.not_sent(guard.thread(), file);
}

// Requests up to this size are joined with our header, so that the program's own call can write
// them.
inline constexpr std::size_t kJoinBytesMax = 8192;

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
inline bool fits_filter(const iovec* pieces, std::size_t count) {
  return agent_instance.filter.allows_vectors() ||
         total_bytes(pieces, static_cast<int>(count)) <= kJoinBytesMax / 2;
}

inline ssize_t send_as_message(int file, Injection& injection, int flags) {
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
  constexpr std::size_t kMost = kRequestPiecesMax;
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
  if (!agent_instance.connections.may_inject(file)) [[likely]] {
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

}  // namespace kolben::agent
