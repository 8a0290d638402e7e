// The client against our server, and against peers that misbehave.
#include "net/http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/thread.h"
#include "net/http/bad_server.h"
#include "net/http/test_peer.h"

namespace kolben::net::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kEcho = [](const Request& request, Responder responder) {
  Response response = text_response(200, std::string(request.body.view()));
  response.headers.emplace_back("Peer", request.peer);
  responder.respond(std::move(response));
};

std::unique_ptr<Server> start(Handler handler, ServerSettings settings = {}) {
  settings.endpoint = "localhost:" + std::to_string(0);
  Result<std::unique_ptr<Server>> server = Server::start(std::move(settings), std::move(handler));
  EXPECT_TRUE(server.has_value()) << server.status().to_string();
  return std::move(server).value();
}

std::string url_of(std::uint16_t port, std::string_view path = "/", bool is_https = false) {
  return (is_https ? "https://localhost:" : "http://localhost:") + std::to_string(port) +
         std::string(path);
}

ClientRequest post(std::string url, std::string body) {
  return {.method = "POST", .url = std::move(url), .body = Bytes::from_string(std::move(body))};
}

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(HttpClient, BodiesComeBack) {
  const auto server = start(kEcho);
  const auto client = Client::create({});
  for (const std::size_t size : {0U, 1U, 3'000'000U}) {
    const std::string body(size, 'x');
    const Result<Response> response = client->send_and_wait(post(url_of(server->port()), body));
    ASSERT_TRUE(response.has_value()) << response.error().to_string();
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(response->body.view() == body) << size;
  }
}

TEST(HttpClient, SendsMethodTargetAndHeaders) {
  std::promise<Request> seen;
  const auto server = start([&seen](Request request, Responder responder) {
    responder.respond(text_response(200, ""));
    seen.set_value(std::move(request));
  });
  const auto client = Client::create({});
  ASSERT_TRUE(client
                  ->send_and_wait({.method = "GET",
                                   .url = url_of(server->port(), "/a?b=c"),
                                   .headers = {{"X-Token", "t"}}})
                  .has_value());
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.header("x-token"), "t");
  EXPECT_EQ(request.header("Host"), "localhost:" + std::to_string(server->port()));
}

TEST(HttpClient, ReusesItsConnection) {
  const auto server = start(kEcho);
  const auto client = Client::create({});
  const auto peer = [&] {
    Result<Response> response = client->send_and_wait(post(url_of(server->port()), "x"));
    return response.has_value() ? header_of(*response, "Peer") : response.error().to_string();
  };
  const std::string first = peer();
  EXPECT_EQ(peer(), first);
  EXPECT_EQ(peer(), first);
}

TEST(HttpClient, NoticesThatAKeptConnectionWasClosed) {
  ServerSettings settings;
  settings.idle_timeout = milliseconds(20);
  const auto server = start(kEcho, settings);
  const auto client = Client::create({});
  for (int i = 0; i < 20; ++i) {
    const Result<Response> response = client->send_and_wait(post(url_of(server->port()), "x"));
    ASSERT_TRUE(response.has_value()) << response.error().to_string();
    std::this_thread::sleep_for(milliseconds(i * 2));  // around the server's idle time
  }
}

TEST(HttpClient, RequestsBeyondTheMaximumWait) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  ServerSettings server_settings;
  server_settings.threads = 4;
  const auto server = start(
      [&](const Request&, Responder responder) {
        most = std::max(most.load(), ++running);
        --running;
        responder.respond(text_response(200, ""));
      },
      server_settings);
  ClientSettings settings;
  settings.connections_max = 2;
  const auto client = Client::create(settings);
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    client->send(post(url_of(server->port()), "x"), [promise](Result<Response> response) {
      promise->set_value(response.has_value());
    });
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_LE(most.load(), 2);
}

