#include "agent/preload/outputs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/preload/format_end.h"
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::map<int, std::string> fake_paths;
int looks = 0;
std::function<void()> during_look;

ssize_t fake_path(int file, char* path, std::size_t size) {
  ++looks;
  const auto found = fake_paths.find(file);
  if (found == fake_paths.end()) return -1;
  const std::size_t copied = std::min(size, found->second.size());
  std::memcpy(path, found->second.data(), copied);
  if (during_look) during_look();
  return static_cast<ssize_t>(copied);
}

// "3 /log/app.log: text"; what is told is "told: ...", what a call did not say "...: text+cut",
// and where that ends no line, "...: text+cut...".
class OutputsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/kolben-test-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    ring_ = create_ring((directory_ + "/ring").c_str(), 4096);
    ASSERT_NE(ring_, nullptr);
    system_ = fake_system();
    system_.file_path = fake_path;
    fake_paths = {{7, "/log/app.log"}, {8, "/log/other.txt"}, {9, "/log/error.log"}};
    looks = 0;
    reader_ = std::make_unique<RingReader>(ring_);
  }
  void TearDown() override {
    unmap_ring(ring_);
    std::filesystem::remove_all(directory_);
  }

  void begin(const std::string& patterns, bool prints = true, bool files = true) {
    if (!patterns.empty()) {
      note_log_files(ring_, patterns.c_str(), static_cast<std::uint32_t>(patterns.size()) + 1);
    }
    outputs_->init(system_, ring_, prints, files);
    outputs_->forked(1);
  }

  void write(int file, std::string text) {
    const iovec piece = {text.data(), text.size()};
    outputs_->written(thread_, file, &piece, 1, text.size());
  }

  std::vector<std::string> told() {
    std::vector<std::string> all;
    while (reader_->next(buffer_, 0) != 0) {
      Output fixed;
      std::memcpy(&fixed, buffer_ + sizeof(RecordHeader), sizeof(fixed));
      const char* text = reinterpret_cast<char*>(buffer_) + sizeof(RecordHeader) + sizeof(fixed);
      std::string line = std::to_string(fixed.file_descriptor);
      if (fixed.path_size != 0) line += " " + std::string(text, fixed.path_size);
      line += fixed.is_told != 0 ? " told: " : ": ";
      line += std::string(text + fixed.path_size, fixed.bytes_size);
      if (fixed.bytes_cut != 0) line += "+" + std::to_string(fixed.bytes_cut);
      if (fixed.goes_on != 0) line += "...";
      all.push_back(line);
    }
    return all;
  }

  std::string directory_;
  RingHeader* ring_ = nullptr;
  System system_;
  ThreadState thread_;
  std::unique_ptr<Outputs> outputs_ = std::make_unique<Outputs>();
  std::unique_ptr<RingReader> reader_;
  std::uint8_t buffer_[kRecordBytesMax];
};

TEST_F(OutputsTest, WhereNothingIsNamedNobodyLooks) {
  begin("");
  EXPECT_TRUE(outputs_->may_have(1) && outputs_->may_have(2));
  EXPECT_FALSE(outputs_->may_have(0) || outputs_->may_have(3) || outputs_->may_have(-1));
  EXPECT_FALSE(outputs_->may_have(stdin));
  write(1, "printed\n");
  write(7, "a line\n");
  EXPECT_EQ(looks, 0);
  EXPECT_THAT(told(), ElementsAre("1: printed\n"));
}

TEST(FormatEnd, WhatIsPrintedLastMayEndTheLine) {
  for (const char* format : {"x", "%s]", "%d%%", "%-5.*ld ", "\n%s: ", "100%%%c!"}) {
    EXPECT_TRUE(ends_within_line(format)) << format;
  }
  for (const char* format : {"", "\n", "%s\n", "%s", "x%5.3lld", "x%", "x%l", "%%%s"}) {
    EXPECT_FALSE(ends_within_line(format)) << format;
  }
}

TEST_F(OutputsTest, WhatACallDidNotSayIsCounted) {
  begin("");
  OutputSource* output = outputs_->source_of(1);
  outputs_->printed(thread_, *output, "begins", 6);
  outputs_->printed(thread_, *output, ", goes on", 9, {40});
  EXPECT_THAT(told(), ElementsAre("1: begins, goes on+40"));
  outputs_->printed(thread_, *output, "begins", 6, {40, true});
  EXPECT_THAT(told(), ElementsAre("1: begins+40..."));
}

