#include "agent/launcher/crash_guard.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace kolben::agent {
namespace {

std::string path_of(const char* program, std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char path[256];
  return crash_marks_path(program, arguments.data(), path, sizeof(path)) ? path : "(none)";
}

TEST(CrashGuard, AFileForEachCommandLine) {
  setenv("XDG_STATE_HOME", "/state", 1);
  const std::string one = path_of("/bin/sh", {"sh", "-c", "exit"});
  EXPECT_EQ(one.rfind("/state/kolben/crashes/", 0), 0u);
  EXPECT_EQ(path_of("/bin/sh", {"sh", "-c", "exit"}), one);
  EXPECT_NE(path_of("/bin/sh", {"sh", "-c", "exit", ""}), one);
  EXPECT_NE(path_of("/bin/sh", {"sh", "-cexit"}), one);
  EXPECT_NE(path_of("/bin/bash", {"sh", "-c", "exit"}), one);
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(path_of("/bin/sh", {"sh"}).rfind("/home/me/.local/state/kolben/crashes/", 0), 0u);
  unsetenv("HOME");
  EXPECT_EQ(path_of("/bin/sh", {"sh"}), "(none)");
}

TEST(CrashGuard, ManyFreshMarksCount) {
  char path[] = "/tmp/kolben-marks-XXXXXX";
  const int file = mkstemp(path);
  ASSERT_GE(file, 0);
  EXPECT_FALSE(has_crashed_often(path));
  ASSERT_EQ(write(file, "xx", 2), 2);
  EXPECT_FALSE(has_crashed_often(path));
  ASSERT_EQ(write(file, "x", 1), 1);
  EXPECT_TRUE(has_crashed_often(path));
  const timespec old[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(futimens(file, old), 0);
  EXPECT_FALSE(has_crashed_often(path));
  close(file);
  unlink(path);
  EXPECT_FALSE(has_crashed_often(path));
}

}  // namespace
}  // namespace kolben::agent
