// What an operator does with a store: looking for damage, repairing, copying, upgrading.
#include <gmock/gmock.h>

#include <fstream>

#include "base/random.h"
#include "storage/engine/check.h"
#include "storage/engine/deleted_rows.h"
#include "storage/engine/merge_plan.h"
#include "storage/engine/record_log.h"
#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CareTest : public EngineTest {
 protected:
  // Parts 1, 2 and 3 with a span each, closed.
  void make_store() {
    ASSERT_EQ(open().to_string(), "OK");
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
      ASSERT_TRUE(engine_->flush());
    }
    ASSERT_TRUE(engine_->close());
    engine_.reset();
  }
  Result<Checked> check(bool repair = false) {
    return check_store(system_file_system(), options_.path, {.repair = repair}, {});
  }
  static void flip(const std::string& file, std::uint64_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ 0x5a));
  }
  std::size_t count_of_files(const std::string& name) const {
    return std::filesystem::exists(options_.path + "/parts/" + name) ? 1 : 0;
  }
  std::string part(std::uint64_t number) const {
    return options_.path + "/parts/00000" + std::to_string(number) + ".part";
  }
};

TEST_F(CareTest, ASoundStoreIsFoundSound) {
  make_store();
  const auto checked = check();
  ASSERT_TRUE(checked) << checked.status().to_string();
  EXPECT_EQ(checked->parts, 3U);
  EXPECT_THAT(checked->damaged, IsEmpty());
}

// Of a block that no start reads: a query meets it first.
TEST_F(CareTest, DamageThatAQueryMeetsIsToldWithItsRemedyAndCounted) {
  make_store();
  flip(part(2), 20);
  ASSERT_EQ(open().to_string(), "OK");
  reports_.clear();
  for (int i = 0; i < 2; ++i) {
    const auto found = engine_->get_trace(trace_id(2));
    EXPECT_EQ(found.status().code(), StatusCode::kDataLoss);
    EXPECT_THAT(std::string(found.status().message()),
                AllOf(HasSubstr("000002.part"), HasSubstr("kolben store check --repair")));
  }
  EXPECT_THAT(reports_, ElementsAre(AllOf(HasSubstr("000002.part"), HasSubstr("--repair"))));
  EXPECT_EQ(engine_->stats().damaged_queries, 2U);
  EXPECT_TRUE(engine_->get_trace(trace_id(1)));
}

TEST_F(CareTest, AFlippedBitInAPartIsFoundAndNamed) {
  make_store();
  const std::uint64_t size = std::filesystem::file_size(part(2));
  for (std::uint64_t at = 0; at < size; at += 11) {  // every byte: part/span_part_test.cc
    flip(part(2), at);
    const auto checked = check();
    ASSERT_TRUE(checked) << checked.status().to_string();
    EXPECT_THAT(checked->damaged, ElementsAre(HasSubstr("000002.part: 1 spans"))) << at;
    flip(part(2), at);
  }
}

TEST_F(CareTest, ARepairSetsDamagedPartsAsideAndTheRestIsServed) {
  make_store();
  flip(part(2), std::filesystem::file_size(part(2)) - 1);
  std::filesystem::remove(part(3));
  EXPECT_EQ(open().code(), StatusCode::kDataLoss);
  const auto repaired = check(true);
  ASSERT_TRUE(repaired) << repaired.status().to_string();
  EXPECT_TRUE(repaired->is_repaired);
  EXPECT_THAT(repaired->damaged, ElementsAre(HasSubstr("000002.part"), HasSubstr("000003.part")));
  EXPECT_TRUE(std::filesystem::exists(options_.path + "/damaged/000002.part"));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(count_of(1), 1U);
  EXPECT_THAT(spans(), SizeIs(1));
}

TEST_F(CareTest, ALostManifestIsMadeAnewFromTheParts) {
  make_store();
  std::filesystem::remove(options_.path + "/MANIFEST");
  const Status refused = open();
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("kolben store check --repair"));
  flip(part(3), 20);  // in the middle: only a thorough look finds it
  flip(part(1), std::filesystem::file_size(part(1)) - 3);
  const auto repaired = check(true);
  ASSERT_TRUE(repaired) << repaired.status().to_string();
  EXPECT_THAT(repaired->damaged, SizeIs(3));
  EXPECT_TRUE(std::filesystem::exists(options_.path + "/damaged/000001.part"));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(1));
}

