// The request metrics of HTTP servers and clients, in the old and the stable conventions.
// Source: semantic-conventions, http-metrics.md; the attributes of the old ones are those of
// opentelemetry-python-contrib 0.48b0.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/process/http_attributes.h"
#include "agent/process/metric_readers.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

// Requests that are being served; of them those that came through TLS. By resource.
class ActiveRequests {
 public:
  struct Count {
    std::int64_t all = 0;
    std::int64_t encrypted = 0;
  };
  ActiveRequests(std::int64_t all = 0, std::int64_t encrypted = 0) : counts_{{all, encrypted}} {}

  void add(std::uint32_t resource, bool is_encrypted) {
    if (resource >= counts_.size()) counts_.resize(resource + 1);
    ++counts_[resource].all;
    if (is_encrypted) ++counts_[resource].encrypted;
  }
  Count of(std::uint32_t resource) const {
    return resource < counts_.size() ? counts_[resource] : Count();
  }

 private:
  std::vector<Count> counts_;
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
  // Of a resource's scheme nothing is recorded before its first exchange.
  void record_active(const ActiveRequests& requests, std::uint64_t now);

 private:
  void record_active(std::string_view scheme, std::int64_t requests, std::uint64_t now);

  SemanticConventions conventions_;
  MetricReaders& readers_;
  Arena scratch_;
  struct Served {
    bool http = false;
    bool https = false;
  };
  std::vector<Served> served_;  // by resource
};

}  // namespace kolben::agent
