#include "exporters/otlp/otlp.h"

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/grpc/client.h"
#include "otlp/outgoing.h"
#include "otlp/service.h"
#include "pipeline/partial_success.h"
#include "pipeline/sender.h"
#include "pipeline/settings.h"

namespace kolben::exporters::otlp {
namespace {

struct Settings {
  net::grpc::ClientSettings client;
  wire::Compression compression = wire::Compression::kGzip;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  pipeline::QueueSettings queue;
  pipeline::RetrySettings retry;
};

class OtlpExporter final : public pipeline::Exporter {
 public:
  OtlpExporter(std::string id, Settings settings)
      : id_(std::move(id)),
        settings_(std::move(settings)),
        sender_(id_, settings_.queue, settings_.retry,
                [this](const Batch& batch, pipeline::Sender::Done done) {
                  send(batch, std::move(done));
                }) {}

  Status start(pipeline::Host& host) override {
    KOLBEN_TRY(client_, net::grpc::Client::create(settings_.client));
    sender_.start(host);
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    sender_.stop(deadline);
    client_.reset();  // ends calls that still run
  }

  Status consume(pipeline::Delivery&& delivery) override {
    return sender_.consume(std::move(delivery));
  }

 private:
  void send(const Batch& batch, pipeline::Sender::Done done) {
    net::grpc::OutgoingCall call;
    call.method = kolben::otlp::grpc_method(batch.signal());
    call.message = kolben::otlp::outgoing(batch, settings_.compression);
    call.compression = settings_.compression;
    call.timeout = settings_.timeout;
    client_->call(std::move(call),
                  [this, done = std::move(done)](const Result<std::string>& reply) mutable {
                    if (reply.has_value()) pipeline::warn_of_partial_success(id_, *reply);
                    done(reply.status());
                  });
  }

  const std::string id_;
  const Settings settings_;
  std::unique_ptr<net::grpc::Client> client_;
  pipeline::Sender sender_;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  reader.optional("endpoint", settings.client.endpoint);
  if (settings.client.endpoint.empty()) {
    reader.error("endpoint", "is missing: where to send, for example localhost:4317");
  }
  std::size_t compression = 0;
  reader.choice("compression", {"gzip", "none"}, compression);
  settings.compression = compression == 0 ? wire::Compression::kGzip : wire::Compression::kNone;
  reader.optional("timeout", settings.timeout);
  reader.optional("headers", settings.client.metadata);
  reader.optional("authority", settings.client.authority);
  reader.optional("user_agent", settings.client.user_agent);
  for (const char* key :
       {"balancer_name", "keepalive", "wait_for_ready", "read_buffer_size", "write_buffer_size"}) {
    reader.ignored(key, "grpc++ manages this by itself");
  }
  settings.client.decode_status_details = &kolben::otlp::decode_rpc_status;
  pipeline::read_tls_client(reader, settings.client.tls);
  pipeline::refuse_min_version_13(reader, settings.client.tls.min_version);
  pipeline::read_queue(reader, settings.queue);
  pipeline::read_retry(reader, settings.retry);
  return std::make_unique<OtlpExporter>(context.id, std::move(settings));
}

}  // namespace kolben::exporters::otlp
