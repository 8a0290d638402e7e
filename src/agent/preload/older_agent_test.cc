// An application that was built with today's kolben/telemetry.hpp under an agent that is older: its
// table ends before the members that came later.
#include <gtest/gtest.h>

#include <cstring>

#include "kolben/telemetry.hpp"

namespace {

alignas(kolben_table) unsigned char table_bytes[sizeof(kolben_table)];
const kolben_table* table = nullptr;

}  // namespace

extern "C" const kolben_table* kolben_agent_table(void) {
  return table;
}

namespace kolben {
namespace {

int calls = 0;

TEST(OlderAgent, WhatItDoesNotHaveDoesNothing) {
  kolben_table older = {};
  older.version = 1;
  older.size = offsetof(kolben_table, span_link);
  older.span_begin = [](kolben_text, int) { return kolben_span{1}; };
  older.span_end = [](kolben_span) { ++calls; };
  // A call through one of these would end the test.
  std::memset(table_bytes, 0x5a, sizeof(table_bytes));
  std::memcpy(table_bytes, &older, older.size);
  table = reinterpret_cast<const kolben_table*>(table_bytes);
  {
    Span span("a", SpanKind::kConsumer);
    span.link("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", {{"a", 1}});
    EXPECT_FALSE(set_baggage("a", "1"));
    EXPECT_EQ(baggage("a"), "");
  }
  table = nullptr;
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace kolben
