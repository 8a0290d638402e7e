// What the server makes of who asks: pages of others in a browser, and peers that hang up.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "net/http/server.h"
#include "net/http/server_fixture.h"
#include "net/http/test_peer.h"

namespace kolben::net::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// DNS rebinding: the page of evil.example has pointed its name at this machine.
TEST(HttpServer, OnThisMachineBrowsersMustKnowItsName) {
  Rejections rejections;
  const auto server = start(kEcho, {}, rejections.counter());
  const auto get = [&](const std::string& fields) {
    return status_of(ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n"));
  };
  for (const char* mark : {"Referer: http://evil.example/\r\n", "Accept-Language: en\r\n",
                           "User-Agent: Mozilla/5.0 (X11)\r\n", "Origin: http://evil.example\r\n",
                           "Sec-Fetch-Site: same-origin\r\n"}) {
    EXPECT_EQ(get(std::string("Host: evil.example:8888\r\n") + mark), "HTTP/1.1 403 Forbidden")
        << mark;
    EXPECT_EQ(get(std::string("Host: localhost:8888\r\n") + mark), "HTTP/1.1 200 OK") << mark;
  }
  EXPECT_TRUE(rejections.wait_for("foreign_host"));
  // Through a tunnel, or by an alias of /etc/hosts.
  EXPECT_EQ(get("Host: telemetry.example:4318\r\nUser-Agent: OTel-OTLP-Exporter\r\n"),
            "HTTP/1.1 200 OK");
}

TEST(HttpServer, WhereOthersCanConnectEveryNameIsItsOwn) {
  ServerSettings settings;
  settings.endpoint = "0.0.0.0:0";
  const auto server = start(kEcho, settings);
  EXPECT_EQ(status_of(ask(*server,
                          "GET / HTTP/1.1\r\nHost: kolben.example\r\nAccept-Language: en\r\n"
                          "Connection: close\r\n\r\n")),
            "HTTP/1.1 200 OK");
}

TEST(HttpServer, PagesOfOthersMayNotSendWhatBrowsersDoNotAskFor) {
  Rejections rejections;
  ServerSettings settings;
  settings.cors_allowed_origins = {"https://shop.example"};
  const auto server = start(kEcho, settings, rejections.counter());
  const auto post = [&](const std::string& fields) {
    return status_of(ask(*server,
                         "POST / HTTP/1.1\r\nHost: localhost:9411\r\nConnection: close\r\n"
                         "Content-Length: 2\r\n" +
                             fields + "\r\n[]"));
  };
  EXPECT_EQ(post("Origin: http://evil.example\r\n"), "HTTP/1.1 403 Forbidden");
  EXPECT_TRUE(rejections.wait_for("cross_site"));
  EXPECT_EQ(post("Origin: http://evil.example\r\nContent-Type: text/plain\r\n"),
            "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(post("Origin: https://shop.example\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(post("Origin: http://localhost:9411\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(post("Origin: http://x\r\nContent-Type: application/json\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(post(""), "HTTP/1.1 200 OK");
}

TEST(HttpServer, AnswersPreflightsOfAllowedOrigins) {
  ServerSettings settings;
  settings.cors_allowed_origins = {"https://*.example.com"};
  const auto server = start(kEcho, settings);
  const auto preflight = [&server](std::string_view origin) {
    return ask(*server, "OPTIONS /v1/traces HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: " +
                            std::string(origin) +
                            "\r\nAccess-Control-Request-Method: POST\r\n"
                            "Access-Control-Request-Headers: content-type\r\n\r\n");
  };
  const std::string allowed = preflight("https://app.example.com");
  EXPECT_TRUE(allowed.starts_with("HTTP/1.1 204 ")) << allowed;
  EXPECT_NE(allowed.find("\r\nAccess-Control-Allow-Origin: https://app.example.com\r\n"),
            std::string::npos);
  EXPECT_NE(allowed.find("\r\nAccess-Control-Allow-Headers: content-type\r\n"), std::string::npos);
  EXPECT_EQ(preflight("https://example.org").find("Access-Control-Allow"), std::string::npos);
}

TEST(HttpServer, SaysWhenAPeerHangsUpBeforeItsAnswer) {
  std::promise<Request> asked;
  std::optional<Responder> kept;
  ServerSettings settings;
  settings.watches_peers = true;
  const auto server = start(
      [&](Request request, Responder responder) {
        kept = std::move(responder);
        asked.set_value(std::move(request));
      },
      settings);
  std::optional<TestPeer> peer(std::in_place, server->port());
  peer->say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  const Request request = asked.get_future().get();
  ASSERT_NE(request.is_peer_gone, nullptr);
  EXPECT_FALSE(request.is_peer_gone->load());
  peer.reset();
  const auto end = steady_clock::now() + seconds(10);
  while (!request.is_peer_gone->load() && steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(request.is_peer_gone->load());
  kept->respond(text_response(200, "for nobody"));
}

TEST(HttpServer, WatchedPeersKeepTheirConnection) {
  ServerSettings settings;
  settings.watches_peers = true;
  std::atomic<int> gone = 0;
  const auto server = start(
      [&gone](Request request, Responder responder) {
        if (request.is_peer_gone->load()) ++gone;
        kEcho(std::move(request), std::move(responder));
      },
      settings);
  TestPeer peer(server->port());
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/" + std::to_string(i);
    peer.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(peer.hears("GET " + path + " "));
  }
  EXPECT_EQ(gone, 0);
}

}  // namespace
}  // namespace kolben::net::http
