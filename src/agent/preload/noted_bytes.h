// What hooks note of bytes that a call of the program's has read or written, and what they do
// before it writes: hooks_socket.cc, hooks_transfer.cc.
#pragma once

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

#include "agent/preload/agent.h"

namespace kolben::agent {

// More pieces than this are not looked at; IOV_MAX.
inline constexpr std::size_t kPiecesMax = 1024;

inline std::size_t total_bytes(const iovec* pieces, int count) {
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += pieces[i].iov_len;
  return bytes;
}

// Bytes that went past us: who follows the connection must not go on as if there had been none.
// Nothing but a flag is set, in a signal handler too.
inline void note_unseen(const ThreadGuard& guard, int file, ssize_t bytes) {
  if (bytes > 0 && (guard || guard.is_nested())) agent_instance.connections.skipped(file);
}

inline void note_how_it_went(int file) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.asks_how_it_went(guard.thread(), file);
}

[[gnu::hot]] inline void note_received(int file, const iovec* pieces, std::size_t count,
                                       ssize_t result, bool wanted) {
  if (result < 0 && errno == ECONNRESET) [[unlikely]]
    note_how_it_went(file);
  if (result < 0 || !wanted) return;
  ThreadGuard guard;
  if (!guard || count > kPiecesMax) [[unlikely]] {
    return note_unseen(guard, file, result);
  }
  const int pieces_count = static_cast<int>(count);
  if (result == 0) [[unlikely]] {
    if (total_bytes(pieces, pieces_count) != 0) {
      agent_instance.connections.received_end(guard.thread(), file);
    }
    return;
  }
  agent_instance.connections.received(guard.thread(), file, pieces, pieces_count,
                                      static_cast<std::size_t>(result));
}

inline void note_received(int file, void* buffer, std::size_t size, ssize_t result,
                          bool wanted = true) {
  const iovec piece = {buffer, size};
  note_received(file, &piece, 1, result, wanted);
}

[[gnu::hot]] inline void note_sent(int file, const iovec* pieces, std::size_t count,
                                   ssize_t result) {
  if (result <= 0) return;
  ThreadGuard guard;
  if (!guard || count > kPiecesMax) [[unlikely]] {
    return note_unseen(guard, file, result);
  }
  const int pieces_count = static_cast<int>(count);
  const auto bytes = static_cast<std::size_t>(result);
  agent_instance.connections.sent(guard.thread(), file, pieces, pieces_count, bytes);
  if (agent_instance.outputs.may_have(file)) {
    agent_instance.outputs.written(guard.thread(), file, pieces, pieces_count, bytes);
  }
}

// What is thrown away (MSG_TRUNC) nobody sees: how much it was is known.
[[gnu::cold, gnu::noinline]] inline void note_thrown_away(int file, ssize_t result) {
  ThreadGuard guard;
  if (!guard) return note_unseen(guard, file, result);
  agent_instance.connections.received_unseen(guard.thread(), file,
                                             static_cast<std::size_t>(result));
}

// What is only peeked at comes again, and what is out of band is not the stream.
inline bool belongs_to_stream(int file, int flags, ssize_t result) {
  constexpr int kOthers = MSG_PEEK | MSG_OOB | MSG_ERRQUEUE;
  if ((flags & (kOthers | MSG_TRUNC)) == 0) return true;
  if ((flags & kOthers) == 0 && result > 0) note_thrown_away(file, result);
  return false;
}

// Of what a write has written: the last byte of one with MSG_OOB is out of band, too.
constexpr ssize_t bytes_of_stream(int flags, ssize_t result) {
  return (flags & MSG_OOB) != 0 && result > 0 ? result - 1 : result;
}
static_assert(bytes_of_stream(MSG_OOB, 3) == 2 && bytes_of_stream(MSG_OOB, -1) == -1);

// Before a write: the rest of a header of ours has to go first, also where nothing is followed any
// more. False: it cannot now (errno).
inline bool ready_to_send(int file) {
  ThreadGuard guard;
  if (!guard && agent_instance.active()) return true;
  if (agent_instance.connections.finish_injection(file)) return true;
  guard.keep_errno();
  return false;
}

// The same for a call into which nothing is written.
inline bool may_go_on(int file) {
  return !agent_instance.connections.may_inject(file) || ready_to_send(file);
}

}  // namespace kolben::agent