TEST_F(CareTest, ManifestsThatAreMadeAnewKnowWhatWasDeleted) {
  make_store();
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 4, .id = 4}, {.trace = 5, .id = 5}})));
  ASSERT_TRUE(engine_->flush());
  for (const TraceId& gone : {trace_id(2), trace_id(4)}) {
    ASSERT_TRUE(engine_->delete_traces({&gone, 1}));
  }
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  std::filesystem::remove(options_.path + "/MANIFEST");
  const auto repaired = check(true);
  ASSERT_TRUE(repaired) << repaired.status().to_string();
  EXPECT_THAT(repaired->damaged, ElementsAre(HasSubstr("MANIFEST")));
  EXPECT_THAT(repaired->unlisted, IsEmpty());
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(3));
  EXPECT_EQ(count_of(2) + count_of(4), 0U);
}

// Killed: the log still has what was deleted. The list is written by hand, for the store itself
// soon makes a part without the rows of it.
TEST_F(CareTest, ManifestsThatAreMadeAnewReadNothingDeletedFromTheLog) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1, .id = 1}, {.trace = 2, .id = 2}})));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 3, .id = 3}})));
  const std::string log_path = options_.path + "/wal/000001.log";
  const std::string log = *read_file(system_file_system(), log_path, 1 << 20);
  ASSERT_TRUE(engine_->flush());
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  RowSet second;
  second.add(0, 1);
  std::ofstream(options_.path + "/parts/000002.deleted", std::ios::binary)
      << encode_deleted(1, second);
  std::ofstream(log_path, std::ios::binary) << log;
  std::filesystem::remove(options_.path + "/MANIFEST");
  ASSERT_TRUE(check(true));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(count_of(1), 1U);
  EXPECT_EQ(count_of(2), 0U);
  EXPECT_EQ(count_of(3), 1U);
}

// Killed when the parts of a chunk were written and the manifest was not; then that is lost too.
TEST_F(CareTest, ManifestsThatAreMadeAnewLeaveTheNewestChunkToTheLog) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1, .id = 1}})));
  ASSERT_TRUE(engine_->flush());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  ASSERT_TRUE(store(*engine_, make_logs({{.body = "the log has it alone"}})));
  const std::string killed = copy_of_files("killed");
  ASSERT_TRUE(engine_->flush());
  // Its part of spans, without the one of log records.
  for (const StoredPart& stored : engine_->parts()) {
    const std::string name = std::filesystem::path(part(stored.facts.number)).filename();
    if (stored.facts.table == part::Table::kSpans && stored.facts.number > 1) {
      std::filesystem::copy_file(part(stored.facts.number), killed + "/parts/" + name);
    }
  }
  std::filesystem::remove(killed + "/MANIFEST");
  options_.path = killed;
  engine_.reset();
  ASSERT_TRUE(check(true));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(2));
  EXPECT_EQ(engine_->stats().log_records, 1U);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 3, .id = 3}})));
  EXPECT_THAT(spans(), SizeIs(3));
}

// Killed between a merge's manifest and the removal of what it was made of; then it is damaged.
TEST_F(CareTest, WhatADamagedMergeWasMadeOfIsKept) {
  make_store();
  const std::string before = path("before");
  std::filesystem::copy(options_.path, before, std::filesystem::copy_options::recursive);
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(engine_->compact());
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const std::string name = std::filesystem::path(part(number)).filename();
    std::filesystem::copy_file(before + "/parts/" + name, part(number));
  }
  flip(part(4), std::filesystem::file_size(part(4)) - 1);
  EXPECT_EQ(open().code(), StatusCode::kDataLoss);
  EXPECT_TRUE(std::filesystem::exists(part(1)));
  const auto repaired = check(true);
  ASSERT_TRUE(repaired) << repaired.status().to_string();
  EXPECT_THAT(repaired->unlisted,
              testing::UnorderedElementsAre("000001.part", "000002.part", "000003.part"));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_TRUE(std::filesystem::exists(options_.path + "/damaged/000001.part"));
}

TEST_F(CareTest, ADamagedPartKeepsTheOthersFromBeingMergedNot) {
  options_.merge_parts_min = 2;
  ASSERT_EQ(open().to_string(), "OK");
  for (std::uint64_t i = 1; i <= 4 + kFreshPartsKept; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
    ASSERT_TRUE(engine_->flush());
    if (i == 2) flip(part(2), 20);
  }
  static_cast<void>(engine_->maintain());
  static_cast<void>(engine_->maintain());
  EXPECT_EQ(count_of_files("000002.part"), 1U);
  EXPECT_EQ(count_of_files("000001.part") + count_of_files("000003.part"), 0U);
  EXPECT_THAT(reports_,
              testing::Contains(AllOf(HasSubstr("000002.part"), HasSubstr("left out of merges"),
                                      HasSubstr("--repair"))));
}

