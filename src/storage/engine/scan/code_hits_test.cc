#include "storage/engine/scan/code_hits.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

TEST(CodeHits, AreWhatTheTableSays) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::uint8_t> by_code(1 + random.below(256));
    const std::uint64_t share = 1 + random.below(40);
    for (std::uint8_t& wanted : by_code) wanted = random.below(share) == 0 ? 1 : 0;
    std::vector<std::uint8_t> codes(random.below(300));
    for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(random.below(by_code.size()));
    std::vector<std::uint8_t> hits(codes.size(), 7);
    match_codes(codes, by_code, hits.data());
    for (std::size_t i = 0; i < codes.size(); ++i) ASSERT_EQ(hits[i], by_code[codes[i]]);
  }
}

}  // namespace
}  // namespace kolben::storage::scan
