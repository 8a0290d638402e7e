#include "wire/block_compression.h"

#include <zstd.h>

#include <cstdint>
#include <memory>

#include "base/check.h"

namespace kolben::wire {
namespace {

struct ContextFree {
  void operator()(ZSTD_CCtx* it) const { ZSTD_freeCCtx(it); }
  void operator()(ZSTD_DCtx* it) const { ZSTD_freeDCtx(it); }
};

ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, ContextFree> context(ZSTD_createCCtx());
  KOLBEN_CHECK(context != nullptr);
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, ContextFree> context(ZSTD_createDCtx());
  KOLBEN_CHECK(context != nullptr);
  return context.get();
}

}  // namespace

bool compress_block(std::string_view input, std::size_t bytes_max, int level, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + bytes_max);
  // With less room than the worst case needs, zstd gives up as soon as that is clear.
  const std::size_t size = ZSTD_compressCCtx(compressor(), out.data() + start, bytes_max,
                                             input.data(), input.size(), level);
  const bool is_good = ZSTD_isError(size) == 0;
  out.resize(is_good ? start + size : start);
  return is_good;
}

bool decompress_block(std::string_view input, std::span<char> out) {
  const std::size_t size =
      ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), input.data(), input.size());
  return ZSTD_isError(size) == 0 && size == out.size();
}

std::uint64_t decompressed_bytes_max(std::size_t compressed_bytes) {
  // RFC 8878, 3.1.1.2: a block holds at most 128 KiB and takes at least its header of 3 bytes.
  constexpr std::uint64_t kBlockBytesMax = 128 << 10;
  constexpr std::uint64_t kBlockHeaderBytes = 3;
  return compressed_bytes / kBlockHeaderBytes * kBlockBytesMax;
}

}  // namespace kolben::wire
