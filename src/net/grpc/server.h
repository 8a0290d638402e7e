// gRPC server for unary methods on raw bytes: messages are not parsed here. grpc++ stays behind
// this header (generic asynchronous service on the server's own threads). With compressed messages
// the server hands over the bytes as they were sent, uninflated (channel argument
// grpc.per_message_decompression = 0).
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
  Responder& operator=(Responder&& other) noexcept;  // what it held before ends with INTERNAL
  ~Responder();
  void respond(std::string reply);
  void fail(Status status);

 private:
  Send send_;
};

// Runs on a thread of the server; must not block. With ServerSettings::threads > 1 it is called
// from several threads at once. Unknown methods are the handler's to fail with UNIMPLEMENTED.
using Handler = UniqueFunction<void(Call, Responder)>;

struct ServerSettings {
  std::string endpoint = {};  // "localhost:4317"; localhost means 127.0.0.1 and ::1, on one port
  TlsServerSettings tls = {};
  std::size_t message_bytes_max = 64 << 20;  // RESOURCE_EXHAUSTED beyond
  // Calls at once on one connection: clients wait with more. Exporters have a few, and a call takes
  // 17 KiB of grpc++ before its message.
  std::uint32_t concurrent_streams_max = 1000;
  int threads = 1;
  // Encodes google.rpc.Status for grpc-status-details-bin (otlp::encode_rpc_status).
  std::string (*encode_status_details)(const Status&) = nullptr;
};

class Server {
 public:
  // Binds, listens and starts its threads. A port in use names the process that holds it.
  // `on_rejected` counts peers that speak no gRPC ("http1_on_grpc_port", "tls_on_plain_port", ...)
  // and calls that end before the handler ("unreadable_message").
  static Result<std::unique_ptr<Server>> start(ServerSettings settings, Handler handler,
                                               http::OnRejected on_rejected = {});
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, lets running calls be answered until the deadline, ends the others with
  // UNAVAILABLE, ends threads.
  virtual void stop(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace kolben::net::grpc
