// gRPC client for unary methods on raw bytes. grpc++ stays behind this header.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "net/http/message.h"
#include "net/tls.h"
#include "wire/compression.h"

namespace kolben::net::grpc {

struct ClientSettings {
  // "host:port", "dns:///host:port"; "https://" forces TLS, "http://" none.
  std::string endpoint = {};
  TlsClientSettings tls = {};
  http::Headers metadata = {};  // sent with every call
  std::string authority = {};
  std::string user_agent = {};
  // Reads google.rpc.Status out of grpc-status-details-bin (otlp::decode_rpc_status).
  Status (*decode_status_details)(std::string_view) = nullptr;
};

struct OutgoingCall {
  std::string method = {};
  // What goes over the wire: already compressed with `compression` where that is not none. Kept
  // alive, never copied.
  Bytes message = {};
  wire::Compression compression = wire::Compression::kNone;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

class Client {
 public:
  using Callback = UniqueFunction<void(Result<std::string>)>;

  static Result<std::unique_ptr<Client>> create(ClientSettings settings);
  // Calls that still run are cancelled; all callbacks have run when the destructor returns. Not
  // from a callback.
  virtual ~Client() = default;
  // The callback gets the reply's bytes, or the peer's status (with retry_after where its
  // details name one). It runs on the client's thread and must not block.
  virtual void call(OutgoingCall call, Callback callback) = 0;
};

}  // namespace kolben::net::grpc
