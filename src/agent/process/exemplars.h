// ExemplarReservoir: measurements that are kept as examples of a series, with the spans they were
// made for, until the next export.
// Source: opentelemetry-specification, metrics/sdk.md, "Exemplar", "ExemplarReservoir".
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/arena.h"
#include "base/random.h"
#include "model/ids.h"
#include "model/metrics.h"
#include "model/traces.h"

namespace kolben::agent {

// The span that a measurement was made for; zero: none.
struct MeasuredFor {
  TraceId trace_id;
  SpanId span_id;
  bool is_sampled = false;
};

inline MeasuredFor measured_for(const Span& span) {
  return {span.trace_id, span.span_id, (span.flags & 1) != 0};
}

class ExemplarReservoir {
 public:
  // Of a histogram with buckets each has a place.
  explicit ExemplarReservoir(std::size_t places) : kept_(places) {}

  // The last one of each place is kept (AlignedHistogramBucketExemplarReservoir).
  void keep(std::size_t place, double value, const MeasuredFor& whom, std::uint64_t time);
  // Each that was offered is kept with the same chance (SimpleFixedSizeExemplarReservoir).
  void offer(double value, const MeasuredFor& whom, std::uint64_t time, Random& random);
  // Appends what was kept since the last time. `is_integral`: the series has whole numbers only.
  void collect(bool is_integral, List<Exemplar>& exemplars, Arena& arena);

 private:
  struct Kept {
    double value = 0;
    std::uint64_t time = 0;  // 0: nothing
    TraceId trace_id;
    SpanId span_id;
  };

  std::vector<Kept> kept_;
  std::uint64_t offered_ = 0;  // since the last collect()
};

}  // namespace kolben::agent
