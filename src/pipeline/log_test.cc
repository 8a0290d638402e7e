#include "pipeline/log.h"

#include <gtest/gtest.h>

namespace kolben::log {
namespace {

using pipeline::LogLevel;

TEST(Log, ALineIsLevelSourceMessageAndFields) {
  EXPECT_EQ(format_line(LogLevel::kInfo, "otlp", "listening", {{"endpoint", "127.0.0.1:4317"}}),
            "info otlp: listening endpoint=127.0.0.1:4317");
  EXPECT_EQ(format_line(LogLevel::kWarn, "otlp", "refused", {{"why", "a \"b\""}, {"none", ""}}),
            "warn otlp: refused why=\"a \\\"b\\\"\" none=\"\"");
}

TEST(Log, PeersCannotForgeLines) {
  EXPECT_EQ(format_line(LogLevel::kError, "x", "bad\nerror y: \x1b[31m", {}),
            "error x: bad\\x0aerror y: \\x1b[31m");
}

TEST(Log, TheLevelIsTheProgramS) {
  set_level(LogLevel::kWarn);
  EXPECT_FALSE(is_enabled(LogLevel::kInfo));
  EXPECT_TRUE(is_enabled(LogLevel::kError));
  set_level(LogLevel::kInfo);
}

}  // namespace
}  // namespace kolben::log
