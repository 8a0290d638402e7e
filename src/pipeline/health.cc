#include "pipeline/health.h"

#include <utility>

namespace kolben::pipeline {

HealthRegistry::CheckId HealthRegistry::add(std::string component_id,
                                            UniqueFunction<Status()> check) {
  MutexLock lock(mutex_);
  checks_.push_back({next_id_, std::move(component_id), std::move(check)});
  return next_id_++;
}

void HealthRegistry::remove(CheckId id) {
  MutexLock lock(mutex_);
  std::erase_if(checks_, [id](const Check& check) { return check.id == id; });
}

Status HealthRegistry::status() const {
  MutexLock lock(mutex_);
  for (const Check& check : checks_) {
    if (Status status = check.run(); !status) {
      return std::move(status).with_context(check.component_id);
    }
  }
  return Status::ok();
}

}  // namespace kolben::pipeline
