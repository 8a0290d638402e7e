#include "storage/engine/part/double_run.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
constexpr std::uint64_t kScaleMax = std::size(kPowers) - 1;
// Integers up to here are exact as doubles.
constexpr double kExactMax = 9007199254740992;  // 2^53

bool is_exact(double value, double power) {
  const double scaled = std::nearbyint(value * power);
  if (!(std::fabs(scaled) < kExactMax)) return false;  // NaN and infinities too
  // By way of an integer, which has no minus zero.
  const double back = static_cast<double>(static_cast<std::int64_t>(scaled)) / power;
  return std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value);
}

std::uint64_t scale_of(std::span<const double> values) {
  std::uint64_t scale = 0;
  for (const double value : values) {
    while (!is_exact(value, kPowers[scale])) {
      if (++scale > kScaleMax) return kBits;
    }
  }
  // A value may be exact at one scale and not at a larger one.
  const auto fits = [scale](double value) { return is_exact(value, kPowers[scale]); };
  return std::all_of(values.begin(), values.end(), fits) ? scale : kBits;
}

}  // namespace

void write_double_run(std::span<const double> values, NumberChunkWriter& scales,
                      NumberChunkWriter& out) {
  const std::uint64_t scale = scale_of(values);
  scales.add(scale);
  std::uint64_t before = 0;
  for (const double value : values) {
    if (scale == kBits) {
      const auto bits = std::bit_cast<std::uint64_t>(value);
      out.add(bits ^ before);
      before = bits;
    } else {
      const auto integer = static_cast<std::uint64_t>(
          static_cast<std::int64_t>(std::nearbyint(value * kPowers[scale])));
      out.add(zigzag(integer - before));
      before = integer;
    }
  }
}

bool DoubleRunReader::begin(std::uint64_t scale) {
  scale_ = scale;
  before_ = 0;
  return scale <= kScaleMax || scale == kBits;
}

double DoubleRunReader::next(std::uint64_t stored) {
  if (scale_ == kBits) {
    before_ ^= stored;
    return std::bit_cast<double>(before_);
  }
  before_ += unzigzag(stored);
  return static_cast<double>(static_cast<std::int64_t>(before_)) / kPowers[scale_];
}

}  // namespace kolben::storage::part
