// Ring: the shared memory between the programs under the agent (many writers: threads of many
// processes) and the agent process (one reader).
//
// Guarantees
//  - A writer never waits, never allocates, may be in a signal handler, may be killed at any
//    instruction: the reader then skips what it left after kAbandonedNanos, and counts it.
//  - When the ring is full the record is dropped and counted; the program goes on.
//  - The reader trusts nothing: sizes are checked and the record is copied out before it is parsed,
//    because a broken program may scribble over the mapping.
//
// Layout: four pages of RingHeader, with the refusals in it (refusals.h), then 2^n
// slots of kSlotBytes, then the open table (open_table.h).
// A record takes consecutive slots (modulo the ring); each slot begins with a stamp: the lap in
// which it was filled and whether it is the first of its record. A stamp of an earlier lap means
// "not filled yet", and zero is such a stamp, so that nothing has to be initialised. The file has
// the blocks of what is used, so that a disk or /dev/shm that fills up takes nothing from the
// programs. The writers' head, the reader's tail and the counters have cache lines of their own.
//
// Freestanding, see record.h. The file is created by the launcher (mode 0600, in /dev/shm or the
// runtime directory), opened by path in each program and removed by the agent process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/ring/record.h"
#include "agent/ring/ring_notes.h"
#include "agent/ring/small_copy.h"

namespace kolben::agent {

inline constexpr std::uint32_t kSlotBytes = 256;
// 2 MiB, which count as the agent process's memory as well: a server of 100,000 requests a second
// fills them in 80 ms, and the reader wakes every 20. Longer pauses of the reader cost records.
inline constexpr std::uint32_t kDefaultSlots = 8 * 1024;

struct RingHeader;

// Maps an existing ring. Null on any failure: the program then runs without telemetry.
RingHeader* map_ring(const char* path);
// Creates and maps a ring; null and errno on failure. For tests.
RingHeader* create_ring(const char* path, std::uint32_t slots);
// The same in two steps, for the launcher: 10 MiB of zeroes take milliseconds, which the program
// need not wait for. Until the ring is complete it holds kBegunSlots. False, errno: it stays so.
RingHeader* begin_ring(const char* path, std::uint32_t slots);
bool complete_ring(RingHeader* ring, const char* path);
inline constexpr std::uint32_t kBegunSlots = 1024;
void unmap_ring(RingHeader* ring);
std::size_t ring_bytes(const RingHeader* ring);
// What was unmapped comes to where it was; false: it cannot.
bool map_ring_again(RingHeader* ring, const char* path, std::size_t bytes);

// With its header. A larger one is dropped and counted.
inline constexpr std::uint32_t kRecordBytesMax = 32 * 1024;

// Writes one record, which the reader sees when it is whole. Any thread, any process; one writer is
// used by one thread.
class RecordWriter {
 public:
  // Reserves the record's slots; `ok()` tells whether there was room.
  [[gnu::hot]] RecordWriter(RingHeader* ring, RecordType type, std::uint32_t payload_size,
                            std::uint32_t pid, std::uint32_t tid);
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  // Makes the record visible to the reader.
  [[gnu::hot]] ~RecordWriter();

  bool ok() const { return ring_ != nullptr; }
  // What the payload begins with, to be filled in where it stands; before the first append(). Null:
  // there was no room, or less was reserved.
  template <typename T>
  T* begin() {
    static_assert(sizeof(T) <= kFirstBytesMax && alignof(T) <= kFirstAlignment);
    if (left_ < sizeof(T)) return nullptr;
    T* place = reinterpret_cast<T*>(to_);
    to_ += sizeof(T);
    room_ -= static_cast<std::uint32_t>(sizeof(T));
    left_ -= static_cast<std::uint32_t>(sizeof(T));
    return place;
  }
  // Appends; never beyond the size that was reserved.
  void append(const void* bytes, std::uint32_t size) {
    if (size > room_ || size > left_) [[unlikely]] {
      return append_beyond_slot(bytes, size);
    }
    copy_small(to_, bytes, size);
    to_ += size;
    room_ -= size;
    left_ -= size;
  }

 private:
  // Of the payload, in the slot that begins a record.
  static constexpr std::size_t kFirstBytesMax =
      kSlotBytes - sizeof(std::uint64_t) - sizeof(RecordHeader);
  static constexpr std::size_t kFirstAlignment = alignof(std::uint64_t);
  static_assert(sizeof(RecordHeader) % kFirstAlignment == 0);

  [[gnu::noinline]] void append_beyond_slot(const void* bytes, std::uint32_t size);
  void next_slot();

  RingHeader* ring_ = nullptr;
  std::uint8_t* to_ = nullptr;  // the next byte
  std::uint32_t room_ = 0;      // in the slot of the next byte
  std::uint32_t left_ = 0;      // of what was reserved
  std::uint64_t first_slot_ = 0;
  std::uint32_t slot_count_ = 0;
  std::uint32_t slot_ = 0;  // of those, the one of the next byte
};

// The reader's side. One at a time.
class RingReader {
 public:
  explicit RingReader(RingHeader* ring);
  // Copies the next record into `buffer` (kRecordBytesMax bytes) and returns its size; 0: none yet.
  // What was read becomes room for the writers when there is nothing more, or when it is much: the
  // line that says so would else move between the processors' caches with each record. And when
  // there is nothing more, the writers go on at the ring's begin: that memory is mapped, and in the
  // caches, of the whole ring only what the last pauses of the reader took.
  std::uint32_t next(std::uint8_t* buffer, std::uint64_t now_nanos);

  std::uint32_t slots() const { return slots_; }
  bool is_asked_for_end() const { return kolben::agent::is_asked_for_end(ring_); }
  bool is_without_rights() const { return kolben::agent::is_without_rights(ring_); }
  std::uint64_t dropped() const;    // by writers: the ring was full
  std::uint64_t abandoned() const;  // by writers that were killed
  std::uint64_t untraced() const;   // beyond a bound of the programs, see count_untraced()

 private:
  bool skip_abandoned(std::uint64_t head, std::uint64_t now_nanos);
  void advance(std::uint64_t slots);
  void publish();
  void rest();
  void go_back();

  RingHeader* ring_;
  // Copies of what the header says, which a broken program may overwrite.
  std::uint32_t slots_;
  std::uint64_t tail_;
  std::uint64_t published_;      // the tail that the writers see
  std::uint64_t head_ = 0;       // as it was when it was looked at last
  std::uint64_t stays_for_ = 0;  // so many slots more it does not go back
  // Since when, and up to which reserved slot, nothing was filled in.
  std::uint64_t stuck_since_ = 0;
  std::uint64_t stuck_head_ = 0;
  std::uint64_t stuck_tail_ = 0;
};

// Slots of a writer that was killed while it wrote are skipped after this long; those of a writer
// that lives (stopped, or starved on a busy machine) after kStalledNanos.
inline constexpr std::uint64_t kAbandonedNanos = 50'000'000;
inline constexpr std::uint64_t kStalledNanos = 2'000'000'000;

// How many slots were ever reserved, and left out where the reader went back.
std::uint64_t used_slots(const RingHeader* ring);
// The next record's memory will be wanted soon: the processor fetches it meanwhile.
void prefetch_record(RingHeader* ring);
// Records that this thread has begun will not be completed: the reader need not wait for them.
void disown_records(RingHeader* ring, std::uint32_t pid, std::uint32_t tid);
// A connection, span or attribute that found its table full.
void count_untraced(RingHeader* ring);

}  // namespace kolben::agent
