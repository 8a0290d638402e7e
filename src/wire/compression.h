// Compression of whole messages, by libdeflate, zstd, lz4 and snappy. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kolben::wire {

// The names of HTTP's Content-Encoding and gRPC's grpc-encoding.
enum class Compression : std::uint8_t { kNone, kGzip, kZstd, kSnappy, kDeflate, kLz4 };

// "gzip", "zstd", "snappy", "deflate" (which means zlib, RFC 9110 8.4.1.2), "lz4" (frame format),
// "identity" and "" (none); "x-gzip", "zlib" and "x-snappy-framed" are read too; anything else is
// unknown.
std::optional<Compression> compression_by_name(std::string_view name);
std::string_view to_string(Compression compression);

// Decompresses into at most `size_max` bytes. RESOURCE_EXHAUSTED where it would be more,
// INVALID_ARGUMENT where the input is damaged or ends early. gzip may have several members, zstd
// and lz4 several frames; snappy may be a block or a framed stream.
Result<std::string> decompress(Compression compression, std::string_view input,
                               std::size_t size_max);

// `level` is the library's own scale; 0 picks the house's choice (libdeflate 1, zstd 1). snappy is
// written as a block. Stops the program where memory for it is missing.
std::string compress(Compression compression, std::string_view input, int level = 0);

}  // namespace kolben::wire
