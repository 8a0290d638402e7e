#include "agent/process/agent_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "agent/process/test_ring.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

class CountedItems final : public Exporter {
 public:
  void export_batch(const Batch& batch) override { items += batch.items(); }
  void shutdown(std::chrono::steady_clock::time_point) override {}
  std::uint64_t items = 0;
};

// A process that ends when it is told to.
class Program {
 public:
  Program() {
    if (::pipe(pipe_) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(pipe_[1]);
      char byte = 0;
      [[maybe_unused]] const auto size = ::read(pipe_[0], &byte, 1);
      ::_exit(0);
    }
    ::close(pipe_[0]);
  }
  ~Program() {
    end();
    ::waitpid(pid_, nullptr, 0);
  }
  void end() {
    if (pipe_[1] >= 0) ::close(pipe_[1]);
    pipe_[1] = -1;
  }
  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

 private:
  int pipe_[2] = {-1, -1};
  pid_t pid_ = -1;
};

// Each look at the time of day, as each round begins with one, is a second later than the last one.
class HurriedClock final : public Clock {
 public:
  static constexpr std::uint64_t kLooks = 20;

  std::uint64_t unix_nanos() const override {
    if (++looks_ == kLooks) looked_at_.set_value();
    return system_clock().unix_nanos();
  }
  std::uint64_t steady_nanos() const override { return looks_ * 1'000'000'000; }
  bool waits_for_looks() const {
    return looked_at_.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready;
  }

 private:
  mutable std::atomic<std::uint64_t> looks_{0};
  mutable std::promise<void> looked_at_;
};

TEST(AgentLoop, ReadsEverythingAndEndsSoonAfterTheProgram) {
  TestRing ring;
  const Settings settings = read_settings({});
  SharedOutput output;
  CountedItems items;
  Recorder recorder(settings, {{&items}, {}, {}}, output, 0);
  std::atomic<bool> should_stop{false};
  Program program;  // maps the ring as well, as programs do
  for (int i = 0; i < 100; ++i) exchange_record({}).write(ring.ring());
  AgentLoop loop(ring.ring(), ring.path(), recorder, system_clock(), should_stop);
  program.end();
  const auto begin = std::chrono::steady_clock::now();
  loop.run(program.pid());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  recorder.finish(0, system_clock().unix_nanos());
  EXPECT_EQ(items.items, 100u);
}

// `before`: the program ends before the loop can watch it.
void tells_of_what_is_left(bool before) {
  TestRing ring;
  const Settings settings = read_settings({});
  SharedOutput output;
  CountedItems items;
  Recorder recorder(settings, {{&items}, {}, {}}, output, 0);
  std::atomic<bool> should_stop{false};
  auto program = std::make_unique<Program>();
  const std::uint32_t pid = program->pid();
  OpenEntries entries;
  entries.init(open_table(ring.ring()), pid);
  for (std::uint32_t i = 0; i < 3; ++i) {
    OpenEntry* entry = entries.entry_of(i);
    ASSERT_NE(entry, nullptr);
    constexpr char kHead[] = "GET / HTTP/1.1\r\n\r\n";
    entry->fixed = {};
    entry->fixed.self.span_id[0] = static_cast<std::uint8_t>(i + 1);
    entry->fixed.self.flags = 1;
    entry->fixed.request_head_size = sizeof(kHead) - 1;
    std::memcpy(entry->texts, kHead, sizeof(kHead) - 1);
    entry->type = RecordType::kServerExchange;
    entry->pid.store(pid);
  }
  AgentLoop loop(ring.ring(), ring.path(), recorder, system_clock(), should_stop);
  EXPECT_EQ(loop.active_requests().of(0).all, 3);
  program->end();
  if (before) program.reset();
  loop.run(pid);
  recorder.finish(0, system_clock().unix_nanos());
  EXPECT_EQ(items.items, 3u);
  EXPECT_EQ(loop.active_requests().of(0).all, 0);
}

// One that was killed has a child that may answer, and does not: it is told when that one has
// ended.
TEST(AgentLoop, WhatAKilledProgramLeftToAChildIsToldAtTheEnd) {
  TestRing ring;
  const Settings settings = read_settings({});
  SharedOutput output;
  CountedItems items;
  Recorder recorder(settings, {{&items}, {}, {}}, output, 0);
  std::atomic<bool> should_stop{false};
  Program child, parent;  // the second one has the pipe of the first, too, and ends before it
  OpenEntries entries;
  entries.init(open_table(ring.ring()), parent.pid());
  OpenEntry* entry = entries.entry_of(0);
  constexpr char kHead[] = "GET / HTTP/1.1\r\n\r\n";
  entry->fixed = {};
  entry->fixed.self.span_id[0] = 1;
  entry->fixed.self.flags = 1;
  entry->fixed.request_head_size = sizeof(kHead) - 1;
  std::memcpy(entry->texts, kHead, sizeof(kHead) - 1);
  entry->type = RecordType::kServerExchange;
  entry->pid.store(parent.pid());
  const ProcessStart start = {.time = 5, .parent_pid = parent.pid(), .executable_size = 0};
  RecordBytes(RecordType::kProcessStart, child.pid()).fixed(start).write(ring.ring());
  AgentLoop loop(ring.ring(), ring.path(), recorder, system_clock(), should_stop);
  std::thread ends([&] {
    parent.end();
    while (entry->pid.load() != 0) std::this_thread::yield();  // it was reaped
    child.end();
  });
  loop.run(parent.pid());
  ends.join();
  recorder.flush(system_clock().unix_nanos());
  EXPECT_EQ(items.items, 0u) << "the child might have told of it";
  recorder.finish(0, system_clock().unix_nanos());
  EXPECT_EQ(items.items, 1u);
}

TEST(AgentLoop, TellsOfTheRequestsThatAKilledProgramLeft) {
  tells_of_what_is_left(false);
}

TEST(AgentLoop, TellsOfThemWhenTheProgramWasFaster) {
  tells_of_what_is_left(true);
}

TEST(AgentLoop, WaitsForProcessesThatAnnouncedThemselves) {
  TestRing ring;
  const Settings settings = read_settings({});
  SharedOutput output;
  Recorder recorder(settings, {}, output, 0);
  std::atomic<bool> should_stop{false};
  HurriedClock clock;
  AgentLoop loop(ring.ring(), ring.path(), recorder, clock, should_stop);
  Program child;
  {
    Program parent;
    RecordBytes(RecordType::kProcessStart, child.pid()).fixed(ProcessStart{}).write(ring.ring());
    parent.end();
    std::atomic<bool> is_over{false};
    std::thread thread([&] {
      loop.run(parent.pid());
      is_over = true;
    });
    // Each of them is later than the last by more than the quiet time.
    EXPECT_TRUE(clock.waits_for_looks());
    EXPECT_FALSE(is_over);
    child.end();
    thread.join();
  }
}

TEST(AgentLoop, StopsWhenItIsTold) {
  TestRing ring;
  const Settings settings = read_settings({});
  SharedOutput output;
  Recorder recorder(settings, {}, output, 0);
  std::atomic<bool> should_stop{true};
  AgentLoop loop(ring.ring(), ring.path(), recorder, system_clock(), should_stop);
  Program program;
  loop.run(program.pid());
  EXPECT_EQ(::kill(static_cast<pid_t>(program.pid()), 0), 0) << "it was not waited for";
}

TEST(ProcessWatch, AProcessThatIsGoneIsNotWaitedFor) {
  ProcessWatch watch;
  EXPECT_FALSE(watch.add(0x3fffff));
  EXPECT_TRUE(watch.all_ended());
}

// Of the first there is a pidfd, of the last there is none.
TEST(ProcessWatch, MoreProcessesThanFilesAreWatchedToo) {
  constexpr std::size_t kProcesses = 90;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few = {.rlim_cur = kProcesses - 10, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  ProcessWatch watch;
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      while (true) ::pause();
    }
    children.push_back(child);
    EXPECT_TRUE(watch.add(static_cast<std::uint32_t>(child)));
  }
  ::kill(children.front(), SIGKILL);
  ::kill(children.back(), SIGKILL);
  std::vector<std::uint32_t> ended;
  for (int round = 0; round < 100 && ended.size() < 2; ++round) {
    for (const auto& process : watch.wait(std::chrono::milliseconds(50))) {
      ended.push_back(process.pid);
    }
  }
  std::sort(ended.begin(), ended.end());
  std::vector<std::uint32_t> want = {static_cast<std::uint32_t>(children.front()),
                                     static_cast<std::uint32_t>(children.back())};
  std::sort(want.begin(), want.end());
  EXPECT_EQ(ended, want);
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace kolben::agent
