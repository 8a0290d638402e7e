#include "agent/ring/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <new>

#include "agent/ring/open_table.h"
#include "agent/ring/ring_header.h"

namespace kolben::agent {
namespace {

constexpr std::uint64_t kMagic = 0x3130'474e'4952'424bULL;  // "KBRING01"
// Writer and reader must agree on every record: this is a number to raise where the meaning of one
// changes but not its size, and all sizes.
constexpr std::uint32_t kLayoutVersion = [] {
  std::uint32_t version = 7;
  for (const std::size_t size :
       {sizeof(RecordHeader), sizeof(Exchange), sizeof(StreamPiece), sizeof(StreamRequest),
        sizeof(StreamEnd), sizeof(SpanRecord), sizeof(Measurement), sizeof(Output),
        sizeof(LogRecordHeader), sizeof(Statement), sizeof(Command), sizeof(ProcessStart),
        sizeof(ProcessEnd), sizeof(Exit), sizeof(ChildEnded), sizeof(LibrarySettings),
        sizeof(OpenTable), sizeof(RefusalTable), std::size_t{kSamplingBytes}}) {
    version = version * 16'777'619 ^ static_cast<std::uint32_t>(size);  // FNV-1
  }
  return version;
}();
// A ring of 1 GiB: more than any setting that makes sense, so a broken header maps nothing wild.
constexpr std::uint32_t kSlotsMax = 4 * 1024 * 1024;
// Less is not worth it. More than a record takes: a writer that sees the new head and the old tail
// must not find the ring full.
constexpr std::uint64_t kGoBackSlotsMin = 256;
// The reader tells the writers at least so many times a lap how far it is.
constexpr std::uint32_t kPublishesPerLap = 8;

// The states of a slot, in the low bits of its stamp; the lap + 1 is above, so that zero is never
// the stamp of a filled slot.
constexpr std::uint64_t kReserved = 1;      // the writer is at work, its pid is in the slot
constexpr std::uint64_t kFirst = 2;         // filled; a record begins here
constexpr std::uint64_t kContinuation = 3;  // filled; belongs to a record that began before

struct Slot {
  std::atomic<std::uint64_t> stamp;
  std::uint8_t bytes[kSlotBytes - sizeof(std::uint64_t)];
};
static_assert(sizeof(Slot) == kSlotBytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr std::uint32_t kSlotPayload = sizeof(Slot::bytes);

constexpr std::uint32_t slots_for(std::uint32_t size) {
  return (size + kSlotPayload - 1) / kSlotPayload;
}
static_assert(kGoBackSlotsMin > slots_for(kRecordBytesMax));

Slot& slot_at(RingHeader* ring, std::uint32_t slots, std::uint64_t position) {
  auto* first = reinterpret_cast<Slot*>(reinterpret_cast<std::uint8_t*>(ring) + kHeaderBytes);
  return first[position & (slots - 1)];
}

// The reader has the line, on another processor: it has to be this one's alone. What the compiler
// makes of a prefetch for every x86-64 would share it, and the first write would wait.
void prefetch_to_write(const std::uint8_t* line) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*line));
#else
  __builtin_prefetch(line, 1);
#endif
}

std::uint64_t stamp_of(std::uint32_t slots, std::uint64_t position, std::uint64_t state) {
  return ((position >> std::countr_zero(slots)) + 1) << 2 | state;  // a power of two
}

// Whether it may be the header of a record that begins `room` slots before the head.
bool fits(const RecordHeader& header, std::uint64_t room) {
  return header.size >= sizeof(RecordHeader) && header.size <= kRecordBytesMax &&
         slots_for(header.size) <= room;
}

std::size_t mapped_bytes(std::uint32_t slots) {
  return kHeaderBytes + std::size_t{slots} * kSlotBytes + sizeof(OpenTable);
}

bool is_power_of_two(std::uint32_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

RingHeader* map_file(int file, std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<RingHeader*>(memory);
}

void close_keeping_errno(int file) {
  const int saved = errno;
  close(file);
  errno = saved;
}

// Allocated, not only as long: writing to a hole of a full /dev/shm is a SIGBUS for the program.
bool allocate(int file, std::size_t begin, std::size_t end) {
  const int failure = begin >= end ? 0
                                   : posix_fallocate(file, static_cast<off_t>(begin),
                                                     static_cast<off_t>(end - begin));
  errno = failure;
  return failure == 0;
}

// Where what begin_ring() allocates ends: the header with the first slots, and, from `table` on,
// the first entries of the open table.
struct BegunParts {
  explicit BegunParts(std::uint32_t slots)
      : table(mapped_bytes(slots) - sizeof(OpenTable)),
        slots_end(std::min(kHeaderBytes + std::size_t{kBegunSlots} * kSlotBytes, table)),
        table_end(table + offsetof(OpenTable, entries[kFirstOpenBlocks])) {}
  std::size_t table;
  std::size_t slots_end;
  std::size_t table_end;
};

}  // namespace

