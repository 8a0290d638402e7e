// Peers that start calls without end and wait for nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "net/grpc/end_connection.h"
#include "net/grpc/light_client.h"
#include "net/grpc/test_server.h"
#include "net/http/test_peer.h"

namespace kolben::net::grpc {
namespace {

using http::Rejections;
using http::TestPeer;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::uint32_t kCallsMax = 8;

// HEADERS of a call without a message (RFC 7541: 83 POST, 86 http, 00 a literal).
std::string headers_of(std::uint32_t stream) {
  std::string frame = "\0\0\x55\1\4"s;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(stream >> shift & 0xff);
  frame +=
      "\x83\x86\0\5:path\x11/kolben.Test/Echo\0\x0a:authority\1x"
      "\0\x0c"
      "content-type\x10"
      "application/grpc\0\2te\x8trailers"sv;
  return frame;
}

// grpc++ holds a peer to SETTINGS_MAX_CONCURRENT_STREAMS once it has acknowledged it: this one
// never does.
TEST(GrpcFloods, CallsThatBringNothingAreRefusedBeyondTheBound) {
  Rejections rejections;
  const auto server =
      start(kEcho, {.endpoint = {}, .concurrent_streams_max = kCallsMax}, rejections.counter());
  TestPeer peer(server->port());
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"s;
  for (std::uint32_t i = 0; i <= 2 * kCallsMax; ++i) bytes += headers_of(2 * i + 1);
  ASSERT_TRUE(peer.say(bytes));
  EXPECT_TRUE(peer.hears("more than 16 calls at once on one connection")) << peer.heard();
  EXPECT_TRUE(rejections.wait_for("too_many_calls"));
  const auto client = connect_to(*server);
  EXPECT_EQ(call(*client, "hello").value_or("none"), "hello") << "others are served";
}

// As the peer's connections are ended that do not even take the refusals.
TEST(GrpcFloods, AConnectionIsEndedByItsPeersName) {
  const auto server = start(kEcho);
  const auto stranger = start(kEcho);
  TestPeer peer(server->port());
  ASSERT_TRUE(peer.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"sv));
  ASSERT_TRUE(peer.hears("\4"sv)) << "the server's SETTINGS: grpc++ has the connection";
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ASSERT_EQ(getsockname(peer.fd(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  const std::string name = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  EXPECT_EQ(end_connection(name, stranger->port()), 0);
  EXPECT_EQ(end_connection("127.0.0.2:1", server->port()), 0);
  EXPECT_EQ(end_connection(name, server->port()), 1);
  peer.hear_all();  // comes to an end
  const auto client = connect_to(*server);
  EXPECT_EQ(call(*client, "hello").value_or("none"), "hello") << "others are served";
}

// Clients wait with what is more, whichever of ours.
TEST(GrpcFloods, CallsOfAClientWaitForTheBound) {
  for (const CreateClient create : {&Client::create, &create_light_client}) {
    http::Held<Responder> held;
    std::atomic<std::uint32_t> running = 0;
    std::atomic<std::uint32_t> most = 0;
    const auto server = start(
        [&](Call, Responder responder) {
          most = std::max(most.load(), ++running);  // one thread of the server
          held.keep(std::move(responder));
        },
        {.endpoint = {}, .concurrent_streams_max = kCallsMax});
    const auto client = connect_to(*server, {}, create);
    std::vector<std::future<Result<std::string>>> replies;
    const auto ask = [&] {
      replies.push_back(std::async(std::launch::async, [&] { return call(*client, "x"); }));
    };
    const auto answer = [&] {
      Responder responder = held.take();
      --running;
      responder.respond("");
    };
    ask();  // and then the client has read the settings
    answer();
    for (std::uint32_t i = 0; i < 4 * kCallsMax; ++i) ask();
    for (std::uint32_t i = 0; i < 4 * kCallsMax; ++i) answer();
    for (auto& reply : replies) {
      const Result<std::string> got = reply.get();
      EXPECT_TRUE(got.has_value()) << got.error().to_string();
    }
    EXPECT_LE(most, kCallsMax);
  }
}

}  // namespace
}  // namespace kolben::net::grpc
