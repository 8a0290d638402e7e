// What signals ask of the program: SIGINT and SIGTERM to stop gracefully, a second one at once.
// SIGHUP to read the configuration again, where the program has no terminal (a service); where it
// has one, that is gone then, and the program stops.
//
// Made before any other thread: all inherit the blocked signals, so that only wait() sees them.
#pragma once

#include <csignal>

namespace kolben::app {

enum class Wish { kStop, kReload };

class Signals {
 public:
  // Blocks these signals, and ignores SIGPIPE: a peer that goes away is an error of write().
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits for the next signal. After kStop, which is the last that is returned, another one ends
  // the process with exit code 1.
  Wish wait();

 private:
  sigset_t set_;
  const bool has_terminal_;
};

}  // namespace kolben::app
