#include "storage/engine/scan/scan_threads.h"

#include <algorithm>
#include <string>
#include <thread>

namespace kolben::storage::scan {

std::size_t ScanThreads::helpers_of_machine() {
  return std::max(1U, std::thread::hardware_concurrency()) - 1;
}

ScanThreads::ScanThreads(std::size_t helpers) {
  for (std::size_t i = 0; i < helpers; ++i) {
    threads_.emplace_back("scan-" + std::to_string(i), [this] { help(); });
  }
}

ScanThreads::~ScanThreads() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // joins
}

void ScanThreads::run(std::size_t count, Work work) {
  if (count == 0) return;
  const auto job = std::make_shared<Job>(count, std::move(work));
  if (count > 1 && !threads_.empty()) {
    const MutexLock lock(mutex_);
    jobs_.push_back(job);
  }
  changed_.notify_all();
  take_part(*job);
  const MutexLock lock(mutex_);
  std::erase(jobs_, job);
  while (job->ended < count) changed_.wait(mutex_);
}

void ScanThreads::take_part(Job& job) {
  std::size_t ended = 0;
  for (std::size_t i = job.next.fetch_add(1); i < job.count; i = job.next.fetch_add(1)) {
    job.work(i);
    ++ended;
  }
  if (ended == 0) return;
  {
    const MutexLock lock(mutex_);
    job.ended += ended;
  }
  changed_.notify_all();
}

void ScanThreads::help() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      const MutexLock lock(mutex_);
      while (jobs_.empty() && !is_stopping_) changed_.wait(mutex_);
      if (is_stopping_) return;
      job = jobs_.front();
    }
    take_part(*job);
    const MutexLock lock(mutex_);
    std::erase(jobs_, job);  // nothing of it is left to take
  }
}

}  // namespace kolben::storage::scan
