// Bit planes: bytes of which only the lowest bits are used, as few bits each (docs/formats/part.md,
// "Ints", packed planes). Unpacking is a few vector instructions for sixteen values, where zstd
// takes a nanosecond for each. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kolben::storage::part {

inline constexpr unsigned kPackedBitsMax = 7;

// Bytes of `count` values of `bits` bits each, 1 to kPackedBitsMax.
std::size_t packed_bytes(std::size_t count, unsigned bits);

// Appends them. Every value is below 2^bits.
void pack_bits(std::span<const std::uint8_t> values, unsigned bits, std::string& out);

// Fills `values`; false where the bytes are not as many as so many values need.
bool unpack_bits(std::string_view bytes, unsigned bits, std::span<std::uint8_t> values);

}  // namespace kolben::storage::part
