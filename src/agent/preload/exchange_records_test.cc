// What an exchange's record is made of: it stands in the open table already, as a rule.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using ExchangeRecordsTest = ConnectionsTest;

constexpr char kAnswer[] = "HTTP/1.1 204 No Content\r\n\r\n";

TEST_F(ExchangeRecordsTest, HasTheAddressesAndTheHead) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\nHost: b\r\n\r\n");
  send(5, kAnswer);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].request, "GET /a HTTP/1.1\r\nHost: b\r\n\r\n");
  EXPECT_EQ(all[0].fixed.local_port, 80);
  EXPECT_EQ(all[0].fixed.peer_port, 4711);
  EXPECT_EQ(all[0].fixed.response_status, 204);
  EXPECT_GT(all[0].fixed.end_time, all[0].fixed.start_time);
}

TEST_F(ExchangeRecordsTest, HasAllOfAHeadThatIsTooLongForTheOpenTable) {
  for (const std::size_t size : {300u, 340u, 380u, 400u, 420u, 1500u}) {
    accept(5);
    const std::string head = "GET /" + std::string(size, 'x') + " HTTP/1.1\r\n\r\n";
    receive(5, head);
    send(5, kAnswer);
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].request, head);
  }
}

// What was kept of its last line when it was shown is another line at the end, of the same size.
TEST_F(ExchangeRecordsTest, HasTheHeadAsItWasAtItsEndWhereTheAnswerCameBefore) {
  accept(5);
  receive(5, "POST /a HTTP/1.1\r\nHos");
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  receive(5, "a: b\r\nHost: c\r\n\r\n");
  send(5, "cd");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].request, "POST /a HTTP/1.1\r\nHost: c\r\n\r\n");
}

}  // namespace
}  // namespace kolben::agent
