#include "storage/engine/part/filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

constexpr std::uint64_t kBitsPerValue = 10;
constexpr std::size_t kWords = 8;
constexpr std::size_t kBlockBytes = kWords * sizeof(std::uint32_t);

// One odd multiplier for each word of a block.
constexpr std::array<std::uint32_t, kWords> kSalts = {
    0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

using Block = std::array<std::uint32_t, kWords>;

// The bit of each word that stands for the value.
Block bits_of(std::uint64_t hash) {
  const auto low = static_cast<std::uint32_t>(hash);
  Block bits{};
  for (std::size_t i = 0; i < kWords; ++i) bits[i] = std::uint32_t{1} << (low * kSalts[i] >> 27);
  return bits;
}

std::size_t block_of(std::uint64_t hash, std::uint64_t blocks) {
  return static_cast<std::size_t>((hash >> 32) * blocks >> 32);
}

// The rounds of XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
constexpr std::uint64_t kPrime1 = 0x9e3779b185ebca87;
constexpr std::uint64_t kPrime2 = 0xc2b2ae3d27d4eb4f;
constexpr std::uint64_t kPrime3 = 0x165667b19e3779f9;
constexpr std::uint64_t kPrime4 = 0x85ebca77c2b2ae63;
constexpr std::uint64_t kPrime5 = 0x27d4eb2f165667c5;

template <typename T>
T take(const char*& at) {
  T value{};
  std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

std::uint64_t round_of(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

// Stripes of 32 bytes go through four lanes; `at` is left behind the last whole stripe.
std::uint64_t hash_stripes(const char*& at, const char* end) {
  std::array<std::uint64_t, 4> lanes = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  while (end - at >= 32) {
    for (std::uint64_t& lane : lanes) lane = round_of(lane, take<std::uint64_t>(at));
  }
  std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                       std::rotl(lanes[3], 18);
  for (const std::uint64_t lane : lanes) hash = (hash ^ round_of(0, lane)) * kPrime1 + kPrime4;
  return hash;
}

}  // namespace

std::uint64_t filter_hash(std::string_view value) {
  const char* at = value.data();
  const char* end = at + value.size();
  std::uint64_t hash = value.size() < 32 ? kPrime5 : hash_stripes(at, end);
  hash += value.size();
  while (end - at >= 8) {
    hash = std::rotl(hash ^ round_of(0, take<std::uint64_t>(at)), 27) * kPrime1 + kPrime4;
  }
  if (end - at >= 4) {
    hash = std::rotl(hash ^ take<std::uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
  }
  while (at < end) hash = std::rotl(hash ^ take<unsigned char>(at) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

void encode_filter(std::span<const std::string_view> values, std::string& out) {
  const std::uint64_t bits = std::max<std::uint64_t>(values.size() * kBitsPerValue, 1);
  const std::uint64_t blocks = (bits + kBlockBytes * 8 - 1) / (kBlockBytes * 8);
  std::vector<Block> filter(static_cast<std::size_t>(blocks));
  for (const std::string_view value : values) {
    const std::uint64_t hash = filter_hash(value);
    const Block bit = bits_of(hash);
    Block& block = filter[block_of(hash, blocks)];
    for (std::size_t i = 0; i < kWords; ++i) block[i] |= bit[i];
  }
  put_varint(out, blocks);
  out.append(reinterpret_cast<const char*>(filter.data()), filter.size() * kBlockBytes);
}

bool filter_may_contain(std::string_view filter, std::uint64_t hash) {
  Cursor cursor(filter);
  const std::uint64_t blocks = cursor.varint();
  if (cursor.failed() || blocks == 0 || cursor.left() % kBlockBytes != 0 ||
      cursor.left() / kBlockBytes != blocks) {
    return true;
  }
  Block block{};
  const std::string_view bytes = cursor.bytes(cursor.left());
  std::memcpy(block.data(), bytes.data() + block_of(hash, blocks) * kBlockBytes, kBlockBytes);
  const Block bit = bits_of(hash);
  std::uint32_t missing = 0;
  for (std::size_t i = 0; i < kWords; ++i) missing |= bit[i] & ~block[i];
  return missing == 0;
}

}  // namespace kolben::storage::part
