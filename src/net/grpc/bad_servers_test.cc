// Both clients against servers that are none, or that stop being one: each call ends, in time, with
// an error, and the client can be asked again and destroyed at any moment.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "net/grpc/light_client.h"
#include "net/grpc/test_server.h"
#include "net/http/bad_server.h"

namespace kolben::net::grpc {
namespace {

using http::BadServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using namespace std::string_literals;
using namespace std::string_view_literals;

// RFC 9113, section 4.1.
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  std::string bytes;
  const auto add = [&bytes](std::uint32_t value, int count) {
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
      bytes += static_cast<char>(value >> shift);
    }
  };
  add(static_cast<std::uint32_t>(payload.size()), 3);
  add(type, 1);
  add(flags, 1);
  add(stream, 4);
  return bytes.append(payload);
}
constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kHeaders = 1;
constexpr std::uint8_t kSettings = 4;
constexpr std::uint8_t kPing = 6;
constexpr std::uint8_t kWindowUpdate = 8;
constexpr std::uint8_t kContinuation = 9;
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;

// RFC 7541, appendix A: 8 is ":status: 200", 31 "content-type".
const std::string kOk =
    "\x88\x5f\x10"
    "application/grpc";
const std::string kHtml =
    "\x88\x5f\x09"
    "text/html";
const std::string kHello = frame(kSettings, 0, 0, "");

struct Bad {
  const char* name;
  std::function<void(BadServer::Peer&)> talk;
};

Bad closes_at_once() {
  return {"closes_at_once", [](BadServer::Peer&) {}};
}
Bad is_silent() {
  return {"is_silent", [](BadServer::Peer& peer) { peer.be_silent(); }};
}
// After the request has come.
Bad says(const char* name, const std::string& bytes) {
  return {name, [bytes](BadServer::Peer& peer) {
            if (peer.hear() && peer.say(bytes)) peer.be_silent();
          }};
}
Bad says_and_closes(const char* name, const std::string& bytes) {
  return {name, [bytes](BadServer::Peer& peer) {
            if (peer.hear()) peer.say(bytes);
          }};
}
// `again` for ever.
Bad repeats(const char* name, const std::string& bytes, const std::string& again) {
  return {name, [bytes, again](BadServer::Peer& peer) {
            if (!peer.hear() || !peer.say(bytes)) return;
            while (peer.say(again)) {
            }
          }};
}

std::string noise() {
  std::string bytes;
  for (std::uint32_t i = 1; bytes.size() < 5000; ++i) {
    bytes += static_cast<char>((i * 2654435761U) >> 24);
  }
  return bytes;
}

// A literal field that goes into no table, of 103 bytes.
const std::string kField = std::string("\0\1x\x63", 4) + std::string(99, 'y');
// The message's prefix says 2 GiB.
const std::string kHugeMessage = "\0\x7f\xff\xff\xffhello"s;

