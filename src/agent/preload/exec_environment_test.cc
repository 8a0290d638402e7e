#include "agent/preload/exec_environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "agent/target/testing/elf_file.h"

namespace kolben::agent {
namespace {

constexpr char kLibrary[] = "/opt/x/libkolben-agent.so";

class ExecEnvironmentTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    setenv("LD_PRELOAD", kLibrary, 1);
    setenv("KOLBEN_AGENT_RING", "/dev/shm/ring", 1);
    setenv("OTEL_SERVICE_NAME", "outer", 1);
    setenv("TRACEPARENT", "inherited", 1);
    setenv("BAGGAGE", "user=1", 1);
    setenv("TRACESTATE", "a=\n", 1);
    setenv("KOLBEN_AGENT_COMMAND", "of this process", 1);
    remember_environment();
    unsetenv("LD_PRELOAD");
  }

  // What the next program gets of `given`.
  static std::vector<std::string> pass(std::vector<std::string> given, Library what,
                                       const Replacements& replacements = {}) {
    std::vector<char*> environment;
    for (std::string& variable : given) environment.push_back(variable.data());
    environment.push_back(nullptr);
    const EnvironmentChange change = change_of(environment.data(), what, replacements);
    if (change.size == 0) return given;
    std::vector<char*> completed(change.size);
    char preload[kPreloadBytesMax];
    change_environment(environment.data(), what, replacements, change, completed.data(), preload);
    std::vector<std::string> result;
    for (char** variable = completed.data(); *variable != nullptr; ++variable) {
      result.emplace_back(*variable);
    }
    return result;
  }
  using Texts = std::vector<std::string>;
};

TEST_F(ExecEnvironmentTest, AnEmptyOneIsCompleted) {
  const Texts passed = pass({}, Library::kHandDown);
  EXPECT_EQ(passed[0], "LD_PRELOAD=/opt/x/libkolben-agent.so");
  EXPECT_NE(std::find(passed.begin(), passed.end(), "KOLBEN_AGENT_RING=/dev/shm/ring"),
            passed.end());
  EXPECT_NE(std::find(passed.begin(), passed.end(), "OTEL_SERVICE_NAME=outer"), passed.end());
}

TEST_F(ExecEnvironmentTest, WhatTheProgramSetsStays) {
  const Texts passed = pass({"OTEL_SERVICE_NAME=mine", "LD_PRELOAD=/a.so"}, Library::kHandDown);
  EXPECT_EQ(passed[0], "OTEL_SERVICE_NAME=mine");
  EXPECT_EQ(passed[1], "LD_PRELOAD=/a.so:/opt/x/libkolben-agent.so");
  EXPECT_EQ(std::count(passed.begin(), passed.end(), "OTEL_SERVICE_NAME=outer"), 0);
}

TEST_F(ExecEnvironmentTest, ACompleteOneIsPassedAsItIs) {
  const Texts whole = {"KOLBEN_AGENT_RING=/r", "LD_PRELOAD=/a.so:/opt/x/libkolben-agent.so"};
  EXPECT_EQ(pass(whole, Library::kHandDown), whole);
}

TEST_F(ExecEnvironmentTest, TheLibraryIsTakenOutWhereverItStands) {
  const std::string ours = kLibrary;
  const auto taken = [](const std::string& list) {
    return pass({"A=1", "LD_PRELOAD=" + list}, Library::kTakeOut);
  };
  EXPECT_EQ(taken(ours), (Texts{"A=1"}));
  EXPECT_EQ(taken("/a.so:" + ours), (Texts{"A=1", "LD_PRELOAD=/a.so"}));
  EXPECT_EQ(taken(ours + ":/b.so"), (Texts{"A=1", "LD_PRELOAD=/b.so"}));
  EXPECT_EQ(taken("/a.so " + ours + " /b.so"), (Texts{"A=1", "LD_PRELOAD=/a.so /b.so"}));
  EXPECT_EQ(taken("/a.so"), (Texts{"A=1", "LD_PRELOAD=/a.so"}));
  EXPECT_EQ(pass({"A=1"}, Library::kTakeOut), (Texts{"A=1"}));
}