// Another thread closes the number while it is looked at, and it becomes another file's.
TEST_F(OutputsTest, ANumberThatIsClosedWhileItIsLookedAtIsLookedAtAgain) {
  begin("/log/*.log");
  during_look = [this] { outputs_->replaced(thread_, 7); };
  write(7, "old\n");
  during_look = nullptr;
  fake_paths[7] = "/srv/data";
  write(7, "new\n");
  for (const std::string& line : told()) EXPECT_EQ(line.find("new"), std::string::npos) << line;
}

TEST_F(OutputsTest, WhatIsWrittenToANamedFileIsToldWithItsPath) {
  begin("/log/*.log");
  write(7, "a line\n");
  write(8, "of no interest\n");
  write(9, "an error\n");
  write(1, "printed\n");
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: a line\n", "4 /log/error.log: an error\n",
                                  "1: printed\n"));
}

TEST_F(OutputsTest, ANumberIsLookedAtOnceUntilItIsClosed) {
  begin("/log/app.log");
  for (int i = 0; i < 3; ++i) write(8, "x\n");
  for (int i = 0; i < 3; ++i) write(7, "x\n");
  EXPECT_EQ(looks, 2);
  EXPECT_TRUE(outputs_->knows(7) && outputs_->knows(8) && !outputs_->knows(9));
  // They change places, as after a rotation.
  outputs_->replaced(thread_, 7);
  outputs_->replaced(thread_, 8);
  std::swap(fake_paths[7], fake_paths[8]);
  told();
  write(7, "x\n");
  write(8, "new\n");
  EXPECT_EQ(looks, 4);
  EXPECT_THAT(told(), ElementsAre("4 /log/app.log: new\n"));
}

// The kernel says so behind the name of a file that the program has taken away since.
TEST_F(OutputsTest, AFileWhoseNameIsGoneIsToldByTheNameThatItHad) {
  begin("/log/app.log");
  fake_paths[7] = "/log/app.log (deleted)";
  fake_paths[8] = "/log/other.log (deleted)";
  fake_paths[9] = " (deleted)";
  for (int file : {7, 8, 9}) write(file, "x\n");
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: x\n"));
}

TEST_F(OutputsTest, ConnectionsThatAreFollowedAreNotLookedAt) {
  begin("/log/app.log");
  auto connections = std::make_unique<Connections>();
  Sampler sampler;
  connections->init(system_, ring_, sampler, 0);
  connections->forked(1, 1);
  connections->accepted(thread_, 7, nullptr, 0);
  outputs_->set_connections(*connections);
  write(7, "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(looks, 0);
  connections->closed(thread_, 7);
  outputs_->replaced(thread_, 7);
  write(7, "a line\n");
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: a line\n"));
}

TEST_F(OutputsTest, WhereAShimIsNotSureALineHasNoIdsWhileOthersAreServed) {
  begin("/log/app.log");
  auto connections = std::make_unique<Connections>();
  Sampler sampler;
  connections->init(system_, ring_, sampler, 0);
  connections->forked(1, 1);
  outputs_->set_connections(*connections);
  thread_.request_context.trace_id[0] = 7;  // of a request that has ended
  thread_.is_told_of_writes = true;
  write(7, "alone\n");
  ThreadState other;
  char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const iovec piece = {request, sizeof(request) - 1};
  connections->accepted(other, 20, nullptr, 0);
  connections->received(other, 20, &piece, 1, piece.iov_len);
  write(7, "of whom?\n");
  write(1, "printed\n");  // the shim has said for whom
  const auto first_byte = [&] {
    EXPECT_NE(reader_->next(buffer_, 0), 0U);
    Output fixed;
    std::memcpy(&fixed, buffer_ + sizeof(RecordHeader), sizeof(fixed));
    return fixed.context.trace_id[0];
  };
  EXPECT_EQ(first_byte(), 7);
  EXPECT_EQ(first_byte(), 0);
  EXPECT_EQ(first_byte(), 7);
}

TEST_F(OutputsTest, TheLineOfAFileThatIsClosedEnds) {
  begin("/log/*.log");
  write(7, "whole\n");
  write(9, "half");
  outputs_->replaced(thread_, 7);
  outputs_->replaced(thread_, 9);
  outputs_->replaced(thread_, 9);
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: whole\n", "4 /log/error.log: half",
                                  "4 /log/error.log: "));
}

