// The rarer ways to read from and write to a connection: many messages in one call, vectors with
// flags, and what only the kernel sees. Nothing is written into these; what has begun of ours goes
// first.
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "agent/preload/agent.h"
#include "agent/preload/noted_bytes.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::belongs_to_stream;
using kolben::agent::may_go_on;
using kolben::agent::note_received;
using kolben::agent::note_sent;
using kolben::agent::note_unseen;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// Bytes that only the kernel has seen; none: the other side's end.
void note_unseen_sent(int to, ssize_t result) {
  if (result <= 0) return;
  ThreadGuard guard;
  if (!guard) return note_unseen(guard, to, result);
  agent_instance.connections.sent_unseen(guard.thread(), to, static_cast<std::size_t>(result));
}

void note_unseen_received(int from, ssize_t result) {
  if (result < 0) return;
  ThreadGuard guard;
  if (!guard) return note_unseen(guard, from, result);
  if (result == 0) return agent_instance.connections.received_end(guard.thread(), from);
  agent_instance.connections.received_unseen(guard.thread(), from,
                                             static_cast<std::size_t>(result));
}

// A position is for files alone.
ssize_t noted_read(int file, const iovec* pieces, int count, off_t offset, ssize_t result) {
  note_received(file, pieces, static_cast<std::size_t>(count), result, offset == -1);
  return result;
}

ssize_t noted_write(int file, const iovec* pieces, int count, off_t offset, ssize_t result) {
  if (result <= 0) return result;
  if (offset == -1) {
    note_sent(file, pieces, static_cast<std::size_t>(count), result);
  } else if (agent_instance.active() && agent_instance.outputs.may_have(file)) {
    const auto bytes = static_cast<std::size_t>(result);
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
    const ssize_t bytes = messages[i].msg_len;
    note_received(file, message.msg_iov, message.msg_iovlen, bytes,
                  belongs_to_stream(file, flags, bytes));
  }
  return result;
}

KOLBEN_EXPORT ssize_t splice(int from, off64_t* from_offset, int to, off64_t* to_offset,
                             size_t size, unsigned flags) {
  if (!may_go_on(to)) return -1;
  const ssize_t result = KOLBEN_REAL(splice)(from, from_offset, to, to_offset, size, flags);
  if (size == 0) return result;
  note_unseen_received(from, result);
  note_unseen_sent(to, result);
  return result;
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t sendfile(int to, int from, off_t* offset, size_t size) noexcept {
  if (!may_go_on(to)) return -1;
  const ssize_t result = KOLBEN_REAL(sendfile)(to, from, offset, size);
  note_unseen_sent(to, result);
  return result;
}

[[gnu::hot]] KOLBEN_EXPORT ssize_t sendfile64(int to, int from, off64_t* offset,
                                              size_t size) noexcept {
  static_assert(sizeof(off_t) == sizeof(off64_t));
  return sendfile(to, from, offset, size);
}

}  // extern "C"
