#include "exporters/otlphttp/otlphttp.h"

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/client.h"
#include "net/http/status.h"
#include "otlp/decode.h"
#include "otlp/json.h"
#include "otlp/outgoing.h"
#include "otlp/service.h"
#include "pipeline/partial_success.h"
#include "pipeline/sender.h"
#include "pipeline/settings.h"

namespace kolben::exporters::otlphttp {
namespace {

struct Settings {
  std::string urls[3];  // by signal; empty: this signal is not sent
  bool is_json = false;
  wire::Compression compression = wire::Compression::kGzip;
  net::http::Headers headers;
  net::http::ClientSettings client;
  pipeline::QueueSettings queue;
  pipeline::RetrySettings retry;

  const std::string& url_of(Signal signal) const {
    return urls[static_cast<std::size_t>(signal) - 1];
  }
};

class OtlpHttpExporter final : public pipeline::Exporter {
 public:
  OtlpHttpExporter(std::string id, Settings settings)
      : id_(std::move(id)),
        settings_(std::move(settings)),
        sender_(id_, settings_.queue, settings_.retry,
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
    if (settings_.url_of(delivery.batch.signal()).empty()) {
      return invalid_argument("exporter " + id_ + " has no endpoint for " +
                              std::string(to_string(delivery.batch.signal())));
    }
    return sender_.consume(std::move(delivery));
  }

 private:
  Result<Bytes> body_of(const Batch& batch) const {
    if (!settings_.is_json) return kolben::otlp::outgoing(batch, settings_.compression);
    Batch decoded = batch.clone();
    KOLBEN_RETURN_IF_ERROR(kolben::otlp::decode(decoded));
    std::string text;
    kolben::otlp::encode_json(decoded, text);
    if (settings_.compression == wire::Compression::kNone) {
      return Bytes::from_string(std::move(text));
    }
    return Bytes::from_string(wire::compress(settings_.compression, text));
  }

  void send(const Batch& batch, pipeline::Sender::Done done) {
    Result<Bytes> body = body_of(batch);
    if (!body.has_value()) {
      done(std::move(body).error());
      return;
    }
    net::http::ClientRequest request;
    request.url = settings_.url_of(batch.signal());
    request.headers = settings_.headers;
    request.headers.emplace_back("Content-Type",
                                 settings_.is_json ? "application/json" : "application/x-protobuf");
    if (settings_.compression != wire::Compression::kNone) {
      request.headers.emplace_back("Content-Encoding", to_string(settings_.compression));
    }
    request.body = std::move(body).value();
    std::string url = request.url;
    client_->send(std::move(request), [this, url = std::move(url), done = std::move(done)](
                                          const Result<net::http::Response>& answer) mutable {
      if (!answer.has_value()) {
        done(answer.error());
        return;
      }
      const Status status = net::http::status_of_answer(*answer, url);
      // A peer answers in the encoding that it was asked in; JSON is not read here.
      if (status.is_ok() && !settings_.is_json) {
        pipeline::warn_of_partial_success(id_, answer->body.view());
      }
      done(status);
    });
  }

  const std::string id_;
  const Settings settings_;
  std::unique_ptr<net::http::Client> client_;
  pipeline::Sender sender_;
};

void read_urls(config::Reader& reader, Settings& settings) {
  std::string base;
  reader.optional("endpoint", base);
  while (base.ends_with('/')) base.pop_back();
  bool has_any = !base.empty();
  for (const Signal signal : kAllSignals) {
    const std::string key = std::string(to_string(signal)) + "_endpoint";
    std::string url = base.empty() ? base : base + std::string(kolben::otlp::http_path(signal));
    reader.optional(key, url);
    has_any |= !url.empty();
    if (!url.empty()) {
      if (const auto parsed = net::http::parse_url(url); !parsed.has_value()) {
        reader.error(reader.has(key) ? std::string_view(key) : std::string_view("endpoint"),
                     std::string(parsed.error().message()));
      }
    }
    settings.urls[static_cast<std::size_t>(signal) - 1] = std::move(url);
  }
  if (!has_any) {
    reader.error("endpoint", "is missing: where to send, for example http://localhost:4318");
  }
}

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  read_urls(reader, settings);
  std::size_t encoding = 0;
  reader.choice("encoding", {"proto", "json"}, encoding);
  settings.is_json = encoding == 1;
  std::size_t compression = 0;
  reader.choice("compression", {"gzip", "zstd", "deflate", "snappy", "lz4", "none"}, compression);
  constexpr wire::Compression kCompressions[] = {
      wire::Compression::kGzip,   wire::Compression::kZstd, wire::Compression::kDeflate,
      wire::Compression::kSnappy, wire::Compression::kLz4,  wire::Compression::kNone};
  settings.compression = kCompressions[compression];
  settings.client.timeout = std::chrono::seconds(30);
  reader.optional("timeout", settings.client.timeout);
  reader.optional("headers", settings.headers);
  for (const char* key : {"read_buffer_size", "write_buffer_size", "max_idle_conns",
                          "max_conns_per_host", "idle_conn_timeout", "http2_read_idle_timeout"}) {
    reader.ignored(key, "the client manages its connections by itself");
  }
  pipeline::read_tls_client(reader, settings.client.tls);
  pipeline::read_queue(reader, settings.queue);
  pipeline::read_retry(reader, settings.retry);
  return std::make_unique<OtlpHttpExporter>(context.id, std::move(settings));
}

}  // namespace kolben::exporters::otlphttp
