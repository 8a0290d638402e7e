#include "agent/process/crash_marks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace kolben::agent {
namespace {

class CrashMarksTest : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/kolben-marks-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void end(std::optional<int> wait_status, std::uint64_t after = 1) {
    CrashMarks(path(), 1000).ended(wait_status, 1000 + after);
  }
  std::string path() const { return directory_ + "/a/b/marks"; }
  // How many marks there are.
  long marks() const {
    struct stat status = {};
    return ::stat(path().c_str(), &status) == 0 ? static_cast<long>(status.st_size) : 0;
  }

  std::string directory_;
};

TEST_F(CrashMarksTest, FaultsSoonAfterTheStartAreMarked) {
  end(SIGSEGV);
  end(SIGABRT | 0x80);  // with a core
  EXPECT_EQ(marks(), 2);
}

TEST_F(CrashMarksTest, OtherEndsTakeTheMarksAway) {
  for (const int status : {0, 1 << 8, SIGTERM, SIGKILL, SIGINT}) {
    end(SIGSEGV);
    end(status);
    EXPECT_EQ(marks(), 0) << status;
  }
  end(SIGSEGV);
  end(SIGSEGV, CrashMarks::kSoonNanos);
  EXPECT_EQ(marks(), 0) << "it had worked for a while";
}

TEST_F(CrashMarksTest, WhatIsNotKnownChangesNothing) {
  end(SIGSEGV);
  end(std::nullopt);
  EXPECT_EQ(marks(), 1);
  CrashMarks("", 0).ended(SIGSEGV, 1);
}

}  // namespace
}  // namespace kolben::agent
