// How long calls to databases take: db.client.operation.duration, of the stable conventions; the
// old ones have none. Source: semantic-conventions, database-metrics.md.
#pragma once

#include <cstdint>

#include "agent/process/metric_readers.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class DatabaseMetrics {
 public:
  DatabaseMetrics(SemanticConventions conventions, MetricReaders& readers)
      : conventions_(conventions), readers_(readers) {}

  // From the finished span of a call.
  void record(const Span& span, std::uint64_t now);

 private:
  SemanticConventions conventions_;
  MetricReaders& readers_;
  Arena scratch_;
};

}  // namespace kolben::agent
