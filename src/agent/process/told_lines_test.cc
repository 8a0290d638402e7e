#include "agent/process/told_lines.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

class TestLines : public ToldLines {
 public:
  // Of a write of which nothing is missing.
  std::string_view untold(std::uint32_t pid, std::uint32_t tid, std::string_view bytes) {
    std::uint32_t cut = 0;
    return ToldLines::untold(pid, tid, bytes, cut);
  }
  // "text+cut": of one of which so many bytes are.
  std::string untold_of_cut(std::string_view bytes, std::uint32_t cut) {
    std::string text(ToldLines::untold(1, 2, bytes, cut));
    return text + "+" + std::to_string(cut);
  }
};

TEST(ToldLinesTest, TheLineOfARecordIsTold) {
  TestLines lines;
  lines.tell(1, 2, "Deleted task");
  EXPECT_EQ(lines.untold(1, 2, "INFO:todo:Deleted task\n"), "");
}

TEST(ToldLinesTest, WhatWasPrintedBeforeIsNot) {
  TestLines lines;
  lines.tell(1, 2, "Deleted task");
  EXPECT_EQ(lines.untold(1, 2, "hello\nINFO:todo:Deleted task\n"), "hello\n");
}

TEST(ToldLinesTest, ATracebackBelongsToItsRecord) {
  TestLines lines;
  lines.tell(1, 2, "failed\nfor good");
  EXPECT_EQ(lines.untold(1, 2, "ERROR:todo:failed\nfor good\nTraceback ...\n  File ...\n"), "");
  EXPECT_EQ(lines.untold(1, 2, "ValueError: boom\n"), "");
}

TEST(ToldLinesTest, AHandlerThatWritesSomethingElseIsKept) {
  TestLines lines;
  lines.tell(1, 2, "it's \"quoted\"");
  const std::string_view json = "{\"message\": \"it's \\\"quoted\\\"\"}\n";
  EXPECT_EQ(lines.untold(1, 2, json), json);
  lines.tell(1, 2, "");
  EXPECT_EQ(lines.untold(1, 2, "INFO:todo:\n"), "INFO:todo:\n");
}

// colorama prints what is between two colours by itself.
TEST(ToldLinesTest, ALineMayComeInPieces) {
  TestLines lines;
  lines.tell(1, 2, "a - \x1b[33mGET /\x1b[0m - 404");
  EXPECT_EQ(lines.untold(1, 2, "a - "), "");
  EXPECT_EQ(lines.untold(1, 2, "GET /"), "");
  EXPECT_EQ(lines.untold(1, 2, " - 404"), "");
  EXPECT_EQ(lines.untold(1, 2, "\n"), "");
}

TEST(ToldLinesTest, APieceOfAnotherLineIsKept) {
  TestLines lines;
  lines.tell(1, 2, "never printed");
  EXPECT_EQ(lines.untold(1, 2, "some"), "");
  EXPECT_EQ(lines.untold(1, 2, "thing\nel"), "something\n");
  lines.tell(1, 2, "said");
  EXPECT_EQ(lines.untold(1, 2, "se\nsaid\n"), "else\n");
}

TEST(ToldLinesTest, ThreadsAndProcessesAreToldApart) {
  TestLines lines;
  lines.tell(1, 2, "mine");
  EXPECT_EQ(lines.untold(1, 3, "mine\n"), "mine\n");
  EXPECT_EQ(lines.untold(2, 2, "mine\n"), "mine\n");
  EXPECT_EQ(lines.untold(1, 2, "mine\n"), "");
}

TEST(ToldLinesTest, TheNextRecordBeginsAnew) {
  TestLines lines;
  lines.tell(1, 2, "first");
  EXPECT_EQ(lines.untold(1, 2, "first\n"), "");
  lines.tell(1, 2, "second");
  EXPECT_EQ(lines.untold(1, 2, "first\n"), "first\n");
  EXPECT_EQ(lines.untold(1, 2, "second\n"), "");
}

TEST(ToldLinesTest, TheThreadThatToldFirstMakesRoom) {
  TestLines lines;
  for (std::uint32_t tid = 0; tid <= ToldLines::kThreadsMax; ++tid) lines.tell(1, tid, "text");
  EXPECT_EQ(lines.untold(1, 0, "text\n"), "text\n");
  EXPECT_EQ(lines.untold(1, 1, "text\n"), "");
}

