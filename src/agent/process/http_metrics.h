// The request metrics of HTTP servers and clients, in the old and the stable conventions.
// Source: semantic-conventions, http-metrics.md; the attributes of the old ones are those of
// opentelemetry-python-contrib 0.48b0.
// One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/process/metric_readers.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class HttpMetrics {
 public:
  HttpMetrics(SemanticConventions conventions, MetricReaders& readers)
      : conventions_(conventions), readers_(readers) {}

  // From the finished span of an exchange. `route` is the one in its name; may be empty.
  void record_server(const Span& span, std::string_view route, std::uint64_t now);
  void record_client(const Span& span, std::uint64_t now);
  // How many requests are being served; nothing is recorded before the first exchange.
  void record_active(std::int64_t requests, std::uint64_t now);

 private:
  void trim_scratch();

  SemanticConventions conventions_;
  MetricReaders& readers_;
  Arena scratch_;
  bool has_served_ = false;
};

}  // namespace kolben::agent
