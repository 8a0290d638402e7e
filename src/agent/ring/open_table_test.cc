#include "agent/ring/open_table.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace kolben::agent {
namespace {

class OpenTableTest : public testing::Test {
 protected:
  OpenTableTest() {
    table_->ready_blocks = kOpenBlocks;
    entries_.init(table_.get(), 7);
  }

  static void show(OpenEntry* entry, std::uint32_t pid, std::uint64_t start,
                   RecordType type = RecordType::kServerExchange) {
    entry->fixed = {};
    entry->fixed.start_time = start;
    entry->fixed.local_address_size = 3;
    entry->fixed.request_head_size = 5;
    entry->type = type;
    std::memcpy(entry->texts, "::1GET /", 8);
    entry->pid.store(pid);
  }
  // The start times of what is reaped.
  std::vector<std::uint64_t> reap(std::uint32_t pid, std::uint64_t before = 1000) {
    std::vector<std::uint64_t> times;
    while (reap_open_request(*table_, pid, before, 2000, buffer_) != 0) {
      Exchange fixed;
      std::memcpy(&fixed, buffer_ + sizeof(RecordHeader), sizeof(fixed));
      EXPECT_EQ(fixed.end_time, 2000u);
      EXPECT_EQ(fixed.end_reason, EndReason::kProcessEnded);
      times.push_back(fixed.start_time);
    }
    return times;
  }

  std::unique_ptr<OpenTable> table_ = std::make_unique<OpenTable>();
  OpenEntries entries_;
  std::uint8_t buffer_[sizeof(RecordHeader) + kOpenEntryBytes] = {};
};

TEST_F(OpenTableTest, OpenRequestsOfServersAreCounted) {
  show(entries_.entry_of(0), 7, 1);
  show(entries_.entry_of(1), 7, 1, RecordType::kClientExchange);
  show(entries_.entry_of(kOpenBlockEntries), 7, 1);
  EXPECT_EQ(count_open_requests(*table_), 2);
  entries_.entry_of(0)->pid.store(0);
  EXPECT_EQ(count_open_requests(*table_), 1);
}

TEST_F(OpenTableTest, WhatAProcessLeftIsReapedOnceAsARecord) {
  show(entries_.entry_of(3), 7, 11);
  EXPECT_EQ(reap(8), std::vector<std::uint64_t>());
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>{11});
  RecordHeader header;
  std::memcpy(&header, buffer_, sizeof(header));
  EXPECT_EQ(header.size, sizeof(RecordHeader) + sizeof(Exchange) + 8);
  EXPECT_EQ(header.pid, 7u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + sizeof(header) + sizeof(Exchange), 8),
            "::1GET /");
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>());
}

TEST_F(OpenTableTest, WhatIsWithdrawnIsNobodysAndNothingComesAfterIt) {
  OpenEntries others;
  others.init(table_.get(), 8);
  show(others.entry_of(0), 8, 12);
  for (std::uint32_t i : {0U, 1U, 3 * kOpenBlockEntries}) show(entries_.entry_of(i), 7, 11);
  OpenEntry& taken = *entries_.entry_of(1);
  taken.fixed.self.span_id[0] = 16;
  take_over(taken, taken.fixed.self);
  EXPECT_EQ(entries_.withdraw(), 2u) << "the third is told of by another";
  EXPECT_EQ(entries_.entry_of(0), nullptr);
  EXPECT_EQ(entries_.entry_of(7 * kOpenBlockEntries), nullptr);
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>());
  EXPECT_EQ(reap(8), std::vector<std::uint64_t>{12});
  EXPECT_EQ(entries_.withdraw(), 0u);
}

TEST_F(OpenTableTest, WhatAnotherProcessHasTakenOverIsThatOnes) {
  for (std::uint32_t i : {0U, 1U}) {
    show(entries_.entry_of(i), 7, 11 + i);
    entries_.entry_of(i)->fixed.self.span_id[0] = static_cast<std::uint8_t>(16 * i + 16);
  }
  OpenEntry& taken = *entries_.entry_of(0);
  EXPECT_FALSE(is_taken_over(taken, taken.fixed.self));
  take_over(taken, taken.fixed.self);
  EXPECT_TRUE(is_taken_over(taken, taken.fixed.self));
  EXPECT_FALSE(is_taken_over(taken, entries_.entry_of(1)->fixed.self)) << "the entry's next one";
  EXPECT_EQ(count_open_requests(*table_), 1);
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>{12});
}

// Whose trace it is linked to does not stand in the table.
TEST_F(OpenTableTest, WhatWasOnlyLinkedHasNoParent) {
  OpenEntry* entry = entries_.entry_of(0);
  show(entry, 7, 11, RecordType::kClientExchange);
  std::memset(entry->fixed.parent_span_id, 0x11, sizeof(entry->fixed.parent_span_id));
  entry->fixed.linked_size = 16;
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>{11});
  Exchange fixed;
  std::memcpy(&fixed, buffer_ + sizeof(RecordHeader), sizeof(fixed));
  EXPECT_EQ(fixed.linked_size, 0);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(fixed.parent_span_id), 8), std::string(8, '\0'));
}

TEST_F(OpenTableTest, WhatBeganLaterStays) {
  show(entries_.entry_of(0), 7, 11);
  show(entries_.entry_of(1), 7, 500);
  EXPECT_EQ(reap(7, 500), std::vector<std::uint64_t>{11});
  EXPECT_EQ(reap(7, 501), std::vector<std::uint64_t>{500});
}

