// Hashes: crc32c for bytes on disk, a fast 64-bit hash for tables in memory (its values never reach
// disk or wire).
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben {

// CRC-32C (Castagnoli, RFC 3720 B.4), of `bytes` continued from `crc` (0 to begin).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

// wyhash-like multiply-and-fold; good for tables, no protection against an adversary.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace kolben
