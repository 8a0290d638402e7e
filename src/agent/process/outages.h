// Outages: times in which a collector takes nothing, seen over all signals, so that one line says
// at their end for how long it was and what came late or was lost. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "model/batch.h"

namespace kolben::agent {

class Outages {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A try of this signal failed.
  void failed(std::string_view collector, Signal signal, Time now);
  // So much of a signal that fails waits now, the batch that is tried with it.
  void waiting(std::string_view collector, Signal signal, std::uint64_t items);
  // So much of it was given up.
  void lost(std::string_view collector, Signal signal, std::uint64_t items);
  // A batch of a signal that had failed has arrived. What is to be said where that is the first
  // since the outage began, whatever the signal; else empty.
  std::string arrived(std::string_view collector, Signal signal, Time now);

 private:
  struct OfSignal {
    bool is_failing = false;
    std::uint64_t waiting = 0;
    std::uint64_t lost = 0;
  };
  struct Outage {
    std::string collector;
    bool is_open = false;
    Time since = {};
    std::array<OfSignal, 3> signals = {};
  };
  Outage& of(std::string_view collector) KOLBEN_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<Outage> all_ KOLBEN_GUARDED_BY(mutex_);  // as many as there are exporters at most
};

}  // namespace kolben::agent
