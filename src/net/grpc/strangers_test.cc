// Peers that speak something else than gRPC, or stop speaking it.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/grpc/test_server.h"
#include "net/http/test_peer.h"

namespace kolben::net::grpc {
namespace {

using http::Rejections;
using http::TestPeer;
using std::chrono::seconds;
using std::chrono::steady_clock;
using namespace std::string_view_literals;

TEST(GrpcStrangers, Http1GetsNoHttpAnswerAndIsCounted) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  TestPeer peer(server->port());
  peer.say("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl\r\n\r\n");
  const std::string answer = peer.hear_all();
  EXPECT_FALSE(answer.starts_with("HTTP/"));
  ASSERT_GE(answer.size(), 9U);
  EXPECT_EQ(answer[3], '\x04');  // SETTINGS comes first in HTTP/2
  EXPECT_NE(answer.find("this port speaks gRPC"), std::string::npos);
  EXPECT_TRUE(rejections.wait_for("http1_on_grpc_port"));
}

TEST(GrpcStrangers, TlsOnPlainPortIsCounted) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  TestPeer peer(server->port());
  peer.say("\x16\x03\x01\x00\x05hello"sv);
  EXPECT_EQ(peer.hear_all(), "");
  EXPECT_TRUE(rejections.wait_for("tls_on_plain_port"));
}

// Whether a stop with a far deadline comes to its end soon.
void expect_quick_stop(Server& server) {
  const auto before = steady_clock::now();
  server.stop(before + seconds(20));
  EXPECT_LT(steady_clock::now() - before, seconds(5));
}

TEST(GrpcStrangers, APeerThatIsSilentDoesNotHoldUpStop) {
  const auto server = start(kEcho);
  const TestPeer peer(server->port());
  ASSERT_TRUE(peer.is_connected());
  expect_quick_stop(*server);
}

// A peer that has made a connection, and part of a call, and then does nothing.
TEST(GrpcStrangers, APeerThatDoesNotLeaveDoesNotHoldUpStop) {
  const auto server = start(kEcho);
  TestPeer peer(server->port());
  // Preface, empty SETTINGS, HEADERS (RFC 7541: 83 POST, 86 http, 00 a literal) of stream 1.
  constexpr auto kBytes =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
      "\0\0\x55\1\4\0\0\0\1\x83\x86\0\5:path\x11/kolben.Test/Echo\0\x0a:authority\1x"
      "\0\x0c"
      "content-type\x10"
      "application/grpc\0\2te\x8trailers"sv;
  ASSERT_TRUE(peer.say(kBytes));
  ASSERT_TRUE(peer.hears("\4"sv)) << "the server's SETTINGS: the connection is made";
  expect_quick_stop(*server);
}

}  // namespace
}  // namespace kolben::net::grpc
