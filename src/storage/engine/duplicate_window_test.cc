#include "storage/engine/duplicate_window.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace kolben::storage::engine {
namespace {

std::vector<std::uint64_t> some_fingerprints(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<std::uint64_t> fingerprints(count);
  // Some come twice, and some share a place of the table.
  for (std::uint64_t& fingerprint : fingerprints) {
    fingerprint = random.below(2) == 0 ? random.below(2000) : random.next() << random.below(20);
  }
  return fingerprints;
}

TEST(DuplicateWindow, ManyAtOnceAreKnownAsOneByOne) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    constexpr std::size_t kGeneration = 500;
    const std::vector<std::uint64_t> fingerprints = some_fingerprints(seed, seed * 50);
    DuplicateWindow one_by_one(kGeneration);
    DuplicateWindow at_once(kGeneration);
    if (seed % 2 == 0) at_once.reserve(seed * 20);
    for (DuplicateWindow* window : {&one_by_one, &at_once}) {
      if (seed % 3 == 0) window->begin_replay();
    }
    for (const std::uint64_t fingerprint : fingerprints) one_by_one.insert(fingerprint);
    at_once.insert_all(fingerprints);
    for (DuplicateWindow* window : {&one_by_one, &at_once}) window->end_replay();
    for (const std::uint64_t fingerprint : some_fingerprints(seed + 1, 1000)) {
      ASSERT_EQ(at_once.insert(fingerprint), one_by_one.insert(fingerprint));
    }
  }
}

TEST(DuplicateWindow, OneGenerationAtLeastIsRemembered) {
  constexpr std::size_t kGeneration = 100;
  DuplicateWindow window(kGeneration);
  for (std::uint64_t fingerprint = 1; fingerprint <= 1000; ++fingerprint) {
    ASSERT_TRUE(window.insert(fingerprint));
    ASSERT_FALSE(window.insert(fingerprint > kGeneration ? fingerprint - kGeneration : 1));
  }
}

}  // namespace
}  // namespace kolben::storage::engine
