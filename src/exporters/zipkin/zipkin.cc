#include "exporters/zipkin/zipkin.h"

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/client.h"
#include "net/http/status.h"
#include "otlp/decode.h"
#include "pipeline/sender.h"
#include "pipeline/settings.h"
#include "zipkin/translate.h"

namespace kolben::exporters::zipkin {
namespace {

struct Settings {
  std::string endpoint;
  std::string default_service = "unknown_service";
  net::http::Headers headers;
  net::http::ClientSettings client;
  pipeline::QueueSettings queue;
  pipeline::RetrySettings retry;
};

class ZipkinExporter final : public pipeline::Exporter {
 public:
  ZipkinExporter(const std::string& id, Settings settings)
      : settings_(std::move(settings)),
        sender_(id, settings_.queue, settings_.retry,
                [this](const Batch& batch, pipeline::Sender::Done done) {
                  send(batch, std::move(done));
                }) {}

  Status start(pipeline::Host& host) override {
    client_ = net::http::Client::create(settings_.client);
    sender_.start(host);
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    sender_.stop(deadline);
    client_.reset();
  }

  Status consume(pipeline::Delivery&& delivery) override {
    return sender_.consume(std::move(delivery));
  }

 private:
  void send(const Batch& batch, pipeline::Sender::Done done) {
    Batch decoded = batch.clone();
    if (Status status = kolben::otlp::decode(decoded); !status.is_ok()) {
      done(std::move(status));
      return;
    }
    net::http::ClientRequest request;
    request.url = settings_.endpoint;
    request.headers = settings_.headers;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body =
        Bytes::from_string(kolben::zipkin::translate(decoded.traces(), settings_.default_service));
    client_->send(std::move(request), [this, done = std::move(done)](
                                          const Result<net::http::Response>& answer) mutable {
      done(answer.has_value() ? net::http::status_of_answer(*answer, settings_.endpoint)
                              : answer.error());
    });
  }

  const Settings settings_;
  std::unique_ptr<net::http::Client> client_;
  pipeline::Sender sender_;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  reader.optional("endpoint", settings.endpoint);
  if (const auto url = net::http::parse_url(settings.endpoint); !url.has_value()) {
    reader.error("endpoint", settings.endpoint.empty()
                                 ? "is missing, for example http://localhost:9411/api/v2/spans"
                                 : std::string(url.error().message()));
  }
  std::size_t format = 0;
  reader.choice("format", {"json"}, format);
  reader.optional("default_service_name", settings.default_service);
  settings.client.timeout = std::chrono::seconds(5);
  reader.optional("timeout", settings.client.timeout);
  reader.optional("headers", settings.headers);
  pipeline::read_tls_client(reader, settings.client.tls);
  pipeline::read_queue(reader, settings.queue);
  pipeline::read_retry(reader, settings.retry);
  return std::make_unique<ZipkinExporter>(context.id, std::move(settings));
}

}  // namespace kolben::exporters::zipkin
