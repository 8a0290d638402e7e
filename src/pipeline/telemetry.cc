#include "pipeline/telemetry.h"

#include <cstdint>

#include "prometheus/exposition.h"

namespace kolben::pipeline {
namespace {

void append_name_and_labels(std::string& out, std::string_view name, const Labels& labels) {
  out += name;
  if (!labels.empty()) {
    char separator = '{';
    for (const auto& [key, value] : labels) {
      out.append(1, separator).append(key).append("=\"");
      prometheus::append_label_value(out, value);
      out += '"';
      separator = ',';
    }
    out += '}';
  }
  out += ' ';
}

}  // namespace

Counter& TelemetryRegistry::counter(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(mutex_);
  Family& family = families_[std::string(name)];
  if (family.help.empty()) family.help = help;
  for (CounterEntry& entry : family.counters) {
    if (entry.labels == labels) return entry.counter;
  }
  CounterEntry& entry = family.counters.emplace_back();
  entry.labels = std::move(labels);
  return entry.counter;
}

TelemetryRegistry::GaugeId TelemetryRegistry::add_gauge(std::string_view name,
                                                        std::string_view help, Labels labels,
                                                        UniqueFunction<double()> read) {
  MutexLock lock(mutex_);
  Family& family = families_[std::string(name)];
  if (family.help.empty()) family.help = help;
  const GaugeId id = next_gauge_id_++;
  family.gauges.push_back({id, std::move(labels), std::move(read)});
  return id;
}

void TelemetryRegistry::remove_gauge(GaugeId id) {
  MutexLock lock(mutex_);
  for (auto& [name, family] : families_) {
    std::erase_if(family.gauges, [&](const GaugeEntry& entry) { return entry.id == id; });
  }
}

std::vector<Sample> TelemetryRegistry::samples() const {
  std::vector<Sample> samples;
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) {
    for (const CounterEntry& entry : family.counters) {
      samples.push_back({name, entry.labels, static_cast<double>(entry.counter.value())});
    }
    for (const GaugeEntry& entry : family.gauges) {
      samples.push_back({name, entry.labels, entry.read()});
    }
  }
  return samples;
}

std::string TelemetryRegistry::to_prometheus_text() const {
  std::string out;
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) {
    if (family.counters.empty() && family.gauges.empty()) continue;
    out.append("# HELP ").append(name).append(" ");
    prometheus::append_help(out, family.help);
    out.append("\n# TYPE ").append(name);
    out.append(family.counters.empty() ? " gauge\n" : " counter\n");
    for (const CounterEntry& entry : family.counters) {
      append_name_and_labels(out, name, entry.labels);
      out.append(std::to_string(entry.counter.value())).append("\n");
    }
    for (const GaugeEntry& entry : family.gauges) {
      append_name_and_labels(out, name, entry.labels);
      prometheus::append_number(out, entry.read());
      out += '\n';
    }
  }
  return out;
}

}  // namespace kolben::pipeline
