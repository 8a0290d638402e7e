// The open table: the requests that are being served or waited for now, in the ring's memory.
//
// An exchange is one record, written when it is complete. Until then it stands here, so that the
// agent process can tell of it when its program is killed, and how many there are. The agent
// process reads an entry only then: its memory stays in the cache of the program's processor.
//
// A process claims blocks of entries; an entry belongs to one exchange at a time. Entries of ended
// processes are reaped by the agent process. Freestanding, see record.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/ring/record.h"

namespace kolben::agent {

struct RingHeader;

// Small ones: a server with a process for each request has as many of these as requests.
inline constexpr std::uint32_t kOpenBlocks = 4096;
inline constexpr std::uint32_t kOpenBlockEntries = 4;
// Of a ring that is not complete yet, see begin_ring().
inline constexpr std::uint32_t kFirstOpenBlocks = 64;
// Of all processes together: 16 k requests, 8 MiB.
inline constexpr std::uint32_t kOpenEntryBytes = 512;
inline constexpr std::uint32_t kOpenTextBytesMax = kOpenEntryBytes - sizeof(Exchange) - 16;

struct OpenEntry {
  std::atomic<std::uint32_t> pid;  // 0: free
  RecordType type;                 // what it becomes when it is complete
  std::uint16_t padding;
  std::uint32_t tid;
  std::atomic<std::uint32_t> taken;  // see take_over()
  Exchange fixed;                    // as far as it is known; end_time and the response are not
  // The texts of the exchange's record, the head cut at the end of the entry.
  std::uint8_t texts[kOpenTextBytesMax];
};
static_assert(sizeof(OpenEntry) == kOpenEntryBytes);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

struct OpenTable {
  std::atomic<std::uint32_t> owners[kOpenBlocks];  // pids; 0: free
  std::atomic<std::uint32_t> ready_blocks;         // for which there is memory
  std::uint8_t padding[4096 - sizeof(std::uint32_t)];
  OpenEntry entries[kOpenBlocks][kOpenBlockEntries];
};

// A process that was forked since has the exchange of `self` as well, goes on with it, and tells of
// it: whoever began it does not. What the entry is used for later has another token.
inline std::uint32_t token_of(const Context& self) {
  std::uint32_t token = 0;
  std::memcpy(&token, self.span_id, sizeof(token));
  return token | 1;
}
inline void take_over(OpenEntry& entry, const Context& self) {
  entry.taken.store(token_of(self), std::memory_order_release);
}
inline bool is_taken_over(const OpenEntry& entry, const Context& self) {
  return entry.taken.load(std::memory_order_acquire) == token_of(self);
}

// In the ring's mapping.
OpenTable* open_table(RingHeader* ring);

// Beyond these nothing is looked at: that would ask for memory which may not be there. Shared
// memory may say anything.
inline std::uint32_t ready_blocks_of(const OpenTable& table) {
  const std::uint32_t ready = table.ready_blocks.load(std::memory_order_relaxed);
  return ready < kOpenBlocks ? ready : kOpenBlocks;
}

// What stood in an entry of another process, which may give it to another exchange at any time.
struct OpenEntryCopy {
  RecordType type;
  Exchange fixed;  // its sizes may be anything
  std::uint8_t texts[kOpenTextBytesMax];
};
// False: nothing stands there, or something else does by now.
bool copy_entry(const OpenEntry& entry, OpenEntryCopy* copy);

// The program's side: entries by the number of the exchange in the process. Any thread.
class OpenEntries {
 public:
  void init(OpenTable* table, std::uint32_t pid) {
    table_ = table;
    forked(pid);
  }
  // The child has no entries yet.
  void forked(std::uint32_t pid);
  // The place for the exchange of this number; null: all blocks are taken, or the number is high.
  OpenEntry* entry_of(std::uint32_t number);
  // Takes those of this process out, and gives none from then on: nobody will say what becomes of
  // the exchanges. How many there were. A thread that is about to put its exchange there may still
  // do.
  std::uint32_t withdraw();

  static constexpr std::uint32_t kBlocksMax = 2048;  // of a process

 private:
  [[gnu::cold]] std::uint16_t claim(std::uint32_t block);

  OpenTable* table_ = nullptr;
  std::uint32_t pid_ = 0;
  std::atomic<std::uint32_t> next_{0};  // where a free block is looked for first
  // By number / kOpenBlockEntries: the block + 1; 0: not claimed yet.
  std::atomic<std::uint16_t> blocks_[kBlocksMax] = {};
};

// The agent process's side.
// Those of servers: `use(pid, is_encrypted)`.
template <typename Use>
void for_each_open_request(const OpenTable& table, Use use) {
  const std::uint32_t ready = ready_blocks_of(table);
  for (std::uint32_t block = 0; block < ready; ++block) {
    if (table.owners[block].load(std::memory_order_relaxed) == 0) continue;
    for (const OpenEntry& entry : table.entries[block]) {
      const std::uint32_t pid = entry.pid.load(std::memory_order_acquire);
      const bool is_open = pid != 0 && !is_taken_over(entry, entry.fixed.self);
      if (is_open && entry.type == RecordType::kServerExchange) {
        use(pid, entry.fixed.is_encrypted != 0);
      }
    }
  }
}
std::int64_t count_open_requests(const OpenTable& table);
// Takes an entry of `pid` that began before `before` out, as the bytes of its record, which ends at
// `end_time` for the reason that the process ended. 0: there is none any more. `buffer` holds
// kOpenEntryBytes + sizeof(RecordHeader).
std::uint32_t reap_open_request(OpenTable& table, std::uint32_t pid, std::uint64_t before,
                                std::uint64_t end_time, std::uint8_t* buffer);
// The process is gone and its entries are reaped: others may have its blocks.
void free_open_blocks(OpenTable& table, std::uint32_t pid);

}  // namespace kolben::agent
