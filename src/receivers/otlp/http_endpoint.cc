#include "receivers/otlp/http_endpoint.h"

#include <utility>

#include "otlp/json.h"
#include "otlp/service.h"
#include "pipeline/listener.h"
#include "receivers/otlp/wire_request.h"

namespace kolben::receivers::otlp {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

// Answers carry what the request carried: protobuf or JSON.
net::http::Response answer_to(Signal signal, const Status& status, bool is_json) {
  net::http::Response response;
  response.headers.emplace_back("Content-Type", is_json ? kJson : kProtobuf);
  if (status.is_ok()) {
    response.body = Bytes::from_string(is_json ? kolben::otlp::encode_response_json(signal, {})
                                               : kolben::otlp::encode_response({}));
    return response;
  }
  response.status = net::http::http_status_of_intake(status);
  net::http::set_retry_after(status, response);
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
      intake_(outputs, host.telemetry(), receiver_id, "http"),
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
  take(*signal, is_json, request, std::move(responder));
}

void HttpEndpoint::take(Signal signal, bool is_json, const net::http::Request& request,
                        net::http::Responder responder) {
  const auto refuse = [&](std::string_view reason, net::http::Response response) {
    on_refused_(reason, request.peer);
    responder.respond(std::move(response));
  };
  Result<Bytes> body = net::http::decode_body(request, settings_.server.body_bytes_max);
  if (!body.has_value()) {
    // An unknown Content-Encoding: RFC 9110, 8.4 and 15.5.16.
    const bool is_unknown = body.error().code() == StatusCode::kUnimplemented;
    return refuse("undecodable_body",
                  is_unknown ? net::http::text_response(415, body.error().to_string() + "\n")
                             : answer_to(signal, body.error(), is_json));
  }
  Result<Batch> batch = is_json ? kolben::otlp::decode_json(signal, body->view())
                                : batch_of(signal, WirePiece{std::move(body).value(), {}});
  if (!batch.has_value()) return refuse("malformed", answer_to(signal, batch.error(), is_json));
  intake_.take(std::move(batch).value(),
               [signal, is_json, responder = std::move(responder)](const Status& status) mutable {
                 responder.respond(answer_to(signal, status, is_json));
               });
}

}  // namespace kolben::receivers::otlp
