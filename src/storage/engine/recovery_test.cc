// What a start finds after accidents: logs cut at any byte, flipped bytes, full disks, directories
// that are not ours. Calls that fail and power cuts: ledger_test.cc.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "storage/engine/record_log.h"
#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

class RecoveryTest : public EngineTest {
 protected:
  // A store with `batches` acknowledged batches of one span each, killed; the path of its log.
  std::string killed_store(std::uint64_t batches) {
    EXPECT_TRUE(open());
    for (std::uint64_t i = 1; i <= batches; ++i) {
      EXPECT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
    }
    std::string log = copy_of_files("killed") + "/wal/000001.log";
    find_records(log);
    return log;
  }

  void find_records(const std::string& log) {
    const std::string bytes = *read_file(system_file_system(), log, 64 << 20);
    RecordHeader header;
    for (std::uint64_t at = 0; at + sizeof header <= bytes.size(); at = ends_.back()) {
      std::memcpy(&header, bytes.data() + at, sizeof header);
      if (header.magic != kRecordMagic) return;
      ends_.push_back(at + record_span_bytes(header.body_bytes));
    }
  }

  std::uint64_t spans_after_start(const std::string& directory) {
    options_.path = directory;
    const Status opened = open();
    EXPECT_TRUE(opened) << opened.to_string();
    return opened ? spans().size() : 0;
  }

  std::vector<std::uint64_t> ends_;  // of the records in the log
};

TEST_F(RecoveryTest, ALogCutAtAnyByteKeepsEveryWholeRecord) {
  const std::string log = killed_store(4);
  for (std::uint64_t size = ends_[2]; size <= ends_[3]; ++size) {
    const std::string copy = path("cut");
    engine_.reset();  // of the size before: it must not end in the next one's files
    std::filesystem::remove_all(copy);
    std::filesystem::copy(path("killed"), copy, std::filesystem::copy_options::recursive);
    std::filesystem::resize_file(copy + "/wal/000001.log", size);
    // The padding behind a record is no part of it.
    const std::uint64_t whole = static_cast<std::uint64_t>(
        std::count_if(ends_.begin(), ends_.end(),
                      [size](std::uint64_t end) { return end <= size + kRecordAlignment - 1; }));
    const std::uint64_t found = spans_after_start(copy);
    EXPECT_GE(found,
              static_cast<std::uint64_t>(std::count_if(
                  ends_.begin(), ends_.end(), [size](std::uint64_t end) { return end <= size; })))
        << size;
    EXPECT_LE(found, whole) << size;
  }
}

TEST_F(RecoveryTest, AFlippedByteCostsItsRecordAloneAndIsReported) {
  const std::string log = killed_store(3);
  for (std::uint64_t at = ends_[0]; at < ends_[1]; at += 7) {
    const std::string copy = path("flipped");
    engine_.reset();
    std::filesystem::remove_all(copy);
    std::filesystem::copy(path("killed"), copy, std::filesystem::copy_options::recursive);
    {
      std::fstream file(copy + "/wal/000001.log", std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ 0x55));
    }
    reports_.clear();
    const std::uint64_t found = spans_after_start(copy);
    if (found == 3) continue;  // padding
    EXPECT_EQ(found, 2U) << at;
    EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("damaged"))) << at;
  }
}

TEST_F(RecoveryTest, AFullDiskRefusesAndGoesOnWhenThereIsRoom) {
  ASSERT_TRUE(open(files_));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  files_.set_room(0);
  const Status refused = store(*engine_, make_spans({{.trace = 2, .id = 2}}));
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(refused.is_retryable());
  EXPECT_EQ(count_of(1), 1U);  // reading goes on
  files_.set_room(UINT64_MAX);
  clock_.advance_nanos(1'000'000'000);
  EXPECT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  EXPECT_EQ(count_of(2), 1U);
}

TEST_F(RecoveryTest, AStartOnAFullDiskReadsAndRefusesUntilThereIsRoom) {
  ASSERT_TRUE(open(files_));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  options_.path = copy_of_files("killed");
  engine_.reset();
  files_.set_room(4096);
  const Status opened = open(files_);
  ASSERT_TRUE(opened) << opened.to_string();
  EXPECT_EQ(count_of(1), 1U);
  const Status health = engine_->health();
  EXPECT_EQ(health.code(), StatusCode::kResourceExhausted) << health.to_string();
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("refuses data")));
  const Status refused = store(*engine_, make_spans({{.trace = 2, .id = 2}}));
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted) << refused.to_string();
  EXPECT_TRUE(refused.is_retryable());
  files_.set_room(UINT64_MAX);
  clock_.advance_nanos(1'000'000'000);
  EXPECT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  EXPECT_TRUE(engine_->health());
}

