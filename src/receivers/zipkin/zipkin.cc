#include "receivers/zipkin/zipkin.h"

#include <optional>
#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/server.h"
#include "pipeline/intake.h"
#include "pipeline/listener.h"
#include "pipeline/settings.h"
#include "receivers/zipkin/translate.h"

namespace kolben::receivers::zipkin {
namespace {

constexpr std::size_t kBodyBytesMax = 64 << 20;
constexpr std::string_view kPath = "/api/v2/spans";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/x-protobuf";

struct Settings {
  net::http::ServerSettings server;
  TranslateOptions translate;
};

class ZipkinReceiver final : public pipeline::Receiver {
 public:
  ZipkinReceiver(std::string id, Settings settings, pipeline::Outputs outputs)
      : id_(std::move(id)), settings_(std::move(settings)), outputs_(outputs) {}

  Status start(pipeline::Host& host) override {
    intake_.emplace(outputs_, host.telemetry(), id_, "http");
    on_refused_ = pipeline::count_rejected(host, id_);
    KOLBEN_TRY(server_, net::http::Server::start(
                            settings_.server,
                            [this](net::http::Request request, net::http::Responder responder) {
                              serve(std::move(request), std::move(responder));
                            },
                            pipeline::count_rejected(host, id_)));
    pipeline::report_listener(host, id_, settings_.server.endpoint, server_->port());
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (server_) server_->stop(deadline);
  }

 private:
  void serve(net::http::Request request, net::http::Responder responder) {
    const auto refuse = [&](int code, std::string_view reason, std::string text) {
      on_refused_(reason, request.peer);
      responder.respond(net::http::text_response(code, std::move(text)));
    };
    if (request.path() != kPath) {
      return refuse(404, "wrong_path", "404 Zipkin v2 spans go to POST /api/v2/spans\n");
    }
    if (request.method != "POST") return refuse(405, "wrong_method", "405 want POST\n");
    const std::string type = request.media_type();
    const bool is_protobuf = type == kProtobuf;
    if (!type.empty() && type != kJson && !is_protobuf) {
      return refuse(415, "wrong_content_type",
                    "415 want application/json or application/x-protobuf\n");
    }
    Result<Bytes> body = net::http::decode_body(request, settings_.server.body_bytes_max);
    if (!body.has_value()) {
      return refuse(net::http::http_status_of_intake(body.error()), "undecodable_body",
                    body.error().to_string() + "\n");
    }
    Result<Batch> batch = is_protobuf ? translate_protobuf(body->view(), settings_.translate)
                                      : translate(body->view(), settings_.translate);
    if (!batch.has_value()) return refuse(400, "malformed", batch.error().to_string() + "\n");
    intake_->take(std::move(batch).value(),
                  [responder = std::move(responder)](const Status& status) mutable {
                    responder.respond(answer_to(status));
                  });
  }

  static net::http::Response answer_to(const Status& status) {
    if (status.is_ok()) return {.status = 202};
    const int code = net::http::http_status_of_intake(status);
    net::http::Response response = net::http::text_response(code, status.to_string() + "\n");
    net::http::set_retry_after(status, response);
    return response;
  }

  const std::string id_;
  const Settings settings_;
  const pipeline::Outputs outputs_;
  std::optional<pipeline::Intake> intake_;  // from start() on
  net::http::OnRejected on_refused_;
  std::unique_ptr<net::http::Server> server_;
};

}  // namespace

std::unique_ptr<pipeline::Receiver> create(pipeline::CreateContext& context) {
  Settings settings;
  settings.server.endpoint = "localhost:9411";
  std::uint64_t body_bytes = kBodyBytesMax;
  config::Reader reader(context.config, "receivers::" + context.id, context.errors);
  reader.optional("endpoint", settings.server.endpoint);
  reader.optional("parse_string_tags", settings.translate.parse_string_tags);
  reader.optional("max_request_body_size", body_bytes);
  settings.server.body_bytes_max = body_bytes;
  if (auto cors = reader.child("cors")) {
    cors->optional("allowed_origins", settings.server.cors_allowed_origins);
    cors->ignored("allowed_headers", "every header is allowed");
    cors->ignored("max_age", "the browser's default holds");
  }
  pipeline::read_tls_server(reader, settings.server.tls);
  return std::make_unique<ZipkinReceiver>(context.id, std::move(settings), context.outputs);
}

}  // namespace kolben::receivers::zipkin
