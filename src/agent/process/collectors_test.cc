#include "agent/process/collectors.h"

#include <gtest/gtest.h>

#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using testing::exchange_record;
using testing::output_record;
using testing::RecorderTest;
using testing::TestExchange;

// It would get its own exports, and what it prints of them, as more of the same.
TEST_F(RecorderTest, WhatACollectorDoesWithExportsIsNotTold) {
  const auto say = [&] { handle(output_record("received 5 spans\n")); };
  TestExchange own;
  handle(exchange_record(own, RecordType::kClientExchange));
  say();
  EXPECT_EQ(spans().size(), 1u);
  EXPECT_EQ(log_records().size(), 1u);
  TestExchange exchange;
  exchange.request =
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nUser-Agent: kolben-agent/0.1.0\r\n\r\n";
  handle(exchange_record(exchange));
  own.self.span_id[0] = 1;
  handle(exchange_record(own, RecordType::kClientExchange));
  say();
  EXPECT_EQ(spans().size(), 1u);
  EXPECT_EQ(log_records().size(), 1u);
  own.self.span_id[0] = 2;
  handle(exchange_record(own));
  EXPECT_EQ(spans().size(), 2u) << "what others ask of it is";
}

TEST(Collectors, TheOldestIsForgottenBeyondTheBound) {
  Collectors collectors;
  for (std::uint32_t pid = 1; pid <= Collectors::kCountMax + 1; ++pid) {
    collectors.receives(pid);
    collectors.receives(pid);
  }
  EXPECT_FALSE(collectors.has(1));
  EXPECT_TRUE(collectors.has(2));
  EXPECT_TRUE(collectors.has(Collectors::kCountMax + 1));
  collectors.gone(2);
  EXPECT_FALSE(collectors.has(2));
}

}  // namespace
}  // namespace kolben::agent
