#include "agent/preload/ids.h"

#include <cstring>

namespace kolben::agent {
namespace {

std::uint64_t rotate_left(std::uint64_t value, int bits) {
  return (value << bits) | (value >> (64 - bits));
}

[[gnu::cold]] void seed(ThreadState& thread, const System& system, std::uint32_t generation) {
  system.random(thread.random, sizeof(thread.random));
  thread.random[0] |= 1;  // the one forbidden state is all zero
  thread.random_generation = generation;
}

}  // namespace

// xoshiro256**: Blackman and Vigna, https://prng.di.unimi.it (public domain algorithm).
std::uint64_t random_bits(ThreadState& thread, const System& system, std::uint32_t generation) {
  if (thread.random_generation != generation) [[unlikely]] {
    seed(thread, system, generation);
  }
  std::uint64_t* s = thread.random;
  const std::uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  const std::uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

void random_span_id(ThreadState& thread, const System& system, std::uint32_t generation,
                    std::uint8_t* id) {
  const std::uint64_t bits = random_bits(thread, system, generation) | 1;  // never all zero
  std::memcpy(id, &bits, sizeof(bits));
}

void random_trace_id(ThreadState& thread, const System& system, std::uint32_t generation,
                     std::uint8_t* id) {
  random_span_id(thread, system, generation, id);
  const std::uint64_t bits = random_bits(thread, system, generation);
  std::memcpy(id + 8, &bits, sizeof(bits));
}

}  // namespace kolben::agent
