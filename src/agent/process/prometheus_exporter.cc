#include "agent/process/prometheus_exporter.h"

#include <string>
#include <utility>

namespace kolben::agent {
namespace {

std::string endpoint_of(const PrometheusSettings& settings) {
  const bool is_bare_v6 =
      settings.host.find(':') != std::string::npos && !settings.host.starts_with('[');
  const std::string host = is_bare_v6 ? "[" + settings.host + "]" : settings.host;
  return host + ":" + std::to_string(settings.port);
}

prometheus::SeriesSettings series_of(const PrometheusSettings& settings) {
  prometheus::SeriesSettings series;
  series.names.add_suffixes = settings.with_suffixes;
  series.with_scope_info = settings.with_scope_info;
  series.with_target_info = settings.with_target_info;
  series.is_one_target = true;
  series.series_max = PrometheusExporter::kSeriesMax;
  return series;
}

}  // namespace

PrometheusExporter::PrometheusExporter(const PrometheusSettings& settings, Clock& clock,
                                       Messages& messages)
    : clock_(clock), messages_(messages), series_(series_of(settings)) {
  net::http::ServerSettings server;
  server.endpoint = endpoint_of(settings);
  server.body_bytes_max = 4096;  // requests have none
  server.connections_max = kScrapersMax;
  auto started = net::http::Server::start(
      server, [this](const net::http::Request& request, net::http::Responder responder) {
        take(request, std::move(responder));
      });
  if (started.has_value()) {
    server_ = std::move(*started);
    return;
  }
  messages.say("kolben agent: there is no page for Prometheus: " +
               std::string(started.error().message()) + "; " + settings.port_setting + " moves it");
}

PrometheusExporter::~PrometheusExporter() {
  shutdown(std::chrono::steady_clock::now());
}

void PrometheusExporter::take(const net::http::Request& request, net::http::Responder responder) {
  if (request.path() != "/metrics") {
    return responder.respond(net::http::text_response(404, "404 metrics are at /metrics\n"));
  }
  MutexLock lock(mutex_);
  if (is_stopping_) return;                  // nobody would answer: the server does
  waiting_.push_back(std::move(responder));  // each has a connection of its own
  wants_batch_.store(true, std::memory_order_relaxed);
}

void PrometheusExporter::export_batch(const Batch& batch) {
  refused_ += series_.update(batch.metrics(), clock_.steady_nanos());
  std::vector<net::http::Responder> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
    wants_batch_.store(false, std::memory_order_relaxed);
  }
  for (net::http::Responder& responder : waiting) responder.respond(page());
}

net::http::Response PrometheusExporter::page() {
  net::http::Response response;
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = Bytes::from_string(series_.to_text(clock_.steady_nanos()));
  return response;
}

void PrometheusExporter::shutdown(std::chrono::steady_clock::time_point deadline) {
  std::vector<net::http::Responder> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
    is_stopping_ = true;
  }
  for (net::http::Responder& responder : waiting) responder.respond(page());
  if (const std::uint64_t refused = std::exchange(refused_, 0); refused != 0) {
    messages_.say("kolben agent: " + std::to_string(refused) +
                  " data points are not on the page for Prometheus: more than " +
                  std::to_string(kSeriesMax) + " series, or names that disagree");
  }
  if (server_ != nullptr) server_->stop(deadline);
  server_.reset();
}

}  // namespace kolben::agent
