#include "storage/engine/scan/spread_hits.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

using Spread = void (*)(std::span<const std::uint8_t>, const std::uint8_t*,
                        std::span<std::uint64_t>);

void expect_hits_in_their_rows(Spread spread) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const std::size_t rows = random.below(300);
    const std::uint64_t share = 1 + random.below(20);
    std::vector<std::uint8_t> has_value((rows + 63) / 64 * 64);
    std::vector<std::uint64_t> words(has_value.size() / 64, 0);
    std::vector<std::uint8_t> hits;
    std::vector<std::uint32_t> want;
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (random.below(share) != 0) continue;
      has_value[row] = 1;
      hits.push_back(static_cast<std::uint8_t>(random.below(2)));
      if (hits.back() != 0) want.push_back(row);
    }
    hits.resize(hits.size() + kHitsPadding);
    spread(has_value, hits.data(), words);
    std::vector<std::uint32_t> found;
    for (std::uint32_t row = 0; row < has_value.size(); ++row) {
      if (words[row / 64] >> (row % 64) & 1) found.push_back(row);
    }
    ASSERT_EQ(found, want);
  }
}

TEST(SpreadHits, PutsTheHitOfEachValueIntoItsRow) {
  expect_hits_in_their_rows(spread_hits);
}

TEST(SpreadHits, DoesTheSameWithoutTheInstruction) {
  expect_hits_in_their_rows(spread_hits_portably);
}

// As in a damaged part.
TEST(SpreadHits, ItemsWithoutAValueHaveNoHit) {
  constexpr std::size_t kItems = 256;
  const std::vector<std::uint8_t> has_value(kItems, 1);
  for (const Spread spread : {spread_hits, spread_hits_portably}) {
    std::vector<std::uint8_t> hits{1, 0, 1};
    hits.resize(hits.size() + kItems + kHitsPadding, 0);
    std::vector<std::uint64_t> words(kItems / 64, 0);
    spread(has_value, hits.data(), words);
    EXPECT_EQ(words, (std::vector<std::uint64_t>{5, 0, 0, 0}));
  }
}

TEST(SpreadHits, KeepsWhatIsSet) {
  const std::vector<std::uint8_t> has_value(64, 0), hits(kHitsPadding, 0);
  std::vector<std::uint64_t> words{5};
  spread_hits(has_value, hits.data(), words);
  EXPECT_EQ(words[0], 5U);
}

}  // namespace
}  // namespace kolben::storage::scan
