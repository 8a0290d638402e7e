#include "storage/engine/scan/selection.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

std::vector<std::uint32_t> rows_of(const Selection& selection) {
  std::vector<std::uint32_t> rows;
  selection.for_each([&rows](std::uint32_t row) { rows.push_back(row); });
  return rows;
}

TEST(Selection, HoldsWhatWasSetAndNothingBeyondItsRows) {
  for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64},
                                 std::size_t{65}, std::size_t{16'384}}) {
    const Selection all = Selection::all(rows);
    EXPECT_EQ(all.count(), rows);
    EXPECT_EQ(rows_of(all).size(), rows);
    EXPECT_EQ(Selection(rows).count(), 0U);
    EXPECT_TRUE(Selection(rows).none());
  }
}

TEST(Selection, IsASetWhateverIsDoneToIt) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const std::size_t rows = 1 + random.below(300);
    Selection selection(rows);
    std::set<std::uint32_t> want;
    for (int step = 0; step < 10; ++step) {
      Selection other(rows);
      std::set<std::uint32_t> others;
      std::vector<std::uint8_t> hits(rows);
      for (std::uint32_t row = 0; row < rows; ++row) {
        hits[row] = static_cast<std::uint8_t>(random.below(2));
        if (hits[row] != 0) others.insert(row);
      }
      other.add_hits(hits.data());
      const std::uint64_t kind = random.below(3);
      if (kind == 0) selection.add(other);
      if (kind == 1) selection.keep(other);
      if (kind == 2) selection.drop(other);
      for (std::uint32_t row = 0; row < rows; ++row) {
        const bool is_in = others.count(row) > 0;
        if (kind == 0 && is_in) want.insert(row);
        if ((kind == 1 && !is_in) || (kind == 2 && is_in)) want.erase(row);
      }
    }
    EXPECT_EQ(rows_of(selection), std::vector<std::uint32_t>(want.begin(), want.end()));
    const std::size_t begin = random.below(rows);
    const std::size_t end = begin + random.below(rows - begin + 1);
    const auto first = want.lower_bound(static_cast<std::uint32_t>(begin));
    EXPECT_EQ(selection.any(begin, end), first != want.end() && *first < end);
  }
}

}  // namespace
}  // namespace kolben::storage::scan
