#include "pipeline/service_host.h"

namespace kolben::pipeline {

void ServiceHost::report_port(BoundPort port) {
  MutexLock lock(mutex_);
  ports_.push_back(std::move(port));
}

std::vector<BoundPort> ServiceHost::ports() const {
  MutexLock lock(mutex_);
  return ports_;
}

void ServiceHost::provide_service(std::type_index type, std::string_view component_id,
                                  void* service) {
  MutexLock lock(mutex_);
  services_[{type, std::string(component_id)}] = service;
}

void* ServiceHost::find_service(std::type_index type, std::string_view component_id) {
  MutexLock lock(mutex_);
  void* found = nullptr;
  int count = 0;
  for (const auto& [key, service] : services_) {
    if (key.first != type) continue;
    if (!component_id.empty() && key.second != component_id) continue;
    found = service;
    ++count;
  }
  return count == 1 ? found : nullptr;
}

}  // namespace kolben::pipeline
