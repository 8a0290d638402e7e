// ServiceHost: the Host of the real program. Synchronises itself; any thread.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "pipeline/component.h"

namespace kolben::pipeline {

class ServiceHost final : public Host {
 public:
  // `effective_config`: YAML with secrets masked. The clock outlives the host.
  ServiceHost(const Clock& clock, std::string effective_config)
      : clock_(clock), effective_config_(std::move(effective_config)) {}

  const Clock& clock() const override { return clock_; }
  TelemetryRegistry& telemetry() override { return telemetry_; }
  HealthRegistry& health() override { return health_; }
  bool is_ready() const override { return is_ready_.load(std::memory_order_acquire); }
  // By the program, once the graph has started; false again when it stops.
  void set_ready(bool is_ready) { is_ready_.store(is_ready, std::memory_order_release); }
  void report_port(BoundPort port) override;
  std::vector<BoundPort> ports() const override;
  std::string effective_config() const override { return effective_config_; }

 protected:
  void provide_service(std::type_index type, std::string_view component_id, void* service) override;
  void* find_service(std::type_index type, std::string_view component_id) override;

 private:
  const Clock& clock_;
  const std::string effective_config_;
  TelemetryRegistry telemetry_;
  HealthRegistry health_;
  std::atomic<bool> is_ready_{false};
  mutable Mutex mutex_;
  std::vector<BoundPort> ports_ KOLBEN_GUARDED_BY(mutex_);
  std::map<std::pair<std::type_index, std::string>, void*> services_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::pipeline
