#include "query/server/workers.h"

#include <utility>

namespace kolben::query {

Workers::Workers(const std::string& name, std::size_t threads, std::size_t queue_max)
    : queue_max_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back(name + "-" + std::to_string(i + 1), [this] { run(); });
  }
}

Workers::~Workers() {
  stop();
}

bool Workers::submit(Job& job) {
  const MutexLock lock(mutex_);
  if (is_stopping_ || queue_.size() >= queue_max_) return false;
  queue_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void Workers::stop() {
  std::deque<Job> left;
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    left.swap(queue_);
    changed_.notify_all();
  }
  threads_.clear();  // joins
}

void Workers::run() {
  while (true) {
    Job job;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty() && !is_stopping_) changed_.wait(mutex_);
      if (is_stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
}

}  // namespace kolben::query