RingHeader* create_ring(const char* path, std::uint32_t slots) {
  RingHeader* ring = begin_ring(path, slots);
  if (ring == nullptr || complete_ring(ring, path)) return ring;
  const int saved = errno;
  unmap_ring(ring);
  unlink(path);
  errno = saved;
  return nullptr;
}

RingHeader* begin_ring(const char* path, std::uint32_t slots) {
  if (!is_power_of_two(slots) || slots > kSlotsMax) {
    errno = EINVAL;
    return nullptr;
  }
  const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return nullptr;
  RingHeader* ring = nullptr;
  const BegunParts begun(slots);
  if (ftruncate(file, static_cast<off_t>(mapped_bytes(slots))) == 0 &&
      allocate(file, 0, begun.slots_end) && allocate(file, begun.table, begun.table_end)) {
    ring = map_file(file, mapped_bytes(slots));
  }
  if (ring != nullptr) {
    new (ring) RingHeader;
    ring->slots = slots;
    ring->program = static_cast<std::uint32_t>(getpid());
    ring->owner = geteuid();
    ring->pid_namespace = pid_namespace();
    ring->ready = slots < kBegunSlots ? slots : kBegunSlots;
    open_table(ring)->ready_blocks = kFirstOpenBlocks;
    ring->version = kLayoutVersion;
    ring->magic = kMagic;
  } else {
    const int saved = errno;
    unlink(path);
    errno = saved;
  }
  close_keeping_errno(file);
  return ring;
}

bool complete_ring(RingHeader* ring, const char* path) {
  const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  const BegunParts begun(ring->slots);
  const bool is_done = allocate(file, begun.slots_end, begun.table) &&
                       allocate(file, begun.table_end, mapped_bytes(ring->slots));
  close_keeping_errno(file);
  if (!is_done) return false;
  ring->ready = ~std::uint64_t{0};
  open_table(ring)->ready_blocks = kOpenBlocks;
  return true;
}

RingHeader* map_ring(const char* path) {
  const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return nullptr;
  struct stat status = {};
  RingHeader* ring = nullptr;
  std::size_t bytes = 0;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size >= static_cast<off_t>(kHeaderBytes) &&
      status.st_size <= static_cast<off_t>(mapped_bytes(kSlotsMax))) {
    bytes = static_cast<std::size_t>(status.st_size);
    ring = map_file(file, bytes);
  }
  close_keeping_errno(file);
  if (ring == nullptr) return nullptr;
  if (ring->magic != kMagic || ring->version != kLayoutVersion || !is_power_of_two(ring->slots) ||
      ring->slots > kSlotsMax || mapped_bytes(ring->slots) != bytes) {
    munmap(ring, bytes);
    errno = EPROTO;
    return nullptr;
  }
  return ring;
}

std::size_t ring_bytes(const RingHeader* ring) {
  return mapped_bytes(ring->slots);
}

bool map_ring_again(RingHeader* ring, const char* path, std::size_t bytes) {
  const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  struct stat status = {};
  void* memory = MAP_FAILED;
  if (fstat(file, &status) == 0 && status.st_size == static_cast<off_t>(bytes)) {
    memory = mmap(ring, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
  }
  close_keeping_errno(file);
  if (memory == ring) return true;
  if (memory != MAP_FAILED) munmap(memory, bytes);  // a kernel that does not know the flag
  return false;
}

OpenTable* open_table(RingHeader* ring) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(ring);
  return reinterpret_cast<OpenTable*>(bytes + mapped_bytes(ring->slots) - sizeof(OpenTable));
}

RefusalTable* refusal_table(RingHeader* ring) {
  return &ring->refusals;
}

void unmap_ring(RingHeader* ring) {
  if (ring != nullptr) munmap(ring, mapped_bytes(ring->slots));
}

