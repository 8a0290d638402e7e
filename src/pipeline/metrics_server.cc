#include "pipeline/metrics_server.h"

#include <utility>

#include "pipeline/listener.h"

namespace kolben::pipeline {
namespace {

net::http::Response answer(const net::http::Request& request, const TelemetryRegistry& registry) {
  if (request.path() != "/metrics") {
    return net::http::text_response(404, "Own metrics are at /metrics.\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return net::http::text_response(405, "Own metrics are read with GET.\n");
  }
  net::http::Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
  response.body = Bytes::from_string(registry.to_prometheus_text());
  return response;
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const std::string& address,
                                                            Host& host) {
  std::unique_ptr<MetricsServer> metrics(new MetricsServer(host));
  metrics->gauges_ = add_process_metrics(host.telemetry(), host.clock());
  net::http::ServerSettings settings;
  settings.endpoint = address;
  // Requests have no body, and scrapers are few.
  settings.body_bytes_max = 4096;
  settings.connections_max = 64;
  KOLBEN_TRY(metrics->server_,
             start_http_listener(
                 host, "telemetry", settings,
                 [&host](const net::http::Request& request, net::http::Responder responder) {
                   responder.respond(answer(request, host.telemetry()));
                 }));
  return metrics;
}

MetricsServer::~MetricsServer() {
  stop(std::chrono::steady_clock::now());
}

void MetricsServer::stop(Deadline deadline) {
  if (server_ != nullptr) server_->stop(deadline);
  server_.reset();
  for (const TelemetryRegistry::GaugeId id : std::exchange(gauges_, {})) {
    host_.telemetry().remove_gauge(id);
  }
}

}  // namespace kolben::pipeline
