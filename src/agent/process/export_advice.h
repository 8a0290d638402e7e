// What a person may do about telemetry that a collector does not take, from the error that the
// sender got.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "agent/process/exporter_settings.h"
#include "base/mutex.h"
#include "base/status.h"

namespace kolben::agent {

struct Advice {
  // "does a collector run there (`kolben up`)?"; empty where we know nothing better than the error.
  std::string text;
  // Something is there that speaks another protocol, or not the TLS that is asked for: to wait will
  // not help.
  bool is_wrong_peer = false;
};
// `uses_tls` is what the endpoint asks for.
Advice export_advice(ExporterKind kind, bool uses_tls, std::string_view endpoint,
                     const Status& failure);

// "http://localhost:4318/v1/traces" and its neighbours of other signals are one collector.
std::string_view collector_of(std::string_view endpoint, Signal signal);

// The first line of an answer's body, for people: nothing of HTML, without control characters.
std::string first_line(std::string_view body);

// What was said already, to whoever shares it.
class SaidOnce {
 public:
  // A collector has few errors; what comes beyond is not said.
  static constexpr std::size_t kMax = 64;
  bool is_new(const std::string& what) {
    MutexLock lock(mutex_);
    return said_.size() < kMax && said_.insert(what).second;
  }

 private:
  Mutex mutex_;
  std::unordered_set<std::string> said_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::agent
