// What the library knows about the calling thread. Plain data without constructor or destructor in
// the static TLS block (initial-exec, a few hundred bytes): valid from a thread's first instruction
// to its last, in signal handlers too.
#pragma once

#include <cstdint>

#include "agent/ring/record.h"

namespace kolben::agent {

struct OpenExchange;

// A reference that may have become stale: compare the ids.
struct ExchangeReference {
  OpenExchange* exchange = nullptr;
  std::uint64_t id = 0;
};

struct ThreadState {
  // Above zero: our own code runs, hooks call the real function and nothing else.
  std::uint32_t depth = 0;
  // vfork() was called and a child may be running in our memory; see ThreadGuard.
  std::uint32_t vfork_pending = 0;
  std::uint32_t tid = 0;                // 0: not set yet
  std::uint32_t random_generation = 0;  // 0: not seeded; else the fork generation of the seed
  std::uint64_t random[4] = {};
  // The request that the thread served last; it is being served while the reference is alive.
  ExchangeReference request;
  Context request_context;
  // In a fork's child: the request that its parent's thread served.
  ExchangeReference forked_request;
  std::uint64_t span = 0;  // the innermost span of the API, 0: none
  Context span_context;    // that of `span`
};

}  // namespace kolben::agent
