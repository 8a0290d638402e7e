// Doubles of one series, one behind the other: as differences of decimal integers where all of them
// are decimal numbers of few digits, otherwise each as the bits that differ from the one before
// (Pelkonen et al., Gorilla, VLDB 2015, 4.1.2, in byte planes). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/engine/part/chunk.h"

namespace kolben::storage::part {

// On disk: 0 to 6: the values are integers once multiplied by 10 to this; kBits: they are not.
inline constexpr std::uint64_t kBits = 15;

// Appends the scale of the run, and its values.
void write_double_run(std::span<const double> values, NumberChunkWriter& scales,
                      NumberChunkWriter& out);

// Brings back the values of a run, one after the other.
class DoubleRunReader {
 public:
  DoubleRunReader() = default;
  // False: there is no such scale.
  bool begin(std::uint64_t scale);
  double next(std::uint64_t stored);

 private:
  std::uint64_t scale_ = kBits;
  std::uint64_t before_ = 0;
};

}  // namespace kolben::storage::part
