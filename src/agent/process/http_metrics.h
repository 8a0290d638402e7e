// The request metrics of HTTP servers and clients, in the old and the stable conventions.
// Source: semantic-conventions, http-metrics.md; the attributes of the old ones are those of
// opentelemetry-python-contrib 0.48b0.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/process/http_attributes.h"
#include "agent/process/metric_readers.h"
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
  HttpMetrics(SemanticConventions conventions, MetricReaders& readers)
      : conventions_(conventions), readers_(readers) {}

  // From the finished span of an exchange. `route` is the one in its name; may be empty. Without
  // `sizes` nothing is told of them.
  void record_server(const Span& span, std::string_view route,
                     const std::optional<BodySizes>& sizes, std::uint64_t now);
  void record_client(const Span& span, const std::optional<BodySizes>& sizes, std::uint64_t now);
  // Of a scheme nothing is recorded before its first exchange.
  void record_active(ActiveRequests requests, std::uint64_t now);

 private:
  void record_active(std::string_view scheme, std::int64_t requests, std::uint64_t now);

  SemanticConventions conventions_;
  MetricReaders& readers_;
  Arena scratch_;
  bool has_served_http_ = false;
  bool has_served_https_ = false;
};

}  // namespace kolben::agent
