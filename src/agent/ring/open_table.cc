#include "agent/ring/open_table.h"

#include <cstring>

namespace kolben::agent {
namespace {

constexpr std::uint16_t kRefused = 0xffff;
static_assert(kOpenBlocks < kRefused);

std::uint16_t at_most(std::uint16_t size, std::uint32_t room) {
  return size < room ? size : static_cast<std::uint16_t>(room);
}

// Shared memory may say anything: sizes are cut to what an entry holds.
std::uint32_t write_record(const OpenEntry& entry, std::uint32_t pid, std::uint64_t end_time,
                           std::uint8_t* buffer) {
  Exchange fixed;
  std::memcpy(&fixed, &entry.fixed, sizeof(fixed));
  if (fixed.local_address_size + fixed.peer_address_size > 128) {
    fixed.local_address_size = 0;
    fixed.peer_address_size = 0;
  }
  const auto addresses =
      static_cast<std::uint32_t>(fixed.local_address_size + fixed.peer_address_size);
  fixed.request_head_size = at_most(fixed.request_head_size, kOpenTextBytesMax - addresses);
  fixed.route_size = 0;
  fixed.attributes_size = 0;
  // Whose trace is linked does not stand here.
  if (fixed.linked_size != 0) std::memset(fixed.parent_span_id, 0, sizeof(fixed.parent_span_id));
  fixed.linked_size = 0;
  fixed.end_time = end_time > fixed.start_time ? end_time : fixed.start_time;
  fixed.end_reason = EndReason::kProcessEnded;
  const std::uint32_t texts = addresses + fixed.request_head_size;
  const RecordHeader header = {
      .size = static_cast<std::uint32_t>(sizeof(RecordHeader) + sizeof(fixed)) + texts,
      .type = entry.type == RecordType::kClientExchange ? RecordType::kClientExchange
                                                        : RecordType::kServerExchange,
      .reserved = 0,
      .pid = pid,
      .tid = entry.tid};
  std::memcpy(buffer, &header, sizeof(header));
  std::memcpy(buffer + sizeof(header), &fixed, sizeof(fixed));
  std::memcpy(buffer + sizeof(header) + sizeof(fixed), entry.texts, texts);
  return header.size;
}

}  // namespace

// `self` says which exchange it is, `pid` that it is whole: whoever has changed them meanwhile has
// changed the rest, too.
bool copy_entry(const OpenEntry& entry, OpenEntryCopy* copy) {
  const std::uint32_t token = token_of(entry.fixed.self);
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::uint32_t pid = entry.pid.load(std::memory_order_acquire);
  if (pid == 0) return false;
  copy->type = entry.type;
  std::memcpy(&copy->fixed, &entry.fixed, sizeof(copy->fixed));
  std::memcpy(copy->texts, entry.texts, sizeof(copy->texts));
  std::atomic_thread_fence(std::memory_order_acquire);
  return entry.pid.load(std::memory_order_acquire) == pid && token_of(entry.fixed.self) == token &&
         token_of(copy->fixed.self) == token;
}

void OpenEntries::forked(std::uint32_t pid) {
  pid_ = pid;
  // Each process begins elsewhere.
  next_.store(pid, std::memory_order_relaxed);
  for (auto& block : blocks_) {
    // A page that was not written to is not copied by a fork.
    if (block.load(std::memory_order_relaxed) != 0) block.store(0, std::memory_order_relaxed);
  }
}

OpenEntry* OpenEntries::entry_of(std::uint32_t number) {
  const std::uint32_t block = number / kOpenBlockEntries;
  if (block >= kBlocksMax || table_ == nullptr) return nullptr;
  std::uint16_t claimed = blocks_[block].load(std::memory_order_relaxed);
  if (claimed == 0) [[unlikely]] {
    claimed = claim(block);
  }
  if (claimed == kRefused) return nullptr;
  return &table_->entries[claimed - 1][number % kOpenBlockEntries];
}

std::uint16_t OpenEntries::claim(std::uint32_t block) {
  std::uint16_t claimed = kRefused;
  const std::uint32_t ready = ready_blocks_of(*table_);
  const std::uint32_t first = next_.load(std::memory_order_relaxed);
  for (std::uint32_t turn = 0; turn < ready && claimed == kRefused; ++turn) {
    const std::uint32_t i = (first + turn) % ready;
    std::uint32_t free = 0;
    if (table_->owners[i].load(std::memory_order_relaxed) != 0) continue;
    if (table_->owners[i].compare_exchange_strong(free, pid_)) {
      claimed = static_cast<std::uint16_t>(i + 1);
      next_.store(i + 1, std::memory_order_relaxed);
    }
  }
  if (claimed == kRefused && ready < kOpenBlocks) return kRefused;  // there will be more
  std::uint16_t unclaimed = 0;
  if (blocks_[block].compare_exchange_strong(unclaimed, claimed)) return claimed;
  // Another thread was faster.
  if (claimed != kRefused) table_->owners[claimed - 1].store(0, std::memory_order_relaxed);
  return unclaimed;
}

std::uint32_t OpenEntries::withdraw() {
  std::uint32_t count = 0;
  for (auto& block : blocks_) {
    const std::uint16_t claimed = block.exchange(kRefused, std::memory_order_relaxed);
    if (claimed == 0 || claimed == kRefused) continue;
    for (OpenEntry& entry : table_->entries[claimed - 1]) {
      const bool is_open = entry.pid.exchange(0, std::memory_order_acq_rel) == pid_;
      if (is_open && !is_taken_over(entry, entry.fixed.self)) ++count;
    }
  }
  return count;
}

std::int64_t count_open_requests(const OpenTable& table) {
  std::int64_t count = 0;
  for_each_open_request(table, [&](std::uint32_t, bool) { ++count; });
  return count;
}

std::uint32_t reap_open_request(OpenTable& table, std::uint32_t pid, std::uint64_t before,
                                std::uint64_t end_time, std::uint8_t* buffer) {
  const std::uint32_t ready = ready_blocks_of(table);
  for (std::uint32_t block = 0; block < ready; ++block) {
    if (table.owners[block].load(std::memory_order_relaxed) != pid) continue;
    for (OpenEntry& entry : table.entries[block]) {
      if (entry.pid.load(std::memory_order_acquire) != pid || entry.fixed.start_time >= before) {
        continue;
      }
      const bool is_told = is_taken_over(entry, entry.fixed.self);
      const std::uint32_t size = is_told ? 0 : write_record(entry, pid, end_time, buffer);
      entry.pid.store(0, std::memory_order_relaxed);
      if (!is_told) return size;
    }
  }
  return 0;
}

void free_open_blocks(OpenTable& table, std::uint32_t pid) {
  for (auto& owner : table.owners) {
    std::uint32_t expected = pid;
    if (owner.load(std::memory_order_relaxed) == pid) owner.compare_exchange_strong(expected, 0);
  }
}

}  // namespace kolben::agent
