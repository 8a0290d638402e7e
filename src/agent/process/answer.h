// Answer: a value that another thread sets once. Shared, because it may come after the wait ended.
// Ending: when all waiting ends, whatever time it was given. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"

namespace kolben::agent {

class Ending {
 public:
  using Time = std::chrono::steady_clock::time_point;
  void set(Time at) { at_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }
  Time at() const { return Time(Time::duration(at_.load(std::memory_order_relaxed))); }

 private:
  std::atomic<Time::rep> at_{Time::max().time_since_epoch().count()};
};

template <typename T>
class Answer {
 public:
  void set(T value) {
    MutexLock lock(mutex_);
    value_ = std::move(value);
    changed_.notify_one();
  }
  // Nothing: it did not come in time.
  std::optional<T> wait(std::chrono::steady_clock::time_point deadline, const Ending& ending) {
    // So late a wait sees that all waiting ends.
    constexpr std::chrono::milliseconds kLookAgain{50};
    MutexLock lock(mutex_);
    while (!value_) {
      const std::chrono::nanoseconds left =
          std::min(deadline, ending.at()) - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) break;
      changed_.wait_for(mutex_, std::min<std::chrono::nanoseconds>(left, kLookAgain));
    }
    return std::move(value_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::optional<T> value_ KOLBEN_GUARDED_BY(mutex_);
};

// Clients keep their own deadline; this is for the case that they do not.
inline constexpr std::chrono::milliseconds kGrace{200};

// Asks, and waits for so long for the answer. Nothing: it did not come in time. `ask` is given what
// takes the result.
template <typename T, typename Ask>
std::optional<Result<T>> asked(const Ask& ask, std::chrono::nanoseconds time,
                               const Ending& ending) {
  auto answer = std::make_shared<Answer<Result<T>>>();
  ask([answer](Result<T> result) { answer->set(std::move(result)); });
  return answer->wait(std::chrono::steady_clock::now() + time, ending);
}

}  // namespace kolben::agent
