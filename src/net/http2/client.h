// HTTP/2 client of one server: one connection, requests beside each other on it. Small, for
// programs that shall not carry grpc++. Asynchronous: callbacks run on the client's thread, and
// must not block.
#pragma once

#include <chrono>
#include <memory>

#include "base/unique_function.h"
#include "net/address.h"
#include "net/http2/session.h"
#include "net/tls.h"

namespace kolben::net::http2 {

struct ClientSettings {
  Address address = {};
  bool uses_tls = false;
  TlsClientSettings tls = {};
  std::size_t response_bytes_max = 4 << 20;
};

class Client {
 public:
  using Callback = Session::Callback;

  // INVALID_ARGUMENT where a certificate cannot be read.
  static Result<std::unique_ptr<Client>> create(ClientSettings settings);
  // Requests that still run end with CANCELLED before it returns. Not from a callback.
  virtual ~Client() = default;
  // Connects where there is no connection. UNAVAILABLE where none could be made or it broke,
  // DEADLINE_EXCEEDED after `timeout`, RESOURCE_EXHAUSTED where too many wait already.
  virtual void send(Request request, std::chrono::nanoseconds timeout, Callback callback) = 0;
};

}  // namespace kolben::net::http2
