// The server against a peer that speaks bytes, over real sockets.
#include "net/http/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "net/http/server_fixture.h"
#include "net/http/test_peer.h"

namespace kolben::net::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(HttpServer, AnswersARequest) {
  const auto server = start(kEcho);
  const std::string answer =
      ask(*server, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "GET /a?b=c ");
}

TEST(HttpServer, KeepsTheConnection) {
  const auto server = start(kEcho);
  TestPeer peer(server->port());
  for (int i = 0; i < 3; ++i) {
    const std::string path = "/" + std::to_string(i);
    peer.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(peer.hears("GET " + path + " "));
    EXPECT_EQ(peer.heard().find("Connection: close"), std::string::npos);
  }
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = start(kEcho);
  const std::string answer = ask(*server,
                                 "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
                                 "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
                                 "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::size_t first = answer.find("POST /1 one");
  const std::size_t second = answer.find("GET /2 ");
  const std::size_t third = answer.find("GET /3 ");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST(HttpServer, TakesChunkedBodies) {
  const auto server = start(kEcho);
  const std::string answer =
      ask(*server,
          "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(answer), "POST / abcdefg");
}

TEST(HttpServer, TakesLargeBodies) {
  const auto server = start(kEcho);
  const std::string body(5'000'000, 'x');
  TestPeer peer(server->port());
  peer.say("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n");
  peer.say(body);
  EXPECT_TRUE(body_of(peer.hear_all()) == "POST / " + body);
}

TEST(HttpServer, HeadHasTheLengthButNoBody) {
  const auto server = start(kEcho);
  const std::string answer =
      ask(*server, "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("\r\nContent-Length: 8\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST(HttpServer, SaysContinueToWhoWaitsForIt) {
  const auto server = start(kEcho);
  TestPeer peer(server->port());
  peer.say(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
      "Connection: close\r\n\r\n");
  ASSERT_TRUE(peer.hears("HTTP/1.1 100 Continue\r\n\r\n"));
  peer.say("hi");
  EXPECT_TRUE(peer.hears("POST / hi"));
}

TEST(HttpServer, OldHttpClosesAfterTheAnswer) {
  const auto server = start(kEcho);
  EXPECT_EQ(body_of(ask(*server, "GET /old HTTP/1.0\r\n\r\n")), "GET /old ");
}

TEST(HttpServer, RefusesWhatIsNoHttp) {
  const auto f = [](std::string_view bytes) {
    Rejections rejections;
    const auto server = start(kEcho, {}, rejections.counter());
    EXPECT_TRUE(ask(*server, bytes).starts_with("HTTP/1.1 400 Bad Request\r\n")) << bytes;
    EXPECT_TRUE(rejections.wait_for("malformed_request")) << bytes;
  };
  f("hello\r\n\r\n");
  f("GET / HTTP/9.9\r\nHost: x\r\n\r\n");
  f("GET / HTTP/1.1\r\nHost x\r\n\r\n");
  f("GET / HTTP/1.1\r\n\r\n");  // without Host
  f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n");
  f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: "
    "chunked\r\n\r\n0\r\n\r\n");
  f("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n");
}

TEST(HttpServer, BodyOverTheLimitIs413) {
  ServerSettings settings;
  settings.body_bytes_max = 1000;
  const auto f = [&settings](std::string_view head, std::size_t body_size) {
    Rejections rejections;
    const auto server = start(kEcho, settings, rejections.counter());
    TestPeer peer(server->port());
    peer.say(head);
    peer.say(std::string(body_size, 'x'));
    EXPECT_TRUE(peer.hear_all().starts_with("HTTP/1.1 413 Content Too Large\r\n")) << head;
    EXPECT_FALSE(peer.is_reset()) << head;
    EXPECT_TRUE(rejections.wait_for("too_large")) << head;
  };
  f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 0);
  f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n", 500'000);
  f("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n", 0x800);
}

TEST(HttpServer, BodyOfTheLimitIsTaken) {
  ServerSettings settings;
  settings.body_bytes_max = 5;
  const auto server = start(kEcho, settings);
  EXPECT_EQ(body_of(ask(*server,
                        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Content-Length: 5\r\n\r\n12345")),
            "POST / 12345");
}

TEST(HttpServer, HeaderOverTheLimitIs431) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  EXPECT_TRUE(ask(*server, "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x'))
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(rejections.wait_for("header_too_large"));
}

TEST(HttpServer, ChunksHeadsAndTrailersOverTheLimitAre431) {
  for (const std::string begin : {"1;", "0\r\nX: "}) {
    Rejections rejections;
    const auto server = start(kEcho, {}, rejections.counter());
    TestPeer peer(server->port());
    peer.say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + begin);
    peer.say(std::string(2'000'000, 'x'));
    EXPECT_TRUE(peer.hears("HTTP/1.1 431 ")) << begin;
    EXPECT_TRUE(rejections.wait_for("header_too_large")) << begin;
  }
}

TEST(HttpServer, SlowHeaderIs408) {
  Rejections rejections;
  ServerSettings settings;
  settings.header_timeout = milliseconds(50);
  const auto server = start(kEcho, settings, rejections.counter());
  EXPECT_TRUE(
      ask(*server, "GET / HTTP/1.1\r\nHos").starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(rejections.wait_for("timeout"));
}

TEST(HttpServer, SlowBodyIs408HoweverItDrips) {
  Rejections rejections;
  ServerSettings settings;
  settings.body_timeout = milliseconds(100);
  const auto server = start(kEcho, settings, rejections.counter());
  TestPeer peer(server->port());
  peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  std::atomic<bool> is_answered = false;
  auto dripping = std::async(std::launch::async, [&peer, &is_answered] {
    while (!is_answered && peer.say("x")) std::this_thread::sleep_for(milliseconds(5));
  });
  EXPECT_TRUE(peer.hears("HTTP/1.1 408 Request Timeout\r\n"));
  is_answered = true;
  dripping.get();
}

TEST(HttpServer, IdleConnectionIsClosedInSilence) {
  ServerSettings settings;
  settings.idle_timeout = milliseconds(50);
  const auto server = start(kEcho, settings);
  EXPECT_EQ(ask(*server, ""), "");
}

TEST(HttpServer, TellsHttp2WhereItIs) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  const std::string answer = ask(*server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("OTLP/gRPC is on another"), std::string::npos);
  EXPECT_TRUE(rejections.wait_for("http2_preface"));
}

TEST(HttpServer, CountsTlsOnThePlainPort) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  EXPECT_EQ(ask(*server, std::string_view("\x16\x03\x01\x00\x05hello", 10)), "");
  EXPECT_TRUE(rejections.wait_for("tls_on_plain_port"));
}

TEST(HttpServer, TurnsAwayMoreConnectionsThanItsMaximum) {
  Rejections rejections;
  Held<Responder> held;
  ServerSettings settings;
  settings.connections_max = 1;
  const auto server =
      start([&](const Request&, Responder responder) { held.keep(std::move(responder)); }, settings,
            rejections.counter());
  TestPeer first(server->port());
  first.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder responder = held.take();
  TestPeer second(server->port());
  EXPECT_TRUE(second.hear_all().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_TRUE(rejections.wait_for("too_many_connections"));
  responder.respond(text_response(200, "answered"));
  EXPECT_TRUE(first.hears("answered"));
}

// Peers that take all places and send nothing, or a part of a request, keep nobody out.
TEST(HttpServer, AConnectionThatWaitsForItsPeerMakesRoom) {
  for (const char* part : {"", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /1 HTT",
                           "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"}) {
    Rejections rejections;
    ServerSettings settings;
    settings.connections_max = 2;
    const auto server = start(kEcho, settings, rejections.counter());
    TestPeer first(server->port());
    TestPeer second(server->port());
    first.say(part);
    second.say(part);
    std::string answer;
    const auto deadline = steady_clock::now() + seconds(10);
    while (!answer.starts_with("HTTP/1.1 200 OK\r\n") && steady_clock::now() < deadline) {
      answer = ask(*server, "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    EXPECT_EQ(body_of(answer), "GET /3 ") << part;
    EXPECT_TRUE(rejections.wait_for("made_room")) << part;
  }
}

std::string post_of(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
         std::to_string(size) + "\r\n\r\n";
}

TEST(HttpServer, BodiesThatArriveHoldNoMoreMemoryThanItGives) {
  Rejections rejections;
  const auto server = start(kEcho, {.arriving_bytes_max = 1'000'000}, rejections.counter());
  const std::string most(900'000, 'x');
  std::optional<TestPeer> slow;
  std::string answer;
  // The network may turn the two around, and the second is refused: then this one ends, and again.
  for (const auto deadline = steady_clock::now() + seconds(10); steady_clock::now() < deadline;) {
    slow.emplace(server->port());
    slow->say(post_of(most.size() + 1));
    slow->say(most);
    answer = ask(*server, post_of(400'000) + std::string(400'000, 'y'));
    if (answer.starts_with("HTTP/1.1 503")) break;
    slow->say("x");
    slow->hear_all();
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer.substr(0, 100);
  EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos);
  EXPECT_TRUE(rejections.wait_for("too_many_bytes"));
  // Ordinary requests pass meanwhile, and the slow one too in the end.
  EXPECT_EQ(body_of(ask(*server, post_of(5) + "small")), "POST / small");
  slow->say("x");
  EXPECT_TRUE(slow->hear_all().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(
      ask(*server, post_of(400'000) + std::string(400'000, 'y')).starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, AnswersThatNobodyReadsHoldNoMoreMemoryThanItGives) {
  constexpr std::size_t kLarge = 20'000'000;  // more than the kernel buffers for a peer
  const auto server = start(
      [](const Request& request, Responder responder) {
        responder.respond(
            text_response(200, std::string(request.target == "/" ? kLarge : 10, 'x')));
      },
      {.leaving_bytes_max = 30'000'000});
  TestPeer slow(server->port());
  slow.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(slow.hears("HTTP/1.1 200 "));
  constexpr std::string_view kClose = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(ask(*server, "GET /" + std::string(kClose)).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(*server, "GET /small" + std::string(kClose)).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(slow.hears(std::string(1, 'x')));
}

TEST(HttpServer, StopDoesNotWaitForRequestsThatDoNotArrive) {
  const auto server = start(kEcho);
  TestPeer header(server->port());
  header.say("POST / HTTP/1.1\r\nHos");
  TestPeer body(server->port());
  body.say(post_of(5) + "four");
  // Both are read before another peer is answered that comes later.
  ask(*server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto before = steady_clock::now();
  server->stop(before + seconds(20));
  EXPECT_LT(steady_clock::now() - before, seconds(5));
  EXPECT_TRUE(body.hear_all().starts_with("HTTP/1.1 503 "));
}

TEST(HttpServer, DroppedResponderIs500) {
  const auto server = start([](const Request&, const Responder&) {});
  EXPECT_TRUE(ask(*server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, HeaderValuesCannotBreakOut) {
  const auto server = start([](const Request&, Responder responder) {
    Response response = text_response(200, "");
    response.headers.emplace_back("X", "a\r\nInjected: b");
    responder.respond(std::move(response));
  });
  const std::string answer = ask(*server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.find("\r\nInjected"), std::string::npos) << answer;
}

TEST(HttpServer, StopLetsRunningRequestsBeAnswered) {
  Held<Responder> held;
  const auto server =
      start([&held](const Request&, Responder responder) { held.keep(std::move(responder)); });
  TestPeer idle(server->port());
  TestPeer busy(server->port());
  busy.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder responder = held.take();
  auto stopped =
      std::async(std::launch::async, [&] { server->stop(steady_clock::now() + seconds(10)); });
  EXPECT_EQ(idle.hear_all(), "");  // closed at once
  responder.respond(text_response(200, "late"));
  const std::string answer = busy.hear_all();
  EXPECT_EQ(body_of(answer), "late");
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(stopped.wait_for(seconds(5)), std::future_status::ready);
}

TEST(HttpServer, StopClosesWhatIsLeftAtTheDeadline) {
  Held<Responder> held;
  const auto server =
      start([&held](const Request&, Responder responder) { held.keep(std::move(responder)); });
  TestPeer peer(server->port());
  peer.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder responder = held.take();
  server->stop(steady_clock::now() + milliseconds(50));
  EXPECT_EQ(peer.hear_all(), "");
  responder.respond(text_response(200, "nobody hears it"));
}

TEST(HttpServer, PortInUseNamesItsHolder) {
  const auto server = start(kEcho);
  const auto second =
      Server::start({.endpoint = "localhost:" + std::to_string(server->port())}, kEcho);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message().find("(pid " + std::to_string(getpid()) + ")"),
            std::string::npos)
      << second.error().message();
}

TEST(HttpServer, ManyThreadsAnswerManyConnections) {
  ServerSettings settings;
  settings.threads = 4;
  const auto server = start(kEcho, settings);
  std::vector<std::future<int>> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::async(std::launch::async, [&server] {
      TestPeer peer(server->port());
      int answered = 0;
      for (int n = 0; n < 50; ++n) {
        peer.forget();
        peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        if (peer.hears("POST / hi")) ++answered;
      }
      return answered;
    }));
  }
  for (auto& peer : peers) EXPECT_EQ(peer.get(), 50);
}

}  // namespace
}  // namespace kolben::net::http
