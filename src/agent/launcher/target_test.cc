#include "agent/launcher/target.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <string>

namespace kolben::agent {
namespace {

TEST(Target, CommandsAreFoundAsTheShellDoes) {
  char path[kPathBytesMax];
  EXPECT_TRUE(find_command("sh", path));
  EXPECT_TRUE(find_command("/bin/sh", path));
  EXPECT_FALSE(find_command("no-such-command-here", path));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(find_command("", path));
  EXPECT_EQ(errno, ENOENT);
}

TEST(Target, WhatIsThereButCannotRunIsTold) {
  char path[kPathBytesMax];
  for (const char* command : {"/bin", "/etc/passwd"}) {
    EXPECT_FALSE(find_command(command, path));
    EXPECT_EQ(errno, EACCES) << command;
  }
  EXPECT_FALSE(find_command((std::string(5000, 'x') + "/y").c_str(), path));
  EXPECT_EQ(errno, ENAMETOOLONG);
}

TEST(Target, OrdinaryProgramsAreInstrumented) {
  EXPECT_EQ(why_not_instrumented("/bin/sh"), nullptr);
  EXPECT_EQ(why_not_instrumented("/nonexistent"), nullptr);
}

TEST(Target, StaticProgramsAreNot) {
  if (why_not_instrumented("/sbin/ldconfig") == nullptr) GTEST_SKIP() << "no static program here";
  EXPECT_STREQ(why_not_instrumented("/sbin/ldconfig"), "statically linked");
}

}  // namespace
}  // namespace kolben::agent
