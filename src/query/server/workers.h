// Workers: a few named threads that run jobs from a bounded queue. What may be slow, such as
// reading the store, runs here and not on a network thread. submit() is safe from any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "base/unique_function.h"

namespace kolben::query {

class Workers {
 public:
  using Job = UniqueFunction<void()>;

  Workers(const std::string& name, std::size_t threads, std::size_t queue_max);
  // stop()
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False where the queue is full or the workers stop; `job` is untouched then.
  bool submit(Job& job);
  // Ends the threads after the jobs that run; those that wait are destroyed without having run.
  void stop();

 private:
  void run();

  const std::size_t queue_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> queue_ KOLBEN_GUARDED_BY(mutex_);
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::vector<Thread> threads_;
};

}  // namespace kolben::query
