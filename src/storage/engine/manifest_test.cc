// The small files: what is written is read again, and no flipped byte goes unnoticed.
#include "storage/engine/manifest.h"

#include <gmock/gmock.h>

#include "storage/engine/deleted_rows.h"

namespace kolben::storage::engine {
namespace {

using testing::HasSubstr;

Manifest some_manifest() {
  Manifest manifest;
  manifest.covered = 1'000'000'007;
  manifest.next_number = 42;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ManifestPart part;
    part.number = i;
    part.table = static_cast<part::Table>(i);
    part.retention_class = static_cast<std::uint32_t>(i - 1);
    part.merges = 2;
    part.rows = 65'536 * i;
    part.bytes = 1'900'000;
    part.first_time = 1'767'323'045'000'000'000;
    part.last_time = 1'767'323'105'000'000'000;
    part.first_received = UINT64_MAX;
    if (i == 2) {
      part.deleted_rows = 7;
      part.deleted_number = 9;
      part.deleted_crc = 0xdeadbeef;
    }
    manifest.parts.push_back(part);
  }
  manifest.classes = {"errors", ""};
  return manifest;
}

TEST(ManifestTest, WhatIsWrittenIsReadAgain) {
  for (const Manifest& manifest : {some_manifest(), Manifest()}) {
    const auto read = decode_manifest(encode_manifest(manifest));
    ASSERT_TRUE(read) << read.status().to_string();
    EXPECT_EQ(*read, manifest);
  }
}

TEST(ManifestTest, AFlippedOrMissingByteIsNoticed) {
  const std::string good = encode_manifest(some_manifest());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(decode_manifest(bad)) << at;
    EXPECT_FALSE(decode_manifest(good.substr(0, at))) << at;
  }
  EXPECT_FALSE(decode_manifest(good + "x"));
}

TEST(ManifestTest, APartIsDescribedForPeople) {
  EXPECT_EQ(describe(some_manifest().parts[0]),
            "000001.part: 65536 spans of 2026-01-02 03:04:05 to 2026-01-02 03:05:05 UTC");
}

TEST(RowSetTest, WhatIsWrittenIsReadAgain) {
  RowSet rows;
  for (const std::uint32_t row : {0U, 1U, 77U, 16'383U}) rows.add(3, row);
  rows.add(0, 5);
  rows.add(0, 5);
  EXPECT_EQ(rows.size(), 5U);
  const auto file = decode_deleted(encode_deleted(17, rows));
  ASSERT_TRUE(file) << file.status().to_string();
  EXPECT_EQ(file->part, 17U);
  const RowSet& read = file->rows;
  EXPECT_EQ(encode_deleted(17, read), encode_deleted(17, rows));
  EXPECT_TRUE(read.contains(3, 77));
  EXPECT_FALSE(read.contains(3, 78));
  EXPECT_FALSE(read.contains(2, 77));
  EXPECT_TRUE(read.any(0));
  EXPECT_FALSE(read.any(1));
  EXPECT_EQ(read.count(3), 4U);
}

TEST(RowSetTest, TheFirstVersionDoesNotSayWhichPartItIsOf) {
  // One row group, number 3, of which rows 5 and 7.
  const std::string_view first("KLBDELET\x01\0\0\0\x01\x03\x02\x05\x02", 17);
  const auto file = decode_deleted(first);
  ASSERT_TRUE(file) << file.status().to_string();
  EXPECT_EQ(file->part, 0U);
  EXPECT_TRUE(file->rows.contains(3, 5));
  EXPECT_TRUE(file->rows.contains(3, 7));
  EXPECT_EQ(file->rows.size(), 2U);
  EXPECT_EQ(decode_deleted(std::string("KLBDELET\x03\0\0\0", 12)).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(RowSetTest, NonsenseIsRefused) {
  RowSet rows;
  rows.add(3, 16'383);
  std::string bytes = encode_deleted(1, rows);
  EXPECT_FALSE(decode_deleted(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(decode_deleted(bytes + "x"));
  EXPECT_FALSE(decode_deleted("KLBDELETE"));
  rows.add(3, 16'384);  // no row group has so many rows
  EXPECT_THAT(std::string(decode_deleted(encode_deleted(1, rows)).status().message()),
              HasSubstr("cannot be"));
}

}  // namespace
}  // namespace kolben::storage::engine
