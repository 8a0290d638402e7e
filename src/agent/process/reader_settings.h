// How an exporter wants its metrics: when, and aggregated in which way.
#pragma once

#include <cstdint>

#include "model/metrics.h"

namespace kolben::agent {

enum class HistogramKind : bool { kExplicitBuckets, kExponential };

// OTEL_METRICS_EXEMPLAR_FILTER: of which measurements examples are kept.
enum class ExemplarFilter : std::uint8_t { kTraceBased, kAlwaysOn, kAlwaysOff };

struct ReaderSettings {
  std::uint64_t interval_nanos = 60'000'000'000;
  bool is_pulled = false;  // the exporter says when it wants them; there is no interval
  Temporality counters = Temporality::kCumulative;
  Temporality histograms = Temporality::kCumulative;
  HistogramKind histogram_kind = HistogramKind::kExplicitBuckets;

  bool operator==(const ReaderSettings&) const = default;
};

}  // namespace kolben::agent
