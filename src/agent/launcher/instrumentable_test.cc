#include "agent/launcher/instrumentable.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(Instrumentable, ALoaderOfItsOwn) {
  EXPECT_NE(own_loader(), FileId{});
  const std::string other = write_executable("");
  ElfFile file(other, "libc.so.6");
  EXPECT_STREQ(why_not_instrumented(file.path().c_str()),
               "a program with a loader of its own, whose C library may be too old for the agent");
  unlink(other.c_str());
}

TEST(Instrumentable, ScriptsAreTheirInterpreters) {
  ElfFile alone("", "");
  const std::string script = write_executable("#!/usr/bin/env -S A=1 " + alone.path() + " -x\n");
  EXPECT_STREQ(why_not_instrumented(script.c_str()), "statically linked");
  unlink(script.c_str());
}

}  // namespace
}  // namespace kolben::agent
