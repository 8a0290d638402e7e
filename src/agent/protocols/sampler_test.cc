#include "agent/protocols/sampler.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

// Traces whose id's low half begins with this byte.
struct Id {
  explicit Id(std::uint8_t byte) { bytes[8] = byte; }
  std::uint8_t bytes[16] = {};
};

Sampler sampler(const char* name, const char* argument = nullptr) {
  Sampler result;
  result.init(name, argument);
  return result;
}

TEST(Sampler, TheDefaultFollowsTheParent) {
  for (const char* name : {static_cast<const char*>(nullptr), "", "parentbased_always_on", "wrong",
                           "PARENTBASED_ALWAYS_ON"}) {
    const Sampler one = sampler(name);
    EXPECT_EQ(one.root(Id(0xff).bytes), 1);
    EXPECT_EQ(one.child(Id(0xff).bytes, 0), 0);
    EXPECT_EQ(one.child(Id(0xff).bytes, 3), 3);
  }
}

TEST(Sampler, AlwaysAsksNoParent) {
  EXPECT_EQ(sampler("always_on").child(Id(0).bytes, 0), 1);
  EXPECT_EQ(sampler("always_off").root(Id(0).bytes), 0);
  EXPECT_EQ(sampler("always_off").child(Id(0).bytes, 3), 2);
  EXPECT_EQ(sampler("parentbased_always_off").root(Id(0).bytes), 0);
  EXPECT_EQ(sampler("parentbased_always_off").child(Id(0).bytes, 1), 1);
}

TEST(Sampler, RatioIsOfTheLowHalfOfTheId) {
  const Sampler quarter = sampler("traceidratio", "0.25");
  EXPECT_EQ(quarter.root(Id(0x3f).bytes), 1);
  EXPECT_EQ(quarter.root(Id(0x40).bytes), 0);
  EXPECT_EQ(quarter.child(Id(0x40).bytes, 1), 0);
  EXPECT_EQ(quarter.child(Id(0x3f).bytes, 0), 1);
  EXPECT_EQ(sampler("parentbased_traceidratio", "0.25").child(Id(0x40).bytes, 1), 1);
  EXPECT_EQ(sampler("traceidratio", "0").root(Id(0).bytes), 0);
  EXPECT_EQ(sampler("traceidratio", "1.0").root(Id(0xff).bytes), 1);
}

TEST(Sampler, WrongRatiosAreOne) {
  for (const char* ratio : {static_cast<const char*>(nullptr), "", ".", "x", "1.5", "-1", "0.5x"}) {
    EXPECT_EQ(sampler("traceidratio", ratio).root(Id(0xff).bytes), 1) << (ratio ? ratio : "none");
  }
}

}  // namespace
}  // namespace kolben::agent
