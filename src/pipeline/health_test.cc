#include "pipeline/health.h"

#include <gtest/gtest.h>

namespace kolben::pipeline {
namespace {

TEST(HealthRegistry, WithoutChecksAllIsWell) {
  EXPECT_TRUE(HealthRegistry().status());
}

TEST(HealthRegistry, TheFirstThatFailsIsNamed) {
  HealthRegistry registry;
  Status disk = unavailable("no room");
  registry.add("well", [] { return Status::ok(); });
  const auto id = registry.add("store", [&disk] { return disk; });
  registry.add("late", [] { return internal_error("broken"); });
  EXPECT_EQ(registry.status().to_string(), "UNAVAILABLE: store: no room");
  disk = Status::ok();
  EXPECT_EQ(registry.status().to_string(), "INTERNAL: late: broken");
  disk = unavailable("no room");
  registry.remove(id);
  EXPECT_EQ(registry.status().to_string(), "INTERNAL: late: broken");
}

}  // namespace
}  // namespace kolben::pipeline
