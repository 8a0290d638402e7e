#include "receivers/otlp/http_endpoint.h"

#include <utility>

#include "otlp/json.h"
#include "otlp/service.h"
#include "pipeline/listener.h"

namespace kolben::receivers::otlp {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

// The specification wants 413 for what is too large; RESOURCE_EXHAUSTED with a delay is
// back-pressure.
int status_code_of(const Status& status) {
  const bool is_too_large =
      status.code() == StatusCode::kResourceExhausted && !status.retry_after();
  return is_too_large ? 413 : net::http::http_status_of(status);
}

// Answers carry what the request carried: protobuf or JSON.
net::http::Response answer_to(Signal signal, const Status& status, bool is_json) {
  net::http::Response response;
  response.headers.emplace_back("Content-Type", is_json ? kJson : kProtobuf);
  if (status.is_ok()) {
    response.body = Bytes::from_string(is_json ? kolben::otlp::encode_response_json(signal, {})
                                               : kolben::otlp::encode_response({}));
    return response;
  }
  response.status = status_code_of(status);
  if (const auto delay = status.retry_after();
      delay && (response.status == 429 || response.status == 503)) {
    // Whole seconds (RFC 9110, 10.2.3), rounded up.
    response.headers.emplace_back("Retry-After", std::to_string((delay->count() + 999) / 1000));
  }
  response.body = Bytes::from_string(is_json ? kolben::otlp::encode_rpc_status_json(status)
                                             : kolben::otlp::encode_rpc_status(status));
  return response;
}

}  // namespace

HttpEndpoint::HttpEndpoint(const std::string& receiver_id, pipeline::Outputs outputs,
                           pipeline::Host& host, HttpSettings settings)
    : listener_(receiver_id + "/http"),
      host_(host),
      settings_(std::move(settings)),
      intake_(outputs, IntakeCounters(host.telemetry(), receiver_id, "http")),
      on_refused_(pipeline::count_rejected(host, listener_)) {}

Status HttpEndpoint::start() {
  KOLBEN_TRY(server_, net::http::Server::start(
                          settings_.server,
                          [this](net::http::Request request, net::http::Responder responder) {
                            serve(std::move(request), std::move(responder));
                          },
                          pipeline::count_rejected(host_, listener_)));
  pipeline::report_listener(host_, listener_, settings_.server.endpoint, server_->port());
  return Status::ok();
}

void HttpEndpoint::stop(pipeline::Deadline deadline) {
  if (server_) server_->stop(deadline);
}

std::optional<Signal> HttpEndpoint::signal_of_path(std::string_view path) const {
  for (const Signal signal : kAllSignals) {
    if (path == settings_.path_of(signal)) return signal;
  }
  return std::nullopt;
}

void HttpEndpoint::serve(net::http::Request request, net::http::Responder responder) {
  const auto refuse = [&](int code, std::string_view reason, std::string text) {
    on_refused_(reason, request.peer);
    net::http::Response response = net::http::text_response(code, std::move(text));
    if (code == 405) response.headers.emplace_back("Allow", "POST");
    responder.respond(std::move(response));
  };
  const std::optional<Signal> signal = signal_of_path(request.path());
  if (!signal || !intake_.wants(*signal)) {
    return refuse(404, "wrong_path",
                  "404 no " + std::string(request.path()) + " here: OTLP/HTTP takes POST " +
                      settings_.traces_path + ", " + settings_.metrics_path + " and " +
                      settings_.logs_path + "\n");
  }
  if (request.method != "POST") {
    return refuse(405, "wrong_method", "405 method not allowed, supported: [POST]\n");
  }
  const std::string type = request.media_type();
  const bool is_json = type == kJson;
  if (!is_json && type != kProtobuf) {
    return refuse(415, "wrong_content_type",
                  "415 unsupported media type, supported: [application/json, "
                  "application/x-protobuf]\n");
  }
  const auto reply = [signal = *signal, is_json](net::http::Responder to, const Status& status) {
    to.respond(answer_to(signal, status, is_json));
  };
  Result<Bytes> body = net::http::decode_body(request, settings_.server.body_bytes_max);
  if (!body.has_value()) {
    on_refused_("undecodable_body", request.peer);
    // An unknown Content-Encoding: RFC 9110, 8.4 and 15.5.16.
    if (body.error().code() == StatusCode::kUnimplemented) {
      responder.respond(net::http::text_response(415, body.error().to_string() + "\n"));
      return;
    }
    return reply(std::move(responder), body.error());
  }
  auto answer = [reply, responder = std::move(responder)](const Status& status) mutable {
    reply(std::move(responder), status);
  };
  if (!is_json) {
    WirePiece piece;
    piece.message = std::move(body).value();
    intake_.take_wire(*signal, std::move(piece), std::move(answer));
    return;
  }
  Result<Batch> batch = kolben::otlp::decode_json(*signal, body->view());
  if (!batch.has_value()) {
    on_refused_("malformed", request.peer);
    return answer(batch.error());
  }
  intake_.take_decoded(std::move(batch).value(), std::move(answer));
}

}  // namespace kolben::receivers::otlp
