#include "agent/target/script.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace kolben::agent {
namespace {

// In a directory where there are files "app.py" and "app.jar".
class ScriptTest : public ::testing::Test {
 protected:
  ScriptTest() {
    char name[] = "/tmp/kolben-script-XXXXXX";
    directory_ = mkdtemp(name);
    for (const char* file : {"/app.py", "/app.jar"}) {
      FILE* made = fopen((directory_ + file).c_str(), "w");
      if (made != nullptr) fclose(made);
    }
  }
  ~ScriptTest() override {
    for (const char* file : {"/app.py", "/app.jar"}) unlink((directory_ + file).c_str());
    rmdir(directory_.c_str());
  }
  // '@' is the directory.
  std::string script(const std::string& executable, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "argv0");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
      if (argument.starts_with('@')) argument.replace(0, 1, directory_);
      pointers.push_back(argument.data());
    }
    const int count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
    char name[kScriptNameBytesMax];
    return {name, find_script(executable.data(), executable.size(), count, pointers.data(), name)};
  }
  std::string directory_;
};

TEST_F(ScriptTest, AnInterpretersFirstArgumentIsItsScript) {
  for (const char* interpreter : {"/usr/bin/python3.11", "/opt/node", "/usr/bin/perl5.36.0",
                                  "/usr/bin/ruby3.1", "/bin/dash", "/bin/bash", "php8.2", "sh"}) {
    EXPECT_EQ(script(interpreter, {"@/app.py", "--password", "x"}), "app.py") << interpreter;
  }
}

TEST_F(ScriptTest, OptionsWithoutValuesMayStandBeforeIt) {
  EXPECT_EQ(script("python3", {"-u", "-OB", "@/app.py"}), "app.py");
  EXPECT_EQ(script("dash", {"-eux", "@/app.py"}), "app.py");
  EXPECT_EQ(script("java", {"-Xmx1g", "-Dkey=secret", "-jar", "@/app.jar", "x"}), "app.jar");
  EXPECT_EQ(script("python3", {"-u", "-m", "http.server", "8000"}), "-m http.server");
}

TEST_F(ScriptTest, WhatMayBeAnythingElseIsNotTold) {
  EXPECT_EQ(script("bash", {"-c", "@/app.py"}), "");
  EXPECT_EQ(script("python3", {"-W", "@/app.py", "@/app.py"}), "");
  EXPECT_EQ(script("node", {"--require", "@/app.py", "secret"}), "");
  EXPECT_EQ(script("python3", {"secret"}), "");
  EXPECT_EQ(script("python3", {"@"}), "") << "a directory";
  EXPECT_EQ(script("python3", {"-m", "a b"}), "");
  EXPECT_EQ(script("python3", {"-m"}), "");
  EXPECT_EQ(script("python3", {"-"}), "");
  EXPECT_EQ(script("python3", {}), "");
  EXPECT_EQ(script("java", {"@/app.jar"}), "");
  EXPECT_EQ(script("java", {"-jar"}), "");
}

TEST_F(ScriptTest, OtherProgramsHaveNone) {
  for (const char* other : {"curl", "/usr/bin/pythonista", "/usr/bin/shred", "nodejs-like", ""}) {
    EXPECT_EQ(script(other, {"@/app.py"}), "") << other;
  }
}

TEST_F(ScriptTest, ANameThatIsTooLongIsNone) {
  EXPECT_EQ(script("python3", {"-m", std::string(kScriptNameBytesMax, 'a')}), "");
}

}  // namespace
}  // namespace kolben::agent
