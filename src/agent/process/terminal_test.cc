#include "agent/process/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace kolben::agent {
namespace {

int terminal_master() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master >= 0 && (::grantpt(master) != 0 || ::unlockpt(master) != 0)) return -1;
  return master;
}

// A child in a group of its own that does `what`; it is waited for to be in that group.
pid_t start_job(const std::function<void()>& what) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    what();
    ::_exit(0);
  }
  ::setpgid(pid, pid);
  return pid;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// What a shell at a terminal sees: returns 0, or the number of the check that failed.
int look_at_terminal(int file) {
  ::signal(SIGTTOU, SIG_IGN);
  const auto wait_forever = [] { ::pause(); };
  const pid_t program = start_job(wait_forever);
  ::tcsetpgrp(file, program);
  const auto number = static_cast<std::uint32_t>(program);
  const Terminal terminal(file, number, number, static_cast<std::uint32_t>(::getpid()));
  ::tcsetpgrp(file, ::getpgrp());
  if (terminal.place() != TerminalPlace::kAsItIs) return 1;  // it runs, in the background
  ::tcsetpgrp(file, program);
  end(program);
  if (terminal.place() != TerminalPlace::kAsItIs) return 2;  // it is still its job's turn
  ::tcsetpgrp(file, ::getpgrp());
  if (terminal.place() != TerminalPlace::kOwnLine) return 3;
  const pid_t next = start_job(wait_forever);
  ::tcsetpgrp(file, next);
  if (terminal.place() != TerminalPlace::kAsItIs) return 4;  // prints line by line
  termios modes{};
  ::tcgetattr(file, &modes);
  modes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(file, TCSANOW, &modes);
  const TerminalPlace within_editor = terminal.place();
  end(next);
  return within_editor == TerminalPlace::kNowhere ? 0 : 5;
}

TEST(Terminal, WhoseTurnItIsDecides) {
  const int master = terminal_master();
  ASSERT_GE(master, 0);
  const std::string name = ::ptsname(master);
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::setsid();
    const int file = ::open(name.c_str(), O_RDWR);
    if (file < 0 || ::ioctl(file, TIOCSCTTY, 0) != 0) ::_exit(99);
    ::_exit(look_at_terminal(file));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(shell, &status, 0), shell);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(master);
}

TEST(Terminal, WhatIsNoTerminalIsWrittenAsItIs) {
  const int file = ::open("/dev/null", O_RDWR);
  constexpr std::uint32_t kNobody = 0x7fffffff;
  EXPECT_EQ(Terminal(file, kNobody, 0, 0).place(), TerminalPlace::kAsItIs);
  // The shell may have ended, too.
  EXPECT_EQ(Terminal(file, kNobody, kNobody, kNobody).place(), TerminalPlace::kAsItIs);
  ::close(file);
}

}  // namespace
}  // namespace kolben::agent
