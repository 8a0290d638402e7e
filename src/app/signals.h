// What signals ask of the program: SIGINT and SIGTERM to stop gracefully, a second one at once.
// SIGHUP to read the configuration again, where the program has no terminal (a service); where it
// has one, that is gone then, and the program stops.
//
// A start may take long (a log that is read again, a disk that does not answer), and nothing of it
// is lost when it is cut off: a signal to stop that comes meanwhile ends the process.
//
// Made before any other thread: all inherit the blocked signals, so that only its own sees them.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>

#include "base/mutex.h"
#include "base/thread.h"

namespace kolben::app {

enum class Wish { kStop, kReload };

// A file that reaches the limit of its size (ulimit -f) is an error of write(), which the store
// tells, and not the end of the process (SIGXFSZ).
void let_writes_fail();

class Signals {
 public:
  // Blocks these signals, and ignores SIGPIPE: a peer that goes away is an error of write().
  // `before_end` is called before a signal ends the process, once: on a thread of its own, or on
  // the one that makes a Starting. The lock is held, so that nothing starts behind its back: it
  // must not call this object.
  explicit Signals(std::function<void()> before_end = {});
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  // While one lives, a signal to stop ends the process, by that signal (with exit code 0 where it
  // is the first of a container, which no signal ends); where it came before, the process ends
  // here. One that is almost over when the signal comes is let end.
  class Starting {
   public:
    explicit Starting(Signals& signals) : signals_(signals) { signals_.set_starting(true); }
    Starting(const Starting&) = delete;
    Starting& operator=(const Starting&) = delete;
    ~Starting() { signals_.set_starting(false); }

   private:
    Signals& signals_;
  };

  // Waits for the next signal. After kStop another one ends the process with exit code 1; what
  // comes within kOneWish of the first is the same wish (timeout(1) signals the process and its
  // group).
  Wish wait() KOLBEN_EXCLUDES(mutex_);

  static constexpr std::chrono::milliseconds kOneWish{500};

 private:
  void set_starting(bool is_starting) KOLBEN_EXCLUDES(mutex_);
  void run();
  void on_signal(int signal) KOLBEN_EXCLUDES(mutex_);
  [[noreturn]] void end_start() KOLBEN_REQUIRES(mutex_);
  void tell_end() KOLBEN_REQUIRES(mutex_);

  const bool has_terminal_;
  sigset_t set_;
  int signals_fd_ = -1;
  int wake_fd_ = -1;  // readable: the thread shall end
  Mutex mutex_;
  CondVar changed_;
  std::function<void()> before_end_ KOLBEN_GUARDED_BY(mutex_);
  bool is_starting_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool wants_reload_ KOLBEN_GUARDED_BY(mutex_) = false;
  int stop_signal_ KOLBEN_GUARDED_BY(mutex_) = 0;  // the first that asked to stop
  std::chrono::steady_clock::time_point stop_time_ KOLBEN_GUARDED_BY(mutex_);
  Thread thread_;
};

}  // namespace kolben::app
