// Sessions: which TLS session of which library encrypts which file, so that what the program reads
// and writes in the clear is put to the right connection (Connections, plaintext numbers).
//
// The file is taken from, in this order,
//   - the library, where it knows the file (SSL_get_rfd),
//   - the call: a library that reads or writes the file itself, through whatever layers of its own
//     or the program's, does so within a call on the session (session_file in ThreadState),
//   - the bytes: a program that does this itself (asyncio) hands the library what it has just read;
//     bytes that only one connection can have carried (Ciphertext in ThreadState).
// Without any of them the plaintext is a connection without addresses. Nothing is guessed.
//
// Any thread, ThreadGuard held. Bounds: kSessionsMax sessions, kHeldWritesMax requests that have a
// header of ours in them and are not written yet; what is beyond is not traced, or goes as it is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/connections.h"
#include "agent/preload/held_write.h"
#include "agent/preload/object_table.h"
#include "agent/preload/pool.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"

namespace kolben::agent {

inline constexpr std::uint32_t kHeldWritesMax = 256;
struct Session {
  int file;  // -1: not known
  Side side;
  bool is_begun;  // Connections knows its plaintext
  // The library gathers what is written, and tells of its length later: no byte of ours goes there.
  bool is_corked;
  HeldWrite* held;
};

// What a library says of a session.
struct SessionFacts {
  const void* object = nullptr;
  Side side = Side::kUnknown;
  int file = -1;
  const void* input = nullptr;  // what holds the bytes to be decrypted
};

class Sessions {
 public:
  void init(const System& system, RingHeader* ring, Connections& connections) {
    system_ = &system;
    ring_ = ring;
    connections_ = &connections;
  }

  // Before a call on a session. Null: it is not traced.
  Session* enter(ThreadState& thread, const SessionFacts& facts);
  // After the call, which has read from or written to `file` by itself.
  void found(ThreadState& thread, Session& session, int file);
  // The object is another session from here on, or none.
  void ends(ThreadState& thread, const void* object);

  // Of Connections; -1: the session's file is closed, or nothing is known of it.
  int plaintext_of(const Session& session) const;

  // What is to be written instead of a program's write that begins a request. Null: its own bytes.
  HeldWrite* hold(ThreadState& thread, Session& session, const void* bytes, std::size_t size);
  void release(Session& session);

 private:
  int number_of(const Session& session) const {
    return kPlaintextBase + static_cast<int>(table_.index_of(&session));
  }
  void attach(ThreadState& thread, Session& session, int file);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  Connections* connections_ = nullptr;
  ObjectTable<Session, kSessionsMax> table_;
  Pool<HeldWrite> held_;
};

// A library's object takes bytes over: they may be those that this thread has read last.
void note_taken_over(ThreadState& thread, const void* holder, const void* bytes, std::size_t size);

}  // namespace kolben::agent
