// How long calls of gRPC take, in the old conventions (rpc.server.duration, rpc.client.duration)
// and the stable ones (rpc.server.call.duration, rpc.client.call.duration). Sources:
// semantic-conventions 1.11 and 1.45, rpc-metrics.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "agent/process/metric_readers.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class RpcMetrics {
 public:
  RpcMetrics(SemanticConventions conventions, MetricReaders& readers)
      : conventions_(conventions), readers_(readers) {}

  // From the finished span of a call.
  void record(const Span& span, std::uint64_t now);

 private:
  void record(const Measured& measured, const Span& span, std::span<const std::string_view> keys,
              std::uint64_t now);

  SemanticConventions conventions_;
  MetricReaders& readers_;
  Arena scratch_;
};

}  // namespace kolben::agent
