#include "agent/process/outages.h"

#include <algorithm>
#include <utility>

#include "agent/process/losses.h"

namespace kolben::agent {
namespace {

std::size_t index_of(Signal signal) {
  if (signal == Signal::kTraces) return 0;
  return signal == Signal::kMetrics ? 1 : 2;
}

// "12 s", "0.4 s"
std::string seconds_text(std::chrono::nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths < 100) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

// "3 spans and 1 log record sent late, 2 spans lost"
std::string outcome_text(const std::vector<std::string>& late,
                         const std::vector<std::string>& lost) {
  if (lost.empty()) return (late.empty() ? "0" : joined(late)) + " sent late";
  return (late.empty() ? "" : joined(late) + " sent late, ") + joined(lost) + " lost";
}

}  // namespace

Outages::Collector& Outages::of(std::string_view collector) {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const Collector& one) { return one.address == collector; });
  if (found != all_.end()) return *found;
  all_.push_back({});
  all_.back().address = collector;
  return all_.back();
}

void Outages::failed(std::string_view collector, Signal signal, Time begun, Time now) {
  MutexLock lock(mutex_);
  Collector& known = of(collector);
  OfSignal& one = known.signals[index_of(signal)];
  // A try that had begun before belongs to the outage whose end is said.
  const bool is_over = begun < known.last_arrival;
  if (!one.is_failing) {
    one = {.is_failing = true, .is_said = is_over, .since = now, .waiting = 0, .lost = 0};
  } else if (!is_over) {
    one.is_said = false;
  }
}

void Outages::waiting(std::string_view collector, Signal signal, std::uint64_t items) {
  MutexLock lock(mutex_);
  of(collector).signals[index_of(signal)].waiting = items;
}

void Outages::lost(std::string_view collector, Signal signal, std::uint64_t items) {
  MutexLock lock(mutex_);
  of(collector).signals[index_of(signal)].lost += items;
}

std::string Outages::arrived(std::string_view collector, std::string_view name, Signal signal,
                             Time now) {
  MutexLock lock(mutex_);
  Collector& known = of(collector);
  const Time last_arrival = std::exchange(known.last_arrival, now);
  OfSignal& first = known.signals[index_of(signal)];
  if (!std::exchange(first.is_failing, false) || first.is_said) return {};
  Time since = first.since;
  std::vector<std::string> late;
  std::vector<std::string> lost;
  for (const Signal each : kAllSignals) {
    OfSignal& one = known.signals[index_of(each)];
    // Not of one that failed while others arrived: that may not be the collector's.
    const bool is_same = one.is_failing && !one.is_said && one.since >= last_arrival;
    if (each != signal && !is_same) continue;
    since = std::min(since, one.since);
    if (one.waiting != 0) late.push_back(counted(each, one.waiting));
    if (one.lost != 0) lost.push_back(counted(each, std::exchange(one.lost, 0)));
    one.is_said = true;
  }
  return "kolben agent: " + std::string(name) + " takes telemetry again after " +
         seconds_text(now - since) + ": " + outcome_text(late, lost);
}

}  // namespace kolben::agent
