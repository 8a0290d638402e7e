// The rarer ways to read from and write to a connection: many messages in one call, vectors with
// flags, and what only the kernel sees. Nothing is written into these; what has begun of ours goes
// first.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

constexpr std::size_t kPiecesMax = 1024;  // IOV_MAX

// False: the rest of a header of ours cannot go now (errno).
bool may_go_on(int file) {
  if (!agent_instance.active() || !agent_instance.connections.may_inject(file)) return true;
  ThreadGuard guard;
  if (!guard || agent_instance.connections.finish_injection(file)) return true;
  guard.keep_errno();
  return false;
}

// Calls `note(thread)`, or notes that the bytes went past us.
template <typename Note>
void note_bytes(int file, std::size_t pieces, Note note) {
  if (!agent_instance.active()) return;
  ThreadGuard guard;
  if (guard && pieces <= kPiecesMax) return note(guard.thread());
  if (guard || guard.is_nested()) agent_instance.connections.skipped(file);
}

void note_received(int file, const iovec* pieces, std::size_t count, std::size_t bytes) {
  note_bytes(file, count, [&](auto& thread) {
    if (bytes == 0) return agent_instance.connections.received_end(thread, file);
    agent_instance.connections.received(thread, file, pieces, static_cast<int>(count), bytes);
  });
}

void note_sent(int file, const iovec* pieces, std::size_t count, std::size_t bytes) {
  if (bytes == 0) return;
  note_bytes(file, count, [&](auto& thread) {
    agent_instance.connections.sent(thread, file, pieces, static_cast<int>(count), bytes);
    if (agent_instance.outputs.may_have(file)) {
      agent_instance.outputs.written(thread, file, pieces, static_cast<int>(count), bytes);
    }
  });
}

bool has_room(const iovec* pieces, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].iov_len != 0) return true;
  }
  return false;
}

// What is only peeked at comes again.
bool belongs_to_stream(int file, int flags, std::size_t bytes) {
  if ((flags & (MSG_PEEK | MSG_TRUNC | MSG_OOB | MSG_ERRQUEUE)) == 0) return true;
  const bool is_lost = (flags & MSG_TRUNC) != 0 && (flags & (MSG_PEEK | MSG_ERRQUEUE)) == 0;
  if (is_lost && bytes != 0) agent_instance.connections.skipped(file);
  return false;
}

// A position is for files alone.
ssize_t noted_read(int file, const iovec* pieces, int count, off_t offset, ssize_t result) {
  const auto number = static_cast<std::size_t>(count);
  const bool is_stream = result >= 0 && offset == -1;
  if (is_stream && (result > 0 || has_room(pieces, number))) {
    note_received(file, pieces, number, static_cast<std::size_t>(result));
  }
  return result;
}

ssize_t noted_write(int file, const iovec* pieces, int count, off_t offset, ssize_t result) {
  if (result <= 0) return result;
  const auto bytes = static_cast<std::size_t>(result);
  if (offset == -1) {
    note_sent(file, pieces, static_cast<std::size_t>(count), bytes);
  } else if (agent_instance.active() && agent_instance.outputs.may_have(file)) {
    ThreadGuard guard;
    if (guard) agent_instance.outputs.written(guard.thread(), file, pieces, count, bytes);
  }
  return result;
}

}  // namespace

extern "C" {

KOLBEN_EXPORT ssize_t preadv2(int file, const iovec* pieces, int count, off_t offset, int flags) {
  const ssize_t result = KOLBEN_REAL(preadv2)(file, pieces, count, offset, flags);
  return noted_read(file, pieces, count, offset, result);
}

KOLBEN_EXPORT ssize_t preadv64v2(int file, const iovec* pieces, int count, off64_t offset,
                                 int flags) {
  return preadv2(file, pieces, count, offset, flags);
}

KOLBEN_EXPORT ssize_t pwritev2(int file, const iovec* pieces, int count, off_t offset, int flags) {
  if (!may_go_on(file)) return -1;
  const ssize_t result = KOLBEN_REAL(pwritev2)(file, pieces, count, offset, flags);
  return noted_write(file, pieces, count, offset, result);
}

KOLBEN_EXPORT ssize_t pwritev64v2(int file, const iovec* pieces, int count, off64_t offset,
                                  int flags) {
  return pwritev2(file, pieces, count, offset, flags);
}

KOLBEN_EXPORT int sendmmsg(int file, mmsghdr* messages, unsigned count, int flags) {
  if (!may_go_on(file)) return -1;
  const int result = KOLBEN_REAL(sendmmsg)(file, messages, count, flags);
  for (int i = 0; i < result; ++i) {
    const msghdr& message = messages[i].msg_hdr;
    note_sent(file, message.msg_iov, message.msg_iovlen, messages[i].msg_len);
  }
  return result;
}

KOLBEN_EXPORT int recvmmsg(int file, mmsghdr* messages, unsigned count, int flags,
                           timespec* timeout) {
  const int result = KOLBEN_REAL(recvmmsg)(file, messages, count, flags, timeout);
  for (int i = 0; i < result; ++i) {
    const msghdr& message = messages[i].msg_hdr;
    const std::size_t bytes = messages[i].msg_len;
    if (!belongs_to_stream(file, flags, bytes)) continue;
    if (bytes != 0 || has_room(message.msg_iov, message.msg_iovlen)) {
      note_received(file, message.msg_iov, message.msg_iovlen, bytes);
    }
  }
  return result;
}

KOLBEN_EXPORT ssize_t splice(int from, off64_t* from_offset, int to, off64_t* to_offset,
                             size_t size, unsigned flags) {
  if (!may_go_on(to)) return -1;
  const ssize_t result = KOLBEN_REAL(splice)(from, from_offset, to, to_offset, size, flags);
  if (result < 0 || size == 0) return result;
  const auto bytes = static_cast<std::size_t>(result);
  note_bytes(from, 0, [&](auto& thread) {
    if (bytes == 0) return agent_instance.connections.received_end(thread, from);
    agent_instance.connections.received_unseen(thread, from, bytes);
  });
  if (bytes == 0) return result;
  note_bytes(to, 0,
             [&](auto& thread) { agent_instance.connections.sent_unseen(thread, to, bytes); });
  return result;
}

}  // extern "C"
