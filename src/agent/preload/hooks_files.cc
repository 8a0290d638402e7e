// Calls on files that no connection knows: what is written at a position, and what is closed within
// the C library. Which files are of interest: outputs.h.
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

constexpr int kPiecesMax = 1024;  // IOV_MAX

void note_written(int file, const iovec* pieces, int count, ssize_t result) {
  if (result <= 0 || count > kPiecesMax || !agent_instance.outputs.may_have(file)) return;
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.outputs.written(guard.thread(), file, pieces, count,
                                 static_cast<std::size_t>(result));
}

void note_written(int file, const void* bytes, std::size_t size, ssize_t result) {
  const iovec piece = {const_cast<void*>(bytes), size};
  note_written(file, &piece, 1, result);
}

}  // namespace

extern "C" {

KOLBEN_EXPORT ssize_t pwrite(int file, const void* bytes, size_t size, off_t position) {
  const ssize_t result = KOLBEN_REAL(pwrite)(file, bytes, size, position);
  note_written(file, bytes, size, result);
  return result;
}

KOLBEN_EXPORT ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t position) {
  const ssize_t result = KOLBEN_REAL(pwrite64)(file, bytes, size, position);
  note_written(file, bytes, size, result);
  return result;
}

KOLBEN_EXPORT ssize_t pwritev(int file, const iovec* pieces, int count, off_t position) {
  const ssize_t result = KOLBEN_REAL(pwritev)(file, pieces, count, position);
  note_written(file, pieces, count, result);
  return result;
}

KOLBEN_EXPORT ssize_t pwritev64(int file, const iovec* pieces, int count, off64_t position) {
  const ssize_t result = KOLBEN_REAL(pwritev64)(file, pieces, count, position);
  note_written(file, pieces, count, result);
  return result;
}

// The stream's number is the next file's.
KOLBEN_EXPORT int pclose(FILE* stream) {
  if (agent_instance.active() && agent_instance.outputs.may_have(stream) && stream != nullptr) {
    ThreadGuard guard;
    if (guard) agent_instance.closes(guard.thread(), fileno_unlocked(stream));
  }
  return KOLBEN_REAL(pclose)(stream);
}

}  // extern "C"
