// RemoteSampler: asks again and again for the strategies of a remote sampler, and shows them to the
// programs (agent/protocols/sampling_table.h), which decide by them.
//
// Where there is no good answer, what was shown last stays, or the initial rate: that is said once.
// Before there has been any, it is asked again sooner, after 1, 2, 4 ... seconds.
//
// Threads: one that asks, from the start on. The end interrupts whatever it waits for.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/process/exporter.h"
#include "agent/process/sampling_source.h"
#include "agent/process/secrets.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace kolben::agent {

class RemoteSampler {
 public:
  struct Times {
    std::chrono::nanoseconds interval;
    std::chrono::nanoseconds timeout = std::chrono::seconds(10);  // of a question
    std::chrono::nanoseconds backoff_unit = std::chrono::seconds(1);
    std::string initial_rate = {};  // what holds until there is an answer, for people
  };

  // `endpoint` as messages name it; `secrets` are hidden in what the server says. `table` and
  // `messages` outlive it.
  RemoteSampler(std::string endpoint, Times times, std::unique_ptr<SamplingSource> source,
                SamplingTable& table, Messages& messages, Secrets secrets = {});
  ~RemoteSampler();

 private:
  void run();
  void take(const Result<SamplingStrategies>& answer);
  std::chrono::nanoseconds delay(bool was_good);
  bool wait(std::chrono::nanoseconds time);
  void say(const std::string& text);

  const std::string endpoint_;
  const Times times_;
  const Secrets secrets_;
  const std::unique_ptr<SamplingSource> source_;
  SamplingTable& table_;
  Messages& messages_;
  // The thread's:
  std::optional<SamplingStrategies> shown_;
  bool has_said_failure_ = false;
  bool has_said_room_ = false;
  int failures_ = 0;  // one after another

  Mutex mutex_;
  CondVar changed_;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace kolben::agent
