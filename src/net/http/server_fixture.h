// For tests of the server: one that answers with what it was asked, and conversations with it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/http/server.h"
#include "net/http/test_peer.h"

namespace kolben::net::http {

inline constexpr auto kEcho = [](Request request, Responder responder) {
  Response response = text_response(200, request.method + " " + request.target + " ");
  response.body =
      Bytes::from_string(std::string(response.body.view()) + std::string(request.body.view()));
  responder.respond(std::move(response));
};

inline std::unique_ptr<Server> start(Handler handler, ServerSettings settings = {},
                                     OnRejected on_rejected = {}) {
  if (settings.endpoint.empty()) settings.endpoint = "localhost:0";
  Result<std::unique_ptr<Server>> server =
      Server::start(std::move(settings), std::move(handler), std::move(on_rejected));
  EXPECT_TRUE(server.has_value()) << server.status().to_string();
  return std::move(server).value();
}

// The whole conversation of one connection that the server closes.
inline std::string ask(const Server& server, std::string_view bytes) {
  TestPeer peer(server.port());
  peer.say(bytes);
  return peer.hear_all();
}

inline std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

inline std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

}  // namespace kolben::net::http
