#include "app/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace kolben::app {
namespace {

using std::chrono::steady_clock;

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

// To stderr, past stdio's locks, which the thread that is stuck may hold.
void say(std::string_view text) {
  // Nothing can be done about a failure here.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// As if nobody had caught it, so that whoever waits sees what ended us: service managers count
// SIGTERM as a clean end. The first process of a container cannot end by a signal that nobody
// catches (pid_namespaces(7)): its clean end is exit code 0.
[[noreturn]] void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  ::raise(signal);
  _exit(0);
}

}  // namespace

void let_writes_fail() {
  std::signal(SIGXFSZ, SIG_IGN);
}

Signals::Signals(std::function<void()> before_end)
    : has_terminal_(has_controlling_terminal()), before_end_(std::move(before_end)) {
  sigemptyset(&set_);
  for (const int signal : kSignals) {
    // nohup and shells that start background jobs ignore some of them on purpose.
    if (!is_ignored(signal)) sigaddset(&set_, signal);
  }
  signals_fd_ = ::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Without descriptors so early there is nothing to run on; the signals keep their default action.
  KOLBEN_CHECK(signals_fd_ >= 0 && wake_fd_ >= 0);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = Thread("signals", [this] { run(); });
}

Signals::~Signals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
  thread_.join();
  ::close(signals_fd_);
  ::close(wake_fd_);
}

Wish Signals::wait() {
  MutexLock lock(mutex_);
  while (!wants_reload_ && stop_signal_ == 0) changed_.wait(mutex_);
  if (stop_signal_ != 0) return Wish::kStop;
  wants_reload_ = false;
  return Wish::kReload;
}

void Signals::set_starting(bool is_starting) {
  MutexLock lock(mutex_);
  // It came while what ran before was stopped for a new configuration: that is done.
  if (is_starting && stop_signal_ != 0) end_start();
  is_starting_ = is_starting;
  changed_.notify_all();
}

void Signals::run() {
  pollfd sources[] = {{signals_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  while (true) {
    if (::poll(sources, 2, -1) < 0) continue;  // EINTR
    if (sources[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_fd_, &info, sizeof info) == sizeof info) {
      on_signal(static_cast<int>(info.ssi_signo));
    }
  }
}

void Signals::on_signal(int signal) {
  MutexLock lock(mutex_);
  const auto now = steady_clock::now();
  if (signal == SIGHUP && !has_terminal_) {
    wants_reload_ = true;
    return changed_.notify_all();
  }
  if (stop_signal_ != 0) {
    if (now - stop_time_ < kOneWish) return;
    say("kolben: stopped at once by a second signal\n");
    tell_end();
    _exit(1);
  }
  stop_signal_ = signal;
  stop_time_ = now;
  changed_.notify_all();
  while (is_starting_) {
    const auto left = now + kOneWish - steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) end_start();
    changed_.wait_for(mutex_, left);
  }
}

void Signals::end_start() {
  say("kolben: ended while starting by SIG" + std::string(::sigabbrev_np(stop_signal_)) +
      "; nothing is lost, the next start begins where this one did\n");
  tell_end();
  end_by(stop_signal_);
}

void Signals::tell_end() {
  if (const std::function<void()> tell = std::exchange(before_end_, {})) tell();
}

}  // namespace kolben::app
