// The request metrics of HTTP servers and clients, in the old and the stable conventions.
// Source: semantic-conventions, http-metrics.md; the attributes of the old ones are those of
// opentelemetry-python-contrib 0.48b0.
// One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/process/metric_store.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

// Requests that are being served; of them those that came through TLS.
struct ActiveRequests {
  ActiveRequests(std::int64_t all_of_them = 0, std::int64_t through_tls = 0)
      : all(all_of_them), encrypted(through_tls) {}
  std::int64_t all;
  std::int64_t encrypted;
};

class HttpMetrics {
 public:
  HttpMetrics(SemanticConventions conventions, MetricStore& store)
      : conventions_(conventions), store_(store) {}

  // From the finished span of an exchange. `route` is the one in its name; may be empty.
  void record_server(const Span& span, std::string_view route, std::uint64_t now);
  void record_client(const Span& span, std::uint64_t now);
  // Of a scheme nothing is recorded before its first exchange.
  void record_active(ActiveRequests requests, std::uint64_t now);

 private:
  void record_active(std::string_view scheme, std::int64_t requests, std::uint64_t now);
  void trim_scratch();

  SemanticConventions conventions_;
  MetricStore& store_;
  Arena scratch_;
  bool has_served_http_ = false;
  bool has_served_https_ = false;
};

}  // namespace kolben::agent
