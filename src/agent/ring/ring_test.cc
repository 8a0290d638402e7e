#include "agent/ring/ring.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "agent/ring/open_table.h"
#include "agent/ring/ring_files.h"
#include "agent/ring/ring_header.h"

namespace kolben::agent {
namespace {

class RingTest : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/kolben-ring-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    path_ = directory_ + "/ring";
    ring_ = create_ring(path_.c_str(), 64);
    ASSERT_NE(ring_, nullptr);
  }
  void TearDown() override {
    unmap_ring(ring_);
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }

  // True: there was room.
  bool write(const std::string& text, RingHeader* ring = nullptr) {
    RecordWriter writer(ring != nullptr ? ring : ring_, RecordType::kLog,
                        static_cast<std::uint32_t>(text.size()), 7, 8);
    writer.append(text.data(), static_cast<std::uint32_t>(text.size()));
    return writer.ok();
  }

  // The payload of the next record; "(none)" where there is none.
  static std::string read(RingReader& reader, std::uint64_t now = 1) {
    std::vector<std::uint8_t> buffer(kRecordBytesMax);
    const std::uint32_t size = reader.next(buffer.data(), now);
    if (size == 0) return "(none)";
    return std::string(reinterpret_cast<const char*>(buffer.data()) + sizeof(RecordHeader),
                       size - sizeof(RecordHeader));
  }

  // A writer that is killed after it reserved its slots.
  void abandon(std::uint32_t payload, std::uint32_t pid) {
    alignas(RecordWriter) static unsigned char never_destroyed[sizeof(RecordWriter)];
    new (never_destroyed) RecordWriter(ring_, RecordType::kLog, payload, pid, pid);
  }

  std::string directory_;
  std::string path_;
  RingHeader* ring_ = nullptr;
};

constexpr std::uint32_t kNoSuchPid = 0x3fff'fff0;  // above Linux' largest pid

TEST_F(RingTest, FreshRingIsEmpty) {
  RingReader reader(ring_);
  EXPECT_EQ(read(reader), "(none)");
  EXPECT_EQ(reader.dropped(), 0u);
}

TEST_F(RingTest, RecordsComeOutInOrderWithTheirHeader) {
  RingReader reader(ring_);
  ASSERT_TRUE(write("one"));
  ASSERT_TRUE(write(""));
  ASSERT_TRUE(write("three"));
  std::vector<std::uint8_t> buffer(kRecordBytesMax);
  ASSERT_EQ(reader.next(buffer.data(), 1), sizeof(RecordHeader) + 3);
  RecordHeader header;
  std::memcpy(&header, buffer.data(), sizeof(header));
  EXPECT_EQ(header.type, RecordType::kLog);
  EXPECT_EQ(header.pid, 7u);
  EXPECT_EQ(header.tid, 8u);
  EXPECT_EQ(read(reader), "");
  EXPECT_EQ(read(reader), "three");
  EXPECT_EQ(read(reader), "(none)");
}