TEST_F(OutputsTest, ManyNumbersAreClosedAtOnce) {
  begin("/log/*.log");
  write(7, "half");
  write(9, "half");
  outputs_->replaced_range(thread_, 8, ~0U);
  EXPECT_TRUE(outputs_->knows(7));
  EXPECT_FALSE(outputs_->knows(9));
  EXPECT_EQ(told().size(), 3U);
  outputs_->replaced_range(thread_, 0, 7);
  EXPECT_FALSE(outputs_->knows(7));
}

TEST_F(OutputsTest, TheProgramsOwnOutputIsToldOnceWhereverItGoes) {
  begin("/log/app.log");
  fake_paths[1] = "/log/app.log";
  write(1, "printed\n");
  EXPECT_THAT(told(), ElementsAre("1: printed\n"));
}

TEST_F(OutputsTest, AnOutputThatIsReplacedByANamedFileIsThatFile) {
  note_outputs(ring_);  // this program's own
  begin("/log/app.log");
  const int before = dup(1);
  const int other = open("/dev/null", O_WRONLY | O_CLOEXEC);
  fake_paths[1] = "/log/app.log";
  outputs_->replaced(thread_, 1);
  dup2(other, 1);
  write(1, "to the file\n");
  outputs_->replaced(thread_, 1);
  dup2(before, 1);
  write(1, "printed\n");
  close(before);
  close(other);
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: to the file\n", "1: printed\n"));
}

// A shell's `echo said >&2`: for that line its stderr is what its number 1 stands for.
TEST_F(OutputsTest, AnOutputIsTheOneOfTheProgramThatTheNumberStandsFor) {
  const int before[] = {dup(1), dup(2)};
  const int out = open((directory_ + "/out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const int error = open((directory_ + "/error").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  dup2(out, 1);
  dup2(error, 2);
  note_outputs(ring_);
  begin("");
  write(1, "printed\n");
  for (const auto& [file, line] : {std::pair(error, "said\n"), std::pair(out, "printed\n")}) {
    outputs_->replaced(thread_, 1);
    dup2(file, 1);
    write(1, line);
  }
  write(2, "said\n");
  dup2(before[0], 1);
  dup2(before[1], 2);
  for (const int file : {before[0], before[1], out, error}) close(file);
  EXPECT_THAT(told(), ElementsAre("1: printed\n", "2: said\n", "1: printed\n", "2: said\n"));
}

TEST_F(OutputsTest, WhatAMarkedLineWillBeIsToldWhileItIsMarked) {
  begin("");
  outputs_->text_is_told(thread_, "INFO", 4, 9);
  thread_.output_told_depth = 1;
  outputs_->text_is_told(thread_, "INFO", 4, 9);
  const std::uint32_t size = reader_->next(buffer_, 0);
  ASSERT_GE(size, sizeof(RecordHeader) + sizeof(ToldText) + 4);
  ToldText fixed;
  std::memcpy(&fixed, buffer_ + sizeof(RecordHeader), sizeof(fixed));
  EXPECT_EQ(fixed.size, 9U);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + sizeof(RecordHeader) + sizeof(fixed),
                        fixed.begin_size),
            "INFO");
  EXPECT_EQ(reader_->next(buffer_, 0), 0U);
}

TEST_F(OutputsTest, FilesAreToldWhereTheProgramsOutputIsNotWanted) {
  begin("/log/app.log", false);
  write(1, "printed\n");
  write(7, "a line\n");
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: a line\n"));
}

