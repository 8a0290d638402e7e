// What the server makes of who asks: pages of others in a browser, and peers that hang up.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <future>
#include <memory>
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

// A server that watches its peers, and one request that waits for its answer.
class Watching {
 public:
  explicit Watching(ServerSettings settings = {}) {
    settings.watches_peers = true;
    server_ = start(
        [this](Request request, Responder responder) {
          responder_ = std::move(responder);
          asked_.set_value(std::move(request));
        },
        settings);
  }

  std::uint16_t port() const { return server_->port(); }
  // Waits for the request.
  const Request& request() {
    if (!request_) request_ = asked_.get_future().get();
    return *request_;
  }
  void respond(std::string text) { responder_->respond(text_response(200, std::move(text))); }
  // Within ten seconds.
  bool is_peer_gone() {
    const auto end = steady_clock::now() + seconds(10);
    while (!request().is_peer_gone->load() && steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    return request().is_peer_gone->load();
  }

 private:
  std::promise<Request> asked_;
  std::optional<Request> request_;
  std::optional<Responder> responder_;
  std::unique_ptr<Server> server_;
};

constexpr std::string_view kSlow = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpServer, SaysWhenAPeerHangsUpBeforeItsAnswer) {
  for (const bool resets : {false, true}) {
    Watching server;
    std::optional<TestPeer> peer(std::in_place, server.port());
    peer->say(kSlow);
    ASSERT_NE(server.request().is_peer_gone, nullptr);
    EXPECT_FALSE(server.request().is_peer_gone->load());
    if (resets) peer->reset_at_end();
    peer.reset();
    EXPECT_TRUE(server.is_peer_gone());
    server.respond("for nobody");
  }
}

// A TLS connection to the server over a peer's socket.
class TlsPeer {
 public:
  explicit TlsPeer(const TestPeer& peer)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(SSL_new(context_.get()), SSL_free) {
    SSL_set_fd(ssl_.get(), peer.fd());
    EXPECT_EQ(SSL_connect(ssl_.get()), 1);
  }
  void say(std::string_view bytes) {
    EXPECT_EQ(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  // All until the other side says that it ends.
  std::string hear_all() {
    std::string heard;
    char chunk[4096];
    for (int size = 0; (size = SSL_read(ssl_.get(), chunk, sizeof chunk)) > 0;) {
      heard.append(chunk, static_cast<std::size_t>(size));
    }
    EXPECT_NE(SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN, 0) << "no close_notify";
    return heard;
  }
  // Sends close_notify; the TCP connection stays.
  void say_goodbye() { SSL_shutdown(ssl_.get()); }
  // A record that means nothing to HTTP: TLS 1.3's new keys.
  void change_keys() {
    EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    EXPECT_EQ(SSL_do_handshake(ssl_.get()), 1);
  }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

TEST(HttpServer, ATlsPeerHangsUpByItsWordOrItsConnection) {
  for (const bool says_goodbye : {true, false}) {
    Watching server(tls_server());
    std::optional<TestPeer> peer(std::in_place, server.port());
    TlsPeer tls(*peer);
    tls.say(kSlow);
    tls.change_keys();
    if (says_goodbye) {
      tls.say_goodbye();
    } else {
      peer.reset();
    }
    EXPECT_TRUE(server.is_peer_gone());
    server.respond("for nobody");
  }
}

TEST(HttpServer, ATlsRecordWithoutBytesIsNoHangUp) {
  Watching server(tls_server());
  const TestPeer peer(server.port());
  TlsPeer tls(peer);
  tls.say(kSlow);
  server.request();
  tls.change_keys();
  // Its refusal says that the server has read all before it.
  tls.say("no request\r\n\r\n");
  server.respond("whole");
  const std::string heard = tls.hear_all();
  EXPECT_NE(heard.find("\r\n\r\nwholeHTTP/1.1 400 "), std::string::npos) << heard;
  EXPECT_FALSE(server.request().is_peer_gone->load());
}

TEST(HttpServer, AWatchedTlsPeerIsAnsweredAndSaidGoodbyeTo) {
  Watching server(tls_server());
  const TestPeer peer(server.port());
  TlsPeer tls(peer);
  tls.say("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(server.request().is_peer_gone->load());
  server.respond("whole");
  EXPECT_EQ(body_of(tls.hear_all()), "whole");
}

// It has sent what a peer sends that hangs up.
TEST(HttpServer, APeerThatEndsItsHalfCountsAsGoneAndIsAnswered) {
  Watching server;
  TestPeer peer(server.port());
  peer.say(kSlow);
  peer.end_sending();
  EXPECT_TRUE(server.is_peer_gone());
  server.respond("still there");
  EXPECT_EQ(body_of(peer.hear_all()), "still there");
}

TEST(HttpServer, WhatAWatchedPeerSendsEarlyIsItsNextRequest) {
  ServerSettings settings;
  settings.watches_peers = true;
  Held<Responder> held;
  const auto server = start(
      [&held](Request request, Responder responder) {
        if (request.path() == "/slow") return held.keep(std::move(responder));
        responder.respond(text_response(200, request.is_peer_gone->load() ? "gone" : "next"));
      },
      settings);
  TestPeer peer(server->port());
  peer.say(kSlow);
  Responder slow = held.take();
  peer.say("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  slow.respond(text_response(200, "slow"));
  EXPECT_TRUE(peer.hears("slow"));
  EXPECT_TRUE(peer.hears("next"));
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
