#include "storage/engine/part/double_run.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/hash.h"

namespace kolben::storage::part {
namespace {

struct Written {
  std::uint64_t scale = 0;
  std::vector<double> values;
  std::size_t bytes = 0;
};

// Through columns and back.
Written round_trip(const std::vector<double>& values) {
  std::string bytes;
  BlockSink sink = [&bytes](std::string_view block) {
    const BlockRef ref{bytes.size(), static_cast<std::uint32_t>(block.size()), crc32c(block)};
    bytes += block;
    return ref;
  };
  NumberChunkWriter scales(true);
  NumberChunkWriter numbers(false);
  write_double_run(values, scales, numbers);
  const Chunk scale_chunk = scales.finish(sink);
  const Chunk chunk = numbers.finish(sink);
  const MemorySource source(Bytes::from_string(bytes));
  Written written;
  written.bytes = chunk.data.bytes;
  written.scale = (*load_numbers(source, scale_chunk))[0];
  const NumberColumn column = *load_numbers(source, chunk);
  DoubleRunReader reader;
  EXPECT_TRUE(reader.begin(written.scale));
  for (std::uint32_t i = 0; i < column.size; ++i) written.values.push_back(reader.next(column[i]));
  return written;
}

void expect_same(const std::vector<double>& want) {
  const std::vector<double> got = round_trip(want).values;
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(got[i]), std::bit_cast<std::uint64_t>(want[i])) << i;
  }
}

TEST(DoubleRun, DecimalsAreIntegersWithAScale) {
  EXPECT_EQ(round_trip({1, 2, 3}).scale, 0U);
  EXPECT_EQ(round_trip({0.25, 17, -3.5}).scale, 2U);
  EXPECT_EQ(round_trip({1.0 / 3}).scale, kBits);
  EXPECT_EQ(round_trip({1e300, 1}).scale, kBits);
}

TEST(DoubleRun, EveryBitComesBack) {
  expect_same({1, 2, 3, 0.1, 0.123456, -7.25});
  expect_same({0.1 + 0.2, 1e-300, 1e300});
  expect_same({-0.0, 0.0});
  expect_same({std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
               -std::numeric_limits<double>::infinity(),
               std::numeric_limits<double>::denorm_min()});
  expect_same({9007199254740991, 9007199254740992, 9007199254740994});
}

TEST(DoubleRun, SteadyCountersTakeNoRoom) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(i * 7);
  EXPECT_LT(round_trip(values).bytes, 100U);
}

}  // namespace
}  // namespace kolben::storage::part
