// What the agent process would say, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/process/exporter.h"
#include "base/mutex.h"

namespace kolben::agent {

class KeptMessages final : public Messages {
 public:
  void say(std::string_view line) override {
    MutexLock lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() {
    MutexLock lock(mutex_);
    return lines_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> lines_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::agent
