#include "agent/process/remote_sampler.h"

#include <algorithm>
#include <utility>

namespace kolben::agent {

RemoteSampler::RemoteSampler(std::string endpoint, Times times,
                             std::unique_ptr<SamplingSource> source, SamplingTable& table,
                             Messages& messages, Secrets secrets)
    : endpoint_(std::move(endpoint)),
      times_(std::move(times)),
      secrets_(std::move(secrets)),
      source_(std::move(source)),
      table_(table),
      messages_(messages),
      thread_("kolben-sampler", [this] { run(); }) {}

RemoteSampler::~RemoteSampler() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  source_->end();
  thread_.join();
}

void RemoteSampler::run() {
  while (true) {
    const Result<SamplingStrategies> answer = source_->ask(times_.timeout);
    {
      MutexLock lock(mutex_);
      if (is_stopping_) return;  // what was interrupted is no failure
    }
    take(answer);
    if (!wait(delay(answer.has_value()))) return;
  }
}

void RemoteSampler::take(const Result<SamplingStrategies>& answer) {
  if (!answer.has_value()) {
    if (has_said_failure_) return;
    has_said_failure_ = true;
    return say(
        secrets_.hidden(std::string(answer.error().message())) +
        (shown_ ? "; the last ones hold" : "; the initial sampler holds until there are any"));
  }
  if (shown_ && *shown_ == *answer) return;
  shown_ = *answer;
  if (show_strategies(*answer, table_) || has_said_room_) return;
  has_said_room_ = true;
  say("more than " + std::to_string(SamplingRules::kOperationsMax) +
      " operations, or too long ones; what holds for others holds for the last of them");
}

void RemoteSampler::say(const std::string& text) {
  const bool has_rate = !shown_ && !times_.initial_rate.empty();
  const std::string rate = has_rate ? " (" + times_.initial_rate + ")" : std::string();
  messages_.warn("kolben agent: sampling strategies of " + endpoint_ + ": " + text + rate);
}

std::chrono::nanoseconds RemoteSampler::delay(bool was_good) {
  constexpr int kDoublingsMax = 10;
  failures_ = was_good ? 0 : std::min(failures_ + 1, kDoublingsMax);
  if (was_good || shown_) return times_.interval;
  return std::min<std::chrono::nanoseconds>(times_.interval,
                                            times_.backoff_unit * (1 << (failures_ - 1)));
}

// False: the end has come.
bool RemoteSampler::wait(std::chrono::nanoseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!is_stopping_) {
    const std::chrono::nanoseconds left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return true;
    changed_.wait_for(mutex_, left);
  }
  return false;
}

}  // namespace kolben::agent