TEST_F(RingTest, RecordsWrapAroundTheEndManyTimes) {
  RingReader reader(ring_);
  for (int i = 0; i < 1000; ++i) {
    const std::string text(static_cast<std::size_t>(i) % 3000, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(write(text)) << i;
    ASSERT_EQ(read(reader), text) << i;
  }
}

TEST_F(RingTest, FullRingDropsAndCounts) {
  RingReader reader(ring_);
  const std::string half(kSlotBytes * 30, 'x');
  EXPECT_TRUE(write(half));
  EXPECT_TRUE(write(half));
  EXPECT_FALSE(write(half));
  EXPECT_EQ(reader.dropped(), 1u);
  EXPECT_EQ(read(reader), half);
  EXPECT_TRUE(write(half));
}

TEST_F(RingTest, RecordLargerThanTheLimitIsDropped) {
  RingReader reader(ring_);
  EXPECT_FALSE(write(std::string(kRecordBytesMax, 'x')));
  EXPECT_EQ(reader.dropped(), 1u);
}

TEST_F(RingTest, WriterWithoutRingDoesNothing) {
  RecordWriter writer(nullptr, RecordType::kLog, 3, 1, 1);
  writer.append("abc", 3);
  EXPECT_FALSE(writer.ok());
}

TEST_F(RingTest, SlotsOfKilledWriterAreSkippedAfterAWhile) {
  RingReader reader(ring_);
  abandon(1000, kNoSuchPid);
  ASSERT_TRUE(write("after"));
  EXPECT_EQ(read(reader, 1000), "(none)");
  EXPECT_EQ(read(reader, 1000 + kAbandonedNanos - 1), "(none)");
  EXPECT_EQ(read(reader, 1000 + kAbandonedNanos), "after");
  EXPECT_EQ(reader.abandoned(), 1u);
}

TEST_F(RingTest, SlotsOfStoppedWriterAreKeptLonger) {
  RingReader reader(ring_);
  abandon(10, static_cast<std::uint32_t>(getpid()));
  ASSERT_TRUE(write("after"));
  EXPECT_EQ(read(reader, 1000), "(none)");
  EXPECT_EQ(read(reader, 1000 + kAbandonedNanos), "(none)");
  EXPECT_EQ(read(reader, 1000 + kStalledNanos), "after");
}

TEST_F(RingTest, WhatAThreadWillNotCompleteIsNotWaitedForLonger) {
  RingReader reader(ring_);
  const auto self = static_cast<std::uint32_t>(getpid());
  abandon(1000, self);
  ASSERT_TRUE(write("after"));
  disown_records(ring_, self, self + 1);
  EXPECT_EQ(read(reader, 1000), "(none)");
  EXPECT_EQ(read(reader, 1000 + kAbandonedNanos), "(none)") << "it was another thread's";
  disown_records(ring_, self, self);
  EXPECT_EQ(read(reader, 1000 + kAbandonedNanos), "after");
  EXPECT_EQ(reader.abandoned(), 1u);
}

TEST_F(RingTest, ARingComesBackToWhereItWas) {
  RingReader reader(ring_);
  ASSERT_TRUE(write("before"));
  const std::size_t bytes = ring_bytes(ring_);
  unmap_ring(ring_);
  ASSERT_FALSE(map_ring_again(ring_, path_.c_str(), bytes + 1)) << "that is another one";
  ASSERT_TRUE(map_ring_again(ring_, path_.c_str(), bytes));
  EXPECT_EQ(read(reader), "before");
}

TEST_F(RingTest, WriterThatWasGivenUpDoesNotCommit) {
  RingReader reader(ring_);
  {
    RecordWriter slow(ring_, RecordType::kLog, 4, kNoSuchPid, 1);
    ASSERT_TRUE(write("next"));
    EXPECT_EQ(read(reader, 1000), "(none)");
    EXPECT_EQ(read(reader, 1000 + kAbandonedNanos), "next");
    slow.append("late", 4);
  }
  EXPECT_EQ(read(reader, 2000), "(none)");
  ASSERT_TRUE(write("fine"));
  EXPECT_EQ(read(reader, 2000), "fine");
}

TEST_F(RingTest, ScribbledSizesAreSkippedAndCounted) {
  RingReader reader(ring_);
  ASSERT_TRUE(write("broken"));
  ASSERT_TRUE(write("good"));
  const std::uint32_t wild = 0xffff'ffff;
  std::memcpy(reinterpret_cast<std::uint8_t*>(ring_) + kHeaderBytes + 8, &wild, sizeof(wild));
  EXPECT_EQ(read(reader), "good");
  EXPECT_EQ(reader.abandoned(), 1u);
}

TEST_F(RingTest, MappingSeesTheOtherMappingsRecords) {
  RingHeader* mapped = map_ring(path_.c_str());
  ASSERT_NE(mapped, nullptr);
  ASSERT_TRUE(write("through the file", mapped));
  RingReader reader(ring_);
  EXPECT_EQ(read(reader), "through the file");
  open_table(mapped)->owners[0].store(4711);
  EXPECT_EQ(open_table(ring_)->owners[0].load(), 4711u);
  unmap_ring(mapped);
}

TEST_F(RingTest, OtherFilesAreNotMapped) {
  EXPECT_EQ(map_ring("/dev/null"), nullptr);
  EXPECT_EQ(map_ring("/nonexistent/ring"), nullptr);
  ASSERT_EQ(truncate(path_.c_str(), 8192), 0);
  EXPECT_EQ(map_ring(path_.c_str()), nullptr);
}

TEST_F(RingTest, ExistingFileIsNotReused) {
  EXPECT_EQ(create_ring(path_.c_str(), 64), nullptr);
  EXPECT_EQ(errno, EEXIST);
}

// Many threads against one reader: nothing is torn, nothing comes twice, each thread's records keep
// their order, and what is missing was counted.
TEST_F(RingTest, ManyWritersOneReader) {
  constexpr int kWriters = 4;
  constexpr std::uint32_t kRecords = 5000;
  std::vector<std::thread> writers;
  std::atomic<int> running{kWriters};
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (std::uint32_t i = 0; i < kRecords; ++i) {
        std::string text(8 + i % 700, static_cast<char>('A' + w));
        std::memcpy(text.data(), &i, sizeof(i));
        write(text);
        if (i % 16 == 0) std::this_thread::yield();
      }
      running.fetch_sub(1);
    });
  }
  RingReader reader(ring_);
  std::vector<std::uint32_t> next(kWriters, 0);
  std::uint64_t seen = 0;
  for (bool last = false;;) {
    const std::string text = read(reader);
    if (text == "(none)") {
      if (last) break;
      last = running.load() == 0;
      continue;
    }
    std::uint32_t index = 0;
    ASSERT_GE(text.size(), 8u);
    std::memcpy(&index, text.data(), sizeof(index));
    const auto writer = static_cast<std::size_t>(text.back() - 'A');
    ASSERT_LT(writer, next.size());
    ASSERT_EQ(text.size(), 8 + index % 700);
    for (std::size_t i = 4; i < text.size(); ++i) ASSERT_EQ(text[i], text.back());
    ASSERT_GE(index, next[writer]);
    next[writer] = index + 1;
    ++seen;
  }
  for (std::thread& thread : writers) thread.join();
  EXPECT_EQ(seen + reader.dropped(), std::uint64_t{kWriters} * kRecords);
  EXPECT_EQ(reader.abandoned(), 0u);
}