TEST_F(RecoveryTest, ADiskThatHasRoomAgainIsNoticedWithoutSenders) {
  ASSERT_TRUE(open(files_));
  files_.set_room(0);
  EXPECT_FALSE(store(*engine_, make_spans({{.trace = 1}})));
  EXPECT_FALSE(engine_->health());
  files_.set_room(UINT64_MAX);
  for (int i = 0; i < 3000 && !engine_->health(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(engine_->health());
}

TEST_F(RecoveryTest, ADirectoryThatCannotBeMadeAStoreIsRefused) {
  files_.set_room(10);
  const Status refused = open(files_);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted) << refused.to_string();
  EXPECT_NE(refused.message().find(options_.path), std::string_view::npos);
}

TEST_F(RecoveryTest, PartsOrALogWithoutAFormatAreRefusedAndLeftAlone) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  for (const bool has_part : {false, true}) {  // the log, then the part
    if (has_part) {
      ASSERT_TRUE(engine_->close());
    }
    const std::string copy = copy_of_files(has_part ? "part" : "log");
    std::filesystem::remove(copy + "/FORMAT");
    const auto refused = Engine::open({.path = copy}, system_file_system(), clock_, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("no FORMAT"));
    EXPECT_FALSE(std::filesystem::is_empty(copy + (has_part ? "/parts" : "/wal")));
  }
}

TEST_F(RecoveryTest, AFailedSyncIsNeverRepeated) {
  ASSERT_TRUE(open(files_));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  files_.set_fault({.at = 1, .only_syncs = true});
  EXPECT_EQ(store(*engine_, make_spans({{.trace = 2, .id = 2}})).code(), StatusCode::kUnavailable);
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("refuses data")));
  clock_.advance_nanos(1'000'000'000);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  EXPECT_EQ(engine_->log_segments(), 2U);  // another one was begun
  EXPECT_EQ(count_of(2), 1U);
}

TEST_F(RecoveryTest, OtherDirectoriesAreRefused) {
  std::filesystem::create_directories(options_.path);
  std::ofstream(options_.path + "/letter.txt") << "dear";
  EXPECT_EQ(open().code(), StatusCode::kFailedPrecondition);
  std::filesystem::remove(options_.path + "/letter.txt");
  std::ofstream(options_.path + "/FORMAT") << "kolben store 99\n";
  EXPECT_EQ(open().code(), StatusCode::kFailedPrecondition);
  options_.path += "/FORMAT/below-a-file";
  EXPECT_FALSE(open());
}

TEST_F(RecoveryTest, ADirectoryInUseIsRefused) {
  ASSERT_EQ(open().to_string(), "OK");
  const auto second = Engine::open(options_, system_file_system(), clock_, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(std::string(second.error().message()), testing::HasSubstr("another kolben (pid"));
}

TEST_F(RecoveryTest, BytesThatLookLikeARecordAreNone) {
  // A sender that knows the format puts records into its attributes; a torn write brings them to
  // light. Without the store's key they have the wrong checksum.
  LaidOutRecord forged;
  std::string body(16, '\0');
  forged.body = body;
  forged.header.sequence = 1000;
  forged.header.signal = 1;
  forged.seal(0);
  std::vector<std::string_view> slices;
  forged.append_slices(slices);
  std::string bytes;
  for (const std::string_view slice : slices) bytes.append(slice);
  ASSERT_EQ(open().to_string(), "OK");
  for (std::uint64_t shift = 0; shift < kRecordAlignment; ++shift) {
    const std::string value = std::string(shift, 'x') + bytes;
    ASSERT_TRUE(store(*engine_, make_spans({{.id = 1 + shift, .attributes = {{"a", value}}}})));
  }
  const std::string log = copy_of_files("killed") + "/wal/000001.log";
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.put('x');  // the first record is torn: all that follows is looked for
  }
  EXPECT_EQ(spans_after_start(path("killed")), kRecordAlignment - 1);
}

