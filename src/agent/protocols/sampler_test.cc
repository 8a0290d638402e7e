#include "agent/protocols/sampler.h"

#include <gtest/gtest.h>

#include <memory>

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

TEST(Sampler, ARemoteOneBeginsWithItsInitialRate) {
  const auto begins = [](const char* argument) {
    return sampler("parentbased_jaeger_remote", argument);
  };
  EXPECT_TRUE(begins(nullptr).is_remote());
  for (const char* list : {"initialSamplingRate=0.25", "endpoint=http://a,initialSamplingRate=0.25",
                           " initialSamplingRate = 0.25 ,pollingIntervalMs=1"}) {
    EXPECT_EQ(begins(list).root(Id(0x3f).bytes), 1) << list;
    EXPECT_EQ(begins(list).root(Id(0x40).bytes), 0) << list;
    EXPECT_EQ(begins(list).child(Id(0x40).bytes, 1), 1) << list;
  }
  for (const char* list : {static_cast<const char*>(nullptr), "", "initialSamplingRate=",
                           "initialSamplingRate", "initialSamplingRate=2", "initialSamplingRate=x",
                           "initialSamplingRates=1", "endpoint=x", ",,", " "}) {
    EXPECT_EQ(begins(list).root(Id(0).bytes), 1) << (list ? list : "none");
    EXPECT_EQ(begins(list).root(Id(1).bytes), 0) << (list ? list : "none");
  }
  EXPECT_EQ(begins("initialSamplingRate=1").root(Id(0xff).bytes), 1);
  EXPECT_EQ(begins("initialSamplingRate=0").root(Id(0).bytes), 0);
  EXPECT_FALSE(sampler("always_on").is_remote());
}

struct RemoteSamplerTest : testing::Test {
  Sampler of(const char* name) {
    Sampler result = sampler(name, "initialSamplingRate=0");
    result.follow(table.get(), [] { return now; });
    return result;
  }
  static inline std::uint64_t now = 0;
  std::unique_ptr<SamplingTable> table = std::make_unique<SamplingTable>();
};

TEST_F(RemoteSamplerTest, TheStrategiesDecideOnceThereAreSome) {
  const Sampler followed = of("parentbased_jaeger_remote");
  EXPECT_TRUE(followed.may_sample());
  EXPECT_EQ(followed.root(Id(0).bytes), 0);
  SamplingWriter writer(*table);
  writer.others(std::uint64_t{1} << 63);
  ASSERT_TRUE(writer.add({"GET /a", 6}, SamplingRule::kAll));
  writer.show();
  EXPECT_EQ(followed.root(Id(0x7f).bytes), 1);
  EXPECT_EQ(followed.root(Id(0x80).bytes), 0);
  EXPECT_EQ(followed.root(Id(0x80).bytes, {"GET /a", 6}), 1);
  EXPECT_EQ(followed.root(Id(0x80).bytes, {"GET /b", 6}), 0);
  EXPECT_EQ(followed.child(Id(0x80).bytes, 1), 1);
  const Sampler plain = of("jaeger_remote");
  EXPECT_EQ(plain.child(Id(0x80).bytes, 3), 2);
  EXPECT_EQ(plain.child(Id(0x7f).bytes, 0), 1);
}

TEST_F(RemoteSamplerTest, ALimitIsOneOfTraces) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  now = 100 * kSecond;
  SamplingWriter writer(*table);
  writer.others(0, kSecond, kSecond);
  writer.show();
  const Sampler plain = of("jaeger_remote");
  EXPECT_EQ(plain.child(Id(0).bytes, 1), 1);
  EXPECT_EQ(plain.child(Id(0).bytes, 0), 0);
  EXPECT_EQ(plain.root(Id(0xff).bytes), 1);
  EXPECT_EQ(of("jaeger_remote").root(Id(0).bytes), 0);  // of all programs
  now += kSecond;
  EXPECT_EQ(plain.root(Id(0).bytes), 1);
}

TEST_F(RemoteSamplerTest, WhatItsIdHasChosenCountsForTheLeast) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  now = 100 * kSecond;
  SamplingWriter writer(*table);
  writer.others(1, kSecond, kSecond);
  writer.show();
  const Sampler followed = of("parentbased_jaeger_remote");
  EXPECT_EQ(followed.root(Id(0).bytes), 1);
  EXPECT_EQ(followed.root(Id(0xff).bytes), 0);
  EXPECT_EQ(followed.root(Id(0).bytes), 1);
  now += kSecond;
  EXPECT_EQ(followed.root(Id(0xff).bytes), 1);
}

TEST(Sampler, WrongRatiosAreOne) {
  for (const char* ratio : {static_cast<const char*>(nullptr), "", ".", "x", "1.5", "-1", "0.5x"}) {
    EXPECT_EQ(sampler("traceidratio", ratio).root(Id(0xff).bytes), 1) << (ratio ? ratio : "none");
  }
}

}  // namespace
}  // namespace kolben::agent
