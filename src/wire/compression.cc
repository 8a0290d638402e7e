#include "wire/compression.h"

#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/hash.h"

namespace kolben::wire {
namespace {

// The first guess at the output where the sender's own hint is missing or may lie: OTLP shrinks
// by 5 to 15. A wrong guess costs a retry (libdeflate) or a growth (the streaming formats).
constexpr std::size_t kRatioGuess = 8;
// How far a size that the input claims is believed before anything was decompressed.
constexpr std::size_t kRatioBelieved = 64;
constexpr std::size_t kOutputBytesFirst = 4096;
// Above any message; keeps arithmetic on bounds from overflowing.
constexpr std::size_t kSizeMaxHighest = std::size_t{1} << 40;

// Windows above 8 MiB are not for HTTP (RFC 9659, section 2); bounds what a frame makes us
// allocate.
constexpr int kZstdWindowLogMax = 23;

Status too_large(Compression compression, std::size_t size_max) {
  return resource_exhausted("decompressing " + std::string(to_string(compression)) +
                            ": the message is larger than " + std::to_string(size_max) + " bytes");
}

Status damaged(Compression compression, std::string_view reason) {
  return invalid_argument("decompressing " + std::string(to_string(compression)) + ": " +
                          std::string(reason));
}

// The output to begin with. One byte more than allowed, so that a streaming format shows that there
// would be more.
std::size_t first_output_size(std::size_t input_size, std::size_t claimed, std::size_t size_max) {
  const std::size_t guess =
      claimed != 0 ? std::min(claimed, input_size * kRatioBelieved) : input_size * kRatioGuess;
  return std::min(std::max(guess, kOutputBytesFirst), size_max + 1);
}

// Doubles the output; false where it has its largest size already.
bool grow(std::string& out, std::size_t size_max) {
  if (out.size() > size_max) return false;
  out.resize(std::min(out.size() * 2, size_max + 1));
  return true;
}

struct DecompressorFree {
  void operator()(libdeflate_decompressor* it) const { libdeflate_free_decompressor(it); }
};
struct CompressorFree {
  void operator()(libdeflate_compressor* it) const { libdeflate_free_compressor(it); }
};
struct ZstdFree {
  void operator()(ZSTD_DCtx* it) const { ZSTD_freeDCtx(it); }
};
struct Lz4Free {
  void operator()(LZ4F_dctx* it) const { LZ4F_freeDecompressionContext(it); }
};

// RFC 1952 2.3.1: the last four bytes say how long the (last member's) content is, modulo 2^32.
std::size_t gzip_claimed_size(std::string_view input) {
  std::uint32_t size = 0;
  if (input.size() >= 18) std::memcpy(&size, input.data() + input.size() - 4, sizeof(size));
  return size;
}

Result<std::string> inflate(Compression compression, std::string_view input, std::size_t size_max) {
  const std::unique_ptr<libdeflate_decompressor, DecompressorFree> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return resource_exhausted("inflating: out of memory");
  const bool is_gzip = compression == Compression::kGzip;
  std::string out(first_output_size(input.size(), is_gzip ? gzip_claimed_size(input) : 0, size_max),
                  '\0');
  std::size_t written = 0;
  do {  // each member of gzip
    std::size_t in_bytes = 0;
    std::size_t out_bytes = 0;
    char* target = out.data() + written;
    const std::size_t room = out.size() - written;
    const libdeflate_result result =
        is_gzip ? libdeflate_gzip_decompress_ex(decompressor.get(), input.data(), input.size(),
                                                target, room, &in_bytes, &out_bytes)
                : libdeflate_zlib_decompress_ex(decompressor.get(), input.data(), input.size(),
                                                target, room, &in_bytes, &out_bytes);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (!grow(out, size_max)) return too_large(compression, size_max);
      continue;  // the same member once more
    }
    if (result != LIBDEFLATE_SUCCESS) return damaged(compression, "damaged or cut off");
    input.remove_prefix(in_bytes);
    written += out_bytes;
    if (written > size_max) return too_large(compression, size_max);
    if (!is_gzip && !input.empty()) return damaged(compression, "bytes follow the end");
  } while (!input.empty());
  out.resize(written);
  return out;
}

Result<std::string> decompress_zstd(std::string_view input, std::size_t size_max) {
  const std::unique_ptr<ZSTD_DCtx, ZstdFree> context(ZSTD_createDCtx());
  if (context == nullptr) return resource_exhausted("decompressing zstd: out of memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  const unsigned long long content = ZSTD_getFrameContentSize(input.data(), input.size());
  const bool is_known = content != ZSTD_CONTENTSIZE_UNKNOWN && content != ZSTD_CONTENTSIZE_ERROR;
  std::string out(first_output_size(input.size(), is_known ? content : 0, size_max), '\0');
  ZSTD_inBuffer source{input.data(), input.size(), 0};
  ZSTD_outBuffer target{out.data(), out.size(), 0};
  std::size_t hint = 1;
  while (source.pos < source.size || hint != 0) {
    const std::size_t source_before = source.pos;
    const std::size_t target_before = target.pos;
    hint = ZSTD_decompressStream(context.get(), &target, &source);
    if (ZSTD_isError(hint) != 0) return damaged(Compression::kZstd, ZSTD_getErrorName(hint));
    if (target.pos > size_max) return too_large(Compression::kZstd, size_max);
    if (target.pos == target.size) {
      if (!grow(out, size_max)) return too_large(Compression::kZstd, size_max);
      target.dst = out.data();
      target.size = out.size();
    } else if (source.pos == source_before && target.pos == target_before) {
      return damaged(Compression::kZstd, "cut off");  // no progress, and room for output
    }
  }
  out.resize(target.pos);
  return out;
}

Result<std::string> decompress_lz4(std::string_view input, std::size_t size_max) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) {
    return resource_exhausted("decompressing lz4: out of memory");
  }
  const std::unique_ptr<LZ4F_dctx, Lz4Free> context(raw);
  std::string out(first_output_size(input.size(), 0, size_max), '\0');
  std::size_t written = 0;
  std::size_t hint = 1;
  while (!input.empty() || hint != 0) {
    std::size_t out_bytes = out.size() - written;
    std::size_t in_bytes = input.size();
    hint = LZ4F_decompress(context.get(), out.data() + written, &out_bytes, input.data(), &in_bytes,
                           nullptr);
    if (LZ4F_isError(hint) != 0) return damaged(Compression::kLz4, LZ4F_getErrorName(hint));
    written += out_bytes;
    input.remove_prefix(in_bytes);
    if (written > size_max) return too_large(Compression::kLz4, size_max);
    if (written == out.size()) {
      if (!grow(out, size_max)) return too_large(Compression::kLz4, size_max);
    } else if (in_bytes == 0 && out_bytes == 0) {
      return damaged(Compression::kLz4, "cut off");
    }
  }
  out.resize(written);
  return out;
}