TEST_F(RecoveryTest, RecordsOfASegmentsEarlierLifeAreNotReadAgain) {
  options_.retention_rules.clear();
  options_.segment_bytes = 1 << 20;
  options_.tail_bytes_max = 16 << 20;  // all of it: this sender does not come again
  options_.build_rows = 10;
  ASSERT_EQ(open().to_string(), "OK");
  std::uint64_t next = 1;
  const auto fill = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i, ++next) {
      const std::string filler(30'000 + next % 7 * 100, 'x');
      const Status stored = store(
          *engine_, make_spans({{.trace = next, .id = next, .attributes = {{"filler", filler}}}}));
      ASSERT_TRUE(stored) << stored.to_string();
    }
  };
  fill(100);  // three segments; the first ones become the spare and are written over
  ASSERT_TRUE(engine_->flush());
  ASSERT_TRUE(engine_->compact());
  fill(5);
  for (int i = 0; i < 3; ++i) {
    options_.path = copy_of_files("killed-" + std::to_string(i));
    ASSERT_EQ(open().to_string(), "OK");
    EXPECT_THAT(spans(), testing::SizeIs(next - 1));
    EXPECT_THAT(reports_, testing::IsEmpty());
    fill(3);
  }
}

// As one of a later version would be, or of a compression that this build does not have.
TEST_F(RecoveryTest, AnAcknowledgedRecordThatCannotBeReadIsSetAside) {
  const std::string log = killed_store(2);
  std::uint32_t log_key = 0;
  {
    const auto directory = DataDirectory::open(system_file_system(), path("killed"));
    ASSERT_TRUE(directory) << directory.status().to_string();
    log_key = directory->log_key();
  }
  LaidOutRecord strange;
  strange.body = "what no version of today can read";
  strange.header.sequence = 3;
  strange.header.signal = 1;
  strange.header.compression = 99;
  strange.seal(log_key);
  std::vector<std::string_view> slices;
  strange.append_slices(slices);
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(ends_.back()));
    for (const std::string_view slice : slices) {
      file.write(slice.data(), static_cast<std::streamsize>(slice.size()));
    }
  }
  EXPECT_EQ(spans_after_start(path("killed")), 2U);
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("damaged/record-3")));
  EXPECT_EQ(*read_file(system_file_system(), path("killed") + "/damaged/record-3", 1 << 10),
            strange.body);
}

TEST_F(RecoveryTest, WhatWasDeletedIsNoCopyWhenItComesAgain) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}, {.trace = 2, .id = 2}})));
  ASSERT_TRUE(store(*engine_, make_logs({{.body = "hello", .trace = 1}})));
  ASSERT_TRUE(engine_->flush());
  const TraceId gone = trace_id(1);
  ASSERT_TRUE(engine_->delete_traces({&gone, 1}));
  ASSERT_TRUE(engine_->close());
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(count_of(1), 0U);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}, {.trace = 2, .id = 2}})));
  ASSERT_TRUE(store(*engine_, make_logs({{.body = "hello", .trace = 1}})));
  ASSERT_TRUE(engine_->flush());
  ASSERT_TRUE(engine_->compact());  // the one that is a copy may be known only now
  EXPECT_EQ(count_of(1), 1U);
  EXPECT_EQ(count_of(2), 1U);
  EXPECT_EQ(engine_->stats().log_records, 1U);
}

TEST_F(RecoveryTest, ADamagedPartIsNamedWithWhatToDo) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}, {.trace = 2, .id = 2}})));
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  const std::string part = options_.path + "/parts/000001.part";
  std::filesystem::resize_file(part, std::filesystem::file_size(part) - 1);
  Status refused = open();
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  for (const char* words : {"000001.part", "2 spans", "kolben store check --repair"}) {
    EXPECT_THAT(std::string(refused.message()), testing::HasSubstr(words));
  }
  std::filesystem::remove(part);
  refused = open();
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("000001.part"));
}

TEST_F(RecoveryTest, FilesThatTheManifestDoesNotListAreRemoved) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  for (const char* name : {"000007.part", "000008.part.tmp", "000009.deleted"}) {
    std::ofstream(options_.path + "/parts/" + name) << "left over";
  }
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(*system_file_system().list(options_.path + "/parts"),
              testing::ElementsAre("000001.part"));
  EXPECT_THAT(spans(), testing::SizeIs(1));
}

}  // namespace
}  // namespace kolben::storage::engine
