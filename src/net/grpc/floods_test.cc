// Peers that send frames without end and ask for nothing by them.
#include <gtest/gtest.h>

#include <chrono>
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

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"sv;

std::string frame(char type, char flags, std::uint32_t stream, std::string_view body = {}) {
  std::string bytes;
  for (int shift = 16; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((body.size() >> shift) & 0xff);
  }
  bytes += type;
  bytes += flags;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((stream >> shift) & 0xff);
  return bytes.append(body);
}

// HEADERS of a call (RFC 7541: 83 POST, 86 http, 00 a literal).
constexpr std::string_view kHeaders =
    "\x83\x86\0\5:path\x11/kolben.Test/Echo\0\x0a:authority\1x"
    "\0\x0c"
    "content-type\x10"
    "application/grpc\0\2te\x8trailers"sv;

std::string times(int count, std::string_view bytes) {
  std::string all;
  for (int i = 0; i < count; ++i) all += bytes;
  return all;
}

// Whether the server ends a connection that sends `first` once and then `again` for ever.
void expect_end(const std::string& first, const std::string& again) {
  Rejections rejections;
  const auto server = start(kEcho, {.message_bytes_max = 1 << 20}, rejections.counter());
  TestPeer peer(server->port());
  ASSERT_TRUE(peer.say(kPreface));
  ASSERT_TRUE(peer.say(first));
  const auto deadline = steady_clock::now() + seconds(60);
  bool is_open = true;
  while (is_open && steady_clock::now() < deadline) is_open = peer.say(again);
  EXPECT_FALSE(is_open);
  EXPECT_TRUE(rejections.wait_for("flood"));
  const auto client = connect_to(*server);
  EXPECT_EQ(call(*client, "hello").value_or("none"), "hello") << "others are served";
}

TEST(GrpcFloods, PriorityFramesAreEnded) {
  expect_end({}, times(1000, frame(2, 0, 1, "\0\0\0\3\1"sv)));
}

TEST(GrpcFloods, UnknownFramesAreEnded) {
  expect_end({}, times(100, frame(0x77, 0, 1, std::string(1000, 'z'))));
}

TEST(GrpcFloods, WindowUpdatesAreEnded) {
  expect_end({}, times(1000, frame(8, 0, 0, "\0\0\0\1"sv)));
}

TEST(GrpcFloods, AHeaderWithoutEndIsEnded) {
  expect_end(frame(1, 0, 1, kHeaders), times(20, frame(9, 0, 1, times(2000, "\0\1a\1b"sv))));
}

TEST(GrpcFloods, EmptyDataIsEnded) {
  expect_end(frame(1, 4, 1, kHeaders), times(1000, frame(0, 0, 1)));
}

// What a busy client does: one connection, more bytes than floods may have, no call without a
// sense.
TEST(GrpcFloods, AConnectionThatIsMadeUseOfStays) {
  Rejections rejections;
  std::string message = text_of(1 << 20);
  const auto server = start(kEcho, {.message_bytes_max = 2 << 20}, rejections.counter());
  const auto client = connect_to(*server);
  std::vector<std::future<Result<std::string>>> answers;
  for (int i = 0; i < 64; ++i) {
    auto promise = std::make_shared<std::promise<Result<std::string>>>();
    answers.push_back(promise->get_future());
    client->call({.method = std::string(kMethod), .message = Bytes::from_string(message)},
                 [promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  }
  for (auto& answer : answers) {
    const Result<std::string> reply = answer.get();
    EXPECT_TRUE(reply.has_value()) << reply.status().to_string();
  }
}

}  // namespace
}  // namespace kolben::net::grpc
