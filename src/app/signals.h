// Stop signals: SIGINT, SIGTERM and SIGHUP end the program gracefully, a second one at once.
//
// Made before any other thread: all inherit the blocked signals, so that only wait() sees them.
#pragma once

#include <csignal>

namespace kolben::app {

class StopSignals {
 public:
  // Blocks the stop signals, and ignores SIGPIPE: a peer that goes away is an error of write().
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for the first stop signal and returns it. From then on another one ends the process with
  // exit code 1.
  int wait();

 private:
  sigset_t set_;
};

}  // namespace kolben::app