TEST_F(OpenTableTest, AChildHasItsOwnEntries) {
  OpenEntry* parents = entries_.entry_of(0);
  show(parents, 7, 1);
  OpenEntries child = {};
  child.init(table_.get(), 9);
  EXPECT_NE(child.entry_of(0), parents);
  show(child.entry_of(0), 9, 2);
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>{1});
  EXPECT_EQ(reap(9), std::vector<std::uint64_t>{2});
}

TEST_F(OpenTableTest, BlocksOfEndedProcessesAreUsedAgain) {
  for (std::uint32_t pid = 1; pid <= kOpenBlocks; ++pid) {
    OpenEntries process;
    process.init(table_.get(), pid);
    ASSERT_NE(process.entry_of(0), nullptr) << pid;
  }
  EXPECT_EQ(entries_.entry_of(0), nullptr);
  free_open_blocks(*table_, 20);
  OpenEntries next;
  next.init(table_.get(), 1000);
  EXPECT_NE(next.entry_of(0), nullptr);
}

// As of a ring that is not complete yet: what finds no block asks again later.
TEST_F(OpenTableTest, BlocksAreClaimedWhereThereIsMemory) {
  table_->ready_blocks = 1;
  EXPECT_NE(entries_.entry_of(0), nullptr);
  EXPECT_EQ(entries_.entry_of(kOpenBlockEntries), nullptr);
  table_->ready_blocks = kOpenBlocks;
  EXPECT_NE(entries_.entry_of(kOpenBlockEntries), nullptr);
}

// Who scribbles an owner there asks for memory that is not there.
TEST_F(OpenTableTest, NothingIsLookedAtBeyondTheReadyBlocks) {
  show(&table_->entries[5][0], 7, 1);
  table_->owners[5] = 7;
  table_->ready_blocks = 5;
  EXPECT_EQ(count_open_requests(*table_), 0);
  EXPECT_EQ(reap(7), std::vector<std::uint64_t>());
  table_->ready_blocks = ~std::uint32_t{0};
  EXPECT_EQ(count_open_requests(*table_), 1);
}

TEST_F(OpenTableTest, NumbersBeyondTheBoundHaveNoEntry) {
  EXPECT_EQ(entries_.entry_of(OpenEntries::kBlocksMax * kOpenBlockEntries), nullptr);
  OpenEntries without;
  EXPECT_EQ(without.entry_of(0), nullptr);
}

TEST_F(OpenTableTest, ScribbledSizesAreCutToTheEntry) {
  OpenEntry* entry = entries_.entry_of(0);
  show(entry, 7, 1);
  entry->fixed.local_address_size = 255;
  entry->fixed.peer_address_size = 255;
  entry->fixed.request_head_size = 0xffff;
  entry->fixed.attributes_size = 0xffff;
  ASSERT_NE(reap_open_request(*table_, 7, 1000, 2000, buffer_), 0u);
  RecordHeader header;
  std::memcpy(&header, buffer_, sizeof(header));
  EXPECT_LE(header.size, sizeof(buffer_));
}

TEST_F(OpenTableTest, ACopyIsOfWhatStandsThere) {
  OpenEntryCopy copy = {};
  EXPECT_FALSE(copy_entry(*entries_.entry_of(0), &copy));
  show(entries_.entry_of(0), 7, 11);
  ASSERT_TRUE(copy_entry(*entries_.entry_of(0), &copy));
  EXPECT_EQ(copy.type, RecordType::kServerExchange);
  EXPECT_EQ(copy.fixed.start_time, 11u);
  EXPECT_EQ(std::memcmp(copy.texts, "::1GET /", 8), 0);
}

// Its end is in a page that is not there at first: what stands there changes in the midst of a
// copy.
OpenEntry* changing_entry = nullptr;
std::uint8_t* changing_page = nullptr;
void (*change)(OpenEntry&) = nullptr;

TEST_F(OpenTableTest, NoCopyIsOfTwoExchanges) {
  constexpr std::size_t kPage = 4096;
  void* memory =
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  changing_page = static_cast<std::uint8_t*>(memory) + kPage;
  changing_entry = reinterpret_cast<OpenEntry*>(changing_page - kOpenEntryBytes / 2);
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) {
    mprotect(changing_page, kPage, PROT_READ | PROT_WRITE);
    change(*changing_entry);
  };
  sigaction(SIGSEGV, &action, &before);
  const auto copies = [](void (*what)(OpenEntry&)) {
    change = what;
    show(changing_entry, 7, 11);
    mprotect(changing_page, kPage, PROT_NONE);
    OpenEntryCopy copy;
    return copy_entry(*changing_entry, &copy);
  };
  EXPECT_TRUE(copies([](OpenEntry&) {}));
  EXPECT_FALSE(copies([](OpenEntry& entry) { entry.fixed.self.span_id[0] ^= 0x80; }));
  EXPECT_FALSE(copies([](OpenEntry& entry) { entry.pid = 0; }));
  EXPECT_FALSE(copies([](OpenEntry& entry) { entry.pid = 8; }));
  sigaction(SIGSEGV, &before, nullptr);
  munmap(memory, 2 * kPage);
}

TEST_F(OpenTableTest, ThreadsThatClaimAtOnceGetOneBlock) {
  std::vector<OpenEntry*> seen(8);
  std::vector<std::thread> threads;
  for (OpenEntry*& entry : seen) threads.emplace_back([&] { entry = entries_.entry_of(5); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<OpenEntry*>(seen.begin(), seen.end()).size(), 1u);
  int owned = 0;
  for (const auto& owner : table_->owners) owned += owner.load() == 7 ? 1 : 0;
  EXPECT_EQ(owned, 1);
}

}  // namespace
}  // namespace kolben::agent
