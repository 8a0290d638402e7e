// The part of Connections for what goes through TLS. The ciphertext of a file is not looked at, but
// for what tells which session it is of (sessions.h); the plaintext has a number and a Socket of
// its own, and the rest of Connections takes it for a file's.
#include <cstring>

#include "agent/preload/ciphertext.h"
#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

Socket* Connections::find_plaintext(int file) const {
  const int index = file - kPlaintextBase;
  if (file < kPlaintextBase || index >= static_cast<int>(kSessionsMax)) return nullptr;
  Socket* plaintexts = plaintexts_.load(std::memory_order_acquire);
  return plaintexts == nullptr ? nullptr : plaintexts + index;
}

bool Connections::is_plaintext(const Socket& socket) const {
  const Socket* plaintexts = plaintexts_.load(std::memory_order_acquire);
  return plaintexts != nullptr && &socket >= plaintexts && &socket < plaintexts + kSessionsMax;
}

bool Connections::map_plaintexts() {
  if (plaintexts_.load(std::memory_order_acquire) != nullptr) return true;
  // Requests are in the memory of the sockets.
  if (sockets_.load(std::memory_order_acquire) == nullptr && !map_memory()) return false;
  return map_plaintexts_.map(*system_, sizeof(Socket) * kSessionsMax, [&](void* memory) {
    plaintexts_.store(static_cast<Socket*>(memory), std::memory_order_release);
  });
}

bool Connections::begin_plaintext(ThreadState& thread, int plaintext, Side side) {
  if (side == Side::kUnknown || !map_plaintexts()) return false;
  Socket* socket = find(plaintext);
  SocketLock lock(*system_, socket);
  if (!lock) return false;
  reset(thread, *socket, EndReason::kClosed);
  socket->named = true;
  socket->is_encrypted = true;
  socket->is_connected = side == Side::kClient;
  socket->role.store(side == Side::kClient ? Role::kClient : Role::kServer,
                     std::memory_order_relaxed);
  return true;
}

void Connections::attach_plaintext(ThreadState& thread, int plaintext, int file) {
  Socket* outer = find_or_map(file);
  SocketLock outer_lock(*system_, outer);
  if (!outer_lock) return;
  const int before = outer->plaintext.exchange(0, std::memory_order_relaxed);
  if (before != 0 && before != plaintext) closed(thread, before);
  Socket* inner = find(plaintext);
  SocketLock inner_lock(*system_, inner);
  if (!inner_lock) return;
  name_socket(*outer, file);
  inner->names = outer->names;
  inner->opener = outer->opener;
  if (outer->missed.load(std::memory_order_relaxed)) {
    inner->missed.store(true, std::memory_order_relaxed);
  }
  // A conversation that has begun in the clear (PostgreSQL, MySQL) goes on within.
  OpenStream* stream = outer->stream.exchange(nullptr, std::memory_order_acq_rel);
  give_up(*outer);
  outer->plaintext.store(plaintext, std::memory_order_relaxed);
  if (stream == nullptr) return;
  if (!stream->skimmer.awaits_tls() || inner->first != nullptr ||
      inner->stream.load(std::memory_order_relaxed) != nullptr) {
    return end_stream(thread, *stream, EndReason::kClosed);
  }
  stream->skimmer.tls_begins();
  inner->stream.store(stream, std::memory_order_release);
  inner->role.store(Role::kStream, std::memory_order_relaxed);
}

void Connections::end_plaintext(ThreadState& thread, int plaintext, int file) {
  Socket* outer = find(file);
  int expected = plaintext;
  if (outer != nullptr) outer->plaintext.compare_exchange_strong(expected, 0);
  closed(thread, plaintext);
}

void Connections::plaintexts_end(ThreadState& thread) {
  Socket* plaintexts = plaintexts_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; plaintexts != nullptr && i < kSessionsMax; ++i) {
    Socket& socket = plaintexts[i];
    if (socket.role.load(std::memory_order_relaxed) == Role::kUnknown) continue;
    SocketLock lock(*system_, &socket);
    if (lock) reset(thread, socket, EndReason::kProcessEnded);
  }
}

// A read or write of what may be ciphertext, by a TLS library or by the program. Records begin
// where reads and writes do, but for those of the rest of one.
void Connections::note_session_file(ThreadState& thread, int file, const iovec* pieces, int count,
                                    std::size_t bytes) {
  if (thread.session == nullptr || thread.session_file == file || count == 0) return;
  const std::size_t size = pieces[0].iov_len < bytes ? pieces[0].iov_len : bytes;
  if (!is_tls_record(static_cast<const std::uint8_t*>(pieces[0].iov_base), size)) return;
  thread.session_file = thread.session_file == kNoFile ? file : kSeveralFiles;
}

void Connections::note_ciphertext(ThreadState& thread, int file, const Socket& socket,
                                  const iovec* pieces, int count, std::size_t bytes) {
  if (thread.session != nullptr) return note_session_file(thread, file, pieces, count, bytes);
  // What is known to be within needs no second look.
  if (socket.plaintext.load(std::memory_order_relaxed) != 0 || count != 1) return;
  remember_ciphertext(thread, file, pieces[0].iov_base, bytes);
}

}  // namespace kolben::agent
