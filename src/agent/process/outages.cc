#include "agent/process/outages.h"

#include <algorithm>

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

// "3 spans and 1 log record", "0"
std::string counts_text(const std::vector<std::string>& counts) {
  return counts.empty() ? "0" : joined(counts);
}

}  // namespace

Outages::Outage& Outages::of(std::string_view collector) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Outage& outage) {
    return outage.collector == collector;
  });
  if (found != all_.end()) return *found;
  all_.push_back({});
  all_.back().collector = collector;
  return all_.back();
}

void Outages::failed(std::string_view collector, Signal signal, Time now) {
  MutexLock lock(mutex_);
  Outage& outage = of(collector);
  if (!outage.is_open) {
    outage.is_open = true;
    outage.since = now;
    for (OfSignal& one : outage.signals) one.lost = 0;
  }
  outage.signals[index_of(signal)].is_failing = true;
}

void Outages::waiting(std::string_view collector, Signal signal, std::uint64_t items) {
  MutexLock lock(mutex_);
  of(collector).signals[index_of(signal)].waiting = items;
}

void Outages::lost(std::string_view collector, Signal signal, std::uint64_t items) {
  MutexLock lock(mutex_);
  of(collector).signals[index_of(signal)].lost += items;
}

std::string Outages::arrived(std::string_view collector, Signal signal, Time now) {
  MutexLock lock(mutex_);
  Outage& outage = of(collector);
  std::vector<std::string> late;
  std::vector<std::string> lost;
  for (const Signal each : kAllSignals) {
    const OfSignal& one = outage.signals[index_of(each)];
    if (one.is_failing && one.waiting != 0) late.push_back(counted(each, one.waiting));
    if (one.lost != 0) lost.push_back(counted(each, one.lost));
  }
  outage.signals[index_of(signal)].is_failing = false;
  if (!outage.is_open) return {};
  outage.is_open = false;
  return "kolben agent: " + outage.collector + " takes telemetry again after " +
         seconds_text(now - outage.since) + ": " + counts_text(late) + " sent late, " +
         counts_text(lost) + " lost";
}

}  // namespace kolben::agent
