// HealthRegistry: what components say when somebody asks whether the program can do its work. A
// component that runs and cannot (a store whose disk is full) registers a check; one that cannot
// start ends the program instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "base/unique_function.h"

namespace kolben::pipeline {

class HealthRegistry {
 public:
  // Remove it before what it looks at is gone. `check` runs under the registry's lock: it must be
  // quick and must not call the registry.
  using CheckId = std::uint64_t;
  CheckId add(std::string component_id, UniqueFunction<Status()> check) KOLBEN_EXCLUDES(mutex_);
  void remove(CheckId id) KOLBEN_EXCLUDES(mutex_);

  // What the first check says that fails, behind its component's id.
  Status status() const KOLBEN_EXCLUDES(mutex_);

 private:
  struct Check {
    CheckId id;
    std::string component_id;
    mutable UniqueFunction<Status()> run;  // called under mutex_: the registry is const then
  };

  mutable Mutex mutex_;
  std::vector<Check> checks_ KOLBEN_GUARDED_BY(mutex_);
  CheckId next_id_ KOLBEN_GUARDED_BY(mutex_) = 1;
};

}  // namespace kolben::pipeline
