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

// The status is not known, but that the answer came is.
TEST_F(UnseenBytesTest, AnAnswerWhoseHeadOnlyTheKernelSawIsNoError) {
  for (const bool is_client : {false, true}) {
    const auto ask = [&](const char* text) { is_client ? send(5, text) : receive(5, text); };
    const auto answer = [&](const char* text) { is_client ? receive(5, text) : send(5, text); };
    const auto answer_unseen = [&](std::size_t bytes) {
      is_client ? connections_.received_unseen(thread_, 5, bytes)
                : connections_.sent_unseen(thread_, 5, bytes);
    };
    is_client ? connect(5) : accept(5);
    ask("GET /a HTTP/1.1\r\n\r\n");
    answer_unseen(200);
    answer("the rest, which is seen");
    answer_unseen(10);
    const std::uint64_t answered = fake_time;
    ask("GET /b HTTP/1.1\r\n\r\n");
    answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    ask("GET /c HTTP/1.1\r\n\r\n");
    answer_unseen(200);
    connections_.closed(thread_, 5);
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 3u) << is_client;
    EXPECT_EQ(all[0].request, "GET /a HTTP/1.1\r\n\r\n");
    EXPECT_EQ(all[0].fixed.end_reason, EndReason::kUnseen);
    EXPECT_EQ(all[0].fixed.response_status, 0);
    EXPECT_LE(all[0].fixed.end_time, answered);
    EXPECT_EQ(all[1].fixed.response_status, 404);
    EXPECT_EQ(all[1].fixed.end_reason, EndReason::kComplete);
    EXPECT_EQ(all[2].fixed.end_reason, EndReason::kUnseen);
    EXPECT_EQ(reader_->untraced(), 0u);
  }
}

TEST_F(UnseenBytesTest, AnAnswerOfSeveralThatNobodySawEndsTheConnection) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  connections_.sent_unseen(thread_, 5, 200);
  send(5, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  receive(5, "GET /c HTTP/1.1\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kUnseen);
  EXPECT_EQ(reader_->untraced(), 1u);
}

}  // namespace
}  // namespace kolben::agent
