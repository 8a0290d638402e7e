// StrategiesFile: the strategies in force, from a file that is read again where that is wanted.
// A file that has become wrong is told once, and what was there before stays in force.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/thread.h"
#include "config/node.h"
#include "extensions/remote_sampling/strategies.h"

namespace kolben::extensions::remote_sampling {

struct FileSettings {
  std::string path;  // empty: there is none, and the default probability holds
  double default_probability = 1;
  std::chrono::nanoseconds reload_interval{0};  // 0: only with the configuration
};

class StrategiesFile {
 public:
  // `component_id` names who logs.
  StrategiesFile(std::string component_id, FileSettings settings);
  ~StrategiesFile() { stop(); }

  // The first time, while the configuration is read: mistakes go to the errors.
  void read(config::Errors& errors);
  // Later: mistakes are logged. One thread at a time.
  void read_again();
  // From here on read_again() after each interval, on a thread.
  void start();
  void stop() KOLBEN_EXCLUDES(mutex_);

  // Any thread.
  std::shared_ptr<const Strategies> current() const KOLBEN_EXCLUDES(mutex_);

 private:
  // Waits for the interval; false: it is over.
  bool wait() KOLBEN_EXCLUDES(mutex_);
  void complain(std::string_view mistake) const;
  void set(Strategies strategies) KOLBEN_EXCLUDES(mutex_);

  const std::string component_id_;
  const FileSettings settings_;
  std::string text_;        // what was read last, right or wrong
  std::string unreadable_;  // why nothing could be read, where that was so at the last look
  mutable Mutex mutex_;
  CondVar stopping_;
  bool is_stopped_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Strategies> current_ KOLBEN_GUARDED_BY(mutex_);
  Thread thread_;
};

}  // namespace kolben::extensions::remote_sampling
