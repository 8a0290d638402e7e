#include "model/ids.h"

#include <gtest/gtest.h>

namespace kolben {
namespace {

TEST(Ids, HexBothWays) {
  const auto id = SpanId::from_hex("00F067aa0ba902b7");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_hex(), "00f067aa0ba902b7");
  EXPECT_FALSE(id->is_zero());
  EXPECT_TRUE(SpanId{}.is_zero());
}

TEST(Ids, RefusesOtherLengthsAndCharacters) {
  EXPECT_FALSE(SpanId::from_hex("00f067aa0ba902b"));
  EXPECT_FALSE(SpanId::from_hex("00f067aa0ba902bx"));
  EXPECT_FALSE(TraceId::from_hex("00f067aa0ba902b7"));
  EXPECT_FALSE(TraceId::from_bytes("123"));
}

TEST(Ids, NoBytesAreTheZeroId) {
  EXPECT_EQ(TraceId::from_bytes(""), TraceId{});
}

TEST(Ids, HashSeesEveryByte) {
  TraceId a;
  for (std::size_t i = 0; i < a.bytes.size(); ++i) {
    TraceId b = a;
    b.bytes[i] = 1;
    EXPECT_NE(IdHash()(a), IdHash()(b)) << i;
  }
}

}  // namespace
}  // namespace kolben
