#include "agent/target/script.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kolben::agent {
namespace {

std::string script(const std::string& executable, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "argv0");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const int count = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  char name[kScriptNameBytesMax];
  return {name, find_script(executable.data(), executable.size(), count, pointers.data(), name)};
}

TEST(Script, AnInterpretersFirstArgumentIsItsScript) {
  for (const char* interpreter : {"/usr/bin/python3.11", "/opt/node", "/usr/bin/perl5.36.0",
                                  "/usr/bin/ruby3.1", "/bin/dash", "/bin/bash", "php8.2", "sh"}) {
    EXPECT_EQ(script(interpreter, {"/srv/app.py", "--password", "x"}), "app.py") << interpreter;
  }
}

TEST(Script, OptionsWithoutValuesMayStandBeforeIt) {
  EXPECT_EQ(script("python3", {"-u", "-OB", "/srv/app.py"}), "app.py");
  EXPECT_EQ(script("dash", {"-eux", "/srv/app.py"}), "app.py");
  EXPECT_EQ(script("java", {"-Xmx1g", "-Dkey=secret", "-jar", "/srv/app.jar", "x"}), "app.jar");
  EXPECT_EQ(script("python3", {"-u", "-m", "http.server", "8000"}), "-m http.server");
}

TEST(Script, WhatMayBeAnythingElseIsNotTold) {
  EXPECT_EQ(script("bash", {"-c", "/srv/app.py"}), "");
  EXPECT_EQ(script("python3", {"-W", "/srv/app.py", "/srv/app.py"}), "");
  EXPECT_EQ(script("node", {"--require", "/srv/app.py", "secret"}), "");
  EXPECT_EQ(script("python3", {"/srv/"}), "");
  EXPECT_EQ(script("python3", {"-m", "a b"}), "");
  EXPECT_EQ(script("python3", {"-m"}), "");
  EXPECT_EQ(script("python3", {"-"}), "");
  EXPECT_EQ(script("python3", {}), "");
  EXPECT_EQ(script("java", {"/srv/app.jar"}), "");
  EXPECT_EQ(script("java", {"-jar"}), "");
}

TEST(Script, OtherProgramsHaveNone) {
  for (const char* other : {"curl", "/usr/bin/pythonista", "/usr/bin/shred", "nodejs-like", ""}) {
    EXPECT_EQ(script(other, {"/srv/app.py"}), "") << other;
  }
}

TEST(Script, ANameThatIsTooLongIsNone) {
  const std::string longest(kScriptNameBytesMax, 'a');
  EXPECT_EQ(script("python3", {"/srv/" + longest}), longest);
  EXPECT_EQ(script("python3", {longest + "a"}), "");
  EXPECT_EQ(script("python3", {"-m", longest}), "");
}

}  // namespace
}  // namespace kolben::agent
