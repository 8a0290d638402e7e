// How long calls of gRPC take: rpc.server.duration and rpc.client.duration, of the old conventions;
// the stable ones are not decided yet. Source: semantic-conventions 1.11, rpc-metrics.md.
#pragma once

#include <cstdint>

#include "agent/process/metric_readers.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class RpcMetrics {
 public:
  explicit RpcMetrics(MetricReaders& store) : store_(store) {}

  // From the finished span of a call.
  void record(const Span& span, std::uint64_t now);

 private:
  MetricReaders& store_;
  Arena scratch_;
};

}  // namespace kolben::agent
