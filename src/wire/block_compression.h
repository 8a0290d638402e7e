// Compression of many small blocks whose sizes both sides know (columns of the store): zstd with a
// context that each thread keeps, because to make one costs more than a block of 16 KiB. Any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kolben::wire {

// Appends `input`, compressed, to `out`, where that takes at most `bytes_max`; otherwise returns
// false and leaves `out` as it was. `level` is zstd's. Stops the program where memory is missing.
bool compress_block(std::string_view input, std::size_t bytes_max, int level, std::string& out);

// Decompresses a block of exactly `out.size()` bytes; false where it is damaged or holds another
// number. Allocates nothing that depends on the input.
bool decompress_block(std::string_view input, std::span<char> out);

// No block of so many compressed bytes holds more: what callers believe before they allocate.
std::uint64_t decompressed_bytes_max(std::size_t compressed_bytes);

}  // namespace kolben::wire
