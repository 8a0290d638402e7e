// The gRPC server and both clients against each other, over real sockets.
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "net/grpc/light_client.h"
#include "net/grpc/test_server.h"
#include "net/http/test_peer.h"
#include "wire/compression.h"

namespace kolben::net::grpc {
namespace {

using http::Rejections;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Each test with each client.
class Grpc : public testing::TestWithParam<CreateClient> {
 protected:
  static std::unique_ptr<Client> connect_to(const Server& server, ClientSettings settings = {}) {
    return grpc::connect_to(server, std::move(settings), GetParam());
  }
};

std::string name_of(const testing::TestParamInfo<CreateClient>& tested) {
  return tested.param == &Client::create ? "grpcpp" : "light";
}
INSTANTIATE_TEST_SUITE_P(Both, Grpc, testing::Values(&Client::create, &create_light_client),
                         name_of);

TEST_P(Grpc, MessageComesBack) {
  const auto server = start(kEcho);
  const auto client = connect_to(*server);
  const Result<std::string> reply = call(*client, std::string("hello"));
  ASSERT_TRUE(reply.has_value()) << reply.error().to_string();
  EXPECT_EQ(*reply, "hello");
}

TEST_P(Grpc, EmptyAndLargeMessagesComeBack) {
  const auto server = start(kEcho);
  const auto client = connect_to(*server);
  for (const std::size_t size : {0U, 1U, 100'000U, 3'000'000U}) {
    const std::string text = text_of(size);
    const Result<std::string> reply = call(*client, text);
    ASSERT_TRUE(reply.has_value()) << size << ": " << reply.error().to_string();
    EXPECT_TRUE(*reply == text) << size;
  }
}

TEST_P(Grpc, HandlerSeesMethodPeerAndMetadata) {
  std::promise<Call> seen;
  const auto server = start([&seen](Call call, Responder responder) {
    responder.respond("");
    seen.set_value(std::move(call));
  });
  const auto client =
      connect_to(*server, {.endpoint = {}, .tls = {}, .metadata = {{"Authorization", "Bearer x"}}});
  ASSERT_TRUE(call(*client, std::string("m")).has_value());
  const Call got = seen.get_future().get();
  EXPECT_EQ(got.method, kMethod);
  EXPECT_EQ(got.compression, wire::Compression::kNone);
  EXPECT_TRUE(got.peer.starts_with("127.0.0.1:") || got.peer.starts_with("[::1]:")) << got.peer;
  const auto has = std::find(got.metadata.begin(), got.metadata.end(),
                             std::pair<std::string, std::string>("authorization", "Bearer x"));
  EXPECT_NE(has, got.metadata.end());
}

TEST_P(Grpc, GzipArrivesAsItWasSent) {
  std::promise<Call> seen;
  const auto server = start([&seen](Call call, Responder responder) {
    responder.respond("ok");
    seen.set_value(std::move(call));
  });
  const auto client = connect_to(*server);
  const std::string text = text_of(200'000);
  const std::string gzip = wire::compress(wire::Compression::kGzip, text);
  const Result<std::string> reply = call(
      *client,
      {.method = {}, .message = Bytes::from_string(gzip), .compression = wire::Compression::kGzip});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_string();
  const Call got = seen.get_future().get();
  EXPECT_EQ(got.compression, wire::Compression::kGzip);
  EXPECT_TRUE(got.message.view() == gzip);
}

TEST_P(Grpc, CompressionThatGrpcDoesNotKnowIsRefused) {
  const auto server = start(kEcho);
  const auto client = connect_to(*server);
  const Result<std::string> reply = call(
      *client,
      {.method = {}, .message = Bytes::from_string("x"), .compression = wire::Compression::kLz4});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kUnimplemented);
}

TEST_P(Grpc, UnknownMethodIsUnimplemented) {
  const auto server = start(kEcho);
  const auto client = connect_to(*server);
  const Result<std::string> reply =
      call(*client, {.method = "/kolben.Test/Other", .message = Bytes::from_string("x")});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(reply.error().message(), "no method /kolben.Test/Other");
}

TEST_P(Grpc, OversizeIsResourceExhausted) {
  ServerSettings settings;
  settings.message_bytes_max = 1000;
  Rejections rejections;
  const auto server = start(kEcho, settings, rejections.counter());
  const auto client = connect_to(*server);
  const Result<std::string> reply = call(*client, std::string(1001, 'x'));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kResourceExhausted) << reply.error().to_string();
  EXPECT_TRUE(rejections.wait_for("unreadable_message"));
  EXPECT_TRUE(call(*client, std::string(1000, 'x')).has_value());
}

TEST_P(Grpc, DelayTravelsInTheDetails) {
  ServerSettings server_settings;
  server_settings.encode_status_details = [](const Status& status) {
    return std::to_string(status.retry_after()->count());
  };
  ClientSettings client_settings;
  client_settings.decode_status_details = [](std::string_view details) {
    return unavailable("").with_retry_after(milliseconds(std::stol(std::string(details))));
  };
  const auto server = start(
      [](Call, Responder responder) {
        responder.fail(resource_exhausted("full").with_retry_after(milliseconds(1500)));
      },
      server_settings);
  const auto client = connect_to(*server, client_settings);
  const Result<std::string> reply = call(*client, std::string("x"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(reply.error().message(), "full");
  EXPECT_EQ(reply.error().retry_after(), milliseconds(1500));
}

TEST_P(Grpc, DroppedResponderIsInternal) {
  const auto server = start([](Call, Responder) {});
  const auto client = connect_to(*server);
  const Result<std::string> reply = call(*client, std::string("x"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kInternal);
}

// Keeps the responders, so that tests answer when they want to.
struct Held {
  void keep(Responder responder) {
    MutexLock lock(mutex);
    responders.push_back(std::move(responder));
    changed.notify_all();
  }
  void wait_until(std::size_t count) {
    MutexLock lock(mutex);
    while (responders.size() < count) changed.wait(mutex);
  }
  Mutex mutex;
  CondVar changed;
  std::vector<Responder> responders;
};

TEST_P(Grpc, SlowAnswerIsDeadlineExceeded) {
  Held held;
  const auto server =
      start([&held](Call, Responder responder) { held.keep(std::move(responder)); });
  const auto client = connect_to(*server);
  const Result<std::string> reply = call(*client, {.method = {},
                                                   .message = Bytes::from_string("x"),
                                                   .compression = wire::Compression::kNone,
                                                   .timeout = milliseconds(100)});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code(), StatusCode::kDeadlineExceeded);
}

TEST_P(Grpc, StopLetsRunningCallsBeAnswered) {
  Held held;
  const auto server =
      start([&held](Call, Responder responder) { held.keep(std::move(responder)); });
  const auto client = connect_to(*server);
  auto reply = std::async(std::launch::async, [&] { return call(*client, std::string("x")); });
  held.wait_until(1);
  auto stopped =
      std::async(std::launch::async, [&] { server->stop(steady_clock::now() + seconds(10)); });
  EXPECT_EQ(stopped.wait_for(milliseconds(50)), std::future_status::timeout);
  held.responders[0].respond("late");
  const Result<std::string> got = reply.get();
  ASSERT_TRUE(got.has_value()) << got.error().to_string();
  EXPECT_EQ(*got, "late");
  EXPECT_EQ(stopped.wait_for(seconds(5)), std::future_status::ready);
}

TEST_P(Grpc, StopEndsCallsWithoutAnswerAtTheDeadline) {
  Held held;
  const auto server =
      start([&held](Call, Responder responder) { held.keep(std::move(responder)); });
  const auto client = connect_to(*server);
  auto reply = std::async(std::launch::async, [&] { return call(*client, std::string("x")); });
  held.wait_until(1);
  server->stop(steady_clock::now() + milliseconds(50));
  const Result<std::string> got = reply.get();
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), StatusCode::kUnavailable) << got.error().to_string();
  held.responders[0].respond("nobody hears it");
}

TEST_P(Grpc, ClientThatGoesCancelsItsCalls) {
  Held held;
  const auto server =
      start([&held](Call, Responder responder) { held.keep(std::move(responder)); });
  auto client = connect_to(*server);
  std::promise<Result<std::string>> promise;
  client->call(
      {.method = std::string(kMethod), .message = Bytes::from_string("x"), .timeout = seconds(30)},
      [&promise](Result<std::string> result) { promise.set_value(std::move(result)); });
  held.wait_until(1);
  client.reset();
  EXPECT_EQ(promise.get_future().get().error().code(), StatusCode::kCancelled);
}

TEST_P(Grpc, RefusedConnectionSaysSo) {
  std::uint16_t port = 0;
  {
    const auto server = start(kEcho);
    port = server->port();
  }
  ClientSettings settings;
  settings.endpoint = "localhost:" + std::to_string(port);
  settings.tls.insecure = true;
  const auto client = GetParam()(settings);
  ASSERT_TRUE(client.has_value());
  const Result<std::string> reply = call(**client, std::string("x"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().to_string(), "UNAVAILABLE: connecting to localhost:" +
                                           std::to_string(port) + ": Connection refused");
}

TEST_P(Grpc, ServerThatStartsLaterIsFound) {
  std::uint16_t port = 0;
  {
    const auto server = start(kEcho);
    port = server->port();
  }
  ClientSettings settings;
  settings.endpoint = "localhost:" + std::to_string(port);
  settings.tls.insecure = true;
  const auto client = GetParam()(settings);
  ASSERT_TRUE(client.has_value());
  EXPECT_FALSE(call(**client, std::string("x")).has_value());
  const auto server = start(kEcho, {.endpoint = settings.endpoint, .tls = {}});
  const auto deadline = steady_clock::now() + seconds(10);
  bool is_found = false;
  while (!is_found && steady_clock::now() < deadline) {
    is_found = call(**client, std::string("x")).has_value();
  }
  EXPECT_TRUE(is_found);
}

TEST(GrpcServer, PortInUseNamesItsHolder) {
  const auto server = start(kEcho);
  const Result<std::unique_ptr<Server>> second =
      Server::start({.endpoint = "localhost:" + std::to_string(server->port()), .tls = {}}, kEcho);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message().find("(pid " + std::to_string(getpid()) + ")"),
            std::string::npos)
      << second.error().message();
}

const std::string kTls = std::string(KOLBEN_TEST_DATA) + "/tls/";

TlsServerSettings server_tls() {
  TlsServerSettings tls;
  tls.enabled = true;
  tls.cert_file = kTls + "server.pem";
  tls.key_file = kTls + "server-key.pem";
  return tls;
}

TEST_P(Grpc, TlsMessageComesBack) {
  const auto server = start(kEcho, {.endpoint = {}, .tls = server_tls()});
  ClientSettings settings;
  settings.tls.ca_file = kTls + "ca.pem";
  const auto client = connect_to(*server, settings);
  const Result<std::string> reply = call(*client, std::string("hello"));
  ASSERT_TRUE(reply.has_value()) << reply.error().to_string();
  EXPECT_EQ(*reply, "hello");
}

TEST_P(Grpc, TlsVerificationCanBeSkipped) {
  const auto server = start(kEcho, {.endpoint = {}, .tls = server_tls()});
  ClientSettings settings;
  settings.tls.insecure_skip_verify = true;
  const auto client = connect_to(*server, settings);
  const Result<std::string> reply = call(*client, std::string("hello"));
  ASSERT_TRUE(reply.has_value()) << reply.error().to_string();
}

TEST_P(Grpc, TlsPlainPeerIsCounted) {
  Rejections rejections;
  const auto server = start(kEcho, {.endpoint = {}, .tls = server_tls()}, rejections.counter());
  const auto client = connect_to(*server);
  EXPECT_FALSE(call(*client, std::string("hello")).has_value());
  EXPECT_TRUE(rejections.wait_for("plain_on_tls_port"));
}

TEST(GrpcServer, WithoutCertificateItIsRefused) {
  TlsServerSettings tls;
  tls.enabled = true;
  const auto server = Server::start({.endpoint = "localhost:0", .tls = tls}, kEcho);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code(), StatusCode::kInvalidArgument);
}

TEST_P(Grpc, RefusesHeadersThatGrpcCannotSend) {
  for (const std::string name : {"bad name", "grpc-timeout", ""}) {
    ClientSettings settings;
    settings.endpoint = "localhost:4317";
    settings.metadata = {{name, "x"}};
    EXPECT_FALSE(GetParam()(settings).has_value()) << name;
  }
}

}  // namespace
}  // namespace kolben::net::grpc
