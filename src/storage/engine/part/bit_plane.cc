#include "storage/engine/part/bit_plane.h"

#include <algorithm>

namespace kolben::storage::part {
namespace {

// A number of bits is a sum of these: each part of a value stands with the same part of others.
constexpr unsigned kRuns[] = {4, 2, 1};

std::size_t run_bytes(std::size_t count, unsigned bits) {
  return (count * bits + 7) / 8;
}

// Byte i of a run of 4 bits holds the parts of the values i and i + its bytes; of 2 bits those of
// four values, of 1 bit of eight.
template <unsigned kBits>
void unpack_run(const std::uint8_t* __restrict run, unsigned shift,
                std::span<std::uint8_t> values) {
  constexpr std::size_t kStep = 64;  // a fixed number is what the compiler vectorises
  constexpr std::uint8_t kMask = (1U << kBits) - 1;
  const std::size_t bytes = run_bytes(values.size(), kBits);
  for (unsigned lane = 0; lane < 8 / kBits; ++lane) {
    const std::size_t begin = std::min(lane * bytes, values.size());
    const std::size_t end = std::min(begin + bytes, values.size());
    std::uint8_t* __restrict out = values.data() + begin;
    const auto part_of = [lane, shift](std::uint8_t byte) {
      return static_cast<std::uint8_t>((byte >> (lane * kBits) & kMask) << shift);
    };
    std::size_t i = 0;
    for (; i + kStep <= end - begin; i += kStep) {
      for (std::size_t j = 0; j < kStep; ++j) {
        out[i + j] = static_cast<std::uint8_t>(out[i + j] | part_of(run[i + j]));
      }
    }
    for (; i < end - begin; ++i) out[i] = static_cast<std::uint8_t>(out[i] | part_of(run[i]));
  }
}

}  // namespace

std::size_t packed_bytes(std::size_t count, unsigned bits) {
  std::size_t bytes = 0;
  for (const unsigned run : kRuns) {
    if ((bits & run) != 0) bytes += run_bytes(count, run);
  }
  return bytes;
}

void pack_bits(std::span<const std::uint8_t> values, unsigned bits, std::string& out) {
  unsigned shift = 0;
  for (const unsigned run : kRuns) {
    if ((bits & run) == 0) continue;
    const std::size_t bytes = run_bytes(values.size(), run);
    const std::size_t begin = out.size();
    out.resize(begin + bytes);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const unsigned part = unsigned{values[i]} >> shift & ((1U << run) - 1);
      char& byte = out[begin + i % bytes];
      byte = static_cast<char>(static_cast<std::uint8_t>(byte) | part << (i / bytes * run));
    }
    shift += run;
  }
}

bool unpack_bits(std::string_view bytes, unsigned bits, std::span<std::uint8_t> values) {
  if (bits == 0 || bits > kPackedBitsMax || bytes.size() != packed_bytes(values.size(), bits)) {
    return false;
  }
  std::fill(values.begin(), values.end(), std::uint8_t{0});
  const auto* run = reinterpret_cast<const std::uint8_t*>(bytes.data());
  unsigned shift = 0;
  const auto unpack = [&]<unsigned kBits>() {
    if ((bits & kBits) == 0) return;
    unpack_run<kBits>(run, shift, values);
    run += run_bytes(values.size(), kBits);
    shift += kBits;
  };
  unpack.template operator()<4>();
  unpack.template operator()<2>();
  unpack.template operator()<1>();
  return true;
}

}  // namespace kolben::storage::part