TEST_F(ExecEnvironmentTest, TheTracesContextIsReplacedAndTheRestStays) {
  char text[] = "TRACEPARENT=new";
  Replacements replacements;
  replacements.add(kTraceparentName, text);
  replacements.add(kCommandName, nullptr);
  const Texts whole = {"TRACEPARENT=inherited", "KOLBEN_AGENT_RING=/r", "KOLBEN_AGENT_COMMAND=x",
                       std::string("LD_PRELOAD=") + kLibrary, "A=1"};
  EXPECT_EQ(pass(whole, Library::kHandDown, replacements),
            (Texts{"KOLBEN_AGENT_RING=/r", "A=1", whole[3], "TRACEPARENT=new"}));
  EXPECT_EQ(pass({"A=1"}, Library::kTakeOut, replacements), (Texts{"A=1", "TRACEPARENT=new"}));
  const Texts completed = pass({}, Library::kHandDown, replacements);
  EXPECT_EQ(std::count(completed.begin(), completed.end(), "TRACEPARENT=new"), 1);
  EXPECT_EQ(std::count(completed.begin(), completed.end(), "KOLBEN_AGENT_COMMAND=of this process"),
            0);
}

TEST_F(ExecEnvironmentTest, ContextThatIsOnlyTakenOutMayBeAbsent) {
  Replacements replacements;
  replacements.add(kTraceparentName, nullptr);
  EXPECT_EQ(pass({"A=1"}, Library::kTakeOut, replacements), (Texts{"A=1"}));
  EXPECT_EQ(pass({"TRACEPARENT=x", "A=1"}, Library::kTakeOut, replacements), (Texts{"A=1"}));
}

TEST_F(ExecEnvironmentTest, WhatTheProgramSetItselfIsKnownFromWhatItInherited) {
  const auto sets = [](std::string variable) {
    char* environment[] = {variable.data(), nullptr};
    return sets_itself(environment, kTraceparentName);
  };
  EXPECT_FALSE(sets("TRACEPARENT=inherited"));
  EXPECT_TRUE(sets("TRACEPARENT=its own"));
  EXPECT_FALSE(sets("TRACEPARENTS=x"));
  EXPECT_FALSE(sets_itself(nullptr, kTraceparentName));
}

TEST_F(ExecEnvironmentTest, OnlyWhatMayStandInAHeaderIsOne) {
  EXPECT_STREQ(inherited_header(kBaggageName), "user=1");
  EXPECT_EQ(inherited_header(kTracestateName), nullptr);
  EXPECT_EQ(inherited_header("BAG="), nullptr);
}

TEST_F(ExecEnvironmentTest, ALibraryThatCannotBeReadIsNotHandedDown) {
  EXPECT_EQ(library_for("/bin/sh"), Library::kTakeOut);  // there is no /opt/x
  EXPECT_EQ(library_for(nullptr), Library::kHandDown);
}

// As after an update of the C library: what was noted at launch is no file that is there.
TEST_F(ExecEnvironmentTest, OurOwnLoaderMayHaveBeenReplacedSince) {
  for (const char* name : {"KOLBEN_AGENT_RING", "OTEL_SERVICE_NAME", "TRACEPARENT", "BAGGAGE",
                           "TRACESTATE", "KOLBEN_AGENT_COMMAND"}) {
    unsetenv(name);
  }
  const auto remember_library = [](const std::string& path) {
    setenv("LD_PRELOAD", path.c_str(), 1);
    remember_environment();
    unsetenv("LD_PRELOAD");
  };
  char directory[] = "/tmp/kolben-exec-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string library = std::string(directory) + "/libkolben-agent.so";
  std::ofstream(library) << "library";
  remember_library(library);
  remember_loader({.device = 1, .inode = 1});
  const std::string other = testing::write_executable("another loader");
  EXPECT_EQ(library_for("/bin/sh"), Library::kHandDown);
  EXPECT_EQ(library_for(testing::ElfFile(other, "libc.so.6").path().c_str()), Library::kTakeOut);
  remember_library(kLibrary);
  remember_loader({});
  unlink(other.c_str());
  unlink(library.c_str());
  rmdir(directory);
}

}  // namespace
}  // namespace kolben::agent