TEST(HttpClient, RefusedConnectionSaysSo) {
  std::uint16_t port = 0;
  {
    const auto server = start(kEcho);
    port = server->port();
  }
  const auto client = Client::create({});
  const Result<Response> response = client->send_and_wait(post(url_of(port), "x"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().to_string(), "UNAVAILABLE: connecting to localhost:" +
                                              std::to_string(port) + ": Connection refused");
}

TEST(HttpClient, SlowAnswerIsDeadlineExceeded) {
  Held<Responder> held;
  const auto server =
      start([&held](const Request&, Responder responder) { held.keep(std::move(responder)); });
  ClientSettings settings;
  settings.timeout = milliseconds(50);
  const auto client = Client::create(settings);
  const Result<Response> response = client->send_and_wait(post(url_of(server->port()), "x"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), StatusCode::kDeadlineExceeded);
}

TEST(HttpClient, DestroyedClientCancelsWhatRuns) {
  Held<Responder> held;
  const auto server =
      start([&held](const Request&, Responder responder) { held.keep(std::move(responder)); });
  auto client = Client::create({});
  std::promise<Status> promise;
  client->send(post(url_of(server->port()), "x"),
               [&promise](Result<Response> response) { promise.set_value(response.status()); });
  const Responder responder = held.take();
  client.reset();
  EXPECT_EQ(promise.get_future().get().code(), StatusCode::kCancelled);
}

TEST(HttpClient, AnswerOverTheLimitIsResourceExhausted) {
  const auto server = start(kEcho);
  ClientSettings settings;
  settings.response_bytes_max = 100;
  const auto client = Client::create(settings);
  const Result<Response> response =
      client->send_and_wait(post(url_of(server->port()), std::string(101, 'x')));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), StatusCode::kResourceExhausted);
}