std::vector<Bad> bad_servers() {
  const std::string answer = kHello + frame(kHeaders, kEndHeaders, 1, kOk);
  return {
      closes_at_once(),
      is_silent(),
      says_and_closes("closes_after_the_request", ""),
      says_and_closes("closes_in_the_middle_of_a_frame", answer.substr(0, answer.size() - 5)),
      says_and_closes("closes_in_the_middle_of_an_answer",
                      answer + frame(kData, 0, 1, "\0\0\0\0\5he"sv)),
      says("speaks_http1", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
      says("speaks_noise", noise()),
      says("speaks_noise_after_its_settings", kHello + noise()),
      says("answers_with_a_page",
           kHello + frame(kHeaders, kEndHeaders, 1, kHtml) + frame(kData, kEndStream, 1, "<html>")),
      says("answers_without_a_status", answer + frame(kData, kEndStream, 1, "\0\0\0\0\2ok"sv)),
      says("answers_with_a_huge_length", answer + frame(kData, kEndStream, 1, kHugeMessage)),
      says("answers_another_request", kHello + frame(kHeaders, kEndHeaders | kEndStream, 3, kOk)),
      says("has_a_broken_header_table",
           kHello + frame(kHeaders, kEndHeaders | kEndStream, 1, "\xff\xff\xff\xff\xff\x0f")),
      says("has_a_frame_of_16_mib", kHello + std::string("\xff\xff\xff\0\0\0\0\0\1", 9) + noise()),
      says("overflows_the_window", kHello + frame(kWindowUpdate, 0, 0, "\x7f\xff\xff\xff") +
                                       frame(kWindowUpdate, 0, 0, "\x7f\xff\xff\xff")),
      repeats("never_ends_its_header_block", kHello + frame(kHeaders, 0, 1, kOk),
              frame(kContinuation, 0, 1, kField)),
      repeats("never_ends_its_interim_answers", kHello,
              frame(kHeaders, kEndHeaders, 1,
                    "\x08\x03"
                    "100" +
                        kField)),
      repeats("never_ends_its_message", answer, frame(kData, 0, 1, std::string(16000, '\x7f'))),
      repeats("never_ends_its_empty_data", answer, frame(kData, 0, 1, "")),
      repeats("never_ends_its_pings", kHello, frame(kPing, 0, 0, "12345678")),
      repeats("never_ends_its_settings", kHello, kHello),
  };
}

// Each client with each server.
class GrpcBadServer : public testing::TestWithParam<std::tuple<CreateClient, Bad>> {
 protected:
  static constexpr milliseconds kTimeout{100};

  std::unique_ptr<Client> connect_to(const BadServer& server, bool with_tls = false) {
    ClientSettings settings;
    settings.endpoint = "localhost:" + std::to_string(server.port());
    settings.tls.insecure = !with_tls;
    settings.tls.insecure_skip_verify = with_tls;
    auto client = std::get<0>(GetParam())(std::move(settings));
    EXPECT_TRUE(client.has_value()) << client.status().to_string();
    return std::move(client).value();
  }
  static Status ask(Client& client) {
    const auto begun = steady_clock::now();
    Result<std::string> reply = call(client, {.method = {},
                                              .message = Bytes::from_string("hello"),
                                              .compression = wire::Compression::kNone,
                                              .timeout = kTimeout});
    EXPECT_LT(steady_clock::now() - begun, kTimeout + seconds(5));
    return reply.status();
  }
};

std::string name_of(const testing::TestParamInfo<std::tuple<CreateClient, Bad>>& tested) {
  const auto& [create, bad] = tested.param;
  return std::string(create == &Client::create ? "grpcpp" : "light") + "_" + bad.name;
}
INSTANTIATE_TEST_SUITE_P(All, GrpcBadServer,
                         testing::Combine(testing::Values(&Client::create, &create_light_client),
                                          testing::ValuesIn(bad_servers())),
                         name_of);

TEST_P(GrpcBadServer, EachCallEndsWithAnErrorInTime) {
  // A client that goes on to listen would take more within its time.
  constexpr std::uint64_t kHeardMax = 64 << 20;
  BadServer server(std::get<1>(GetParam()).talk);
  const auto client = connect_to(server);
  EXPECT_FALSE(ask(*client).is_ok());
  EXPECT_FALSE(ask(*client).is_ok());
  EXPECT_LT(server.said_most(), kHeardMax);
}

// The handshake is what never comes to an end. The second call is made where the first one ends, so
// that it dials again while the first one's handshake has not been told yet that it is over.
class GrpcBadTlsServer : public GrpcBadServer {};
INSTANTIATE_TEST_SUITE_P(All, GrpcBadTlsServer,
                         testing::Combine(testing::Values(&Client::create, &create_light_client),
                                          testing::Values(is_silent(), closes_at_once(),
                                                          says("speaks_noise", noise()))),
                         name_of);

TEST_P(GrpcBadTlsServer, EachCallEndsWithAnErrorInTime) {
  BadServer server(std::get<1>(GetParam()).talk);
  const auto client = connect_to(server, true);
  const auto outgoing = [] {
    return OutgoingCall{.method = std::string(kMethod),
                        .message = Bytes::from_string("hello"),
                        .compression = wire::Compression::kNone,
                        .timeout = kTimeout};
  };
  std::promise<Status> first, second;
  client->call(outgoing(), [&](Result<std::string> reply) {
    first.set_value(reply.status());
    client->call(outgoing(), [&](Result<std::string> other) { second.set_value(other.status()); });
  });
  auto ended = second.get_future();
  ASSERT_EQ(ended.wait_for(2 * kTimeout + seconds(10)), std::future_status::ready);
  EXPECT_FALSE(first.get_future().get().is_ok());
  EXPECT_FALSE(ended.get().is_ok());
  EXPECT_FALSE(ask(*client).is_ok());
  EXPECT_GE(server.connections(), 1);
}

}  // namespace
}  // namespace kolben::net::grpc
