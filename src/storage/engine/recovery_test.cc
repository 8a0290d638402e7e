// What a start finds after accidents: logs cut at any byte, flipped bytes, failing calls, power
// cuts.
#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "base/random.h"
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
      ends_.push_back(engine_->views().back()->facts.log_bytes);
    }
    return copy_of_files("killed") + "/segments/000001.log";
  }

  std::uint64_t spans_after_start(const std::string& directory) {
    options_.path = directory;
    const Status opened = open();
    EXPECT_TRUE(opened) << opened.to_string();
    return opened ? engine_->stats().spans : 0;
  }

  std::vector<std::uint64_t> ends_;  // of the records in the log
};

TEST_F(RecoveryTest, ALogCutAtAnyByteKeepsEveryWholeRecord) {
  const std::string log = killed_store(4);
  for (std::uint64_t size = ends_[2]; size <= ends_[3]; ++size) {
    const std::string copy = path("cut");
    std::filesystem::remove_all(copy);
    std::filesystem::copy(path("killed"), copy, std::filesystem::copy_options::recursive);
    std::filesystem::resize_file(copy + "/segments/000001.log", size);
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
    std::filesystem::remove_all(copy);
    std::filesystem::copy(path("killed"), copy, std::filesystem::copy_options::recursive);
    {
      std::fstream file(copy + "/segments/000001.log",
                        std::ios::in | std::ios::out | std::ios::binary);
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

TEST_F(RecoveryTest, ADamagedIndexIsMadeAnewFromItsLog) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}, {.trace = 2, .id = 2}})));
  ASSERT_TRUE(engine_->close());
  const std::string index = options_.path + "/segments/000001.idx";
  for (const std::uint64_t at : {0U, 9U, 17U, 29U, 40U, 100U}) {
    engine_.reset();
    std::fstream file(index, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put('\x77');
    file.close();
    EXPECT_EQ(spans_after_start(options_.path), 2U) << at;
    EXPECT_TRUE(engine_->get_trace(trace_id(2)));
    ASSERT_TRUE(engine_->close());
  }
  engine_.reset();
  std::filesystem::resize_file(index, 50);
  EXPECT_EQ(spans_after_start(options_.path), 2U);
  ASSERT_TRUE(engine_->close());
  engine_.reset();
  std::filesystem::remove(index);
  EXPECT_EQ(spans_after_start(options_.path), 2U);
}

// Runs a store until its disk fails, for every call that can fail: what was acknowledged is there
// afterwards, and nothing twice.
class FaultTest : public RecoveryTest, public testing::WithParamInterface<int> {
 protected:
  Fault fault(std::uint64_t at) const {
    switch (GetParam()) {
      case 0:
        return {.at = at};
      case 1:
        return {.at = at, .and_all_after = true};
      case 2:
        return {.at = at, .kind = Fault::Kind::kShortWrite};
      case 3:
        return {.at = at, .error_number = ENOSPC};
      default:
        return {.at = at, .only_syncs = true};
    }
  }
};

TEST_P(FaultTest, NothingAcknowledgedIsMissingAndNothingIsDoubled) {
  constexpr std::uint64_t kBatches = 12;
  Random random(11);
  for (std::uint64_t at = 1; at < 200; ++at) {
    options_.path = path("faulty-" + std::to_string(at));
    FaultyFileSystem files(system_file_system());
    files.set_fault(fault(at));
    std::set<std::uint64_t> acknowledged;
    const Status opened = open(files);
    if (opened) {
      for (std::uint64_t i = 1; i <= kBatches; ++i) {
        const auto batch = [i] {
          return make_spans(
              {{.trace = i, .id = i, .attributes = {{"filler", std::string(12'000, 'x')}}}});
        };
        // A sender tries again, a little later.
        for (int attempt = 0; attempt < 3; ++attempt) {
          if (store(*engine_, batch())) {
            acknowledged.insert(i);
            break;
          }
          clock_.advance_nanos(1'000'000'000);
        }
      }
      if (at % 2 == 0) static_cast<void>(engine_->close());
    }
    const bool was_hit = files.operations() >= at;
    std::string survivor = options_.path;
    if (engine_ && at % 2 == 1) {
      survivor = copy_of_files("survivor-" + std::to_string(at));
    }
    engine_.reset();
    if (survivor == options_.path) files.cut_power(random);
    options_.path = survivor;
    ASSERT_TRUE(open()) << at;
    for (const std::uint64_t i : acknowledged) {
      const auto trace = engine_->get_trace(trace_id(i));
      ASSERT_TRUE(trace) << "fault " << at << ", span " << i;
      EXPECT_EQ(trace->items(), 1U) << "fault " << at << ", span " << i;
    }
    EXPECT_LE(engine_->stats().spans, kBatches) << at;
    engine_.reset();
    std::filesystem::remove_all(survivor);
    if (!was_hit) return;
  }
  FAIL() << "the store made more calls than the test foresees";
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, testing::Range(0, 5));

TEST_F(RecoveryTest, AFullDiskRefusesAndGoesOnWhenThereIsRoom) {
  ASSERT_TRUE(open(files_));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  files_.set_room(0);
  const Status refused = store(*engine_, make_spans({{.trace = 2, .id = 2}}));
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(refused.is_retryable());
  EXPECT_TRUE(engine_->get_trace(trace_id(1)));  // reading goes on
  files_.set_room(UINT64_MAX);
  clock_.advance_nanos(1'000'000'000);
  EXPECT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  EXPECT_EQ(engine_->get_trace(trace_id(2))->items(), 1U);
}

TEST_F(RecoveryTest, AStartOnAFullDiskIsRefused) {
  files_.set_room(4096);
  const Status refused = open(files_);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted) << refused.to_string();
  EXPECT_NE(refused.message().find(options_.path), std::string_view::npos);
}

TEST_F(RecoveryTest, AFailedSyncIsNeverRepeated) {
  ASSERT_TRUE(open(files_));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  files_.set_fault({.at = 1, .only_syncs = true});
  EXPECT_EQ(store(*engine_, make_spans({{.trace = 2, .id = 2}})).code(), StatusCode::kUnavailable);
  EXPECT_THAT(reports_, testing::Contains(testing::HasSubstr("refuses data")));
  clock_.advance_nanos(1'000'000'000);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 2}})));
  EXPECT_EQ(engine_->views().back()->number, 2U);  // another segment
  EXPECT_EQ(engine_->get_trace(trace_id(2))->items(), 1U);
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
  ASSERT_TRUE(open());
  const auto second = Engine::open(options_, system_file_system(), clock_, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(std::string(second.error().message()), testing::HasSubstr("another kolben (pid"));
}

}  // namespace
}  // namespace kolben::storage::engine
