#include "agent/preload/memory_locking.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

OwnMemory* own = nullptr;
void* tables = nullptr;
std::vector<int> answers;  // of the real call, one after another: 0, or errno
bool were_hidden = false;

bool is_readable(void* memory) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const bool is_read = write(ends[1], memory, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return is_read;
}

int lock_all(int /*flags*/) {
  were_hidden = tables != nullptr && !is_readable(tables);
  const int answer = answers.empty() ? 0 : answers.front();
  if (!answers.empty()) answers.erase(answers.begin());
  errno = answer;
  return answer == 0 ? 0 : -1;
}

std::size_t mapped_bytes() {
  unsigned long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == nullptr || fscanf(file, "%lu", &pages) != 1) pages = 0;
  if (file != nullptr) fclose(file);
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class MemoryLockingTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    own = &memory_;
    system_.allocate = [](std::size_t bytes) { return own->map(bytes); };
    char path[] = "/tmp/kolben-locking-XXXXXX";
    const int file = mkstemp(path);
    ASSERT_GE(file, 0);
    close(file);
    unlink(path);
    path_ = path;
    shared_ = create_ring(path, 1024);
    ASSERT_NE(shared_, nullptr);
    memory_.add(shared_, ring_bytes(shared_));
    setenv("KOLBEN_AGENT_RING", path, 1);
    connections_.reserve();
    tables = connections_.memory();
    ASSERT_NE(tables, nullptr);
    ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &before_), 0);
    answers.clear();
  }
  void TearDown() override {
    setrlimit(RLIMIT_MEMLOCK, &before_);
    unsetenv("KOLBEN_AGENT_RING");
    unlink(path_.c_str());
    tables = nullptr;
    ConnectionsTest::TearDown();
  }
  // The program fits, and we beside it do not.
  void limit_to_the_program() {
    rlimit limit = before_;
    limit.rlim_cur = mapped_bytes() - memory_.bytes_of(shared_) / 2;
    if (limit.rlim_max < limit.rlim_cur) GTEST_SKIP() << "no such limit may be set here";
    ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
  }
  int lock(int flags = MCL_CURRENT) {
    MemoryLocking locking(memory_, connections_, shared_, lock_all);
    const int result = locking.lock_alone(thread_, flags);
    errno_ = errno;
    has_lost_ring_ = locking.has_lost_ring();
    return result;
  }

  OwnMemory memory_;
  RingHeader* shared_ = nullptr;
  std::string path_;
  rlimit before_ = {};
  int errno_ = 0;
  bool has_lost_ring_ = false;
};

TEST_F(MemoryLockingTest, OurTablesAreHiddenMeanwhile) {
  EXPECT_EQ(lock(), 0);
  EXPECT_TRUE(were_hidden);
  EXPECT_TRUE(is_readable(tables));
  EXPECT_EQ(connections_.memory(), tables);
}

TEST_F(MemoryLockingTest, WhatFailsForAnotherReasonCostsNothing) {
  limit_to_the_program();
  if (IsSkipped()) return;
  answers = {EPERM};
  EXPECT_EQ(lock(), -1);
  EXPECT_EQ(errno_, EPERM);
  EXPECT_TRUE(is_readable(tables));
  EXPECT_EQ(connections_.memory(), tables);
}

TEST_F(MemoryLockingTest, NorDoesWhatWouldFailWithoutUsToo) {
  answers = {ENOMEM};
  rlimit limit = before_;
  limit.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
  EXPECT_EQ(lock(), -1);
  EXPECT_EQ(errno_, ENOMEM);
  EXPECT_EQ(connections_.memory(), tables);
}

TEST_F(MemoryLockingTest, WhereWeAreTooMuchTheTablesGoFirst) {
  limit_to_the_program();
  if (IsSkipped()) return;
  answers = {ENOMEM};
  EXPECT_EQ(lock(), 0);
  EXPECT_EQ(connections_.memory(), nullptr);
  EXPECT_EQ(memory_.bytes_of(tables), 0u);
  EXPECT_FALSE(has_lost_ring_);
  EXPECT_TRUE(is_readable(shared_));
}

TEST_F(MemoryLockingTest, ThenTheRingWhichComesBackIfItMay) {
  limit_to_the_program();
  if (IsSkipped()) return;
  answers = {ENOMEM, EAGAIN};
  EXPECT_EQ(lock(), 0);
  EXPECT_FALSE(has_lost_ring_);
  EXPECT_TRUE(is_readable(shared_));
  EXPECT_NE(memory_.bytes_of(shared_), 0u);
}

TEST_F(MemoryLockingTest, ARingThatIsGoneIsSaidToBe) {
  limit_to_the_program();
  if (IsSkipped()) return;
  unsetenv("KOLBEN_AGENT_RING");
  answers = {ENOMEM, ENOMEM, ENOMEM};
  EXPECT_EQ(lock(), -1);
  EXPECT_EQ(errno_, ENOMEM) << "what the program is told is the last";
  EXPECT_TRUE(has_lost_ring_);
  EXPECT_EQ(memory_.bytes_of(shared_), 0u);
}

}  // namespace
}  // namespace kolben::agent
