// Telling one connection's ciphertext from another's by looking at it (Sessions).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/preload/thread_state.h"

namespace kolben::agent {

// So many bytes are looked at. Shorter reads are not remembered: what they say could be said on two
// connections.
inline constexpr std::size_t kMarkBytesMin = 24;
inline constexpr std::size_t kMarkBytesMax = 64;

// The beginning of a TLS record: its type, and 3 for all versions.
inline bool is_tls_record(const std::uint8_t* bytes, std::size_t size) {
  return size >= 5 && bytes[0] >= 20 && bytes[0] <= 23 && bytes[1] == 3;
}

// Not zero. Handshakes begin with random bytes, records are encrypted with a connection's own keys.
inline std::uint64_t mark_of(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint64_t kPrime = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t mark = size;
  const std::size_t end = size < kMarkBytesMax ? size : kMarkBytesMax;
  for (std::size_t i = 0; i + 8 <= end; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof(word));
    mark = (mark ^ word) * kPrime;
    mark ^= mark >> 32;
  }
  return mark | 1;
}

inline void remember_ciphertext(ThreadState& thread, int file, const void* bytes,
                                std::size_t size) {
  const auto* begin = static_cast<const std::uint8_t*>(bytes);
  if (size < kMarkBytesMin || size > UINT32_MAX || !is_tls_record(begin, size)) return;
  thread.ciphertext = {.file = file,
                       .size = static_cast<std::uint32_t>(size),
                       .mark = mark_of(begin, size),
                       .holder = nullptr};
}

}  // namespace kolben::agent
