#include "agent/preload/python_path.h"

#include <gtest/gtest.h>

#include <vector>

namespace kolben::agent {
namespace {

TEST(PythonPathTest, OursIsFirstAndTheRestStays) {
  const auto check = [](const char* list, const char* want) {
    char result[64];
    ASSERT_TRUE(put_first("/ours", list, result, sizeof(result)));
    EXPECT_STREQ(result, want) << (list == nullptr ? "none" : list);
  };
  check(nullptr, "/ours");
  check("", "/ours");
  check("/a:/b", "/ours:/a:/b");
  check("/ours:/a", "/ours:/a");
  check("/a:/ours", "/ours:/a");
  check("/oursish", "/ours:/oursish");
  check(":/a", "/ours::/a");
  check("/a:", "/ours:/a:");
}

TEST(PythonPathTest, AListThatIsTooLongIsLeftAlone) {
  char result[16];
  EXPECT_FALSE(put_first("/ours", "/a/rather/long/one", result, sizeof(result)));
  EXPECT_FALSE(put_first("/a/rather/long/one", nullptr, result, sizeof(result)));
  EXPECT_TRUE(put_first("/ours", "/12345678", result, sizeof(result)));
}

TEST(PythonPathTest, OptionsThatKeepPythonOnItsOwn) {
  const auto check = [](std::vector<const char*> arguments, bool want) {
    arguments.insert(arguments.begin(), "python3");
    EXPECT_EQ(is_python_on_its_own(static_cast<int>(arguments.size()),
                                   const_cast<char* const*>(arguments.data())),
              want)
        << arguments.back();
  };
  check({}, false);
  check({"-I", "a.py"}, true);
  check({"-uE", "a.py"}, true);
  check({"-OS"}, true);
  check({"-X", "dev", "-S"}, true);
  check({"-Xdev", "-WE", "a.py"}, false);
  check({"-W", "-I", "a.py"}, false);
  check({"a.py", "-I"}, false);
  check({"-", "-I"}, false);
  check({"-c", "pass", "-I"}, false);
  check({"-mI"}, false);
  check({"-ISm", "x"}, true);
  check({"--check-hash-based-pycs", "-I"}, true);
}

TEST(PythonPathTest, OtherAgentsAreSeen) {
  EXPECT_FALSE(has_other_agent(nullptr));
  EXPECT_FALSE(has_other_agent("/home/ann/lib:/srv/app"));
  EXPECT_TRUE(has_other_agent("/srv/app:/usr/lib/python3/dist-packages/ddtrace/bootstrap"));
  EXPECT_TRUE(has_other_agent(
      "/venv/lib/python3.11/site-packages/opentelemetry/instrumentation/auto_instrumentation"));
}

}  // namespace
}  // namespace kolben::agent
