#include "agent/process/line_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineAssemblerTest : public ::testing::Test {
 protected:
  void write(std::string_view bytes, std::uint32_t file_descriptor = 1, std::uint32_t pid = 1,
             std::string_view path = {}) {
    Output output;
    output.file_descriptor = file_descriptor;
    lines_.add(pid, output, path, bytes);
  }

  void write_cut(std::string_view bytes, bool goes_on, std::uint32_t file_descriptor = 1) {
    Output output;
    output.file_descriptor = file_descriptor;
    output.bytes_cut = 5;
    output.goes_on = goes_on ? 1 : 0;
    lines_.add(1, output, {}, bytes);
  }

  std::vector<std::string> got_;
  LineAssembler lines_{[this](const Line& line) { got_.emplace_back(line.text); }};
};

TEST_F(LineAssemblerTest, LinesComeInPiecesAndInHeaps) {
  write("one\ntwo\nthr");
  EXPECT_THAT(got_, ElementsAre("one", "two"));
  write("ee\n");
  EXPECT_THAT(got_, ElementsAre("one", "two", "three"));
}

TEST_F(LineAssemblerTest, ALineThatWasCutIsOneLineWhateverGoesOnWithIt) {
  write("he");
  write_cut("ad", true);
  EXPECT_THAT(got_, ElementsAre("head"));
  write("its rest");
  write_cut("more of it", true);
  write("err\n", 2);
  write("its end\nnext\n");
  EXPECT_THAT(got_, ElementsAre("head", "err", "next"));
  EXPECT_EQ(lines_.cut(), std::string_view("its rest"
                                           "more of it"
                                           "its end")
                              .size());
}

TEST_F(LineAssemblerTest, ACutLineThatEndsThereIsFollowedByAnother) {
  write_cut("head", false);
  write("next\n");
  EXPECT_THAT(got_, ElementsAre("head", "next"));
}

TEST_F(LineAssemblerTest, OfACutLineNothingIsLeftAtTheEnd) {
  write_cut("one\nhead", true);
  write("rest");
  lines_.flush_process(1);
  lines_.flush_all();
  EXPECT_THAT(got_, ElementsAre("one", "head"));
  write("another\n");
  EXPECT_THAT(got_, ElementsAre("one", "head", "another"));
}

TEST_F(LineAssemblerTest, DescriptorsAndProcessesAreKeptApart) {
  write("out ", 1);
  write("err ", 2);
  write("other ", 1, 2);
  write("a\n", 1);
  write("b\n", 2);
  write("c\n", 1, 2);
  EXPECT_THAT(got_, ElementsAre("out a", "err b", "other c"));
}

TEST_F(LineAssemblerTest, AnEndedProcessGivesOutWhatHasNoNewline) {
  write("prompt> ", 1, 7);
  write("other", 1, 8);
  lines_.flush_process(7);
  EXPECT_THAT(got_, ElementsAre("prompt> "));
  lines_.flush_all();
  EXPECT_THAT(got_, ElementsAre("prompt> ", "other"));
}

TEST_F(LineAssemblerTest, LinesOfFilesKnowTheirFile) {
  std::vector<std::string> paths;
  LineAssembler lines([&](const Line& line) { paths.emplace_back(line.path); });
  Output output;
  output.file_descriptor = kFirstLogFile;
  {
    const std::string path = "/log/app.log";
    lines.add(1, output, path, "one\nhalf");
  }
  lines.add(1, output, "/log/app.log", " a line\n");
  EXPECT_THAT(paths, ElementsAre("/log/app.log", "/log/app.log"));
}

TEST_F(LineAssemblerTest, AFileThatIsClosedGivesOutItsHalfLine) {
  write("half", kFirstLogFile, 1, "/log/app.log");
  write("other", kFirstLogFile + 1, 1, "/log/app.log");
  lines_.flush_file(1, kFirstLogFile);
  lines_.flush_file(1, kFirstLogFile);
  EXPECT_THAT(got_, ElementsAre("half"));
}

TEST_F(LineAssemblerTest, AnEndlessLineIsCutAndNothingIsLost) {
  const std::string piece(16 * 1024, 'x');
  for (int i = 0; i < 5; ++i) write(piece);
  lines_.flush_all();
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[0].size(), LineAssembler::kLineBytesMax);
  EXPECT_EQ(got_[1].size(), piece.size());
}

TEST_F(LineAssemblerTest, TooManyHalfLinesGiveOutTheOldest) {
  for (std::uint32_t pid = 0; pid < LineAssembler::kStreamsMax; ++pid) write("half", 1, pid);
  EXPECT_THAT(got_, IsEmpty());
  write("more", 1, 100'000);
  EXPECT_THAT(got_, ElementsAre("half"));
}

TEST(PlainText, EscapesAndControlCharactersAreGone) {
  EXPECT_EQ(plain_text("\x1b[31m\x1b[1mWARNING\x1b[0m: x\ty\r"), "WARNING: x\ty");
  EXPECT_EQ(plain_text("\x1b]0;title\x07shell"), "shell");
  EXPECT_EQ(plain_text("\x1b]8;;http://x\x1b\\link"), "link");
  EXPECT_EQ(plain_text(" 10%\r 20%\r100%"), "100%");
  EXPECT_EQ(plain_text("bell\x07 \x1b"), "bell ");
  EXPECT_EQ(plain_text("\x1b["), "");
}

}  // namespace
}  // namespace kolben::agent
