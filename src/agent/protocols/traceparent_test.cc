#include "agent/protocols/traceparent.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace kolben::agent {
namespace {

constexpr char kValid[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

bool parses(const std::string& text) {
  Traceparent result;
  return parse_traceparent(text.data(), text.size(), &result);
}

TEST(Traceparent, ValidOneComesBackAsItWas) {
  Traceparent parsed;
  ASSERT_TRUE(parse_traceparent(kValid, std::strlen(kValid), &parsed));
  EXPECT_EQ(parsed.flags, 1);
  EXPECT_EQ(parsed.trace_id[0], 0x0a);
  EXPECT_EQ(parsed.span_id[7], 0x31);
  char text[kTraceparentSize];
  format_traceparent(parsed.trace_id, parsed.span_id, parsed.flags, text);
  EXPECT_EQ(std::string(text, sizeof(text)), kValid);
}

TEST(Traceparent, LaterVersionMayBeLonger) {
  EXPECT_TRUE(parses("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes"));
  EXPECT_FALSE(parses("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"));
}

TEST(Traceparent, WhatTheSpecificationForbidsIsRefused) {
  EXPECT_FALSE(parses(""));
  EXPECT_FALSE(parses(std::string(kValid) + "-00"));
  EXPECT_FALSE(parses("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(parses("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"));
  EXPECT_FALSE(parses("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(parses("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  EXPECT_FALSE(parses("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-.1"));
  EXPECT_FALSE(parses("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

}  // namespace
}  // namespace kolben::agent
