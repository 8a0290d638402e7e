#include "agent/preload/own_memory.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <set>

namespace kolben::agent {
namespace {

constexpr std::size_t kBytes = 8192;

// As the kernel sees it.
bool is_readable(void* memory) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const bool is_read = write(ends[1], memory, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return is_read;
}

TEST(OwnMemory, IsZeroedAndKnown) {
  OwnMemory memory;
  auto* mapped = static_cast<char*>(memory.map(kBytes));
  ASSERT_NE(mapped, nullptr);
  EXPECT_EQ(mapped[0], 0);
  EXPECT_EQ(mapped[kBytes - 1], 0);
  EXPECT_EQ(memory.bytes_of(mapped), kBytes);
  EXPECT_EQ(memory.bytes_of(mapped + 1), 0u);
  munmap(mapped, kBytes);
}

TEST(OwnMemory, IsHiddenFromTheKernelToo) {
  OwnMemory memory;
  char others[kBytes];
  void* mapped = memory.map(kBytes);
  ASSERT_TRUE(memory.add(others, kBytes));
  memory.hide();
  EXPECT_FALSE(is_readable(mapped));
  EXPECT_TRUE(is_readable(others)) << "somebody else's is not";
  memory.show();
  EXPECT_TRUE(is_readable(mapped));
  munmap(mapped, kBytes);
}

TEST(OwnMemory, WhereAllIsLockedItIsNot) {
  OwnMemory memory;
  memory.expect_locked();
  auto* mapped = static_cast<char*>(memory.map(kBytes));
  ASSERT_NE(mapped, nullptr);
  mapped[kBytes - 1] = 1;
  unsigned char filled[kBytes / 4096] = {};
  EXPECT_EQ(mincore(mapped, kBytes, filled), 0);
  EXPECT_EQ(filled[0] & 1, 0) << "only what was touched";
  munmap(mapped, kBytes);
}

// More would be memory that nobody hides.
TEST(OwnMemory, BeyondItsBoundThereIsNone) {
  OwnMemory memory;
  std::set<void*> all;
  for (std::uint32_t i = 0; i < OwnMemory::kMappingsMax; ++i) all.insert(memory.map(kBytes));
  EXPECT_EQ(all.size(), OwnMemory::kMappingsMax);
  EXPECT_EQ(all.count(nullptr), 0u);
  EXPECT_EQ(memory.map(kBytes), nullptr);
  EXPECT_FALSE(memory.add(&memory, kBytes));
  memory.remove(*all.begin());
  EXPECT_EQ(memory.bytes_of(*all.begin()), 0u);
  void* again = memory.map(kBytes);
  EXPECT_NE(again, nullptr);
  munmap(again, kBytes);
  for (void* mapped : all) munmap(mapped, kBytes);
}

TEST(OwnMemory, WhatCouldNotBeMappedTakesNoPlace) {
  OwnMemory memory;
  for (std::uint32_t i = 0; i < 2 * OwnMemory::kMappingsMax; ++i) {
    EXPECT_EQ(memory.map(SIZE_MAX / 2), nullptr);
  }
  void* mapped = memory.map(kBytes);
  EXPECT_NE(mapped, nullptr);
  munmap(mapped, kBytes);
}

TEST(OwnMemory, LeavesMostOfALimitedAddressSpaceToTheProgram) {
  OwnMemory memory;
  char others[kBytes];
  memory.set_address_space(2 * kBytes * OwnMemory::kShare);
  EXPECT_EQ(memory.map(2 * kBytes + 1), nullptr);
  EXPECT_TRUE(memory.add(others, kBytes));
  void* mapped = memory.map(kBytes);
  EXPECT_NE(mapped, nullptr);
  EXPECT_EQ(memory.map(kBytes), nullptr);
  EXPECT_FALSE(memory.add(&memory, kBytes));
  memory.remove(others);
  EXPECT_TRUE(memory.add(others, kBytes));
  munmap(mapped, kBytes);
}

}  // namespace
}  // namespace kolben::agent
