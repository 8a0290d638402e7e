// FakeHost: a Host for tests of components, with a clock that the test owns.
#pragma once

#include <string>

#include "base/clock.h"
#include "pipeline/service_host.h"

namespace kolben::pipeline::testing {

class FakeHost final : public Host {
 public:
  const Clock& clock() const override { return clock_; }
  ManualClock& manual_clock() { return clock_; }
  TelemetryRegistry& telemetry() override { return host_.telemetry(); }
  HealthRegistry& health() override { return host_.health(); }
  bool is_ready() const override { return host_.is_ready(); }
  void set_ready(bool is_ready) { host_.set_ready(is_ready); }
  void report_port(BoundPort port) override { host_.report_port(std::move(port)); }
  std::vector<BoundPort> ports() const override { return host_.ports(); }
  std::string effective_config() const override { return host_.effective_config(); }

  // The port that was reported under `name`; 0 where there is none.
  std::uint16_t port(std::string_view name) const {
    for (const BoundPort& port : host_.ports()) {
      if (port.name == name) return port.port;
    }
    return 0;
  }
  // The sum of the counters and gauges of that name whose labels hold `label`="value".
  double metric(std::string_view name, std::string_view label = {},
                std::string_view value = {}) const;

 protected:
  void provide_service(std::type_index type, std::string_view id, void* service) override {
    services_[{type, std::string(id)}] = service;
  }
  void* find_service(std::type_index type, std::string_view id) override {
    for (const auto& [key, service] : services_) {
      if (key.first == type && (id.empty() || key.second == id)) return service;
    }
    return nullptr;
  }

 private:
  ManualClock clock_;
  ServiceHost host_{clock_, "service:\n"};
  std::map<std::pair<std::type_index, std::string>, void*> services_;
};

}  // namespace kolben::pipeline::testing
