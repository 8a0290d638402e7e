// For which request a thread works where a runtime's shim says so.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using CarriedRequestTest = ConnectionsTest;

// As a shim of an event loop does it: two requests at a time, each with its own call.
TEST_F(CarriedRequestTest, CarriedRequestsAreTheParentsOfTheirCalls) {
  const auto served = [this](int file) {
    accept(file);
    receive(file, "GET / HTTP/1.1\r\n\r\n");
    return std::pair(connections_.request(thread_), thread_.request_context);
  };
  const auto first = served(5);
  const auto second = served(6);
  EXPECT_NE(first.first, second.first);
  EXPECT_LT(second.first, std::uint64_t{1} << 53);
  const auto parent_of_call = [this](int file, std::uint64_t request) {
    connections_.connected(thread_, file, nullptr, 0);
    connections_.work_for(thread_, request);
    send(file, "GET /up HTTP/1.1\r\n\r\n");
    connections_.work_for(thread_, 0);
    receive(file, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const std::vector<Seen> all = seen();
    return all.empty() ? "" : hex(all.back().fixed.parent_span_id, 8);
  };
  EXPECT_EQ(parent_of_call(8, first.first), hex(first.second.span_id, 8));
  EXPECT_EQ(parent_of_call(9, second.first), hex(second.second.span_id, 8));
  EXPECT_EQ(parent_of_call(10, 0), std::string(16, '0'));
}

// As a shim of greenlets does it: one is at the second request when the first one's answer is due.
TEST_F(CarriedRequestTest, AGreenletThatReadsSeveralRequestsAtATimeWorksForNone) {
  thread_.is_told_of_greenlets = true;
  connections_.work_for(thread_, 0);
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\n\r\n");
  const std::uint64_t first = connections_.request(thread_);
  connections_.work_for(thread_, 0);  // another greenlet's turn
  accept(6);
  receive(6, "GET /b HTTP/1.1\r\n\r\n");
  const std::uint64_t second = connections_.request(thread_);
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u);
  EXPECT_NE(first, second);

  accept(7);
  receive(7, "GET /c HTTP/1.1\r\n\r\n");
  EXPECT_EQ(connections_.request(thread_), Connections::kSeveralRequests);
  EXPECT_FALSE(Connections::serves(thread_));
  connections_.work_for(thread_, first);
  EXPECT_EQ(connections_.request(thread_), first);
  connections_.work_for(thread_, Connections::kSeveralRequests);
  accept(8);
  receive(8, "GET /d HTTP/1.1\r\n\r\n");
  EXPECT_FALSE(Connections::serves(thread_));
  EXPECT_EQ(connections_.request(thread_), Connections::kSeveralRequests);
}

TEST_F(CarriedRequestTest, AGreenletThatReadsOneRequestAfterAnotherWorksForEach) {
  thread_.is_told_of_greenlets = true;
  connections_.work_for(thread_, 0);
  accept(5);
  for (int i = 0; i < 3; ++i) {
    receive(5, "GET /a HTTP/1.1\r\n\r\n");
    const std::uint64_t request = connections_.request(thread_);
    EXPECT_NE(request, 0u);
    EXPECT_NE(request, Connections::kSeveralRequests);
    send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  }
}

// Who connected is a guess; a shim that says "for none" is not.
TEST_F(CarriedRequestTest, AThreadThatIsToldGuessesNothing) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connections_.connected(thread_, 8, nullptr, 0);
  connections_.work_for(thread_, 0);
  send(8, "GET /up HTTP/1.1\r\n\r\n");
  receive(8, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), std::string(16, '0'));
}

TEST_F(CarriedRequestTest, ACarriedRequestThatHasEndedIsNone) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  const std::uint64_t ended = connections_.request(thread_);
  ASSERT_NE(ended, 0u);
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(connections_.request(thread_), 0u);
  receive(5, "GET / HTTP/1.1\r\n\r\n");  // takes its place
  connections_.work_for(thread_, ended);
  EXPECT_FALSE(Connections::serves(thread_));
  for (const std::uint64_t wrong : {std::uint64_t{1}, ~std::uint64_t{0}}) {
    connections_.work_for(thread_, wrong);
    EXPECT_FALSE(Connections::serves(thread_)) << wrong;
  }
}

}  // namespace
}  // namespace kolben::agent
