#include "receivers/zipkin/zipkin.h"

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/server.h"
#include "pipeline/listener.h"
#include "pipeline/settings.h"
#include "receivers/zipkin/translate.h"

namespace kolben::receivers::zipkin {
namespace {

constexpr std::size_t kBodyBytesMax = 64 << 20;
constexpr std::string_view kPath = "/api/v2/spans";

struct Settings {
  net::http::ServerSettings server;
  TranslateOptions translate;
};

int status_code_of(const Status& status) {
  const bool is_too_large =
      status.code() == StatusCode::kResourceExhausted && !status.retry_after();
  return is_too_large ? 413 : net::http::http_status_of(status);
}

class ZipkinReceiver final : public pipeline::Receiver {
 public:
  ZipkinReceiver(std::string id, Settings settings, pipeline::Consumer* next)
      : id_(std::move(id)), settings_(std::move(settings)), next_(next) {}

  Status start(pipeline::Host& host) override {
    const pipeline::Labels labels{{"receiver", id_}, {"transport", "http"}};
    accepted_ = &host.telemetry().counter("otelcol_receiver_accepted_spans",
                                          "Number of spans pushed into the pipeline", labels);
    refused_ = &host.telemetry().counter(
        "otelcol_receiver_refused_spans",
        "Number of spans that could not be pushed into the pipeline", labels);
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
    if (!type.empty() && type != "application/json") {
      return refuse(415, "wrong_content_type", "415 want application/json\n");
    }
    Result<Bytes> body = net::http::decode_body(request, settings_.server.body_bytes_max);
    if (!body.has_value()) {
      return refuse(status_code_of(body.error()), "undecodable_body",
                    body.error().to_string() + "\n");
    }
    Result<Batch> batch = translate(body->view(), settings_.translate);
    if (!batch.has_value()) return refuse(400, "malformed", batch.error().to_string() + "\n");
    hand_on(std::move(batch).value(), std::move(responder));
  }

  void hand_on(Batch batch, net::http::Responder responder) {
    const std::uint64_t items = batch.items();
    pipeline::Receipt receipt(
        [this, items, responder = std::move(responder)](const Status& status) mutable {
          if (status.is_ok()) {
            accepted_->add(items);
            responder.respond({.status = 202, .headers = {}, .body = {}});
            return;
          }
          refused_->add(items);
          responder.respond(
              net::http::text_response(status_code_of(status), status.to_string() + "\n"));
        });
    if (items == 0) return receipt.resolve(Status::ok());
    pipeline::Delivery delivery{std::move(batch), std::move(receipt)};
    Status status = next_->consume(std::move(delivery));
    if (!status.is_ok()) delivery.receipt.resolve(std::move(status));
  }

  const std::string id_;
  const Settings settings_;
  pipeline::Consumer* const next_;
  pipeline::Counter* accepted_ = nullptr;
  pipeline::Counter* refused_ = nullptr;
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
  pipeline::read_tls_server(reader, settings.server.tls);
  return std::make_unique<ZipkinReceiver>(context.id, std::move(settings), context.outputs.traces);
}

}  // namespace kolben::receivers::zipkin
