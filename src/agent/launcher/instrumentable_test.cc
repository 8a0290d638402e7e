#include "agent/launcher/instrumentable.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "agent/target/testing/elf_file.h"

namespace kolben::agent {
namespace {

using testing::ElfFile;
using testing::kLoader;
using testing::write_executable;

TEST(Instrumentable, OrdinaryPrograms) {
  EXPECT_EQ(why_not_instrumented("/bin/sh"), nullptr);
  EXPECT_EQ(why_not_instrumented("/nonexistent"), nullptr);
}

TEST(Instrumentable, WhatTheLoaderWouldNotPutItInto) {
  const auto reason = [](ElfFile&& file) { return why_not_instrumented(file.path().c_str()); };
  EXPECT_EQ(reason(ElfFile(kLoader, "libc.so.6")), nullptr);
  EXPECT_STREQ(reason(ElfFile("/lib/ld-musl-x86_64.so.1", "libc.so")),
               "linked with another C library (musl)");
  EXPECT_STREQ(reason(ElfFile(kLoader, "libasan.so.8")),
               "built with the shared AddressSanitizer, which bears no library before it");
  EXPECT_STREQ(reason(ElfFile("", "")), "statically linked");
}

TEST(Instrumentable, ProgramsForAnotherProcessor) {
  ElfFile small(kLoader, "libc.so.6");
  small.header().e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_STREQ(why_not_instrumented(small.path().c_str()), "a 32-bit program");
  ElfFile foreign(kLoader, "libc.so.6");
  foreign.header().e_machine = EM_S390;
  EXPECT_STREQ(why_not_instrumented(foreign.path().c_str()), "a program for another processor");
}

TEST(Instrumentable, ProgramsThatRunAsAnotherUserOrGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  ElfFile file(kLoader, "libc.so.6");
  const char* path = file.path().c_str();
  ASSERT_EQ(chown(path, 65534, 65534), 0);
  for (const mode_t mode : {mode_t{04755}, mode_t{02755}}) {
    ASSERT_EQ(chmod(path, mode), 0);
    EXPECT_STREQ(why_not_instrumented(path), "set-user-ID or set-group-ID") << mode;
  }
  ASSERT_EQ(chmod(path, 0755), 0);
  EXPECT_EQ(why_not_instrumented(path), nullptr);
}

TEST(Instrumentable, ProgramsWithFileCapabilities) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  ElfFile file(kLoader, "libc.so.6");
  const char* path = file.path().c_str();
  vfs_cap_data data = {};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1U << CAP_NET_BIND_SERVICE;
  if (setxattr(path, "security.capability", &data, sizeof(data), 0) != 0) {
    GTEST_SKIP() << "the file system keeps no capabilities";
  }
  EXPECT_EQ(why_not_instrumented(path), nullptr) << "root has them anyway";
  ASSERT_EQ(seteuid(65534), 0);
  const std::string reason = why_not_instrumented(path);
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(reason, "a program with file capabilities");
}

TEST(Instrumentable, ALoaderOfItsOwn) {
  EXPECT_NE(own_loader(), FileId{});
  const std::string other = write_executable("");
  ElfFile file(other, "libc.so.6");
  EXPECT_STREQ(why_not_instrumented(file.path().c_str()),
               "a program with a loader of its own, whose C library may be too old for the agent");
  unlink(other.c_str());
}

TEST(Instrumentable, ALoaderThatStartsAProgram) {
  const std::string sentence =
      "a loader: start the program itself under opentelemetry-instrument, with LD_LIBRARY_PATH in "
      "place of --library-path";
  EXPECT_EQ(why_not_instrumented(kLoader), sentence);
  std::ifstream loader(kLoader, std::ios::binary);
  const std::string copy = write_executable({std::istreambuf_iterator<char>(loader), {}});
  EXPECT_EQ(why_not_instrumented(copy.c_str()), sentence);
  unlink(copy.c_str());
}

TEST(Instrumentable, ScriptsAreTheirInterpreters) {
  ElfFile alone("", "");
  const std::string script = write_executable("#!/usr/bin/env -S A=1 " + alone.path() + " -x\n");
  EXPECT_STREQ(why_not_instrumented(script.c_str()), "statically linked");
  unlink(script.c_str());
}

}  // namespace
}  // namespace kolben::agent
