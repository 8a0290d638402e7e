// What becomes of connections where the library is off from some time on.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

TEST_F(ConnectionsTest, WhatIsWithdrawnIsToldByNobodyAndCounted) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\n\r\n");
  connections_.connected(thread_, 8, nullptr, 0);
  send(8, "GET /b HTTP/1.1\r\n\r\n");
  accept(6);
  receive(6, "GET /c HTTP/1.1\r\n\r\n");
  send(6, "HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_EQ(count_open_requests(*open_table(ring_)), 1);
  connections_.withdraw(thread_);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
  std::uint8_t buffer[sizeof(RecordHeader) + kOpenEntryBytes];
  EXPECT_EQ(reap_open_request(*open_table(ring_), 42, ~0ULL, 1, buffer), 0u);
  EXPECT_EQ(reader_->untraced(), 2u);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(ConnectionsTest, AHeaderThatHasBegunIsFinishedAfterAll) {
  const std::string head = "GET / HTTP/1.1\r\n\r\n";
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string wire = injection(8, {head});
  const std::size_t stop = head.size() + 5;
  const std::size_t told = connections_.injected(8, injection_, stop);
  send(8, head.substr(0, told));
  connections_.withdraw(thread_);
  EXPECT_TRUE(connections_.may_inject(8));
  fake_sent = wire.substr(0, stop);
  ASSERT_TRUE(connections_.finish_injection(8));
  EXPECT_EQ(fake_sent + head.substr(told), wire);
}

TEST_F(ConnectionsTest, WhatANumberWasIsForgottenAfterAll) {
  connections_.connected(thread_, 8, nullptr, 0);
  injection(8, {"GET / HTTP/1.1\r\n\r\n"});
  connections_.injected(8, injection_, 20);
  connections_.withdraw(thread_);
  connections_.forget(8);
  connections_.forget(-1);
  EXPECT_FALSE(connections_.may_inject(8));
  EXPECT_TRUE(connections_.finish_injection(8));
  EXPECT_EQ(fake_sent, "");
}

}  // namespace
}  // namespace kolben::agent
