// The refusals: which connections the agent process does not follow any more, in the ring's memory.
// A program looks here before it tells of one (StreamPiece), and stops.
//
// A word a connection, at a place that the connection's number tells. Two that have one place take
// it from one another: the program of the first goes on telling, and is refused again at its next
// word. Neither side waits. Freestanding, see record.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kolben::agent {

struct RingHeader;

inline constexpr std::uint32_t kRefusalPlaces = 256;  // they fit into the ring's header

struct RefusalTable {
  std::atomic<std::uint64_t> places[kRefusalPlaces];  // pid above, number below; 0: free
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// In the ring's header.
RefusalTable* refusal_table(RingHeader* ring);

inline std::atomic<std::uint64_t>& refusal_place(RefusalTable& table, std::uint32_t pid,
                                                 std::uint32_t stream) {
  constexpr std::uint32_t kSpread = 0x9e37'79b1;  // of pids, which follow one another as numbers do
  return table.places[(stream + pid * kSpread) % kRefusalPlaces];
}

// The agent process's side.
inline void refuse(RefusalTable& table, std::uint32_t pid, std::uint32_t stream) {
  refusal_place(table, pid, stream)
      .store(std::uint64_t{pid} << 32 | stream, std::memory_order_relaxed);
}
// The process is gone, and another one may get its number.
inline void forget_refusals(RefusalTable& table, std::uint32_t pid) {
  for (auto& place : table.places) {
    if (place.load(std::memory_order_relaxed) >> 32 == pid) {
      place.store(0, std::memory_order_relaxed);
    }
  }
}

// The programs'. `stream` is not 0.
inline bool is_refused(RefusalTable& table, std::uint32_t pid, std::uint32_t stream) {
  return refusal_place(table, pid, stream).load(std::memory_order_relaxed) ==
         (std::uint64_t{pid} << 32 | stream);
}

}  // namespace kolben::agent
