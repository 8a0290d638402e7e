#include "agent/process/left_exchanges.h"

#include <gtest/gtest.h>

#include "agent/process/records.h"
#include "agent/process/test_ring.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

SpanId span_id(std::uint8_t number) {
  SpanId id;
  id.bytes[0] = number;
  return id;
}

std::string left_record() {
  TestExchange exchange;
  exchange.end_reason = EndReason::kLeft;
  return exchange_record(exchange).bytes();
}

std::string_view payload(std::string_view record) {
  return record.substr(sizeof(RecordHeader));
}

TEST(LeftExchanges, AreThoseThatTheirProcessLeft) {
  EXPECT_TRUE(LeftExchanges::is_left(payload(left_record())));
  EXPECT_FALSE(LeftExchanges::is_left(payload(exchange_record({}).bytes())));
  EXPECT_FALSE(LeftExchanges::is_left("short"));
}

TEST(LeftExchanges, WaitForAChildsAnswerAndThenAreClosed) {
  LeftExchanges left;
  left.keep(left_record(), span_id(1), 100);
  EXPECT_FALSE(left.take(100 + LeftExchanges::kHeldNanos - 1, false));
  const auto told = left.take(100 + LeftExchanges::kHeldNanos, false);
  ASSERT_TRUE(told);
  EXPECT_FALSE(LeftExchanges::is_left(payload(*told))) << "it would be kept again";
  EXPECT_TRUE(left.empty());
}

TEST(LeftExchanges, OneThatIsAnsweredIsNotTold) {
  LeftExchanges left;
  left.keep(left_record(), span_id(1), 0);
  left.keep(left_record(), span_id(2), 0);
  left.answered(span_id(1));
  EXPECT_TRUE(left.take(0, true));
  EXPECT_FALSE(left.take(0, true));
}

TEST(LeftExchanges, BeyondTheBoundTheOldestIsDue) {
  LeftExchanges left;
  for (std::size_t i = 0; i < LeftExchanges::kHeldMax; ++i) left.keep(left_record(), {}, 0);
  EXPECT_FALSE(left.take(0, false));
  left.keep(left_record(), {}, 0);
  EXPECT_TRUE(left.take(0, false));
  EXPECT_FALSE(left.take(0, false));
}

}  // namespace
}  // namespace kolben::agent
