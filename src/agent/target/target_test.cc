#include "agent/target/target.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "agent/target/testing/elf_file.h"

namespace kolben::agent {
namespace {

using testing::ElfFile;
using testing::kLoader;
using testing::write_executable;

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

TEST(Target, ProgramsThatRunWithOtherRights) {
  EXPECT_FALSE(gains_rights("/bin/sh"));
  EXPECT_FALSE(gains_rights("/nonexistent"));
  const std::string path = write_executable("#!/bin/sh\n");
  // The user's own: no other rights.
  ASSERT_EQ(chmod(path.c_str(), 04755), 0);
  EXPECT_EQ(rights_of(path.c_str()), Rights::kSame);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
    ASSERT_EQ(chmod(path.c_str(), 04755), 0);
    EXPECT_EQ(rights_of(path.c_str()), Rights::kSetId);
    ASSERT_EQ(chmod(path.c_str(), 02755), 0);
    EXPECT_EQ(rights_of(path.c_str()), Rights::kSetId);
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
    EXPECT_EQ(rights_of(path.c_str()), Rights::kSame);
  }
  unlink(path.c_str());
}

TEST(Target, HelpersOfCompilersAreKnownByName) {
  EXPECT_TRUE(is_build_helper("/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"));
  EXPECT_TRUE(is_build_helper("ld"));
  for (const char* path : {"/usr/bin/make", "/usr/bin/gcc", "/opt/ld/run", "lds", ""}) {
    EXPECT_FALSE(is_build_helper(path)) << path;
  }
}

TEST(Target, ProgramsOfTheAgentAreKnownByNameAndByWhatTheyAre) {
  EXPECT_FALSE(is_agent_program("/bin/sh"));
  EXPECT_FALSE(is_agent_program("/nonexistent/opentelemetry-instrument"));
  char directory[] = "/tmp/kolben-target-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/opentelemetry-instrument";
  const std::string script = write_executable("#!/usr/bin/python3\n");
  ASSERT_EQ(symlink(script.c_str(), path.c_str()), 0);
  EXPECT_FALSE(is_agent_program(path.c_str())) << "Python's";
  unlink(path.c_str());
  ASSERT_EQ(symlink("/bin/true", path.c_str()), 0);
  EXPECT_TRUE(is_agent_program(path.c_str()));
  unlink(path.c_str());
  unlink(script.c_str());
  rmdir(directory);
}

TEST(Target, WhatThePreloadWouldHarm) {
  EXPECT_FALSE(is_harmed_by_preload("/bin/sh", {}));
  EXPECT_FALSE(is_harmed_by_preload("/nonexistent", {}));
  ElfFile sanitized(kLoader, "libasan.so.8");
  EXPECT_TRUE(is_harmed_by_preload(sanitized.path().c_str(), {}));
  const std::string script = write_executable("#! " + sanitized.path() + " -x\necho\n");
  EXPECT_TRUE(is_harmed_by_preload(script.c_str(), {}));
  const std::string outer = write_executable("#!" + script + "\n");
  EXPECT_TRUE(is_harmed_by_preload(outer.c_str(), {}));
  unlink(outer.c_str());
  unlink(script.c_str());
  const std::string plain = write_executable("#!/bin/sh\n");
  EXPECT_FALSE(is_harmed_by_preload(plain.c_str(), {}));
  unlink(plain.c_str());
}

TEST(Target, WhatHasAnotherLoaderIsHarmed) {
  const std::string other = write_executable("");
  ElfFile file(other, "libc.so.6");
  EXPECT_FALSE(is_harmed_by_preload(file.path().c_str(), {}));
  const Loader stranger{.file = {.device = 1, .inode = 1}, .path = nullptr, .root = {}};
  EXPECT_TRUE(is_harmed_by_preload(file.path().c_str(), stranger));
  unlink(other.c_str());
}

// The kernel refuses to run it; to open it would wait for somebody who writes.
TEST(Target, AScriptWhoseInterpreterIsAPipe) {
  const std::string pipe = write_executable("");
  unlink(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0755), 0);
  const std::string script = write_executable("#!" + pipe + "\n");
  EXPECT_FALSE(is_harmed_by_preload(script.c_str(), {}));
  unlink(script.c_str());
  unlink(pipe.c_str());
}

}  // namespace
}  // namespace kolben::agent
