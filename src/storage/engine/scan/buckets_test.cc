#include "storage/engine/scan/buckets.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

Buckets ten_of_a_hundred() {
  return Buckets{.begin = 1000, .nanos = 100, .count = 10};
}

TEST(BucketCursor, ATimeAfterOneThatIsInNoBucketIsInItsOwn) {
  const Buckets buckets = ten_of_a_hundred();
  BucketCursor cursor(buckets);
  EXPECT_EQ(cursor.index_of(1150), 1U);
  EXPECT_EQ(cursor.index_of(999), buckets.count);
  EXPECT_EQ(cursor.index_of(1151), 1U);
  EXPECT_EQ(cursor.index_of(2000), buckets.count);
  EXPECT_EQ(cursor.index_of(1199), 1U);
}

TEST(BucketCursor, SaysOfAnyTimesInAnyOrderWhatTheBucketsSay) {
  const Buckets buckets = ten_of_a_hundred();
  BucketCursor cursor(buckets);
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t time = random.below(20) == 0 ? UINT64_MAX : 900 + random.below(1200);
    ASSERT_EQ(cursor.index_of(time), buckets.index_of(time)) << time;
  }
}

}  // namespace
}  // namespace kolben::storage::scan