TEST_F(CareTest, ARepairThatIsInterruptedFindsTheDamageAgain) {
  make_store();
  flip(part(2), std::filesystem::file_size(part(2)) - 1);
  files_.set_room(0);  // for a manifest
  EXPECT_FALSE(check_store(files_, options_.path, {.repair = true}, {}));
  files_.set_room(UINT64_MAX);
  const auto repaired = check(true);
  ASSERT_TRUE(repaired) << repaired.status().to_string();
  EXPECT_THAT(repaired->damaged, ElementsAre(HasSubstr("000002.part")));
  EXPECT_TRUE(std::filesystem::exists(options_.path + "/damaged/000002.part"));
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(2));
}

TEST_F(CareTest, AFlippedByteInFormatIsFound) {
  make_store();
  const std::string format = options_.path + "/FORMAT";
  const std::uint64_t size = std::filesystem::file_size(format);
  for (std::uint64_t at = 0; at < size; ++at) {
    flip(format, at);
    EXPECT_FALSE(open()) << at;
    flip(format, at);
  }
  // As stores were made before there was a checksum.
  const std::string text = *read_file(system_file_system(), format, 1 << 10);
  std::ofstream(format) << text.substr(0, text.find("checksum"));
  EXPECT_EQ(open().to_string(), "OK");
}

TEST_F(CareTest, ACheckOfAStoreInUseIsRefused) {
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(check().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(check_store(system_file_system(), path("nowhere"), {}, {}).status().code(),
            StatusCode::kNotFound);
}

TEST_F(CareTest, ACopyIsAStoreAndStaysAsItWas) {
  ASSERT_EQ(open().to_string(), "OK");
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(store(*engine_, make_spans({{.trace = i, .id = i}})));
    if (i % 5 == 0) {
      ASSERT_TRUE(engine_->flush());
    }
  }
  const TraceId gone = trace_id(3);
  ASSERT_TRUE(engine_->delete_traces({&gone, 1}));
  ASSERT_TRUE(engine_->save(path("copy")));
  EXPECT_EQ(engine_->save(path("copy")).code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 21, .id = 21}})));
  ASSERT_TRUE(engine_->compact());
  EXPECT_THAT(spans(), SizeIs(20));
  options_.path = path("copy");
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(19));
  EXPECT_EQ(count_of(3), 0U);
  EXPECT_EQ(count_of(21), 0U);
}

// A directory as version 1 left it: logs, an index that nobody needs, and FORMAT.
class UpgradeTest : public CareTest {
 protected:
  void write_old_log(std::uint64_t number, std::uint64_t first, std::uint64_t count) {
    std::filesystem::create_directories(options_.path + "/segments");
    std::string bytes;
    for (std::uint64_t i = first; i < first + count; ++i) {
      const Batch batch = make_spans({{.trace = i, .id = i}});
      LaidOutRecord record;
      record.header.sequence = i;
      record.header.received_unix_nano = kNow;
      record.header.raw_bytes = static_cast<std::uint32_t>(batch.pieces()[0].message.size());
      record.header.items = 1;
      record.header.signal = static_cast<std::uint8_t>(Signal::kTraces);
      record.body = batch.pieces()[0].message.view();
      record.seal(0);
      std::vector<std::string_view> slices;
      record.append_slices(slices);
      for (const std::string_view slice : slices) bytes.append(slice);
    }
    std::ofstream(options_.path + "/segments/00000" + std::to_string(number) + ".log") << bytes;
    std::ofstream(options_.path + "/segments/00000" + std::to_string(number) + ".idx") << "index";
    std::ofstream(options_.path + "/FORMAT") << "kolben store 1\n";
  }
};

TEST_F(UpgradeTest, AStoreOfVersion1IsReadIntoParts) {
  write_old_log(1, 1, 50);
  write_old_log(2, 51, 30);
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(80));
  EXPECT_THAT(reports_, ElementsAre(HasSubstr("log 1 of 2"), HasSubstr("log 2 of 2")));
  EXPECT_FALSE(std::filesystem::exists(options_.path + "/segments"));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 81, .id = 81}})));
  ASSERT_TRUE(engine_->close());
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(81));
}

TEST_F(UpgradeTest, OneThatIsInterruptedAtAnyCallGoesOn) {
  for (std::uint64_t at = 1; at < 100; ++at) {
    options_.path = path("old-" + std::to_string(at));
    write_old_log(1, 1, 5);
    write_old_log(2, 6, 3);
    FaultyFileSystem files(system_file_system());
    files.set_fault({.at = at, .and_all_after = true});
    const Status opened = open(files);
    const bool was_hit = files.operations() >= at;
    Random random(at);
    engine_.reset();
    files.cut_power(random);
    ASSERT_TRUE(open()) << at;
    EXPECT_THAT(spans(), SizeIs(8)) << at;
    if (opened && !was_hit) return;
  }
  FAIL() << "the upgrade made more calls than the test foresees";
}

}  // namespace
}  // namespace kolben::storage::engine
