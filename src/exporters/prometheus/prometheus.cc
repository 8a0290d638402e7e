#include "exporters/prometheus/prometheus.h"

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/server.h"
#include "otlp/decode.h"
#include "pipeline/listener.h"
#include "pipeline/settings.h"
#include "prometheus/series.h"

namespace kolben::exporters::prometheus {
namespace {

using kolben::prometheus::Labels;
using kolben::prometheus::Series;
using kolben::prometheus::SeriesSettings;

// Scrapers are few, and each that reads slowly keeps a copy of all series.
constexpr std::size_t kScrapersMax = 16;
// More than any Prometheus server takes from one target; keeps the bound in bytes in its 64 bits.
constexpr std::uint64_t kSeriesMaxHighest = 1'000'000'000;

struct Settings {
  net::http::ServerSettings server;
  SeriesSettings series;
};

class PrometheusExporter final : public pipeline::Exporter {
 public:
  PrometheusExporter(std::string id, Settings settings)
      : id_(std::move(id)), settings_(std::move(settings)), series_(settings_.series) {}

  Status start(pipeline::Host& host) override {
    clock_ = &host.clock();
    const pipeline::Labels labels{{"exporter", id_}};
    sent_ = &host.telemetry().counter("otelcol_exporter_sent_metric_points",
                                      "Number of metric points handed over", labels);
    failed_ = &host.telemetry().counter("otelcol_exporter_send_failed_metric_points",
                                        "Number of metric points that were refused", labels);
    KOLBEN_TRY(server_, pipeline::start_http_listener(host, id_, settings_.server,
                                                      [this](const net::http::Request& request,
                                                             net::http::Responder responder) {
                                                        responder.respond(answer(request));
                                                      }));
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (server_) server_->stop(deadline);
  }

  Status consume(pipeline::Delivery&& delivery) override {
    KOLBEN_RETURN_IF_ERROR(kolben::otlp::decode(delivery.batch));
    const std::uint64_t refused = series_.update(delivery.batch.metrics(), clock_->steady_nanos());
    sent_->add(delivery.batch.items() - refused);
    failed_->add(refused);
    delivery.receipt.resolve(Status::ok());
    return Status::ok();
  }

 private:
  net::http::Response answer(const net::http::Request& request) {
    if (request.path() != "/metrics") {
      return net::http::text_response(404, "404 metrics are at /metrics\n");
    }
    net::http::Response response;
    response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = Bytes::from_string(series_.to_text(clock_->steady_nanos()));
    return response;
  }

  const std::string id_;
  const Settings settings_;
  Series series_;
  const Clock* clock_ = nullptr;
  pipeline::Counter* sent_ = nullptr;
  pipeline::Counter* failed_ = nullptr;
  std::unique_ptr<net::http::Server> server_;
};

void check_names(const Labels& labels, config::Reader& reader) {
  for (const auto& [name, value] : labels) {
    if (kolben::prometheus::label_name(name) == name) continue;
    reader.error("const_labels",
                 "\"" + name + "\" is no name of a label: want letters, digits and _");
  }
}

SeriesSettings read_series(config::Reader& reader) {
  SeriesSettings series;
  bool without_scope_info = false;
  std::chrono::nanoseconds expiration = std::chrono::minutes(5);
  std::uint64_t series_max = series.series_max;
  reader.optional("namespace", series.names.name_space);
  reader.optional("const_labels", series.const_labels);
  reader.optional("send_timestamps", series.send_timestamps);
  reader.optional("metric_expiration", expiration);
  reader.optional("add_metric_suffixes", series.names.add_suffixes);
  reader.optional("without_scope_info", without_scope_info);
  reader.optional("series_max", series_max);
  if (auto conversion = reader.child("resource_to_telemetry_conversion")) {
    conversion->optional("enabled", series.with_resource_labels);
  }
  check_names(series.const_labels, reader);
  if (expiration.count() <= 0) reader.error("metric_expiration", "must be greater than zero");
  if (series_max == 0 || series_max > kSeriesMaxHighest) {
    reader.error("series_max", "must be between 1 and " + std::to_string(kSeriesMaxHighest));
  }
  series.with_scope_info = !without_scope_info;
  series.expiration_nanos = static_cast<std::uint64_t>(expiration.count());
  series.series_max = series_max;
  return series;
}

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  Settings settings;
  settings.server.endpoint = "localhost:8889";
  settings.server.body_bytes_max = 4096;  // requests have none
  settings.server.connections_max = kScrapersMax;
  reader.optional("endpoint", settings.server.endpoint);
  settings.series = read_series(reader);
  reader.ignored("enable_open_metrics", "the text format 0.0.4 is served");
  pipeline::read_tls_server(reader, settings.server.tls);
  return std::make_unique<PrometheusExporter>(context.id, std::move(settings));
}

}  // namespace kolben::exporters::prometheus
