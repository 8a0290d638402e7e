#include "agent/process/commands.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <vector>

#include "agent/process/test_ring.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

constexpr std::uint32_t kPid = 4711;

class CommandsTest : public ::testing::Test {
 protected:
  static CommandView command(std::uint8_t span, std::string_view executable = "/usr/bin/curl",
                             std::uint64_t end_time = 0) {
    CommandView view;
    view.fixed.start_time = kTime;
    view.fixed.end_time = end_time;
    view.fixed.self = context(0xab, span);
    view.fixed.pid = kPid;
    view.executable = executable;
    return view;
  }
  static Exit exit_with(std::uint32_t code) {
    Exit exit;
    exit.time = kTime + 1'000'000;
    exit.code = code;
    return exit;
  }
  std::string told() {
    std::string text;
    for (const EndedCommand& ended : ended_) {
      Span span;
      build_command(ended, span, arena_);
      text += std::string(span.name) + (span.status_code == SpanStatusCode::kError ? " !" : " =");
      if (ended.exit_code) text += std::to_string(*ended.exit_code);
      if (!ended.error_type().empty()) text += " " + ended.error_type();
      if (!span.status_message.empty()) text += " (" + std::string(span.status_message) + ")";
      text += '\n';
    }
    return text;
  }

  Arena arena_;
  std::vector<EndedCommand> ended_;
  Commands commands_{[this](const EndedCommand& ended) { ended_.push_back(ended); }};
};

TEST_F(CommandsTest, AnInterpreterIsNamedWithItsScript) {
  CommandView view = command(1, "/usr/bin/python3.11");
  view.script = "app.py";
  commands_.told(view);
  commands_.exited(kPid, exit_with(0));
  EXPECT_EQ(told(), "python3.11 app.py =0\n");
  Span span;
  build_command(ended_.at(0), span, arena_);
  EXPECT_EQ(find(span.attributes, "process.executable.name")->as_string(), "python3.11");
}

TEST_F(CommandsTest, TheNextProgramOfTheProcessHasAScriptOfItsOwn) {
  CommandView view = command(1, "/usr/bin/python3.11");
  view.script = "app.py";
  commands_.told(view);
  commands_.told(command(1));
  commands_.exited(kPid, exit_with(0));
  EXPECT_EQ(told(), "curl =0\n");
}

TEST_F(CommandsTest, TheSpanEndsWithTheLastWordOfItsProcess) {
  commands_.told(command(1));
  EXPECT_TRUE(ended_.empty());
  commands_.exited(kPid, exit_with(0));
  commands_.gone(kPid, 0, kTime + 9'000'000);  // nothing more
  EXPECT_EQ(told(), "curl =0\n");
  EXPECT_EQ(ended_.at(0).fixed.end_time, kTime + 1'000'000);
}

TEST_F(CommandsTest, AnotherExitCodeThanZeroIsAnError) {
  commands_.told(command(1));
  commands_.exited(kPid, exit_with(7));
  EXPECT_EQ(told(), "curl !7 7\n");
}

TEST_F(CommandsTest, WhatTheKernelTellsCountsWhereTheProcessSaidNothing) {
  commands_.told(command(1));
  commands_.gone(kPid, SIGKILL, kTime + 5);
  commands_.told(command(2));
  commands_.gone(kPid, 3 << 8, kTime + 5);
  commands_.told(command(3));
  EXPECT_EQ(told(), "curl !137 SIGKILL (killed by SIGKILL)\ncurl !3 3\n");
}

