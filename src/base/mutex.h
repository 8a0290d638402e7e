// Mutex, MutexLock, CondVar: the standard ones with the annotations that let clang prove that
// guarded members are touched under their lock (-Wthread-safety, preset `clang`).
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KOLBEN_ANNOTATION_(x) __attribute__((x))
#else
#define KOLBEN_ANNOTATION_(x)
#endif

#define KOLBEN_GUARDED_BY(mutex) KOLBEN_ANNOTATION_(guarded_by(mutex))
#define KOLBEN_REQUIRES(...) KOLBEN_ANNOTATION_(requires_capability(__VA_ARGS__))
#define KOLBEN_EXCLUDES(...) KOLBEN_ANNOTATION_(locks_excluded(__VA_ARGS__))

namespace kolben {

class KOLBEN_ANNOTATION_(capability("mutex")) Mutex {
 public:
  void lock() KOLBEN_ANNOTATION_(acquire_capability()) { mutex_.lock(); }
  void unlock() KOLBEN_ANNOTATION_(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class KOLBEN_ANNOTATION_(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KOLBEN_ANNOTATION_(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() KOLBEN_ANNOTATION_(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits may wake without cause: call them in a loop that tests the condition.
class CondVar {
 public:
  void wait(Mutex& mutex) KOLBEN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when the time passed first.
  bool wait_for(Mutex& mutex, std::chrono::nanoseconds timeout) KOLBEN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace kolben
