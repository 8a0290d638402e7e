#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

constexpr char kAsked[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char kAnswered[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class AliasesTest : public ConnectionsTest {
 protected:
  void expect_one_answer() {
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].fixed.response_status, 200);
    EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
    EXPECT_EQ(all[0].fixed.peer_port, 4711);
  }
};

TEST_F(AliasesTest, OneNumberIsReadAndAnotherWritten) {
  accept(5);
  connections_.duplicated(thread_, 5, 6);
  receive(5, kAsked);
  EXPECT_TRUE(Connections::serves(thread_));
  send(6, kAnswered);
  expect_one_answer();
}

TEST_F(AliasesTest, WhatIsReadFromTheCopyCountsToo) {
  accept(5);
  connections_.duplicated(thread_, 5, 6);
  connections_.duplicated(thread_, 6, 7);
  receive(7, kAsked);
  send(5, kAnswered);
  expect_one_answer();
}

TEST_F(AliasesTest, ToCloseOneOfThemEndsNothing) {
  for (const int closed : {5, 6}) {
    accept(5);
    connections_.duplicated(thread_, 5, 6);
    receive(5, kAsked);
    connections_.closed(thread_, closed);
    EXPECT_TRUE(Connections::serves(thread_)) << closed;
    connections_.set_route(thread_, "/r", 2);
    send(closed == 5 ? 6 : 5, kAnswered);
    expect_one_answer();
    connections_.closed(thread_, closed == 5 ? 6 : 5);
    EXPECT_FALSE(connections_.knows(5));
    EXPECT_FALSE(connections_.knows(6));
  }
}

TEST_F(AliasesTest, TheLastOfThemEndsIt) {
  accept(5);
  connections_.duplicated(thread_, 5, 6);
  connections_.duplicated(thread_, 5, 7);
  receive(5, kAsked);
  for (const int file : {5, 7, 6}) {
    EXPECT_TRUE(seen().empty()) << file;
    connections_.closed(thread_, file);
  }
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kClosed);
}

TEST_F(AliasesTest, ACopyOfAConnectionThatIsAnotherOneNowIsNone) {
  accept(5);
  connections_.duplicated(thread_, 5, 6);
  accept(5);  // its end was not seen
  receive(5, kAsked);
  send(6, kAnswered);
  EXPECT_TRUE(seen().empty());
  send(5, kAnswered);
  expect_one_answer();
}

TEST_F(AliasesTest, WhatInetdStartsReadsItsInputAndWritesItsOutput) {
  fake_same_file = true;
  receive(0, kAsked);
  send(1, kAnswered);
  ASSERT_EQ(seen().size(), 1u);
}

TEST_F(AliasesTest, AnOutputThatIsSomethingElseIsLeftAlone) {
  receive(0, kAsked);
  EXPECT_FALSE(connections_.knows(1));
}

TEST_F(AliasesTest, ARequestGetsItsHeaderByACopyToo) {
  connect(8);
  connections_.duplicated(thread_, 8, 9);
  EXPECT_TRUE(connections_.may_inject(9));
  EXPECT_NE(injection(9, {kAsked}), "");
  send(9, kAsked);
  receive(8, kAnswered);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kClientExchange);
  EXPECT_EQ(all[0].fixed.response_status, 200);
}

}  // namespace
}  // namespace kolben::agent
