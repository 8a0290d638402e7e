// PrometheusExporter: shows the metrics on http://host:port/metrics, as they are when somebody
// asks. The thread that reads the ring owns the measurements, so a request waits until that thread
// looks (wants_batch()) and hands them over.
//
// Where the port is taken, that is said once, and the program has no such page. Bounds:
// kScrapersMax connections, kSeriesMax series.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/process/exporter.h"
#include "agent/process/exporter_settings.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "net/http/server.h"
#include "prometheus/series.h"

namespace kolben::agent {

class PrometheusExporter final : public Exporter {
 public:
  // Scrapers are few.
  static constexpr std::size_t kScrapersMax = 16;
  // Some 10 MiB; more than a program has instruments with sets of attributes.
  static constexpr std::size_t kSeriesMax = 20'000;

  // Listens. The clock and `messages` outlive it.
  PrometheusExporter(const PrometheusSettings& settings, Clock& clock, Messages& messages);
  ~PrometheusExporter() override;

  void export_batch(const Batch& batch) override;
  bool wants_batch() const override { return wants_batch_.load(std::memory_order_relaxed); }
  void shutdown(std::chrono::steady_clock::time_point deadline) override;

  // 0: it does not listen.
  std::uint16_t port() const { return server_ == nullptr ? 0 : server_->port(); }

 private:
  void take(const net::http::Request& request, net::http::Responder responder);
  net::http::Response page();

  Clock& clock_;
  Messages& messages_;
  prometheus::Series series_;
  std::uint64_t refused_ = 0;  // points
  std::atomic<bool> wants_batch_{false};
  Mutex mutex_;
  std::vector<net::http::Responder> waiting_ KOLBEN_GUARDED_BY(mutex_);
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::unique_ptr<net::http::Server> server_;  // its threads use the others
};

}  // namespace kolben::agent
