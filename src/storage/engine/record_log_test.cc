// Reading a segment again: which records count, and what is damage.
#include "storage/engine/record_log.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kKey = 0x1234'5678;

class RecordLogTest : public testing::Test {
 protected:
  RecordLogTest() {
    std::string pattern = testing::TempDir() + "kolben-log-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~RecordLogTest() override { std::filesystem::remove_all(directory_); }

  static std::string record(std::uint64_t sequence, std::uint16_t place = 0,
                            std::string_view body = "a body of 20 bytes..") {
    LaidOutRecord laid_out;
    laid_out.header.sequence = sequence;
    laid_out.header.place_in_group = place;
    laid_out.body = body;
    laid_out.seal(kKey);
    std::vector<std::string_view> slices;
    laid_out.append_slices(slices);
    std::string bytes;
    for (const std::string_view slice : slices) bytes.append(slice);
    return bytes;
  }

  // The sequences that count.
  std::vector<std::uint64_t> read(const std::string& bytes) {
    const std::string path = directory_ + "/" + std::to_string(++files_);
    auto file = system_file_system().open(path, OpenMode::kCreate);
    EXPECT_TRUE((*file)->write_at(0, std::string_view(bytes)));
    std::vector<std::uint64_t> sequences;
    VisitRecord visit = [&](const RecordHeader& header, std::string_view) {
      sequences.push_back(header.sequence);
      return Status::ok();
    };
    EXPECT_TRUE(scan_log(**file, kKey, scan_, visit));
    return sequences;
  }

  static std::string damaged(std::string bytes) {
    bytes[20] = static_cast<char>(bytes[20] ^ 1);
    return bytes;
  }

  std::string directory_;
  int files_ = 0;
  LogScan scan_;
};

TEST_F(RecordLogTest, RecordsCountUpToTheFirstThatIsNone) {
  EXPECT_THAT(read(record(1) + record(2) + std::string(1000, '\0')), ElementsAre(1, 2));
  EXPECT_EQ(scan_.valid_bytes, 2 * record(1).size());
  EXPECT_EQ(scan_.damaged(), 0U);
}

TEST_F(RecordLogTest, WhatIsInPartsDoesNotCount) {
  scan_.last_sequence = 2;
  EXPECT_THAT(read(record(1) + record(2) + record(3)), ElementsAre(3));
  EXPECT_EQ(scan_.damaged(), 0U);
}

TEST_F(RecordLogTest, RecordsOfAnEarlierLifeDoNotCount) {
  scan_.last_sequence = 50;
  EXPECT_THAT(read(record(51) + record(52) + record(13) + record(14)), ElementsAre(51, 52));
  EXPECT_THAT(read(record(21) + record(22)), IsEmpty());
  // Not even where the remains of a torn one lie before them.
  EXPECT_THAT(read(record(53) + damaged(record(13)) + record(14)), ElementsAre(53));
  EXPECT_EQ(scan_.damaged(), 0U);
}

TEST_F(RecordLogTest, DamageBeforeTheLastGroupIsCounted) {
  EXPECT_THAT(read(record(1) + damaged(record(2)) + record(3) + record(4)), ElementsAre(1, 3, 4));
  EXPECT_EQ(scan_.damaged(), 1U);
}

TEST_F(RecordLogTest, AGapInTheLastGroupIsATornWrite) {
  EXPECT_THAT(read(record(1) + record(2, 0) + damaged(record(3, 1)) + record(4, 2)),
              ElementsAre(1, 2, 4));
  EXPECT_EQ(scan_.damaged(), 0U);
  // In another segment came another group: then it was acknowledged.
  EXPECT_THAT(read(record(5, 0)), ElementsAre(5));
  EXPECT_EQ(scan_.damaged(), 1U);
}

TEST_F(RecordLogTest, AHoleThatShowsAnEarlierLifeIsAGapToo) {
  scan_.last_sequence = 50;
  EXPECT_THAT(read(record(51) + record(13) + record(53) + record(54)), ElementsAre(51, 53, 54));
  EXPECT_EQ(scan_.damaged(), 1U);
}

TEST_F(RecordLogTest, RecordsBehindRoomThatWasNeverWrittenAreFound) {
  const std::string path = directory_ + "/sparse";
  auto file = system_file_system().open(path, OpenMode::kCreate);
  ASSERT_TRUE((*file)->allocate(16 << 20));
  ASSERT_TRUE((*file)->write_at(0, std::string_view(record(1))));
  // Not at the beginning of a block, which is what a file system knows of.
  ASSERT_TRUE((*file)->write_at((9 << 20) + 4000, std::string_view(record(2) + record(3))));
  std::vector<std::uint64_t> sequences;
  VisitRecord visit = [&](const RecordHeader& header, std::string_view) {
    sequences.push_back(header.sequence);
    return Status::ok();
  };
  ASSERT_TRUE(scan_log(**file, kKey, scan_, visit));
  EXPECT_THAT(sequences, ElementsAre(1, 2, 3));
}

TEST_F(RecordLogTest, AnotherStoresRecordsDoNotCount) {
  LaidOutRecord laid_out;
  laid_out.header.sequence = 7;
  laid_out.seal(kKey + 1);
  std::vector<std::string_view> slices;
  laid_out.append_slices(slices);
  EXPECT_THAT(read(std::string(slices[0])), IsEmpty());
}

TEST_F(RecordLogTest, ManyThatOnlyLookLikeRecordsCostABoundedSearch) {
  // Each claims all the bytes there are: read one by one they would cost a terabyte.
  std::string bytes;
  RecordHeader header;
  header.body_bytes = 7 << 20;
  for (int i = 0; i < 200'000; ++i) bytes.append(reinterpret_cast<const char*>(&header), 40);
  EXPECT_THAT(read(bytes), IsEmpty());
  EXPECT_EQ(scan_.damaged(), 1U);
}

}  // namespace
}  // namespace kolben::storage::engine
