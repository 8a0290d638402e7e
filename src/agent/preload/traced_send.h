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

// So many of the program's are joined with whatever is ours.
inline constexpr std::size_t kSurelyJoinedBytesMax =
    kJoinBytesMax - std::size_t{kInjectedRequestsMax} * kRequestHeadersBytesMax;
static_assert(kSurelyJoinedBytesMax < kJoinBytesMax - kInjectedBytesMax);

// What cannot be joined may need a call that the program's filter does not let pass.
inline bool fits_filter(const iovec* pieces, std::size_t count) {
  return agent_instance.filter.allows_vectors() ||
         total_bytes(pieces, static_cast<int>(count)) <= kSurelyJoinedBytesMax;
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

// The begin of a write: what a program's filter surely lets pass, joined.
struct ShorterWrite {
  ShorterWrite(const iovec* from, std::size_t from_count) {
    const bool is_whole = agent_instance.filter.allows_vectors();
    std::size_t room = is_whole ? ~std::size_t{0} : kSurelyJoinedBytesMax;
    for (std::size_t i = 0; i < from_count && count < kRequestPiecesMax && room != 0; ++i) {
      iovec& piece = pieces[count++] = from[i];
      if (piece.iov_len > room) piece.iov_len = room;
      room -= piece.iov_len;
    }
  }

  iovec pieces[kRequestPiecesMax];
  int count = 0;
};

// Not inlined, for its stack.
template <typename Inject>
__attribute__((noinline, cold)) bool send_shorter_with_header(int file, const iovec* pieces,
                                                              std::size_t count, int flags,
                                                              Inject real_injection,
                                                              ssize_t* result) {
  const ShorterWrite shorter(pieces, count);
  return send_with_header(file, shorter.pieces, static_cast<std::size_t>(shorter.count), flags,
                          real_injection, result);
}

// The library is off (Agent::has_filter()). The peer would take the program's bytes for the rest of
// what has begun of ours: that goes first, or with them.
template <typename Call, typename Inject>
__attribute__((noinline, cold)) ssize_t send_rest(int file, const iovec* pieces, std::size_t count,
                                                  int flags, Call real_call,
                                                  Inject real_injection) {
  Connections& connections = agent_instance.connections;
  ThreadState& thread = thread_state;
  if (thread.tid == 0) thread.tid = ThreadGuard::number_of(thread);
  if (!connections.finish_injection(file)) return -1;
  const ShorterWrite shorter(pieces, count);
  Injection injection;
  if (!connections.prepare_rest(thread, file, shorter.pieces, shorter.count,
                                total_bytes(shorter.pieces, shorter.count), &injection)) {
    return real_call();
  }
  ssize_t result = injection.count == 0 ? 0 : real_injection(injection);
  const auto taken = static_cast<ssize_t>(
      connections.injected(file, injection, result > 0 ? static_cast<std::size_t>(result) : 0));
  if (result > 0 || injection.count == 0) result = taken;
  connections.rest_sent(thread, file, shorter.pieces, shorter.count,
                        bytes_of_stream(flags, result));
  return result;
}

// `real_call()` writes what the program wants, `real_call(injection)` that with our header in it.
template <typename Call, typename Inject>
ssize_t traced_send(int file, const iovec* pieces, std::size_t count, int flags, bool may_inject,
                    Call real_call, Inject real_injection) {
  Connections& connections = agent_instance.connections;
  if (!agent_instance.active()) {
    if (!connections.may_inject(file)) [[likely]]
      return real_call();
    return send_rest(file, pieces, count, flags, real_call, real_injection);
  }
  ssize_t result = 0;
  if (!connections.may_inject(file)) [[likely]] {
    result = real_call();
  } else {
    if (!ready_to_send(file)) return -1;
    const bool fits = fits_filter(pieces, count);
    bool is_done = false;
    if (fits && (may_inject || connections.has_edits(file))) {
      is_done = send_with_header(file, pieces, count, flags, real_injection, &result);
    } else if (connections.has_edits(file)) {
      is_done = send_shorter_with_header(file, pieces, count, flags, real_injection, &result);
    }
    if (!is_done) result = real_call();
    if (result <= 0) note_not_sent(file);
  }
  const ssize_t of_stream = bytes_of_stream(flags, result);
  note_sent(file, pieces, count, of_stream);
  // Another thread has switched the library off meanwhile.
  if (!agent_instance.active()) [[unlikely]] {
    connections.rest_sent(thread_state, file, pieces, static_cast<int>(count), of_stream);
  }
  return result;
}

}  // namespace kolben::agent
