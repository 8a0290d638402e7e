// ScanThreads: a few threads that queries share. The caller of run() works as well, so that a query
// goes on while the threads are busy with others. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "base/unique_function.h"

namespace kolben::storage::scan {

class ScanThreads {
 public:
  // `helpers`: threads beside the callers.
  explicit ScanThreads(std::size_t helpers);
  // As many as the machine has processors, the caller's included.
  static std::size_t helpers_of_machine();
  // After the last run() ended.
  ~ScanThreads();
  ScanThreads(const ScanThreads&) = delete;
  ScanThreads& operator=(const ScanThreads&) = delete;

  // Calls work(i) for each i below `count`, on several threads at once, in no particular order.
  // Returns when all have ended.
  using Work = UniqueFunction<void(std::size_t)>;
  void run(std::size_t count, Work work);

 private:
  struct Job {
    Job(std::size_t count_, Work work_) : count(count_), work(std::move(work_)) {}
    const std::size_t count;
    Work work;
    std::atomic<std::size_t> next = 0;
    std::size_t ended = 0;  // guarded by the mutex
  };

  void help();
  void take_part(Job& job);

  Mutex mutex_;
  CondVar changed_;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  // With pieces that nobody took yet; as many as there are callers at most.
  std::deque<std::shared_ptr<Job>> jobs_ KOLBEN_GUARDED_BY(mutex_);
  std::vector<Thread> threads_;
};

}  // namespace kolben::storage::scan
