#include "agent/process/told_lines.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(ToldLinesTest, TheLineOfARecordIsTold) {
  ToldLines lines;
  lines.tell(1, 2, "Deleted task");
  EXPECT_EQ(lines.untold(1, 2, "INFO:todo:Deleted task\n"), "");
}

TEST(ToldLinesTest, WhatWasPrintedBeforeIsNot) {
  ToldLines lines;
  lines.tell(1, 2, "Deleted task");
  EXPECT_EQ(lines.untold(1, 2, "hello\nINFO:todo:Deleted task\n"), "hello\n");
}

TEST(ToldLinesTest, ATracebackBelongsToItsRecord) {
  ToldLines lines;
  lines.tell(1, 2, "failed\nfor good");
  EXPECT_EQ(lines.untold(1, 2, "ERROR:todo:failed\nfor good\nTraceback ...\n  File ...\n"), "");
  EXPECT_EQ(lines.untold(1, 2, "ValueError: boom\n"), "");
}

TEST(ToldLinesTest, AHandlerThatWritesSomethingElseIsKept) {
  ToldLines lines;
  lines.tell(1, 2, "it's \"quoted\"");
  const std::string_view json = "{\"message\": \"it's \\\"quoted\\\"\"}\n";
  EXPECT_EQ(lines.untold(1, 2, json), json);
  lines.tell(1, 2, "");
  EXPECT_EQ(lines.untold(1, 2, "INFO:todo:\n"), "INFO:todo:\n");
}

// colorama prints what is between two colours by itself.
TEST(ToldLinesTest, ALineMayComeInPieces) {
  ToldLines lines;
  lines.tell(1, 2, "a - \x1b[33mGET /\x1b[0m - 404");
  EXPECT_EQ(lines.untold(1, 2, "a - "), "");
  EXPECT_EQ(lines.untold(1, 2, "GET /"), "");
  EXPECT_EQ(lines.untold(1, 2, " - 404"), "");
  EXPECT_EQ(lines.untold(1, 2, "\n"), "");
}

TEST(ToldLinesTest, APieceOfAnotherLineIsKept) {
  ToldLines lines;
  lines.tell(1, 2, "never printed");
  EXPECT_EQ(lines.untold(1, 2, "some"), "");
  EXPECT_EQ(lines.untold(1, 2, "thing\nel"), "something\n");
  lines.tell(1, 2, "said");
  EXPECT_EQ(lines.untold(1, 2, "se\nsaid\n"), "else\n");
}

TEST(ToldLinesTest, ThreadsAndProcessesAreToldApart) {
  ToldLines lines;
  lines.tell(1, 2, "mine");
  EXPECT_EQ(lines.untold(1, 3, "mine\n"), "mine\n");
  EXPECT_EQ(lines.untold(2, 2, "mine\n"), "mine\n");
  EXPECT_EQ(lines.untold(1, 2, "mine\n"), "");
}

TEST(ToldLinesTest, TheNextRecordBeginsAnew) {
  ToldLines lines;
  lines.tell(1, 2, "first");
  EXPECT_EQ(lines.untold(1, 2, "first\n"), "");
  lines.tell(1, 2, "second");
  EXPECT_EQ(lines.untold(1, 2, "first\n"), "first\n");
  EXPECT_EQ(lines.untold(1, 2, "second\n"), "");
}

TEST(ToldLinesTest, TheThreadThatToldFirstMakesRoom) {
  ToldLines lines;
  for (std::uint32_t tid = 0; tid <= ToldLines::kThreadsMax; ++tid) lines.tell(1, tid, "text");
  EXPECT_EQ(lines.untold(1, 0, "text\n"), "text\n");
  EXPECT_EQ(lines.untold(1, 1, "text\n"), "");
}

// werkzeug colours its texts, and takes the colours out again where it prints to no terminal.
TEST(ToldLines, ColoursMakeNoOtherLine) {
  ToldLines lines;
  lines.tell(1, 2, "\"\x1b[33mGET /nope HTTP/1.1\x1b[0m\" 404 -");
  EXPECT_EQ(lines.untold(1, 2, "before\n\"GET /nope HTTP/1.1\" 404 -\n"), "before\n");
  lines.tell(1, 2, "plain");
  EXPECT_EQ(lines.untold(1, 2, "\x1b[1mplain\x1b[0m\n"), "");
}

}  // namespace
}  // namespace kolben::agent
