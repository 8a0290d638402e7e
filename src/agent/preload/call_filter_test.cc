#include "agent/preload/call_filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstddef>
#include <vector>

namespace kolben::agent {
namespace {

using Steps = std::vector<sock_filter>;

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);
constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;

sock_filter load(std::uint32_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}
sock_filter jump_if(std::uint16_t how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_K | how), value, yes, no);
}
sock_filter answer(std::uint32_t what) {
  return BPF_STMT(BPF_RET | BPF_K, what);
}

void add(CallFilter& filter, Steps steps) {
  const sock_fprog program = {static_cast<unsigned short>(steps.size()), steps.data()};
  filter.add(&program);
}

// The answer for one call, and another for all others.
Steps only(long number, std::uint32_t what, std::uint32_t otherwise) {
  return {load(kNumber), jump_if(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 1), answer(what),
          answer(otherwise)};
}

TEST(CallFilter, WithoutOneAllIsAllowed) {
  const CallFilter filter;
  for (const OwnCall call : {OwnCall::kGetsockname, OwnCall::kMmap, OwnCall::kStart}) {
    EXPECT_TRUE(filter.allows(call));
  }
}

TEST(CallFilter, AListOfWhatIsAllowed) {
  CallFilter filter;
  add(filter, only(SYS_getsockname, kAllow, kKill));
  EXPECT_TRUE(filter.allows(OwnCall::kGetsockname));
  for (const OwnCall call :
       {OwnCall::kGetpeername, OwnCall::kGetsockopt, OwnCall::kGetpid, OwnCall::kMmap,
        OwnCall::kSendmsg, OwnCall::kSendto, OwnCall::kSchedYield, OwnCall::kStart}) {
    EXPECT_FALSE(filter.allows(call));
  }
}

TEST(CallFilter, AListOfWhatIsNot) {
  for (const std::uint32_t what :
       {kKill, std::uint32_t{SECCOMP_RET_ERRNO | 1}, std::uint32_t{SECCOMP_RET_TRAP},
        std::uint32_t{SECCOMP_RET_TRACE}}) {
    CallFilter filter;
    add(filter, only(SYS_getpid, what, kAllow));
    EXPECT_FALSE(filter.allows(OwnCall::kGetpid));
    EXPECT_FALSE(filter.allows(OwnCall::kStart));
    EXPECT_TRUE(filter.allows(OwnCall::kMmap));
    EXPECT_TRUE(filter.allows(OwnCall::kSendmsg));
  }
  CallFilter logged;
  add(logged, only(SYS_getpid, SECCOMP_RET_LOG, kAllow));
  EXPECT_TRUE(logged.allows(OwnCall::kGetpid));
}

TEST(CallFilter, WhatOneForbidsNoOtherAllows) {
  CallFilter filter;
  add(filter, only(SYS_getpid, kKill, kAllow));
  add(filter, only(SYS_sendmsg, kKill, kAllow));
  EXPECT_FALSE(filter.allows(OwnCall::kGetpid));
  EXPECT_FALSE(filter.allows(OwnCall::kSendmsg));
  EXPECT_TRUE(filter.allows(OwnCall::kSendto));
}

TEST(CallFilter, TheStrictModeLeavesNothing) {
  CallFilter filter;
  filter.add(nullptr);
  EXPECT_FALSE(filter.allows(OwnCall::kGetsockname));
  EXPECT_FALSE(filter.allows(OwnCall::kStart));
}

// Memory that may be executed is what such filters are after.
TEST(CallFilter, ArgumentsCount) {
  constexpr std::uint32_t kProtection = offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t);
  const auto with = [](std::uint32_t protection) {
    CallFilter filter;
    add(filter, {load(kNumber), jump_if(BPF_JEQ, SYS_mmap, 0, 3), load(kProtection),
                 jump_if(BPF_JSET, protection, 0, 1), answer(kKill), answer(kAllow)});
    return filter.allows(OwnCall::kMmap);
  };
  EXPECT_TRUE(with(PROT_EXEC));
  EXPECT_FALSE(with(PROT_WRITE));
}

// What libseccomp makes: the machine first, numbers by halves, jumps of both lengths.
TEST(CallFilter, EachInstructionIsTheKernels) {
  const auto allows = [](Steps steps) {
    CallFilter filter;
    add(filter, std::move(steps));
    return filter.allows(OwnCall::kGetpid);
  };
#if defined(__x86_64__)
  constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#else
  constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#endif
  EXPECT_TRUE(allows({load(offsetof(seccomp_data, arch)), jump_if(BPF_JEQ, kMachine, 0, 1),
                      answer(kAllow), answer(kKill)}));
  EXPECT_TRUE(
      allows({load(kNumber), jump_if(BPF_JGE, 0x4000'0000, 1, 0), answer(kAllow), answer(kKill)}));
  EXPECT_FALSE(allows(
      {load(kNumber), jump_if(BPF_JGT, SYS_getpid - 1, 1, 0), answer(kAllow), answer(kKill)}));
  EXPECT_TRUE(allows({BPF_STMT(BPF_JMP | BPF_JA, 1), answer(kKill), answer(kAllow)}));
  // a = ((5 + 3) << 2) & 0x30, kept in memory and in x, is 32.
  EXPECT_TRUE(
      allows({BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 3),
              BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x30),
              BPF_STMT(BPF_ST, 7), BPF_STMT(BPF_LD | BPF_IMM, 32), BPF_STMT(BPF_LDX | BPF_MEM, 7),
              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), answer(kAllow), answer(kKill)}));
  // The answer may be calculated: 0 - 1 + 1 is to kill the thread.
  EXPECT_FALSE(allows({BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_MISC | BPF_TAX, 0),
                       BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0), BPF_STMT(BPF_RET | BPF_A, 0)}));
  EXPECT_TRUE(allows({BPF_STMT(BPF_LD | BPF_IMM, kAllow), BPF_STMT(BPF_MISC | BPF_TAX, 0),
                      BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0),
                      BPF_STMT(BPF_RET | BPF_A, 0)}));
  // None that the kernel takes: it reads what is not there, and has no end.
  EXPECT_FALSE(allows({load(60), BPF_STMT(BPF_LD | BPF_MEM, 99), BPF_STMT(BPF_ST, 99)}));
}

}  // namespace
}  // namespace kolben::agent
