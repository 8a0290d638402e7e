// gRPC server for unary methods on raw bytes: messages are not parsed here. grpc++ stays behind
// this header (generic callback service). With compressed messages the server hands over the bytes
// as they were sent, uninflated (channel argument grpc.per_message_decompression = 0).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "net/http/server.h"
#include "net/tls.h"
#include "wire/compression.h"

namespace kolben::net::grpc {

struct Call {
  std::string method;  // "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
  http::Headers metadata;
  std::string peer;
  Bytes message;                                             // as sent
  wire::Compression compression = wire::Compression::kNone;  // of `message`
};

// Ends one call, once. Destroyed without, it ends the call with INTERNAL. Any thread.
// `status` travels as code, message and, where it names a delay, google.rpc.Status with RetryInfo
// in grpc-status-details-bin.
class Responder {
 public:
  using Send = UniqueFunction<void(Status, std::string reply)>;
  explicit Responder(Send send) : send_(std::move(send)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept = default;
  ~Responder();
  void respond(std::string reply);
  void fail(Status status);

 private:
  Send send_;
};

// Runs on a grpc++ thread; must not block. Unknown methods are the handler's to fail with
// UNIMPLEMENTED.
using Handler = UniqueFunction<void(Call, Responder)>;

struct ServerSettings {
  std::string endpoint;  // "localhost:4317"; localhost means 127.0.0.1 and ::1, on one port
  TlsServerSettings tls;
  std::size_t message_bytes_max = 64 << 20;  // RESOURCE_EXHAUSTED beyond
  std::uint32_t concurrent_streams_max = 0;  // 0: grpc++'s default
  // Encodes google.rpc.Status for grpc-status-details-bin (otlp::encode_rpc_status).
  std::string (*encode_status_details)(const Status&) = nullptr;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(ServerSettings settings, Handler handler,
                                               http::OnRejected on_rejected = {});
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace kolben::net::grpc
