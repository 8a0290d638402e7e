// RootSampling: whether the traces are recorded that begin on connections whose bytes only the
// agent process understands, where the library has left that open because limits count (kUndecided
// in agent/ring/record.h): each trace is decided once, however many calls begin it.
//
// One thread. Bound: the last kTracesMax; calls of one write or read end one after another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/protocols/origin.h"
#include "agent/protocols/sampler.h"
#include "agent/ring/record.h"

namespace kolben::agent {

class RootSampling {
 public:
  static constexpr std::size_t kTracesMax = 64;

  explicit RootSampling(const Sampler& sampler) : sampler_(sampler) {}

  // The flags of the call's span.
  std::uint8_t flags_of(const Origin& origin) {
    if ((origin.flags & kUndecided) == 0) return origin.flags;
    for (const Decided& decided : decided_) {
      if (std::memcmp(decided.trace_id, origin.trace_id, sizeof origin.trace_id) == 0) {
        return decided.flags;
      }
    }
    Decided& decided = decided_[next_++ % kTracesMax];
    std::memcpy(decided.trace_id, origin.trace_id, sizeof origin.trace_id);
    decided.flags = sampler_.root(origin.trace_id);
    return decided.flags;
  }

 private:
  struct Decided {
    std::uint8_t trace_id[16] = {};
    std::uint8_t flags = 0;
  };

  const Sampler& sampler_;
  std::array<Decided, kTracesMax> decided_ = {};
  std::size_t next_ = 0;
};

}  // namespace kolben::agent
