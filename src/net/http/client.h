// HTTP/1.1 client with a pool of kept-alive connections. Asynchronous: the callback runs on the
// client's thread, and must not block.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "net/http/message.h"
#include "net/http/url.h"
#include "net/tls.h"

namespace kolben::net::http {

struct ClientSettings {
  TlsClientSettings tls = {};
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  // of a whole request
  std::size_t connections_max = 100;
  std::size_t response_bytes_max = 4 << 20;
};

struct ClientRequest {
  std::string method = "POST";
  std::string url = {};
  Headers headers = {};
  Bytes body = {};
};

class Client {
 public:
  using Callback = UniqueFunction<void(Result<Response>)>;

  static std::unique_ptr<Client> create(ClientSettings settings);
  // Calls that still run resolve as CANCELLED. Not from a callback.
  virtual ~Client() = default;
  // UNAVAILABLE where no connection could be made, DEADLINE_EXCEEDED by time.
  virtual void send(ClientRequest request, Callback callback) = 0;
  // The same, waiting. For tools and tests.
  Result<Response> send_and_wait(ClientRequest request);
};

}  // namespace kolben::net::http