// Of a ring that is large enough to go back in it.
class LargeRingTest : public RingTest {
 protected:
  static constexpr std::uint64_t kSlots = 1024;
  void SetUp() override {
    RingTest::SetUp();
    unmap_ring(ring_);
    unlink(path_.c_str());
    ring_ = create_ring(path_.c_str(), kSlots);
    ASSERT_NE(ring_, nullptr);
  }
  void write_many(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(write("x"));
  }
  static void read_all(RingReader& reader) {
    while (read(reader) != "(none)") {
    }
  }
};

TEST_F(LargeRingTest, WhereAllIsReadTheWritersGoOnAtTheBegin) {
  RingReader reader(ring_);
  for (std::uint64_t lap = 1; lap < 5; ++lap) {
    write_many(300);
    read_all(reader);
    EXPECT_EQ(used_slots(ring_), lap * kSlots);
    write("next");
    EXPECT_EQ(read(reader), "next");
    EXPECT_EQ(read(reader), "(none)");
    EXPECT_EQ(used_slots(ring_), lap * kSlots + 1);  // for so little nobody goes back
  }
  EXPECT_EQ(reader.dropped() + reader.abandoned(), 0u);
}

TEST_F(LargeRingTest, AWriterThatSeesTheOldTailFindsRoom) {
  RingReader reader(ring_);
  write_many(300);
  const std::uint64_t old_tail = ring_->tail;
  read_all(reader);
  ring_->tail = old_tail + 256;  // at the least
  EXPECT_TRUE(write(std::string(kRecordBytesMax - sizeof(RecordHeader), 'x')));
}

// The reader goes back between a writer's looks at the head and at the tail.
TEST_F(LargeRingTest, OneWriterAndAReaderThatGoesBackLoseNothing) {
  constexpr int kRecords = 60'000;
  std::thread writer([&] {
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(write("x")) << i;
      while (i % 512 == 0 && used_slots(ring_) - ring_->tail > kSlots / 2) {
      }
    }
  });
  RingReader reader(ring_);
  for (int left = kRecords; left != 0;) left -= read(reader) != "(none)" ? 1 : 0;
  writer.join();
  EXPECT_EQ(reader.dropped() + reader.abandoned(), 0u);
}

// Its writer may come back, and writes where it was.
TEST_F(LargeRingTest, AfterAnAbandonedRecordNobodyGoesBackForALap) {
  RingReader reader(ring_);
  const std::uint32_t nobody = 0x7fff'fff0;  // no process has this number
  abandon(10, nobody);
  EXPECT_EQ(read(reader, 1), "(none)");
  EXPECT_EQ(read(reader, 1 + kAbandonedNanos), "(none)");
  EXPECT_EQ(reader.abandoned(), 1u);
  for (int i = 0; i < 3; ++i) {
    write_many(300);
    read_all(reader);
  }
  EXPECT_EQ(used_slots(ring_), 901u);
  write_many(600);
  read_all(reader);
  EXPECT_EQ(used_slots(ring_), 2 * kSlots);
}