// Accepts connections one after the other and gives each the next of `answers`, then closes it.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) {
    Result<Listeners> listeners = listen_on("127.0.0.1:0");
    EXPECT_TRUE(listeners.has_value());
    port_ = listeners->port;
    thread_ = Thread("scripted", [answers = std::move(answers),
                                  socket = std::move(listeners->sockets[0].socket)] {
      for (const std::string& answer : answers) {
        pollfd ready{socket.fd(), POLLIN, 0};
        if (poll(&ready, 1, 10'000) != 1) return;
        const Socket peer(accept(socket.fd(), nullptr, nullptr));
        char request[4096];
        if (recv(peer.fd(), request, sizeof request, 0) <= 0) return;
        send(peer.fd(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  Thread thread_;
};

TEST(HttpClient, AnswerThatIsNoHttpIsInternal) {
  const ScriptedServer server({"hello\r\n\r\n"});
  const auto client = Client::create({});
  const Result<Response> response = client->send_and_wait(post(url_of(server.port()), "x"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), StatusCode::kInternal) << response.error().to_string();
}

TEST(HttpClient, ConnectionThatBreaksIsUnavailable) {
  const ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  const auto client = Client::create({});
  const Result<Response> response = client->send_and_wait(post(url_of(server.port()), "x"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), StatusCode::kUnavailable) << response.error().to_string();
}

TEST(HttpClient, InterimAnswersAreSkipped) {
  const ScriptedServer server(
      {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  const auto client = Client::create({});
  const Result<Response> response = client->send_and_wait(post(url_of(server.port()), "x"));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->body.view(), "ok");
}

TEST(HttpClient, BodyWithoutLengthEndsWithTheConnection) {
  const ScriptedServer server({"HTTP/1.1 200 OK\r\n\r\nuntil the end"});
  const auto client = Client::create({});
  const Result<Response> response = client->send_and_wait(post(url_of(server.port()), "x"));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->body.view(), "until the end");
}

// Says `begin` once it is asked, and `again` for ever.
BadServer endless(std::string begin, std::string again) {
  return BadServer([begin = std::move(begin), again = std::move(again)](BadServer::Peer& peer) {
    if (!peer.hear() || !peer.say(begin)) return;
    while (peer.say(again)) {
    }
  });
}

TEST(HttpClient, AnswersThatNeverEndAreGivenUp) {
  constexpr std::uint64_t kHeardMax = 64 << 20;
  const std::string line = "x: " + std::string(1000, 'y') + "\r\n";
  const std::string chunk = "3e8\r\n" + std::string(1000, 'y') + "\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& [begin, again] : std::vector<std::pair<std::string, std::string>>{
           {"HTTP/1.1 200 OK\r\n", line},
           {"", "HTTP/1.1 100 Continue\r\n\r\n"},
           {"HTTP/1.1 200 " + std::string(1000, 'y'), std::string(1000, 'y')},
           {"HTTP/1.1 200 OK\r\n\r\n", line},
           {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", line},
           {chunked, chunk},
           {chunked, "1;" + std::string(1000, 'y')},
           {chunked + "0\r\n", line}}) {
    const BadServer server = endless(begin, again);
    ClientSettings settings;
    settings.timeout = seconds(5);
    const auto client = Client::create(settings);
    const auto response = client->send_and_wait(post(url_of(server.port()), "x"));
    ASSERT_FALSE(response.has_value()) << begin;
    EXPECT_NE(response.error().code(), StatusCode::kDeadlineExceeded) << begin;
    EXPECT_LT(server.said_most(), kHeardMax) << begin;
  }
}

TEST(HttpClient, AHandshakeThatIsNeverAnsweredEndsInTime) {
  const BadServer server([](BadServer::Peer& peer) { peer.be_silent(); });
  ClientSettings settings;
  settings.timeout = milliseconds(100);
  const auto client = Client::create(settings);
  for (int i = 0; i < 3; ++i) {
    const auto response = client->send_and_wait(post(url_of(server.port(), "/", true), "x"));
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code(), StatusCode::kDeadlineExceeded);
  }
}

TEST(HttpClient, BadUrlIsInvalid) {
  const auto client = Client::create({});
  EXPECT_EQ(client->send_and_wait(post("localhost:1", "")).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(HttpTls, BodiesComeBackOverOneConnection) {
  const auto server = start(kEcho, tls_server());
  ClientSettings settings;
  settings.tls.ca_file = tls_file("ca.pem");
  const auto client = Client::create(settings);
  std::string peer;
  for (const std::size_t size : {1U, 500'000U, 2U}) {
    const std::string body(size, 'x');
    const Result<Response> response =
        client->send_and_wait(post(url_of(server->port(), "/", true), body));
    ASSERT_TRUE(response.has_value()) << response.error().to_string();
    EXPECT_TRUE(response->body.view() == body);
    if (peer.empty()) peer = header_of(*response, "Peer");
    EXPECT_EQ(header_of(*response, "Peer"), peer);
  }
}

TEST(HttpTls, UnknownAuthorityIsRefused) {
  const auto server = start(kEcho, tls_server());
  const auto client = Client::create({});
  const Result<Response> response =
      client->send_and_wait(post(url_of(server->port(), "/", true), "x"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), StatusCode::kUnavailable) << response.error().to_string();
}

TEST(HttpTls, WrongNameIsRefused) {
  const auto server = start(kEcho, tls_server());
  ClientSettings settings;
  settings.tls.ca_file = tls_file("ca.pem");
  settings.tls.server_name_override = "example.com";
  const auto client = Client::create(settings);
  EXPECT_FALSE(client->send_and_wait(post(url_of(server->port(), "/", true), "x")).has_value());
}

TEST(HttpTls, VerificationCanBeSkipped) {
  const auto server = start(kEcho, tls_server());
  ClientSettings settings;
  settings.tls.insecure_skip_verify = true;
  const auto client = Client::create(settings);
  EXPECT_TRUE(client->send_and_wait(post(url_of(server->port(), "/", true), "x")).has_value());
}

TEST(HttpTls, PlainPeerDoesNotHarm) {
  const auto server = start(kEcho, tls_server());
  TestPeer peer(server->port());
  peer.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.hear_all();
  ClientSettings settings;
  settings.tls.ca_file = tls_file("ca.pem");
  EXPECT_TRUE(Client::create(settings)
                  ->send_and_wait(post(url_of(server->port(), "/", true), "x"))
                  .has_value());
}

TEST(HttpTls, MissingFileIsNamed) {
  ServerSettings settings = tls_server();
  settings.endpoint = "localhost:0";
  settings.tls.cert_file = "/nowhere/cert.pem";
  const auto server = Server::start(settings, kEcho);
  ASSERT_FALSE(server.has_value());
  EXPECT_NE(server.error().message().find("/nowhere/cert.pem"), std::string::npos);
}

}  // namespace
}  // namespace kolben::net::http
