// For tests: a gRPC server and a client of it, calls that are waited for, a handler that echoes.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "net/grpc/client.h"
#include "net/grpc/server.h"

namespace kolben::net::grpc {

inline constexpr std::string_view kMethod = "/kolben.Test/Echo";

inline std::unique_ptr<Server> start(Handler handler, ServerSettings settings = {},
                                     http::OnRejected on_rejected = {}) {
  if (settings.endpoint.empty()) settings.endpoint = "localhost:0";
  Result<std::unique_ptr<Server>> server =
      Server::start(std::move(settings), std::move(handler), std::move(on_rejected));
  EXPECT_TRUE(server.has_value()) << server.status().to_string();
  return std::move(server).value();
}

using CreateClient = Result<std::unique_ptr<Client>> (*)(ClientSettings);

inline std::unique_ptr<Client> connect_to(const Server& server, ClientSettings settings = {},
                                          CreateClient create = Client::create) {
  settings.endpoint = "localhost:" + std::to_string(server.port());
  if (settings.tls.ca_file.empty() && !settings.tls.insecure_skip_verify) {
    settings.tls.insecure = true;
  }
  Result<std::unique_ptr<Client>> client = create(std::move(settings));
  EXPECT_TRUE(client.has_value()) << client.status().to_string();
  return std::move(client).value();
}

inline Result<std::string> call(Client& client, OutgoingCall outgoing) {
  if (outgoing.method.empty()) outgoing.method = kMethod;
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  auto future = promise->get_future();
  client.call(std::move(outgoing),
              [promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  return future.get();
}

inline Result<std::string> call(Client& client, std::string message) {
  return call(client, {.method = {}, .message = Bytes::from_string(std::move(message))});
}

inline constexpr auto kEcho = [](const Call& call, Responder responder) {
  if (call.method != kMethod) return responder.fail(unimplemented("no method " + call.method));
  responder.respond(std::string(call.message.view()));
};

// The numbers are varied so that gzip does not make everything small.
inline std::string text_of(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i) text += std::to_string(i * 2654435761U) + ",";
  text.resize(size);
  return text;
}

}  // namespace kolben::net::grpc