// Three handlers: two streams and a file; before each something may stand in a buffer.
TEST(ToldLinesTest, FurtherHandlersOfARecordLoseNothingElse) {
  TestLines lines;
  lines.tell(1, 2, "Deleted task");
  lines.tell_text(1, 2, "INFO Deleted task", 17);
  EXPECT_EQ(lines.untold(1, 2, "INFO Deleted task\n"), "\n");
  lines.tell_text(1, 2, "{\"a\": 1}", 8);
  EXPECT_EQ(lines.untold(1, 2, "printed before\n{\"a\": 1}\n"), "printed before\n\n");
  lines.tell_text(1, 2, "INFO Deleted task", 17);
  EXPECT_EQ(lines.untold(1, 2, "half a lineINFO Deleted task\n"), "half a line\n");
  EXPECT_EQ(lines.untold(1, 2, "a handler's own line\n"), "a handler's own line\n");
}

TEST(ToldLinesTest, ARecordWithoutAMessageIsToldOnce) {
  TestLines lines;
  lines.tell(1, 2, "");
  lines.tell_text(1, 2, "INFO:root:", 10);
  EXPECT_EQ(lines.untold(1, 2, "INFO:root:\n"), "\n");
  lines.tell(1, 2, "");
  lines.tell_text(1, 2, "", 0);
  EXPECT_EQ(lines.untold(1, 2, "printed before\n\n"), "printed before\n\n");
}

TEST(ToldLinesTest, ATextOfSeveralWritesAndLines) {
  TestLines lines;
  lines.tell(1, 2, "message");
  lines.tell_text(1, 2, "a\na\n", 7);
  EXPECT_EQ(lines.untold(1, 2, "said\na\na\n"), "said\n\n");
  EXPECT_EQ(lines.untold(1, 2, "bcd"), "");
  EXPECT_EQ(lines.untold(1, 2, "\nsaid"), "");  // which may go on
  EXPECT_EQ(lines.untold(1, 2, " later\n"), "said later\n");
  lines.tell_text(1, 2, "a\na", 3);
  EXPECT_EQ(lines.untold(1, 2, "a\na\n"), "\n");
}

TEST(ToldLinesTest, WhatAWriteHasNotOfATextIsTheTexts) {
  TestLines lines;
  lines.tell(1, 2, "long");
  lines.tell_text(1, 2, "long", 100);
  EXPECT_EQ(lines.untold_of_cut("before\nlong text", 92), "before\n\n+0");
  EXPECT_EQ(lines.untold(1, 2, "another handler's\n"), "another handler's\n");
  lines.tell_text(1, 2, "long", 100);
  EXPECT_EQ(lines.untold_of_cut("long", 96), "\n+0");  // its line's end comes by itself
  EXPECT_EQ(lines.untold(1, 2, "\n"), "");
  EXPECT_EQ(lines.untold(1, 2, "after\n"), "after\n");
  lines.tell_text(1, 2, "a", 1);
  EXPECT_EQ(lines.untold_of_cut("other", 7), "other+7");
}

TEST(ToldLinesTest, AHalfLineThatWasCutHasNoOtherHalf) {
  TestLines lines;
  lines.tell(1, 2, "never printed");
  EXPECT_EQ(lines.untold_of_cut("cut", 10), "cut+10");
  EXPECT_EQ(lines.untold(1, 2, "next\n"), "next\n");
  lines.tell(1, 2, "said");
  EXPECT_EQ(lines.untold_of_cut("it is said", 10), "+0");
  EXPECT_EQ(lines.untold_of_cut("and goes on", 10), "+0");
}

TEST(ToldLinesTest, ATextThatWasNeverWrittenIsForgotten) {
  TestLines lines;
  lines.tell(1, 2, "queued");
  lines.tell_text(1, 2, "queued", 6);
  lines.tell(1, 2, "next");
  EXPECT_EQ(lines.untold(1, 2, "queued\n"), "queued\n");
}

// werkzeug colours its texts, and takes the colours out again where it prints to no terminal.
TEST(ToldLines, ColoursMakeNoOtherLine) {
  TestLines lines;
  lines.tell(1, 2, "\"\x1b[33mGET /nope HTTP/1.1\x1b[0m\" 404 -");
  EXPECT_EQ(lines.untold(1, 2, "before\n\"GET /nope HTTP/1.1\" 404 -\n"), "before\n");
  lines.tell(1, 2, "plain");
  EXPECT_EQ(lines.untold(1, 2, "\x1b[1mplain\x1b[0m\n"), "");
}

}  // namespace
}  // namespace kolben::agent
