#include "extensions/remote_sampling/strategies_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace kolben::extensions::remote_sampling {
namespace {

using ::testing::HasSubstr;

class StrategiesFileTest : public testing::Test {
 protected:
  void SetUp() override {
    write("0.5");
    file.read(errors);
    ASSERT_EQ(errors.to_string(), "");
  }
  void TearDown() override { std::remove(path.c_str()); }

  void write(std::string_view rate) const {
    std::ofstream(path) << R"({"default_strategy": {"type": "probabilistic", "param": )" << rate
                        << "}}";
  }
  // What is logged when the file is looked at.
  std::string said_by_a_look() {
    testing::internal::CaptureStderr();
    file.read_again();
    return testing::internal::GetCapturedStderr();
  }
  double probability() const { return file.current()->of("any").strategy.probability; }

  const std::string path =
      testing::TempDir() + "strategies-file-" + std::to_string(getpid()) + ".json";
  config::Errors errors;
  StrategiesFile file{"remote_sampling",
                      {.path = path, .default_probability = 1, .reload_interval = {}}};
};

TEST_F(StrategiesFileTest, WhatIsNewIsSaidAndInForce) {
  EXPECT_EQ(said_by_a_look(), "");
  write("0.25");
  EXPECT_THAT(said_by_a_look(), HasSubstr("the strategies are new"));
  EXPECT_EQ(probability(), 0.25);
  EXPECT_EQ(said_by_a_look(), "");
}

TEST_F(StrategiesFileTest, AWrongFileIsSaidOnceAndLeavesWhatWasThere) {
  write("7");
  const std::string said = said_by_a_look();
  EXPECT_THAT(said, HasSubstr("the strategies before stay in force"));
  EXPECT_THAT(said, HasSubstr(path + ":1:"));
  EXPECT_THAT(said, HasSubstr("want a probability from 0 to 1"));
  EXPECT_EQ(said_by_a_look(), "");
  EXPECT_EQ(probability(), 0.5);
  write("0.5");
  EXPECT_THAT(said_by_a_look(), HasSubstr("the strategies are new"));
  write("7");
  EXPECT_NE(said_by_a_look(), "");
}

TEST_F(StrategiesFileTest, AFileThatIsGoneIsSaidOnceAndLeavesWhatWasThere) {
  std::remove(path.c_str());
  EXPECT_THAT(said_by_a_look(), HasSubstr("No such file"));
  EXPECT_EQ(said_by_a_look(), "");
  EXPECT_EQ(probability(), 0.5);
  write("0.5");
  EXPECT_EQ(said_by_a_look(), "");  // it is what it was
  std::remove(path.c_str());
  EXPECT_NE(said_by_a_look(), "");
}

}  // namespace
}  // namespace kolben::extensions::remote_sampling
