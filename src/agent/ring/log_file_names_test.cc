#include "agent/ring/log_file_names.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "agent/ring/log_file_pattern.h"
#include "agent/ring/ring.h"

namespace kolben::agent {
namespace {

bool matches(const char* pattern, const std::string& path) {
  return matches_log_file(pattern, path.data(), path.size());
}

TEST(LogFilePattern, APathIsItselfAlone) {
  EXPECT_TRUE(matches("/log/app.log", "/log/app.log"));
  for (const char* other : {"/log/app.log.1", "/log/app.lo", "/log/xpp.log", "/app.log", ""}) {
    EXPECT_FALSE(matches("/log/app.log", other)) << other;
  }
}

TEST(LogFilePattern, StarsAndQuestionMarksStayWithinADirectory) {
  EXPECT_TRUE(matches("/log/*.log", "/log/app.log"));
  EXPECT_TRUE(matches("/log/*.log", "/log/.log"));
  EXPECT_TRUE(matches("/log/*.log", "/log/a.log.b.log"));
  EXPECT_TRUE(matches("/log/*", "/log/x"));
  EXPECT_TRUE(matches("/log/a?c*e", "/log/abcde"));
  EXPECT_TRUE(matches("/*/app.log", "/log/app.log"));
  EXPECT_TRUE(matches("/*/*/*", "/a/b/c"));
  EXPECT_TRUE(matches("/log/**", "/log/app"));
  EXPECT_FALSE(matches("/log/*.log", "/log/old/app.log"));
  EXPECT_FALSE(matches("/log?app", "/log/app"));
  EXPECT_FALSE(matches("/log/?", "/log/"));
  EXPECT_FALSE(matches("/*/app.log", "/a/b/app.log"));
  EXPECT_FALSE(matches("/log/*.log", "/log/app.txt"));
}

TEST(LogFilePattern, ManyStarsTakeNoLongTime) {
  std::string pattern = "/";
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(matches((pattern + "b").c_str(), "/" + std::string(500, 'a')));
}

// In a directory of its own, which is the current one.
class LogFileNamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    char directory[] = "/tmp/kolben-test-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = std::filesystem::canonical(directory);
    std::filesystem::current_path(directory_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }

  std::vector<std::string> patterns() const {
    std::vector<std::string> all;
    for (std::uint32_t at = 0; at < names_.size();) {
      all.emplace_back(names_.patterns() + at);
      at += static_cast<std::uint32_t>(all.back().size()) + 1;
    }
    return all;
  }
  // False: at least one is left out.
  bool add_list(const std::string& list) {
    bool has_all = true;
    names_.add_list(list.c_str(), [&](const char*, std::size_t, LogFileFault) { has_all = false; });
    return has_all;
  }
  LogFileFault add(const std::string& name) { return names_.add(name.data(), name.size()); }
  std::string here(const std::string& name) const { return directory_.string() + "/" + name; }

  std::filesystem::path before_, directory_;
  LogFileNames names_;
};

TEST_F(LogFileNamesTest, RelativeNamesBelongToTheCurrentDirectory) {
  EXPECT_TRUE(add_list("app.log, /nowhere/x.log ,log/*.log,,"));
  EXPECT_EQ(patterns(),
            (std::vector<std::string>{here("app.log"), "/nowhere/x.log", here("log/*.log")}));
}

TEST_F(LogFileNamesTest, LinksAreResolvedAsFarAsThereAreAny) {
  std::filesystem::create_directory("real");
  std::filesystem::create_directory_symlink("real", "link");
  EXPECT_TRUE(add_list("link/app.log,link/not/there/*.log,./link/../x,li*/x"));
  EXPECT_EQ(patterns(),
            (std::vector<std::string>{here("real/app.log"), here("real/not/there/*.log"), here("x"),
                                      here("li*/x")}));
}

TEST_F(LogFileNamesTest, ALinkThatIsTheFileIsResolvedToo) {
  std::filesystem::create_symlink("app-1.log", "app.log");
  EXPECT_TRUE(add_list("app.log"));  // leads nowhere yet
  fclose(fopen("app-1.log", "w"));
  EXPECT_TRUE(add_list("app.log"));
  EXPECT_EQ(patterns(), (std::vector<std::string>{here("app.log"), here("app-1.log")}));
}

TEST_F(LogFileNamesTest, ALinkToADeviceIsNotTheDevice) {
  std::filesystem::create_symlink("/dev/null", "app.log");
  EXPECT_TRUE(add_list("app.log,/dev/null"));
  EXPECT_EQ(patterns(), (std::vector<std::string>{here("app.log"), "/dev/null"}));
}

TEST_F(LogFileNamesTest, WhatHasNoLinesIsLeftOutWithTheReason) {
  std::filesystem::create_directory("logs");
  EXPECT_EQ(add("logs"), LogFileFault::kDirectory);
  EXPECT_EQ(add(" logs/ "), LogFileFault::kDirectory);
  EXPECT_EQ(add("logs/*"), LogFileFault::kNone);
  EXPECT_EQ(add("~/app.log"), LogFileFault::kHome);
  EXPECT_EQ(add("~user/app.log"), LogFileFault::kHome);
  EXPECT_EQ(add("logs/~x"), LogFileFault::kNone);
  fclose(fopen("~x", "w"));
  EXPECT_EQ(add("~x"), LogFileFault::kNone);
  EXPECT_EQ(patterns(), (std::vector<std::string>{here("logs/*"), here("logs/~x"), here("~x")}));
  EXPECT_NE(std::string(describe(LogFileFault::kDirectory)).find("/*"), std::string::npos);
}

TEST_F(LogFileNamesTest, EachOfAListThatIsLeftOutIsSaid) {
  std::string said;
  names_.add_list("a.log,~/b.log, . ", [&](const char* name, std::size_t size, LogFileFault fault) {
    said += "[" + std::string(name, size) + "] " + std::to_string(static_cast<int>(fault)) + ";";
  });
  EXPECT_EQ(said, "[~/b.log] 3;[ . ] 2;");
  EXPECT_EQ(patterns(), std::vector<std::string>{here("a.log")});
}

TEST_F(LogFileNamesTest, WhatIsTooLongIsLeftOut) {
  const std::string longest(kLogPathBytesMax - 2, 'x');  // with its slash and its end
  EXPECT_TRUE(add_list("/" + longest));
  EXPECT_FALSE(add_list("/x" + longest + ",/a"));
  EXPECT_EQ(patterns(), (std::vector<std::string>{"/" + longest, "/a"}));
  EXPECT_FALSE(add_list(std::string(PATH_MAX, 'y')));
  while (add_list("/b")) EXPECT_LE(names_.size(), kLogFilesBytesMax);
}

TEST_F(LogFileNamesTest, WhatIsNotedIsReadAsItWas) {
  RingHeader* ring = create_ring(here("ring").c_str(), 16);
  ASSERT_NE(ring, nullptr);
  char read[kLogFilesBytesMax];
  EXPECT_EQ(noted_log_files(ring, read), 0U);
  EXPECT_TRUE(add_list("/a/*.log,/b"));
  note_log_files(ring, names_.patterns(), names_.size());
  const std::uint32_t size = noted_log_files(ring, read);
  EXPECT_EQ(size, names_.size());
  EXPECT_TRUE(is_log_file(read, size, "/a/x.log", 8));
  EXPECT_TRUE(is_log_file(read, size, "/b", 2));
  EXPECT_FALSE(is_log_file(read, size, "/c", 2));
  unmap_ring(ring);
}

}  // namespace
}  // namespace kolben::agent
