#include "receivers/otlp/grpc_endpoint.h"

#include <optional>
#include <utility>

#include "net/address.h"
#include "otlp/service.h"
#include "pipeline/listener.h"
#include "receivers/otlp/wire_request.h"
#include "wire/compression.h"

namespace kolben::receivers::otlp {

GrpcEndpoint::GrpcEndpoint(const std::string& receiver_id, pipeline::Outputs outputs,
                           pipeline::Host& host)
    : listener_(receiver_id + "/grpc"),
      host_(host),
      intake_(outputs, host.telemetry(), receiver_id, "grpc"),
      on_refused_(pipeline::count_rejected(host, listener_)) {}

Status GrpcEndpoint::start(net::grpc::ServerSettings settings) {
  message_bytes_max_ = settings.message_bytes_max;
  const std::string endpoint = settings.endpoint;
  KOLBEN_TRY(server_, net::grpc::Server::start(
                          std::move(settings),
                          [this](net::grpc::Call call, net::grpc::Responder responder) {
                            serve(std::move(call), std::move(responder));
                          },
                          pipeline::count_rejected(host_, listener_)));
  pipeline::report_listener(host_, listener_, endpoint, server_->port());
  return Status::ok();
}

void GrpcEndpoint::stop(pipeline::Deadline deadline) {
  if (server_) server_->stop(deadline);
}

void GrpcEndpoint::serve(net::grpc::Call call, net::grpc::Responder responder) {
  const std::optional<Signal> signal = kolben::otlp::signal_of_grpc_method(call.method);
  if (!signal || !intake_.wants(*signal)) {
    responder.fail(
        unimplemented(signal ? "no pipeline takes " + std::string(to_string(*signal)) + " here"
                             : "unknown method " + call.method + "; this is OTLP/gRPC"));
    return;
  }
  WirePiece piece;
  piece.message = call.message;
  if (call.compression != wire::Compression::kNone) {
    // Inflated once, to check and to count; the compressed bytes travel along and go out again as
    // they are where nothing changes them.
    Result<std::string> plain =
        wire::decompress(call.compression, call.message.view(), message_bytes_max_);
    if (!plain.has_value()) {
      responder.fail(std::move(plain).error().with_context("decompressing the request"));
      return;
    }
    piece.compressed = std::move(call.message);
    piece.compression = call.compression;
    piece.message = Bytes::from_string(std::move(plain).value());
  }
  Result<Batch> batch = batch_of(*signal, std::move(piece));
  if (!batch.has_value()) {
    on_refused_("malformed", call.peer);
    responder.fail(std::move(batch).error());
    return;
  }
  intake_.take(std::move(batch).value(), [responder = std::move(responder)](Status status) mutable {
    if (status.is_ok()) {
      responder.respond(kolben::otlp::encode_response({}));
    } else {
      responder.fail(std::move(status));
    }
  });
}

}  // namespace kolben::receivers::otlp
