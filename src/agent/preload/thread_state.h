// What the library knows about the calling thread. Plain data without constructor or destructor in
// the static TLS block (initial-exec, a few hundred bytes): valid from a thread's first instruction
// to its last, in signal handlers too.
#pragma once

#include <cstdint>

#include "agent/ring/record.h"

namespace kolben::agent {

struct OpenExchange;
struct OwnBaggage;
struct RequestWriter;

// A reference that may have become stale: compare the ids.
struct ExchangeReference {
  OpenExchange* exchange = nullptr;
  std::uint64_t id = 0;
  bool operator==(const ExchangeReference& other) const {
    return exchange == other.exchange && id == other.id;
  }
};

// Of a thread that waits for events and then handles them, one after another; see attribution.cc.
struct EventLoop {
  bool is_one = false;
  // This turn's only event, and the loop had nothing else to do.
  bool has_single_event = false;
  std::uint64_t turn_began = 0;  // the wait ended
  std::uint64_t timers_due = 0;  // from then on the loop may be at work for one of its timers
};

inline constexpr int kNoFile = -1;
inline constexpr int kSeveralFiles = -2;

// What was read last from a file that may be encrypted, to know it again in the hands of a TLS
// library.
struct Ciphertext {
  int file = kNoFile;
  std::uint32_t size = 0;
  std::uint64_t mark = 0;        // of its bytes
  const void* holder = nullptr;  // the library's object that has got it
};

struct ThreadState {
  // Not 0: our own code runs, from there on down the stack; hooks call the real function and
  // nothing else.
  std::uintptr_t frame = 0;
  // vfork() was called and a child may be running in our memory; see ThreadGuard.
  std::uint32_t vfork_pending = 0;
  std::uint32_t tid = 0;                // 0: not set yet
  std::uint32_t random_generation = 0;  // 0: not seeded; else the fork generation of the seed
  std::uint64_t random[4] = {};
  // The request that the thread served last; it is being served while the reference is alive.
  ExchangeReference request;
  Context request_context;
  std::uint64_t request_ended = 0;  // by what the thread itself did; 0: it did not
  // The thread may be at work for another one.
  bool request_is_guess = false;
  // The one that it has read, which it may have handed on.
  ExchangeReference last_read;
  EventLoop loop;
  // A shim of the runtime says what the thread works for (work_for() of kolben/abi.h).
  bool is_told = false;
  // That shim (Node's) says so around writes to sockets and outputs alone: in between the thread
  // may be at work for another request than the one that it was told of, or read, last.
  bool is_told_of_writes = false;
  // That shim (Python's) says so at each change of greenlets: within one of them the thread works
  // for the request that this one has read, unless it has read several at a time.
  bool is_told_of_greenlets = false;
  bool mixes_requests = false;
  // Above zero: what the thread writes to stdout, stderr and named files is the log record that it
  // told last.
  std::uint32_t output_told_depth = 0;
  // In a fork's child: the request that its parent's thread served.
  ExchangeReference forked_request;
  std::uint64_t span = 0;  // the innermost span of the API, 0: none
  Context span_context;    // that of `span`
  // Of the spans that this process has open: `span` and those around it.
  std::uint32_t open_spans = 0;
  // Of the innermost of them that has any, and that one; see baggage_of_span().
  const OwnBaggage* baggage = nullptr;
  std::uint64_t baggage_span = 0;
  RequestWriter* writer = nullptr;  // that it held last
  // The function that a hook calls now which is not the C library's, see libraries.h.
  const void* called = nullptr;
  // The TLS session that a call is under way on, and the file that it has read from or written to.
  // See sessions.h.
  const void* session = nullptr;
  std::uintptr_t session_frame = 0;  // from where on down the stack that call runs
  int session_file = kNoFile;
  Ciphertext ciphertext;
  // Calls into SQLite that are under way.
  std::uint32_t database_calls = 0;
};

}  // namespace kolben::agent
