#include "app/signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <string_view>

namespace kolben::app {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool has_controlling_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

void exit_at_once(int) {
  constexpr std::string_view kMessage = "kolben: stopped at once by a second signal\n";
  // Nothing can be done about a failure here.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(1);
}

}  // namespace

Signals::Signals() : has_terminal_(has_controlling_terminal()) {
  sigemptyset(&set_);
  for (const int signal : kSignals) {
    // nohup and shells that start background jobs ignore some of them on purpose.
    if (!is_ignored(signal)) sigaddset(&set_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Wish Signals::wait() {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0) {
  }
  if (signal == SIGHUP && !has_terminal_) return Wish::kReload;
  struct sigaction action{};
  action.sa_handler = exit_at_once;
  for (const int one : kSignals) {
    if (sigismember(&set_, one) == 1) sigaction(one, &action, nullptr);
  }
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  return Wish::kStop;
}

}  // namespace kolben::app