TEST_F(CommandsTest, OrItsParentDoes) {
  ChildEnded killed;
  killed.time = kTime + 9;
  killed.pid = kPid;
  killed.signal = SIGSEGV;
  commands_.told(command(1));
  commands_.gone(kPid, std::nullopt, kTime + 5);
  commands_.gone(kPid, std::nullopt, kTime + 6);
  EXPECT_TRUE(ended_.empty());
  commands_.child_ended(killed);
  commands_.told(command(2));
  commands_.child_ended(killed);
  commands_.gone(kPid, std::nullopt, kTime + 10);
  EXPECT_EQ(told(),
            "curl !139 SIGSEGV (killed by SIGSEGV)\ncurl !139 SIGSEGV (killed by SIGSEGV)\n");
  EXPECT_EQ(ended_.at(0).fixed.end_time, kTime + 5);
}

TEST_F(CommandsTest, WhereNobodySaysAWordItIsAnErrorAfterAWhile) {
  commands_.told(command(1));
  commands_.gone(kPid, std::nullopt, kTime + 5);
  commands_.tick(kTime + 6);
  EXPECT_TRUE(ended_.empty());
  commands_.tick(kTime + 5 + Commands::kParentNanos);
  commands_.told(command(2));
  commands_.gone(kPid, std::nullopt, kTime + 5);
  commands_.finish();
  EXPECT_EQ(told(),
            "curl ! _OTHER (ended without an exit code)\n"
            "curl ! _OTHER (ended without an exit code)\n");
  EXPECT_EQ(ended_.at(0).fixed.end_time, kTime + 5);
}

TEST_F(CommandsTest, ASpanGoesOnWithTheProgramThatCameAfter) {
  commands_.told(command(1, "/bin/sh"));
  commands_.told(command(1, "/usr/bin/python3"));
  commands_.exited(kPid, exit_with(0));
  EXPECT_EQ(told(), "python3 =0\n");
}

// Its parent was asked for its end; the program itself ended without the C library.
TEST_F(CommandsTest, AParentKnowsTheExitCodeToo) {
  commands_.told(command(1));
  ChildEnded child;
  child.time = kTime + 9;
  child.pid = kPid;
  child.code = 3;
  commands_.child_ended(child);
  EXPECT_EQ(told(), "curl !3 3\n");
}

// bash: the child of a fork has told of it, and bash becomes the next program without knowing.
TEST_F(CommandsTest, WhatTheProgramDoesNotKnowCountsWhereAChildHasToldOfIt) {
  CommandView next = command(1, "/usr/bin/sleep");
  next.fixed.is_only_if_known = 1;
  commands_.told(next);
  commands_.gone(kPid, 0, kTime + 5);
  EXPECT_EQ(told(), "");
  commands_.told(command(2, "/usr/bin/bash"));
  next = command(2, "/usr/bin/sleep");
  next.fixed.is_only_if_known = 1;
  commands_.told(next);
  commands_.gone(kPid, 0, kTime + 5);
  EXPECT_EQ(told(), "sleep =0\n");
}

TEST_F(CommandsTest, AServersStartEndsWhereItListens) {
  commands_.told(command(1, "/usr/bin/python3"));
  commands_.told(command(1, "/usr/bin/python3", kTime + 77));
  commands_.exited(kPid, exit_with(1));
  EXPECT_EQ(told(), "python3 =\n");
  EXPECT_EQ(ended_.at(0).fixed.end_time, kTime + 77);
}

TEST_F(CommandsTest, AJobInTheBackgroundMayTellOfItsShellAfterItsEnd) {
  commands_.exited(kPid, exit_with(2));
  commands_.told(command(1, "/bin/sh"));
  EXPECT_EQ(told(), "sh !2 2\n");
  // An exit before the command's begin was that of another process of this number.
  CommandView later = command(2, "/bin/sh");
  later.fixed.start_time = kTime + 2'000'000;
  commands_.told(later);
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(CommandsTest, BeyondTheBoundThereIsNoSpan) {
  for (std::uint32_t i = 0; i <= Commands::kOpenMax; ++i) {
    CommandView view = command(1);
    view.fixed.pid = i + 1;
    commands_.told(view);
  }
  EXPECT_EQ(commands_.dropped(), 1u);
}

}  // namespace
}  // namespace kolben::agent