TEST_F(LargeRingTest, NobodyGoesBackWhileSomethingIsNotRead) {
  RingReader reader(ring_);
  write_many(300);
  abandon(10, 1);  // which nobody has ended, so it is waited for
  read_all(reader);
  EXPECT_EQ(used_slots(ring_), 301u);
}

TEST_F(LargeRingTest, NothingIsLostWhereManyWrite) {
  constexpr int kWriters = 3;
  constexpr int kRecords = 20'000;
  constexpr int kAtATime = 100;  // by all of them enough to go back
  std::vector<std::thread> writers;
  std::atomic<int> rests{0};
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      for (int k = 0; k < kRecords; ++k) {
        const int before = rests;
        while (k % kAtATime == 0 && rests == before) std::this_thread::yield();
        const std::string text = std::to_string(i) + " " + std::to_string(k);
        ASSERT_TRUE(write(text)) << text;
      }
    });
  }
  RingReader reader(ring_);
  int next[kWriters] = {};
  for (int left = kWriters * kRecords; left != 0;) {
    const std::string text = read(reader);
    if (text == "(none)") {
      ++rests;
      std::this_thread::yield();
      continue;
    }
    const int writer = text[0] - '0';
    ASSERT_EQ(text, std::to_string(writer) + " " + std::to_string(next[writer]++));
    --left;
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(reader.dropped() + reader.abandoned(), 0u);
  EXPECT_GT(used_slots(ring_), static_cast<std::uint64_t>(kWriters * kRecords));  // it went back
}

// Processes that are killed while they write never stop the reader.
TEST_F(RingTest, KilledProcesses) {
  RingReader reader(ring_);
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) write(std::string(600, 'k'));
    }
    ASSERT_GT(child, 0);
    std::uint64_t now = 1;
    int seen = 0;
    while (seen < 200) seen += read(reader, now) != "(none)" ? 1 : 0;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    // What it left is read or skipped within the time that abandoned slots may take.
    for (int i = 0; i < 200; ++i) read(reader, now += kAbandonedNanos);
    ASSERT_TRUE(write("alive"));
    EXPECT_EQ(read(reader, now), "alive");
  }
}

// A hole would be filled when a program writes to it, and a full /dev/shm would kill the program.
// The program can write at once; the rest of the memory comes a little later.
TEST_F(RingTest, ABegunRingHoldsTheFirstRecordsACompleteOneAll) {
  const std::string path = directory_ + "/begun";
  RingHeader* begun = begin_ring(path.c_str(), 2 * kBegunSlots);
  ASSERT_NE(begun, nullptr);
  for (std::uint32_t i = 0; i < kBegunSlots; ++i) EXPECT_TRUE(write("first", begun)) << i;
  EXPECT_FALSE(write("more", begun));
  RingReader reader(begun);
  while (read(reader) != "(none)") {
  }
  EXPECT_FALSE(write("there is room, but no memory", begun));
  ASSERT_TRUE(complete_ring(begun, path.c_str()));
  for (std::uint32_t i = 0; i < 2 * kBegunSlots; ++i) EXPECT_TRUE(write("all", begun)) << i;
  EXPECT_FALSE(write("more", begun));
  unmap_ring(begun);
  unlink(path.c_str());
}

TEST_F(RingTest, HasItsBlocksFromTheStart) {
  struct stat status = {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_GE(status.st_blocks * 512, status.st_size);
}

class RingFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/kolben-ring-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
  }
  void TearDown() override {
    for (const std::string& name : names_) unlink((directory_ + "/" + name).c_str());
    rmdir(directory_.c_str());
  }
  std::string make(const std::string& name) {
    names_.push_back(name);
    const std::string path = directory_ + "/" + name;
    unmap_ring(create_ring(path.c_str(), 64));
    return path;
  }
  static bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

  std::string directory_;
  std::vector<std::string> names_;
};

TEST_F(RingFilesTest, OnlyRingsThatNobodyHoldsAreRemoved) {
  const std::string held = make(std::string(kRingFilePrefix) + "held");
  const std::string abandoned = make(std::string(kRingFilePrefix) + "abandoned");
  const std::string foreign = make("something-else");
  hold_ring(held.c_str());
  remove_abandoned_rings(directory_.c_str());
  EXPECT_TRUE(exists(abandoned)) << "it is young";
  remove_abandoned_rings(directory_.c_str(), 0);
  EXPECT_FALSE(exists(abandoned));
  EXPECT_TRUE(exists(held));
  EXPECT_TRUE(exists(foreign));
  remove_abandoned_rings("/no/such/directory");
}

}  // namespace
}  // namespace kolben::agent
