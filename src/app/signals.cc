#include "app/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <string_view>

namespace kolben::app {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void exit_at_once(int) {
  constexpr std::string_view kMessage = "kolben: stopped at once by a second signal\n";
  // Nothing can be done about a failure here.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(1);
}

}  // namespace

StopSignals::StopSignals() {
  sigemptyset(&set_);
  for (const int signal : kStopSignals) {
    // nohup and shells that start background jobs ignore some of them on purpose.
    if (!is_ignored(signal)) sigaddset(&set_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int StopSignals::wait() {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0) {
  }
  struct sigaction action{};
  action.sa_handler = exit_at_once;
  for (const int one : kStopSignals) {
    if (sigismember(&set_, one) == 1) sigaction(one, &action, nullptr);
  }
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  return signal;
}

}  // namespace kolben::app
