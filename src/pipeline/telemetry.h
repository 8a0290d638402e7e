// The program's own metrics: counters and gauges by name and labels, in the Prometheus text format.
// Names are the Collector's ("otelcol_receiver_accepted_spans", reference: its internal telemetry
// page), so that existing dashboards and alerts go on working.
//
// Registering is for start-up; adding is wait-free, from any thread. Handles stay valid as long as
// the registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/unique_function.h"

namespace kolben::pipeline {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A sample for pages that show counters: name, labels, value.
struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

class TelemetryRegistry {
 public:
  // The counter of that name and those labels; the same one for the same arguments.
  Counter& counter(std::string_view name, std::string_view help, Labels labels);
  // A gauge that is asked when somebody looks. Remove it before what it reads is gone. `read` runs
  // under the registry's lock: it must be quick and must not call the registry.
  using GaugeId = std::uint64_t;
  GaugeId add_gauge(std::string_view name, std::string_view help, Labels labels,
                    UniqueFunction<double()> read);
  void remove_gauge(GaugeId id);

  std::vector<Sample> samples() const;
  // Prometheus text exposition format 0.0.4.
  std::string to_prometheus_text() const;

 private:
  struct CounterEntry {
    Labels labels;
    Counter counter;
  };
  struct GaugeEntry {
    GaugeId id;
    Labels labels;
    mutable UniqueFunction<double()> read;  // called under mutex_: the registry is const then
  };
  struct Family {
    std::string help;
    std::deque<CounterEntry> counters;
    std::vector<GaugeEntry> gauges;
  };

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ KOLBEN_GUARDED_BY(mutex_);
  GaugeId next_gauge_id_ KOLBEN_GUARDED_BY(mutex_) = 1;
};

}  // namespace kolben::pipeline