// Appends one snappy block.
Status append_snappy_block(std::string_view block, std::size_t size_max, std::string& out) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return damaged(Compression::kSnappy, "no length at the start");
  }
  if (size > size_max - out.size()) return too_large(Compression::kSnappy, size_max);
  // Snappy's densest element is a copy of 64 bytes in 3 (format_description.txt), so that a larger
  // claim is a lie, told to make us allocate.
  if (size > block.size() * kRatioBelieved) return damaged(Compression::kSnappy, "damaged length");
  const std::size_t start = out.size();
  out.resize(start + size);
  if (!snappy::RawUncompress(block.data(), block.size(), out.data() + start)) {
    return damaged(Compression::kSnappy, "damaged or cut off");
  }
  return Status::ok();
}

// https://github.com/google/snappy/blob/main/framing_format.txt
constexpr std::string_view kSnappyStream("\xff\x06\x00\x00sNaPpY", 10);

Status append_snappy_chunk(unsigned char type, std::string_view chunk, std::size_t size_max,
                           std::string& out) {
  constexpr unsigned char kCompressed = 0x00;
  constexpr unsigned char kPlain = 0x01;
  constexpr unsigned char kFirstSkippable = 0x80;
  if (type >= kFirstSkippable) return Status::ok();  // padding, a repeated header, reserved
  if (type > kPlain) return damaged(Compression::kSnappy, "reserved chunk type");
  std::uint32_t masked = 0;
  if (chunk.size() < sizeof(masked)) return damaged(Compression::kSnappy, "chunk without checksum");
  std::memcpy(&masked, chunk.data(), sizeof(masked));
  chunk.remove_prefix(sizeof(masked));
  const std::size_t start = out.size();
  if (type == kCompressed) {
    KOLBEN_RETURN_IF_ERROR(append_snappy_block(chunk, size_max, out));
  } else {
    if (chunk.size() > size_max - out.size()) return too_large(Compression::kSnappy, size_max);
    out.append(chunk);
  }
  const std::uint32_t crc = crc32c(std::string_view(out).substr(start));
  const std::uint32_t want = (crc >> 15 | crc << 17) + 0xa282ead8u;
  if (masked != want) return damaged(Compression::kSnappy, "checksum mismatch");
  return Status::ok();
}

