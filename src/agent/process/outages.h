// Outages: times in which a collector takes nothing, of each signal, so that one line says at their
// end for how long it was and what came late or was lost. A signal that goes on failing while
// others arrive has an outage of its own. Any thread.
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

  // `collector` is where it really is; messages may name several alike. A try of this signal, begun
  // then, failed now.
  void failed(std::string_view collector, Signal signal, Time begun, Time now);
  // So much of a signal that fails waits now, the batch that is tried with it.
  void waiting(std::string_view collector, Signal signal, std::uint64_t items);
  // So much of it was given up.
  void lost(std::string_view collector, Signal signal, std::uint64_t items);
  // A batch has arrived. What is to be said where the signal had failed, and this is the first that
  // arrives since, of whatever signal; else empty. `name`: the collector's in messages.
  std::string arrived(std::string_view collector, std::string_view name, Signal signal, Time now);

 private:
  struct OfSignal {
    bool is_failing = false;
    bool is_said = false;  // with another signal's, which arrived first
    Time since = {};
    std::uint64_t waiting = 0;
    std::uint64_t lost = 0;
  };
  struct Collector {
    std::string address;
    Time last_arrival = Time::min();  // of any signal
    std::array<OfSignal, 3> signals = {};
  };
  Collector& of(std::string_view collector) KOLBEN_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<Collector> all_ KOLBEN_GUARDED_BY(mutex_);  // as many as there are exporters at most
};

}  // namespace kolben::agent
