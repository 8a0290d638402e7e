#include "agent/process/severity.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(Severity, OfPrintedLines) {
  const auto expect = [](std::string_view line, std::int32_t number) {
    EXPECT_EQ(severity_of_line(line).number, number) << line;
  };
  expect("WARNING: This is a development server.", 13);
  expect("INFO:werkzeug:Press CTRL+C to quit", 9);
  expect("2026/11/23 09:00:00 [error] 12#0: open() failed", 17);
  expect("2026/11/23 09:00:00 [emerg] 12#0: bind() failed", 21);
  expect("2024-10-28 14:20:33,123 ERROR [app] boom", 17);
  expect("time=x level=warn msg=careful", 13);
  expect("error: cannot open", 17);
  expect("Traceback (most recent call last):", 17);
  expect("{\"level\":\"info\",\"msg\":\"ERROR is a word\"}", 9);
  expect("{\"time\":1,\"severity\": \"CRITICAL\"}", 21);
  expect("{\"level\":40,\"msg\":\"pino\"}", 13);
  expect("an error occurred, no information", 0);
  expect("ERRORS were 0", 0);
  expect(" * Debug mode: off", 0);
  expect("127.0.0.1 - - [28/Oct/2024 14:20:33] \"GET / HTTP/1.1\" 200 -", 0);
  expect("", 0);
  expect("{\"level\":", 0);
}

TEST(Severity, NumbersHaveTheirNames) {
  EXPECT_EQ(severity_by_number(9).text, "INFO");
  EXPECT_EQ(severity_by_number(14).text, "WARN2");
  EXPECT_EQ(severity_by_number(0).text, "");
  EXPECT_EQ(severity_by_number(25).number, 0);
}

}  // namespace
}  // namespace kolben::agent