namespace {

constexpr std::uint64_t kNoRoom = ~std::uint64_t{0};

// Where `count` slots begin that are this writer's from now on; kNoRoom: there are none.
std::uint64_t reserve(RingHeader* ring, std::uint32_t count) {
  const std::uint64_t ready = ring->ready.load(std::memory_order_relaxed);
  std::uint64_t head = ring->head.load(std::memory_order_relaxed);
  // While the reader goes back to the ring's begin, head and tail may not belong together: then one
  // look more does.
  bool may_be_full = false;
  for (;;) {
    // Acquire: what the reader copied out of these slots happened before we write them.
    const std::uint64_t tail = ring->tail.load(std::memory_order_acquire);
    if (head + count - tail > ring->slots || head + count > ready) [[unlikely]] {
      if (may_be_full) return kNoRoom;
      may_be_full = true;
      head = ring->head.load(std::memory_order_acquire);
      continue;
    }
    // Acquire, too: the reader may have gone back to the ring's begin.
    if (ring->head.compare_exchange_weak(head, head + count, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
      return head;
    }
  }
}

}  // namespace

RecordWriter::RecordWriter(RingHeader* ring, RecordType type, std::uint32_t payload_size,
                           std::uint32_t pid, std::uint32_t tid) {
  if (ring == nullptr) return;
  if (payload_size > kRecordBytesMax - sizeof(RecordHeader)) [[unlikely]] {
    ring->dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const auto size = static_cast<std::uint32_t>(sizeof(RecordHeader)) + payload_size;
  const std::uint32_t count = slots_for(size);
  const std::uint64_t head = reserve(ring, count);
  if (head == kNoRoom) [[unlikely]] {
    ring->dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }

  Slot& first = slot_at(ring, ring->slots, head);
  ring_ = ring;
  to_ = first.bytes;
  room_ = kSlotPayload;
  left_ = size;
  first_slot_ = head;
  slot_count_ = count;
  const RecordHeader header = {.size = size, .type = type, .reserved = 0, .pid = pid, .tid = tid};
  std::memcpy(begin<RecordHeader>(), &header, sizeof(header));
  first.stamp.store(stamp_of(ring->slots, head, kReserved), std::memory_order_release);
}

void RecordWriter::append_beyond_slot(const void* bytes, std::uint32_t size) {
  if (size > left_) size = left_;
  if (size == 0) return;
  left_ -= size;
  const auto* from = static_cast<const std::uint8_t*>(bytes);
  while (size > room_) {
    std::memcpy(to_, from, room_);
    from += room_;
    size -= room_;
    next_slot();
  }
  std::memcpy(to_, from, size);
  to_ += size;
  room_ -= size;
}

void RecordWriter::next_slot() {
  to_ = slot_at(ring_, ring_->slots, first_slot_ + ++slot_).bytes;
  room_ = kSlotPayload;
}

RecordWriter::~RecordWriter() {
  if (ring_ == nullptr) return;
  // The reader gave these slots up while we were stopped: they may be another record's by now.
  if (ring_->tail.load(std::memory_order_relaxed) > first_slot_) return;
  for (std::uint32_t i = slot_count_; i-- > 1;) {
    const std::uint64_t position = first_slot_ + i;
    slot_at(ring_, ring_->slots, position)
        .stamp.store(stamp_of(ring_->slots, position, kContinuation), std::memory_order_relaxed);
  }
  slot_at(ring_, ring_->slots, first_slot_)
      .stamp.store(stamp_of(ring_->slots, first_slot_, kFirst), std::memory_order_release);
}

RingReader::RingReader(RingHeader* ring)
    : ring_(ring),
      slots_(ring->slots),
      tail_(ring->tail.load(std::memory_order_relaxed)),
      published_(tail_),
      head_(tail_) {}

void RingReader::advance(std::uint64_t slots) {
  tail_ += slots;
  stays_for_ -= slots < stays_for_ ? slots : stays_for_;
  if (tail_ - published_ >= slots_ / kPublishesPerLap) publish();
}

// Release: the writers may overwrite what was copied out.
void RingReader::publish() {
  if (published_ == tail_) return;
  published_ = tail_;
  ring_->tail.store(tail_, std::memory_order_release);
}

// All that was written has been read.
void RingReader::rest() {
  publish();
  go_back();
}

// As if the rest of the lap had been written and read.
void RingReader::go_back() {
  const std::uint64_t used = tail_ & (slots_ - 1);
  const bool has_all_slots = ring_->ready.load(std::memory_order_relaxed) == ~std::uint64_t{0};
  if (used < kGoBackSlotsMin || !has_all_slots || stays_for_ != 0) return;
  const std::uint64_t next_lap = tail_ - used + slots_;
  std::uint64_t head = tail_;
  // Release: what was copied out of the slots at the begin happened before.
  if (!ring_->head.compare_exchange_strong(head, next_lap, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    return;  // somebody writes
  }
  tail_ = next_lap;
  head_ = next_lap;
  publish();
}

std::uint32_t RingReader::next(std::uint8_t* buffer, std::uint64_t now_nanos) {
  // Bounded: each turn moves the tail, or returns.
  for (;;) {
    if (head_ == tail_) head_ = ring_->head.load(std::memory_order_acquire);
    // More than the ring holds: the header was overwritten, there is nothing left to trust.
    if (head_ == tail_ || head_ - tail_ > slots_) {
      head_ = tail_;
      rest();
      return 0;
    }
    Slot& first = slot_at(ring_, slots_, tail_);
    if (first.stamp.load(std::memory_order_acquire) != stamp_of(slots_, tail_, kFirst)) {
      if (!skip_abandoned(head_, now_nanos)) {
        publish();
        return 0;
      }
      publish();  // so that its writer, if it comes back, sees that it was given up
      continue;
    }
    RecordHeader header;
    std::memcpy(&header, first.bytes, sizeof(header));
    if (!fits(header, head_ - tail_)) {
      ring_->abandoned.fetch_add(1, std::memory_order_relaxed);
      advance(1);
      publish();
      continue;
    }
    std::uint32_t copied = 0;
    for (std::uint64_t position = tail_; copied < header.size; ++position) {
      const std::uint32_t left = header.size - copied;
      const std::uint32_t piece = left < kSlotPayload ? left : kSlotPayload;
      std::memcpy(buffer + copied, slot_at(ring_, slots_, position).bytes, piece);
      copied += piece;
    }
    // Not what the shared memory says now, but what was checked.
    std::memcpy(buffer, &header, sizeof(header));
    advance(slots_for(header.size));
    return header.size;
  }
}

// Moves the tail over slots whose writer will not come back; false: wait.
bool RingReader::skip_abandoned(std::uint64_t head, std::uint64_t now_nanos) {
  Slot& slot = slot_at(ring_, slots_, tail_);
  // The rest of a record whose first slot was skipped.
  if (slot.stamp.load(std::memory_order_relaxed) == stamp_of(slots_, tail_, kContinuation)) {
    advance(1);
    return true;
  }
  // Everything up to stuck_head_ was reserved when the wait began, so it is as old.
  const bool waiting = stuck_since_ != 0 && stuck_tail_ <= tail_ && tail_ < stuck_head_;
  if (!waiting) {
    stuck_since_ = now_nanos;
    stuck_tail_ = tail_;
    stuck_head_ = head;
    return false;
  }
  const std::uint64_t waited = now_nanos > stuck_since_ ? now_nanos - stuck_since_ : 0;
  if (waited < kAbandonedNanos) return false;
  std::uint64_t skipped = 1;
  if (slot.stamp.load(std::memory_order_acquire) == stamp_of(slots_, tail_, kReserved)) {
    RecordHeader header;
    std::memcpy(&header, slot.bytes, sizeof(header));
    const auto pid = static_cast<pid_t>(header.pid);
    const bool alive = pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
    if (alive && waited < kStalledNanos) return false;
    if (fits(header, head - tail_)) skipped = slots_for(header.size);
  }
  ring_->abandoned.fetch_add(1, std::memory_order_relaxed);
  advance(skipped);
  // Its writer may come back and write there: others shall not for as long as can be.
  stays_for_ = slots_;
  return true;
}

std::uint64_t RingReader::dropped() const {
  return ring_->dropped.load(std::memory_order_relaxed);
}

std::uint64_t RingReader::abandoned() const {
  return ring_->abandoned.load(std::memory_order_relaxed);
}

std::uint64_t RingReader::untraced() const {
  return ring_->untraced.load(std::memory_order_relaxed);
}

std::uint64_t used_slots(const RingHeader* ring) {
  return ring->head.load(std::memory_order_relaxed);
}

void prefetch_record(RingHeader* ring) {
  const std::uint64_t head = ring->head.load(std::memory_order_relaxed);
  const auto* slot = reinterpret_cast<const std::uint8_t*>(&slot_at(ring, ring->slots, head));
  for (std::uint32_t i = 0; i < kSlotBytes; i += kCacheLine) prefetch_to_write(slot + i);
}

void disown_records(RingHeader* ring, std::uint32_t pid, std::uint32_t tid) {
  if (ring == nullptr) return;
  const std::uint64_t head = ring->head.load(std::memory_order_relaxed);
  std::uint64_t position = ring->tail.load(std::memory_order_relaxed);
  if (head - position > ring->slots) return;
  for (; position != head; ++position) {
    Slot& slot = slot_at(ring, ring->slots, position);
    if (slot.stamp.load(std::memory_order_acquire) != stamp_of(ring->slots, position, kReserved)) {
      continue;
    }
    RecordHeader header;
    std::memcpy(&header, slot.bytes, sizeof(header));
    if (header.pid != pid || header.tid != tid || !fits(header, head - position)) continue;
    // As the rest of a record that was skipped is.
    for (std::uint32_t i = slots_for(header.size); i-- > 0;) {
      slot_at(ring, ring->slots, position + i)
          .stamp.store(stamp_of(ring->slots, position + i, kContinuation),
                       std::memory_order_release);
    }
    ring->abandoned.fetch_add(1, std::memory_order_relaxed);
  }
}

void count_untraced(RingHeader* ring) {
  if (ring != nullptr) ring->untraced.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace kolben::agent