TEST_F(OutputsTest, NothingIsToldWhereNobodyWantsLogs) {
  begin("/log/app.log", false, false);
  EXPECT_FALSE(outputs_->may_have(1) || outputs_->may_have(7) || outputs_->may_have(stdout));
  write(7, "a line\n");
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(OutputsTest, WhatTheThreadHasToldIsMarked) {
  begin("/log/app.log");
  thread_.output_told_depth = 1;
  write(7, "a line\n");
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log told: a line\n"));
}

TEST_F(OutputsTest, AWriteThatIsTooMuchIsCut) {
  begin("/log/app.log");
  constexpr std::size_t kKept = std::size_t{kOutputRecordsMax} * kOutputBytesMax;
  write(7, std::string(kKept + 5, 'x'));
  const std::vector<std::string> all = told();
  ASSERT_EQ(all.size(), kOutputRecordsMax);
  EXPECT_EQ(all.back(), "3 /log/app.log: " + std::string(kOutputBytesMax, 'x') + "+5...");
  write(7, std::string(kKept + 5, 'x') + "\n");
  EXPECT_TRUE(told().back().ends_with("x+6"));
  write(7, std::string(kKept, 'x'));
  EXPECT_TRUE(told().back().ends_with("x"));
}

TEST_F(OutputsTest, FilesBeyondTheBoundAreCounted) {
  begin("/many/*");
  for (int file = 100; file < 100 + LogFiles::kFilesMax + 2; ++file) {
    fake_paths[file] = "/many/" + std::to_string(file);
    write(file, "x\n");
  }
  EXPECT_EQ(told().size(), static_cast<std::size_t>(LogFiles::kFilesMax));
  EXPECT_EQ(reader_->untraced(), 2U);
  outputs_->replaced(thread_, 100);
  outputs_->replaced(thread_, 100 + LogFiles::kFilesMax);
  write(100 + LogFiles::kFilesMax, "there is room\n");
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(OutputsTest, PathsThatAreNoneOrTooLongAreNotFollowed) {
  begin("/*");
  fake_paths[20] = "socket:[1]";
  fake_paths[21] = "/" + std::string(kLogPathBytesMax, 'x');
  fake_paths[22] = "/" + std::string(kLogPathBytesMax - 2, 'x');
  for (int file = 20; file < 24; ++file) write(file, "x\n");
  write(LogFiles::kNumbersMax, "x\n");
  write(-1, "x\n");
  EXPECT_THAT(told(), ElementsAre("3 " + fake_paths[22] + ": x\n"));
  EXPECT_EQ(looks, 4);
}

TEST_F(OutputsTest, LookingAheadLeavesAloneWhatIsNotOpenYet) {
  begin("/log/*.log");
  outputs_->look_ahead();
  EXPECT_TRUE(outputs_->knows(7) && outputs_->knows(8));
  EXPECT_FALSE(outputs_->knows(20));
  fake_paths[20] = "/log/new.log";
  write(20, "x\n");
  fake_paths.clear();  // nobody may look any more
  write(7, "y\n");
  const std::vector<std::string> all = told();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].ends_with("/log/new.log: x\n") && all[1].ends_with("/log/app.log: y\n"));
}

TEST_F(OutputsTest, AForksChildLeavesTheHalfLinesToItsParent) {
  begin("/log/app.log");
  OutputSource* source = outputs_->source_of(7);
  ASSERT_NE(source, nullptr);
  outputs_->printed(thread_, *source, "half", 4);
  write(7, "written");
  outputs_->forked(2);
  outputs_->printed(thread_, *source, "whole\n", 6);
  outputs_->replaced(thread_, 7);
  EXPECT_THAT(told(), ElementsAre("3 /log/app.log: written", "3 /log/app.log: whole\n"));
}

// A stream of the C library's within which the path is named.
TEST_F(OutputsTest, WhatIsPrintedIsToldLineByLineAndBeforeTheFileIsClosed) {
  begin("/log/stream.log");
  FILE* stream = fopen("/dev/null", "w");
  fake_paths[fileno(stream)] = "/log/stream.log";
  const auto print = [&](const char* text) {
    OutputSource* source = outputs_->enter(thread_, stream);
    ASSERT_NE(source, nullptr);
    fputs(text, stream);
    outputs_->printed(thread_, *source, text, std::strlen(text));
    Outputs::leave(*source, stream);
  };
  print("one ");
  EXPECT_THAT(told(), IsEmpty());
  print("line\n");
  __putc_unlocked_body('x', stream);
  print("y");
  outputs_->replaced(thread_, fileno(stream));
  fclose(stream);
  EXPECT_THAT(told(), ElementsAre("3 /log/stream.log: one line\n", "3 /log/stream.log: xy",
                                  "3 /log/stream.log: "));
  EXPECT_EQ(outputs_->enter(thread_, nullptr), nullptr);
}

TEST_F(OutputsTest, AStreamWithoutAFileIsOfNoInterest) {
  begin("/*");
  char memory[16];
  FILE* stream = fmemopen(memory, sizeof(memory), "w");
  EXPECT_EQ(outputs_->enter(thread_, stream), nullptr);
  fclose(stream);
  EXPECT_EQ(looks, 0);
}

}  // namespace
}  // namespace kolben::agent