Result<std::string> decompress_snappy(std::string_view input, std::size_t size_max) {
  std::string out;
  if (!input.starts_with(kSnappyStream)) {
    KOLBEN_RETURN_IF_ERROR(append_snappy_block(input, size_max, out));
    return out;
  }
  constexpr std::size_t kHeaderBytes = 4;  // type, then 24 bits of length
  while (!input.empty()) {
    if (input.size() < kHeaderBytes) return damaged(Compression::kSnappy, "cut off");
    std::uint32_t header = 0;
    std::memcpy(&header, input.data(), sizeof(header));
    input.remove_prefix(kHeaderBytes);
    const std::size_t size = header >> 8;
    if (size > input.size()) return damaged(Compression::kSnappy, "cut off");
    KOLBEN_RETURN_IF_ERROR(append_snappy_chunk(static_cast<unsigned char>(header & 255),
                                               input.substr(0, size), size_max, out));
    input.remove_prefix(size);
  }
  return out;
}

std::string deflate(Compression compression, std::string_view input, int level) {
  const std::unique_ptr<libdeflate_compressor, CompressorFree> compressor(
      libdeflate_alloc_compressor(level == 0 ? 1 : std::clamp(level, 1, 12)));
  KOLBEN_CHECK(compressor != nullptr);
  const bool is_gzip = compression == Compression::kGzip;
  const std::size_t bound = is_gzip
                                ? libdeflate_gzip_compress_bound(compressor.get(), input.size())
                                : libdeflate_zlib_compress_bound(compressor.get(), input.size());
  std::string out(bound, '\0');
  out.resize(is_gzip ? libdeflate_gzip_compress(compressor.get(), input.data(), input.size(),
                                                out.data(), out.size())
                     : libdeflate_zlib_compress(compressor.get(), input.data(), input.size(),
                                                out.data(), out.size()));
  return out;
}

std::string compress_zstd(std::string_view input, int level) {
  std::string out(ZSTD_compressBound(input.size()), '\0');
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), input.data(), input.size(), level == 0 ? 1 : level);
  KOLBEN_CHECK(ZSTD_isError(size) == 0);  // with room for the bound, only memory can be missing
  out.resize(size);
  return out;
}

std::string compress_lz4(std::string_view input, int level) {
  LZ4F_preferences_t preferences{};
  preferences.compressionLevel = level;
  preferences.frameInfo.contentSize = input.size();
  std::string out(LZ4F_compressFrameBound(input.size(), &preferences), '\0');
  const std::size_t size =
      LZ4F_compressFrame(out.data(), out.size(), input.data(), input.size(), &preferences);
  KOLBEN_CHECK(LZ4F_isError(size) == 0);
  out.resize(size);
  return out;
}

std::string compress_snappy(std::string_view input) {
  std::string out(snappy::MaxCompressedLength(input.size()), '\0');
  std::size_t size = 0;
  snappy::RawCompress(input.data(), input.size(), out.data(), &size);
  out.resize(size);
  return out;
}

}  // namespace

std::optional<Compression> compression_by_name(std::string_view name) {
  if (name.empty() || name == "identity") return Compression::kNone;
  if (name == "gzip" || name == "x-gzip") return Compression::kGzip;
  if (name == "zstd") return Compression::kZstd;
  if (name == "snappy" || name == "x-snappy-framed") return Compression::kSnappy;
  if (name == "deflate" || name == "zlib") return Compression::kDeflate;
  if (name == "lz4") return Compression::kLz4;
  return std::nullopt;
}

std::string_view to_string(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "identity";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kSnappy:
      return "snappy";
    case Compression::kDeflate:
      return "deflate";
    case Compression::kLz4:
      return "lz4";
  }
  return "unknown";
}

Result<std::string> decompress(Compression compression, std::string_view input,
                               std::size_t size_max) {
  size_max = std::min(size_max, kSizeMaxHighest);
  switch (compression) {
    case Compression::kNone:
      if (input.size() > size_max) return too_large(compression, size_max);
      return std::string(input);
    case Compression::kGzip:
    case Compression::kDeflate:
      return inflate(compression, input, size_max);
    case Compression::kZstd:
      return decompress_zstd(input, size_max);
    case Compression::kSnappy:
      return decompress_snappy(input, size_max);
    case Compression::kLz4:
      return decompress_lz4(input, size_max);
  }
  return unimplemented("decompressing: unknown compression");
}

std::string compress(Compression compression, std::string_view input, int level) {
  switch (compression) {
    case Compression::kNone:
      return std::string(input);
    case Compression::kGzip:
    case Compression::kDeflate:
      return deflate(compression, input, level);
    case Compression::kZstd:
      return compress_zstd(input, level);
    case Compression::kSnappy:
      return compress_snappy(input);
    case Compression::kLz4:
      return compress_lz4(input, level);
  }
  return std::string(input);
}

}  // namespace kolben::wire
