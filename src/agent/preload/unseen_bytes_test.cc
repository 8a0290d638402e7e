#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using UnseenBytesTest = ConnectionsTest;

TEST_F(UnseenBytesTest, BytesOfABodyThatOnlyTheKernelSawAreCounted) {
  accept(5);
  receive(5, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
  connections_.received_unseen(thread_, 5, 5);
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  connections_.sent_unseen(thread_, 5, 3);
  receive(5, "GET /b HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.request_body_bytes, 5u);
  EXPECT_EQ(all[0].fixed.response_body_bytes, 3u);
}

TEST_F(UnseenBytesTest, BytesThatOnlyTheKernelSawBesideABodyEndIt) {
  for (const bool is_request : {true, false}) {
    accept(5);
    receive(5, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    if (is_request) {
      connections_.received_unseen(thread_, 5, 6);
    } else {
      receive(5, "12345");
      send(5, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n");
      connections_.sent_unseen(thread_, 5, 4);
    }
    receive(5, "GET /b HTTP/1.1\r\n\r\n");
    send(5, "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(seen().empty()) << is_request;
  }
}

}  // namespace
}  // namespace kolben::agent
